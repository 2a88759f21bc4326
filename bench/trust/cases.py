"""The cases: a goal, a stream whose truth is known, and what may at most be told or how soon it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from bench.trust.engine import Told, run
from bench.trust.figures import Delay, Figure, Share
from bench.trust.streams import evening, flat, gusts, served, sold, spent, times
from kpis.arrays import Floats, Int64s
from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.goals.values import Band, Bound, Flight, RatioGoal, TotalGoal

Rng = np.random.Generator
LOOK_MS = 5_000
"""Ratios are looked at as often as panes of the shortest window turn."""
WINDOWS = ("5m", "1h")
TARGET = 10_000_000_000
TWO_SIDED = Band(0.9, 1.1), Band(0.75, 1.25)


def at_least(kpi: str, limit: float, window: str) -> RatioGoal:
    """A goal for a ratio, critical a quarter below its bound."""
    return RatioGoal(BY_NAME[kpi], Bound.AT_LEAST, limit, limit * 0.75, window)


def at_most(kpi: str, limit: float, window: str) -> RatioGoal:
    """A goal for a ratio, critical a quarter above its bound."""
    return RatioGoal(BY_NAME[kpi], Bound.AT_MOST, limit, limit * 1.25, window)


def calm(goal: RatioGoal, make: Callable[[Int64s, Rng], Int64s], most: float, runs: int, seed: int) -> Share:
    """Days of a stream that meets its goal: whatever is told is false."""
    at = times(DAY_MS, LOOK_MS)
    days = [list(run(goal, Flight(0, DAY_MS, "UTC"), at, make(at, rng))) for rng in _seeds(seed, runs)]
    return _share(days, most)


def fall(goal: RatioGoal, make: Callable[[Int64s, Rng], Int64s], most: float, runs: int, seed: int) -> Delay:
    """A stream that meets its goal for six hours and misses it for a day after that."""
    begins = 6 * HOUR_MS
    at = times(DAY_MS + begins, LOOK_MS)
    flight = Flight(0, 2 * DAY_MS, "UTC")
    return _delay((run(goal, flight, at, make(at, rng)) for rng in _seeds(seed, runs)), begins, most)


def ctr(per_minute: float, before: float, after: float, at: Int64s, rng: Rng) -> Int64s:
    """Impressions, and clicks at a rate that changes after six hours."""
    rate = np.full(len(at), per_minute * LOOK_MS / MINUTE_MS)
    return served(rate, np.where(at > 6 * HOUR_MS, after, before), rng)


def orders(per_minute: float, at: Int64s, rng: Rng, *, after: float = 0.05) -> Int64s:
    """Clicks and orders at 5%, or another rate after six hours."""
    cvr = np.where(at > 6 * HOUR_MS, after, 0.05)
    return sold(per_minute * LOOK_MS / MINUTE_MS, len(at), rng, cvr=cvr)


def delivery(days: int, shape: Callable[[Int64s, Rng], Floats], most: float, runs: int, seed: int) -> Share:
    """Flights that spend their target exactly, in a shape that the even curve does not know."""
    at = times(days * DAY_MS, MINUTE_MS)
    goal, flight = TotalGoal(TOTALS["spend"], TARGET, *TWO_SIDED), Flight(0, days * DAY_MS, "UTC")

    def one(rng: Rng) -> Iterator[Told]:
        parts = shape(at, rng)
        return run(goal, flight, at, spent(parts * (TARGET / 1e6 / parts.sum())))

    return _share([list(one(rng)) for rng in _seeds(seed, runs)], most)


def turn(days: int, factor: float, begins: float, *, most: float, runs: int, seed: int) -> Delay:
    """Flights under hourly gusts whose delivery changes by a factor at a part of their time."""
    at = times(days * DAY_MS, MINUTE_MS)
    goal, flight = TotalGoal(TOTALS["spend"], TARGET, *TWO_SIDED), Flight(0, days * DAY_MS, "UTC")
    from_ms = int(begins * days * DAY_MS)

    def one(rng: Rng) -> Iterator[Told]:
        parts = gusts(at, rng) * (TARGET / 1e6 / len(at))
        return run(goal, flight, at, spent(np.where(at > from_ms, factor, 1.0) * parts))

    return _delay((one(rng) for rng in _seeds(seed, runs)), from_ms, most)


def _seeds(seed: int, runs: int) -> Iterator[Rng]:
    return (np.random.default_rng((seed, n)) for n in range(runs))


def _share(runs: list[list[Told]], most: float) -> Share:
    return Share(sum(map(bool, runs)), len(runs), most, sum(map(len, runs)))


def _delay(runs: Iterable[Iterator[Told]], begins_ms: int, most: float) -> Delay:
    minutes: list[float | None] = []
    false = 0
    for told in runs:
        found, early = None, False
        for one in told:
            if one.at_ms <= begins_ms:
                early = True
            elif one.change.value != "resolved":
                # What was told before and stands is no detection: a message must come after it began.
                found = (one.at_ms - begins_ms) / MINUTE_MS
                break
        minutes.append(found)
        false += early
    return Delay(minutes, most, false)


def _shaped(at: Int64s, _: Rng) -> Floats:
    return evening(at)


def _gusty(at: Int64s, rng: Rng) -> Floats:
    return flat(at) * gusts(at, rng)


CASES: Mapping[str, Callable[[], Figure]] = {
    **{
        f"CTR goal 10% below the true rate, {volume} impressions/min, {window}": partial(
            calm, at_least("ctr", 0.018, window), partial(ctr, volume, 0.02, 0.02), 0.01, runs, 1
        )
        for volume, window, runs in ((10, "1h", 100), (100, "5m", 100), (100, "1h", 100), (1000, "5m", 100))
    },
    **{
        f"CTR exactly on its goal, 100 impressions/min, {window}": partial(
            calm, at_least("ctr", 0.02, window), partial(ctr, 100, 0.02, 0.02), 0.05, 100, 2
        )
        for window in WINDOWS
    },
    **{
        f"{goal.kpi.label} with 25% slack, 10 clicks/min, 1h": partial(calm, goal, partial(orders, 10), 0.02, 40, 3)
        for goal in (at_most("cpc", 0.625, "1h"), at_most("cpa", 12.5, "1h"), at_least("roas", 4.5, "1h"))
    },
    **{
        f"exact delivery, night 0.2 and evening 2.0, {days}d": partial(delivery, days, _shaped, most, 1, 6)
        for days, most in ((1, 0.05), (7, 0.03), (30, 0.03))
    },
    **{
        f"exact delivery, hourly lognormal(0.3), {days}d": partial(delivery, days, _gusty, most, runs, 7)
        for days, most, runs in ((1, 0.05, 200), (7, 0.03, 100), (30, 0.03, 25))
    },
    **{
        f"CTR falls from 2% to 1.4% against a goal of 1.8%, {volume} impressions/min, 1h": partial(
            fall, at_least("ctr", 0.018, "1h"), partial(ctr, volume, 0.02, 0.014), most, 40, 8
        )
        for volume, most in ((10, 1.25 * 908), (100, 1.25 * 135), (1000, 1.25 * 18))
    },
    **{
        f"stops serving at mid-flight, {days}d": partial(turn, days, 0.0, 0.5, most=15, runs=runs, seed=9)
        for days, runs in ((7, 50), (30, 20))
    },
    **{
        f"nothing served at launch, {days}d": partial(turn, days, 0.0, 0.0, most=30, runs=1, seed=10)
        for days in (7, 30)
    },
    **{
        f"conversion tracking breaks, {volume} clicks/min at 5%, 1h": partial(
            fall, at_least("cvr", 0.04, "1h"), partial(orders, volume, after=0.0), most, 40, 11
        )
        for volume, most in ((1, 240), (10, 30), (100, 4))
    },
    "spends twice the plan from mid-flight, 7d": partial(turn, 7, 2.0, 0.5, most=300, runs=50, seed=12),
    "spends three times the plan from mid-flight, 7d": partial(turn, 7, 3.0, 0.5, most=120, runs=50, seed=13),
}
"""Each case by its words; calling it gives the figure."""
