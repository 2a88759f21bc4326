"""Pace: actual to date against what a curve expects by now. Pure arithmetic, without judgement.

Terms as ad servers use them: pace = actual / expected to date (1 is on pace); projection = what the flight ends with
if the curve's shape holds and delivery stays as it was; required rate = what each remaining day must bring.
"""

from __future__ import annotations

import msgspec

from kpis.times import DAY_MS
from monitors.goals.curves import Curve
from monitors.goals.values import Flight


class Pace(msgspec.Struct, frozen=True):
    """Where a total stands. Amounts are integers: micros for money, else counts.

    Attributes:
        actual: so far.
        expected: by now; the target once the flight is over.
        fraction: the part of the target that the curve expects by now.
        ratio: actual / expected, computed before ``expected`` is rounded; None while nothing is expected.
        projected: at the end of the flight; None while nothing is expected, ``actual`` once it is over.
        required_per_day: for each remaining day to reach the target, 0 when it is reached; None once it is over.
    """

    actual: int
    expected: int
    fraction: float
    ratio: float | None
    projected: int | None
    required_per_day: int | None


def pace(actual: int, target: int, flight: Flight, curve: Curve, at_ms: int) -> Pace:
    """The pace of ``actual`` at ``at_ms`` towards a positive target."""
    fraction = curve(flight, at_ms)
    left_ms = flight.end_ms - max(at_ms, flight.start_ms)
    if left_ms <= 0:
        return Pace(actual, target, 1.0, actual / target, actual, None)
    return Pace(
        actual=actual,
        expected=round(target * fraction),
        fraction=fraction,
        ratio=actual / (target * fraction) if fraction > 0 else None,
        projected=round(actual / fraction) if fraction > 0 else None,
        required_per_day=max(0, -((actual - target) * DAY_MS // left_ms)),
    )
