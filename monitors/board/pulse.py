"""The last minutes of each campaign, drawn as a line of digits. Pure, bounded, in memory: a restart begins anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

POINTS = 60
EVERY_S = 10.0
"""60 points 10 seconds apart: ten minutes, in which a launch that stops shows."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Pulses:
    """Remembers a number for each campaign every ten seconds."""

    def __init__(self) -> None:
        self._held: dict[str, deque[int]] = {}
        self._drawn: dict[str, tuple[str, int]] = {}
        self._next_s: float | None = None

    def add(self, values: Mapping[str, int], now_s: float) -> bool:
        """Remember the values if it is time to; campaigns that are not in them are forgotten.

        Args:
            values: campaign series to its number.
            now_s: a time that never goes back.

        Returns:
            Whether it was time.
        """
        if self._next_s is not None and now_s < self._next_s:
            return False
        # From now, not from when it was due: after a halt the line does not hurry to catch up.
        self._next_s = now_s + EVERY_S
        held = {series: self._held.get(series) or deque(maxlen=POINTS) for series in values}
        for series, value in values.items():
            held[series].append(max(0, value))
        self._held = held
        self._drawn = {series: drawn(points) for series, points in held.items()}
        return True

    def of(self, series: str) -> tuple[str, int]:
        """A campaign's line, see :func:`drawn`."""
        return self._drawn.get(series, ("", 0))


def drawn(points: deque[int]) -> tuple[str, int]:
    """Numbers as base 36 digits relative to the greatest, and the greatest; what is above zero never looks like it."""
    top = max(points, default=0)
    if top == 0:
        return "0" * len(points), 0
    return "".join(_DIGITS[-(-value * 35 // top)] for value in points), top
