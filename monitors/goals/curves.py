"""How a target spreads over a flight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # The goals package checks curve names against this module.
    from monitors.goals.values import Flight


class Curve(Protocol):
    """The part of a target that is expected by a moment."""

    def __call__(self, flight: Flight, at_ms: int) -> float:
        """From 0 (at or before the start) to 1 (at or after the end), never falling."""
        ...


def even(flight: Flight, at_ms: int) -> float:
    """The same in every second of the flight, so a day of 23 hours expects a little less than one of 25."""
    return min(max((at_ms - flight.start_ms) / flight.span_ms, 0.0), 1.0)


CURVES: Mapping[str, Curve] = {"even": even}
"""The curves a goals file may name."""
