"""A curve over one flight, added up: what part of the target is expected by each moment. Exact, without a grid.

Between two cuts the density is a line (the shape) times a weight, so its sum is a parabola in closed form. A delay
is the convolution with an exponential kernel of mean tau, as a chain of first-order decays: with x in parts of the
flight, f the density and g what is under way, g' = f - g / tau and the outcomes m have m' = g / tau, which has a
closed form on each piece too. Outcomes after the flight's end are cut off, and the rest is scaled to 1.
"""

from __future__ import annotations

from math import expm1
from typing import TypeVar

import numpy as np

from kpis.arrays import Floats, Int64s
from monitors.goals.spread.segments import segments
from monitors.goals.spread.spec import CurveSpec

N = TypeVar("N", float, Floats)
_SMALL = 0.1
"""Below it, differences of nearly equal numbers are summed as series instead."""


class Envelope:
    """A curve over a flight.

    Args:
        spec: the curve.
        start_ms: the flight's first millisecond.
        end_ms: the first after it.
        timezone: whose hours and days the curve is about.

    Attributes:
        is_empty: whether no time of the flight weighs anything; then it is spread as if all weighed the same.
        points: how many numbers of each kind it holds, for bounds.
    """

    __slots__ = (
        "_after", "_delayed", "_end_ms", "_line", "_span", "_start_ms", "_starts", "_tau", "_under_way", "_weights",
        "is_empty", "points",
    )  # fmt: skip

    def __init__(self, spec: CurveSpec, start_ms: int, end_ms: int, timezone: str) -> None:
        self._start_ms, self._end_ms, self._span = start_ms, end_ms, end_ms - start_ms
        self._line, self._tau = spec.shape.line, spec.lag_ms / self._span
        starts, weights = segments(spec, start_ms, end_ms, timezone)
        self.is_empty = not weights.any()
        self._weights = np.ones(len(weights)) if self.is_empty else weights / weights.max()
        self._starts, self.points = starts, len(starts)
        lengths = np.diff(np.append(starts, end_ms)) / self._span
        self._delayed = self._tau > 0
        self._under_way = np.zeros(len(starts) if self._delayed else 0)
        self._after = self._delay(lengths) if self._delayed else np.cumsum(self._gained(starts, lengths))
        total = float(self._after[-1])
        self._after, self._weights, self._under_way = (
            self._after / total, self._weights / total, self._under_way / total,
        )  # fmt: skip

    def at(self, at_ms: int) -> float:
        """The part of the target expected by a moment: 0 up to the start, 1 from the end on."""
        if at_ms <= self._start_ms:
            return 0.0
        if at_ms >= self._end_ms:
            return 1.0
        i = int(self._starts.searchsorted(at_ms, side="right")) - 1
        start, weight = int(self._starts[i]), float(self._weights[i])
        length, before = (at_ms - start) / self._span, float(self._after[i - 1]) if i else 0.0
        first, slope = self._line
        density = first + slope * (start - self._start_ms) / self._span
        if self._delayed:
            gained, _ = _delay(weight, density, slope, length, self._tau, float(self._under_way[i]))
        else:
            gained = weight * length * (density + slope * length / 2)
        # What the whole piece adds was rounded once already.
        return min(before + gained, float(self._after[i]))

    def at_each(self, at_ms: Int64s) -> Floats:
        """The parts expected by each of some moments, to the last bit as :meth:`at` gives them."""
        inside = at_ms.clip(self._start_ms, self._end_ms - 1)
        i = self._starts.searchsorted(inside, side="right") - 1
        starts, weights = self._starts[i], self._weights[i]
        lengths, before = (inside - starts) / self._span, np.where(i > 0, self._after[i - 1], 0.0)
        first, slope = self._line
        density = first + slope * (starts - self._start_ms) / self._span
        if self._delayed:
            gained = _delayed(weights, density, slope, lengths, self._tau, self._under_way[i])
        else:
            gained = weights * lengths * (density + slope * lengths / 2)
        found = np.minimum(before + gained, self._after[i])
        found[at_ms <= self._start_ms] = 0.0
        found[at_ms >= self._end_ms] = 1.0
        return np.asarray(found)

    def _gained(self, starts: Int64s, lengths: Floats) -> Floats:
        first, slope = self._line
        density = first + slope * (starts - self._start_ms) / self._span
        gained: Floats = self._weights * lengths * (density + slope * lengths / 2)
        return gained

    def _delay(self, lengths: Floats) -> Floats:
        """The outcomes by the end of each piece; sets what is under way at its start."""
        (first, slope), done, under_way, x = self._line, 0.0, 0.0, 0.0
        after = np.empty(len(lengths))
        for i, (weight, length) in enumerate(zip(self._weights.tolist(), lengths.tolist(), strict=True)):
            self._under_way[i] = under_way
            gained, under_way = _delay(weight, first + slope * x, slope, length, self._tau, under_way)
            done += gained
            x += length
            after[i] = done
        return after


def _delay(  # noqa: PLR0917
    weight: float, density: float, slope: float, length: float, tau: float, under_way: float
) -> tuple[float, float]:
    """The outcomes within a piece, and what is under way at its end."""
    z = length / tau
    gone = -expm1(-z)
    once, twice = _once(z, gone), _twice(z, gone)
    done = under_way * gone + weight * tau * (density * once + slope * tau * twice)
    left = under_way * (1 - gone) + weight * tau * (density * gone + slope * tau * once)
    return done, left


def _delayed(  # noqa: PLR0917
    weights: Floats, densities: Floats, slope: float, lengths: Floats, tau: float, under_way: Floats
) -> Floats:
    """The outcomes within the first part of some pieces: :func:`_delay` for many."""
    z = lengths / tau
    # numpy's own expm1 differs in the last bit from machine to machine.
    gone = np.array([-expm1(-one) for one in z.tolist()])
    once = np.where(z > _SMALL, z - gone, _once_small(z))
    twice = np.where(z > _SMALL, z * z / 2 - (z - gone), _twice_small(z))
    done: Floats = under_way * gone + weights * tau * (densities * once + slope * tau * twice)
    return done


def _once(z: float, gone: float) -> float:
    """The integral of 1 - exp(-u) from 0 to z."""
    return z - gone if z > _SMALL else _once_small(z)


def _twice(z: float, gone: float) -> float:
    """The integral of that from 0 to z."""
    return z * z / 2 - (z - gone) if z > _SMALL else _twice_small(z)


def _once_small(z: N) -> N:
    return z * z / 2 * (1 - z / 3 * (1 - z / 4 * (1 - z / 5 * (1 - z / 6 * (1 - z / 7)))))


def _twice_small(z: N) -> N:
    return z * z * z / 6 * (1 - z / 4 * (1 - z / 5 * (1 - z / 6 * (1 - z / 7 * (1 - z / 8)))))
