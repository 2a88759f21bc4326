"""Evidence that a cost or a return misses its bound, gathered hour by hour so that looking often is no false alarm.

Whatever the KPI, something good (clicks, conversions, revenue) must come of an exposure (money spent, over the bound).
Wagers that less comes multiply by ``exp(-s G / u + (s - s^2 / 2) E / u)``, with ``G`` what came, ``E`` what should have
come, and ``u`` how lumpy ``G`` is (its variance over its mean): for sums of independent amounts that are never negative
that gains nothing on average while the goal is met, however heavy the tail, since ``exp(-x) <= 1 - x + x^2 / 2``. They
are summed as an e-detector (see :mod:`monitors.pacing.evidence`), a wager begun each hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p
from typing import TypeVar

import numpy as np

from kpis.arrays import Floats
from kpis.catalogue import Kpi
from kpis.measures import INDEX, WIDTH, Row
from monitors.goals.values import Bound, Flight, RatioGoal
from monitors.pacing.verdict import Status
from monitors.pacing.wagers import is_mean_over, with_begun
from monitors.read.past import HOURS, Past

N = TypeVar("N", float, Floats)

STAKES = (0.1, 0.3, 0.6, 0.9)
"""How much a wager stakes; the larger, the larger a miss it is made for."""
FALSE_A_DAY = 0.02
THRESHOLD = log(HOURS / FALSE_A_DAY)
"""The logarithm of what wagers must come to: those of a day, one an hour, over the chance of a false alarm."""
MOST = THRESHOLD + log(2 * len(STAKES))
"""Beyond proof nothing is kept: what has ended should not take as long to fade as it lasted."""
MEMORY_HOURS = 72
LUMP_DAYS = 7
PRIOR_HOURS = 6.0
"""How many hours what is supposed of lumps counts, beside those that were seen."""
PRIOR_LUMPS = 4.0
"""Orders' squares over their mean before any is known: lognormal orders with 1.2 have 1 + 3.2 times their mean."""

LEAST_ORDERS = 10
"""Fewer say too little of what an order brings."""


@dataclass(frozen=True, slots=True)
class Wagered:
    """What wagers have come to by the last whole hour.

    Attributes:
        stakes: the logarithm for each stake, with what begins in the hour after.
        lump: how lumpy the good is, in its unit; None while too few orders say what they bring.
        limit: the bound they are about.
    """

    stakes: tuple[float, ...]
    lump: float | None
    limit: float


def proven(past: Past, goal: RatioGoal, flight: Flight, open_hour: Row) -> Status:
    """What is proven of a goal that is no proportion: critical, warning, or nothing, which is on pace.

    Args:
        past: the campaign's.
        goal: a cost or a return.
        flight: its campaign's.
        open_hour: measures since the last whole hour.
    """
    key = ("money", goal.kpi.name, goal.bound, goal.limit, goal.critical_limit, flight.start_ms)
    critical, warning = past.once(
        key, lambda: tuple(_upto(past, goal, flight, limit) for limit in (goal.critical_limit, goal.limit))
    )
    if _is_proven(critical, goal, open_hour):
        return Status.CRITICAL
    return Status.WARNING if _is_proven(warning, goal, open_hour) else Status.ON_PACE


def _is_proven(held: Wagered, goal: RatioGoal, open_hour: Row) -> bool:
    lump = held.lump
    if lump is None:
        return False
    above, below = goal.kpi.parts(open_hour)
    good, exposure = _sides(goal.kpi, goal.bound, held.limit, float(above), float(below))
    wagers = [begun + _gain(stake, good, exposure, lump) for begun, stake in zip(held.stakes, STAKES, strict=True)]
    return is_mean_over(wagers, THRESHOLD)


def _upto(past: Past, goal: RatioGoal, flight: Flight, limit: float) -> Wagered:
    first = past.since(flight.start_ms)
    above, below = (past.hours[:, m.column].astype(np.float64) for m in (goal.kpi.above, goal.kpi.below))
    good, exposure = _sides(goal.kpi, goal.bound, limit, above, below)
    lump = _lump(past, goal, good[-LUMP_DAYS * HOURS :], exposure[-LUMP_DAYS * HOURS :])
    if lump is None:
        return Wagered((-1e9,) * len(STAKES), None, limit)
    kept = max(first, len(good) - MEMORY_HOURS)
    return Wagered(tuple(_wagered(_gain(s, good[kept:], exposure[kept:], lump).tolist()) for s in STAKES), lump, limit)


def _wagered(gains: list[float]) -> float:
    """What the wagers of one stake have come to after some hours; one begins with each, and with the one after."""
    wager = -1e9
    for gain in gains:
        # This is monitors.pacing.wagers.with_begun(wager, 1), for what runs a million times when a monitor starts.
        begun = wager + log1p(exp(-wager)) if wager > 0 else log1p(exp(wager))
        wager = begun + gain
        if wager > MOST:  # noqa: PLR1730 - min() takes twice as long
            wager = MOST
    return with_begun(wager, 1)


def _sides(kpi: Kpi, bound: Bound, limit: float, above: N, below: N) -> tuple[N, N]:
    """What came and what should have, in one unit: that of the numerator for a lower bound, else of the denominator."""
    up, down = kpi.factors
    if bound is Bound.AT_LEAST:
        return above * (up / down), below * limit
    return below * 1.0, above * (up / (down * limit))


def _lump(past: Past, goal: RatioGoal, good: Floats, exposure: Floats) -> float | None:
    amount, whole = _amount(past, goal), float(good.sum())
    if amount is None or whole <= 0 or exposure.sum() <= 0:
        return amount and PRIOR_LUMPS * amount
    rest = good - exposure * (whole / exposure.sum())
    seen = PRIOR_HOURS / max(int((exposure > 0).sum()), 1)
    square = float((rest * rest).sum()) + PRIOR_LUMPS * amount * whole * seen
    return max(square / (whole * (1 + seen)), amount)


def _amount(past: Past, goal: RatioGoal) -> float | None:
    """The mean of what one event brings: 1 for counts, of an order its value; None while there are too few."""
    good = goal.kpi.above if goal.bound is Bound.AT_LEAST else goal.kpi.below
    if not good.in_micros:
        return 1.0
    money = float(past.hours[:, good.column].sum())
    if good.column < WIDTH:
        orders = float(past.hours[:, INDEX["conversions"]].sum())
    else:
        # In how many events it came is not known: each quarter hour of it is one at the least.
        orders = float(past.busy[:, good.column].sum())
    up, down = goal.kpi.factors
    return money * up / down / orders if orders >= LEAST_ORDERS and money > 0 else None


def _gain(stake: float, good: N, exposure: N, lump: float) -> N:
    return (-stake * good + (stake - stake * stake / 2) * exposure) / lump
