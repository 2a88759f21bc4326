"""How a target spreads over a flight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from threading import Lock
from typing import Protocol

import numpy as np

from kpis.arrays import Floats, Int64s
from monitors.goals.spread.envelope import Envelope
from monitors.goals.spread.segments import local_hours
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.values import Flight

_MOST_POINTS = 4_000_000
"""Of all curves over all flights that are kept added up, 24 to 32 bytes each: some 110 MB at most."""


class Curve(Protocol):
    """The part of a target that is expected by a moment."""

    def __call__(self, flight: Flight, at_ms: int) -> float:
        """From 0 (at or before the start) to 1 (at or after the end), never falling."""
        ...


def even(flight: Flight, at_ms: int) -> float:
    """The same in every second of the flight, so a day of 23 hours expects a little less than one of 25."""
    return min(max((at_ms - flight.start_ms) / flight.span_ms, 0.0), 1.0)


NAMED: Mapping[str, CurveSpec] = {
    **{str(shape): CurveSpec(shape) for shape in Shape},
    "learned": CurveSpec(learned=True),
}
"""The curves that a goals file names with one word."""


def fraction(spec: CurveSpec, flight: Flight, at_ms: int) -> float:
    """The part of a target that a curve expects by a moment.

    From 0 (at or before the start) to 1 (at or after the end), never falling, exact to the millisecond. What a
    learned curve has learned is not in it. Where no time of the flight weighs anything (:func:`is_empty`), the
    target is spread as if all times weighed the same.
    """
    if not spec.is_plain:
        return _KEPT.of(spec, flight).at(at_ms)
    x, (first, slope) = even(flight, at_ms), spec.shape.line
    return x * (first + slope * x / 2)


def fractions(spec: CurveSpec, flight: Flight, at_ms: Int64s) -> Floats:
    """The parts of a target that a curve expects by each of some moments."""
    if not spec.is_plain:
        return _KEPT.of(spec, flight).at_each(at_ms)
    x, (first, slope) = ((at_ms - flight.start_ms) / flight.span_ms).clip(0.0, 1.0), spec.shape.line
    return np.asarray(x * (first + slope * x / 2))


def curve_of(spec: CurveSpec) -> Curve:
    """A curve as a function of flight and moment."""
    return partial(fraction, spec)


def weights(spec: CurveSpec, flight: Flight) -> tuple[Int64s, Floats]:
    """The planned share of each local hour of a flight: what learned hours of the week are multiplied with.

    Returns:
        When each hour begins in epoch milliseconds (the first when the flight does, and cut as it is), and the part
        of the target that is planned for it; together 1.
    """
    hours = local_hours(flight.start_ms, flight.end_ms, flight.timezone)
    return hours, np.diff(np.append(fractions(spec, flight, hours), 1.0))


def is_empty(spec: CurveSpec, flight: Flight) -> bool:
    """Whether no time of a flight weighs anything: all its days, hours or dates are left out."""
    return not spec.is_plain and _KEPT.of(spec, flight).is_empty


class _Kept:
    """Curves over flights, added up; those that were not asked for longest are let go beyond a bound."""

    def __init__(self, most: int) -> None:
        self._found: OrderedDict[tuple[CurveSpec, Flight], Envelope] = OrderedDict()
        self._most = most
        self._points = 0
        # A goals file is read in a thread while goals are judged.
        self._lock = Lock()

    def of(self, spec: CurveSpec, flight: Flight) -> Envelope:
        """One of them, made when it is not there."""
        with self._lock:
            return self._of(spec, flight)

    def _of(self, spec: CurveSpec, flight: Flight) -> Envelope:
        found = self._found.get((spec, flight))
        if found is not None:
            self._found.move_to_end((spec, flight))
            return found
        found = Envelope(spec, flight.start_ms, flight.end_ms, flight.timezone)
        self._found[spec, flight] = found
        self._points += found.points + _OVERHEAD
        while self._points > self._most and len(self._found) > 1:
            self._points -= self._found.popitem(last=False)[1].points + _OVERHEAD
        return found


_OVERHEAD = 30
"""What a kept curve weighs besides its points, in points."""
_KEPT = _Kept(_MOST_POINTS)
