"""Cases of ratios: goals that are met and must not be told, and rates that fall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from bench.trust.figures import Figure
from bench.trust.runs import Rng, broken, calm
from bench.trust.streams import served, sold, times
from kpis.arrays import Int64s
from kpis.catalogue import BY_NAME
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.goals.values import Bound, RatioGoal

LOOK_MS = 30_000
BEGINS_MS = 6 * HOUR_MS


def at_least(kpi: str, limit: float, window: str) -> RatioGoal:
    """A goal for a ratio, critical a quarter below its bound."""
    return RatioGoal(BY_NAME[kpi], Bound.AT_LEAST, limit, limit * 0.75, window)


def at_most(kpi: str, limit: float, window: str) -> RatioGoal:
    """A goal for a ratio, critical a quarter above its bound."""
    return RatioGoal(BY_NAME[kpi], Bound.AT_MOST, limit, limit * 1.25, window)


def ctr(per_minute: float, before: float, after: float, at: Int64s, rng: Rng) -> Int64s:
    """Impressions, and clicks at a rate that changes after six hours."""
    step = at[1] - at[0]
    rate = np.full(len(at), per_minute * step / MINUTE_MS)
    return served(rate, np.where(at > BEGINS_MS, after, before), rng)


def orders(per_minute: float, at: Int64s, rng: Rng, *, after: float = 0.05) -> Int64s:
    """Clicks and orders at 5%, or another rate after six hours."""
    step = at[1] - at[0]
    cvr = np.where(at > BEGINS_MS, after, 0.05)
    return sold(per_minute * step / MINUTE_MS, len(at), rng, cvr=cvr)


def days(count: float, step_ms: int = LOOK_MS) -> Int64s:
    """The looks of some days."""
    return times(int(count * DAY_MS), step_ms)


CASES: Mapping[str, Callable[[], Figure]] = {
    **{
        f"CTR goal 10% below the true rate, {volume} impressions/min, {window}": partial(
            calm, at_least("ctr", 0.018, window), partial(ctr, volume, 0.02, 0.02), days(1), most=0.01, runs=40, seed=1
        )
        for volume, window in ((10, "1h"), (100, "5m"), (100, "1h"), (1000, "5m"))
    },
    **{
        f"CTR exactly on its goal, 100 impressions/min, {window}": partial(
            calm, at_least("ctr", 0.02, window), partial(ctr, 100, 0.02, 0.02), days(1), most=0.05, runs=40, seed=2
        )
        for window in ("5m", "1h")
    },
    **{
        f"{goal.kpi.label} with 25% slack, 10 clicks/min, 1h": partial(
            calm, goal, partial(orders, 10), days(1), most=0.02, runs=40, seed=3
        )
        for goal in (at_most("cpc", 0.625, "1h"), at_most("cpa", 12.5, "1h"), at_least("roas", 4.5, "1h"))
    },
    **{
        f"CTR falls from 2% to 1.4% against a goal of 1.8%, {volume} impressions/min, 1h": partial(
            broken, at_least("ctr", 0.018, "1h"), partial(ctr, volume, 0.02, 0.014), days(span), BEGINS_MS,
            most=most, runs=40, seed=8,
        )
        for volume, most, span in ((10, 1.25 * 908, 1.5), (100, 1.25 * 135, 1), (1000, 1.25 * 18, 0.5))
    },
    **{
        f"conversion tracking breaks, {volume} clicks/min at 5%, 1h": partial(
            broken, at_least("cvr", 0.04, "1h"), partial(orders, volume, after=0.0), days(1, step), BEGINS_MS,
            most=most, runs=40, seed=11,
        )
        for volume, most, step in ((1, 240, 15_000), (10, 30, 15_000), (100, 4, 5_000))
    },
    "ROAS halves against a goal 25% below the true one, 10 clicks/min, 1h": partial(
        broken, at_least("roas", 4.5, "1h"), partial(orders, 10, after=0.02), days(1.5), BEGINS_MS,
        most=24 * 60, runs=20, seed=15,
    ),
}  # fmt: skip
