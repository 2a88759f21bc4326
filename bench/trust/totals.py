"""Cases of totals: flights that deliver what they should in shapes no curve knows, and flights that turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from bench.trust.engine import Told, run
from bench.trust.figures import Coverage, Delay, Figure, Share
from bench.trust.runs import Rng, broken, delay, seeds, share, whole
from bench.trust.streams import evening, flat, gusts, served, spent, times
from kpis.arrays import Floats, Int64s
from kpis.measures import INDEX, TOTALS
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from kpis.units import MICROS
from monitors.goals.values import Band, Flight, TotalGoal
from monitors.habits.outlook import outlook
from monitors.pacing.intervals import student
from monitors.read.past import of_quarters

TARGET = 10_000_000_000
TWO_SIDED = Band(0.9, 1.1), Band(0.75, 1.25)
LOOK_MS = 5 * MINUTE_MS


def spend(target: int = TARGET) -> TotalGoal:
    """A total of spend with the default bands and the even curve."""
    return TotalGoal(TOTALS["spend"], target, *TWO_SIDED)


def looks(days: int, step_ms: int = LOOK_MS) -> Int64s:
    """The looks of a flight."""
    return times(days * DAY_MS, step_ms)


def delivery(days: int, shape: Callable[[Int64s, Rng], Floats], *, most: float, runs: int, seed: int) -> Share:
    """Flights that spend their target exactly, in a shape that the even curve does not know."""
    at = looks(days)

    def one(rng: Rng) -> Iterator[Told]:
        parts = shape(at, rng)
        return run(spend(), whole(at), at, spent(parts * (TARGET / MICROS / parts.sum())))

    return share((list(one(rng)) for rng in seeds(seed, runs)), most)


def turn(days: int, factor: float, *, most: float, runs: int, seed: int) -> Delay:
    """Flights under hourly gusts whose delivery changes by a factor at half their time."""
    at = looks(days)
    from_ms = days * DAY_MS // 2

    def one(rng: Rng) -> Iterator[Told]:
        parts = gusts(at, rng) * (TARGET / MICROS / len(at))
        return run(spend(), whole(at), at, spent(np.where(at > from_ms, factor, 1.0) * parts))

    return delay((one(rng) for rng in seeds(seed, runs)), from_ms, most, 0.03)


def stops(days: int, per_minute: float, part: float, *, most: float, runs: int, seed: int) -> Delay:
    """Flights under hourly gusts that stop serving at a part of their time."""
    at, from_ms = looks(days, MINUTE_MS), int(part * days * DAY_MS)
    goal = TotalGoal(TOTALS["impressions"], int(per_minute * 1440 * days), *TWO_SIDED)

    def make(at: Int64s, rng: Rng) -> Int64s:
        return served(np.where(at > from_ms, 0.0, per_minute * gusts(at, rng)), 0.02, rng)

    return broken(goal, make, at, from_ms, most=most, runs=runs, seed=seed, false=0.02)


def covered(days: int, persistence: float, *, runs: int, seed: int) -> Coverage:
    """Flights with a night and an evening whose end is projected at a quarter of their time, by the even curve."""
    at, now = times(days * DAY_MS, HOUR_MS), days * DAY_MS // 4
    goal, flight = spend(), Flight(0, days * DAY_MS, "UTC")
    inside, widths = 0, []
    for rng in seeds(seed, runs):
        hours = spent(evening(at) * gusts(at, rng, persistence=persistence) * (TARGET / MICROS / len(at)))
        quarters = np.repeat(hours // 4, 4, axis=0)
        ends = outlook(of_quarters(0, quarters[: now // HOUR_MS * 4]), goal, flight)
        whole_sum = int(quarters[:, INDEX["spend_micros"]].sum())
        if ends is not None:
            so_far = int(quarters[: now // HOUR_MS * 4, INDEX["spend_micros"]].sum())
            half = student(1.645, ends.freedom) * ends.deviation
            inside += abs(so_far + ends.rest - whole_sum) <= half
            widths.append(2 * half / whole_sum)
    return Coverage(inside, runs, 0.85, 0.95, float(np.median(widths)))


def _shaped(at: Int64s, _: Rng) -> Floats:
    return evening(at)


def _gusty(at: Int64s, rng: Rng) -> Floats:
    return flat(at) * gusts(at, rng)


def _both(at: Int64s, rng: Rng) -> Floats:
    return evening(at) * gusts(at, rng)


CASES: Mapping[str, Callable[[], Figure]] = {
    **{
        f"exact delivery, night 0.2 and evening 2.0, {days}d": partial(
            delivery, days, _shaped, most=most, runs=1, seed=6
        )
        for days, most in ((1, 0.05), (7, 0.03), (30, 0.03))
    },
    **{
        f"exact delivery, hourly lognormal(0.3), {days}d": partial(
            delivery, days, _gusty, most=most, runs=runs, seed=7
        )
        for days, most, runs in ((1, 0.05, 100), (7, 0.03, 60), (30, 0.03, 12))
    },
    **{
        f"exact delivery, night, evening and hourly lognormal(0.3), {days}d": partial(
            delivery, days, _both, most=most, runs=runs, seed=16
        )
        for days, most, runs in ((1, 0.10, 100), (7, 0.03, 60))
    },
    **{
        f"stops serving at mid-flight, 10 impressions/min, {days}d": partial(
            stops, days, 10, 0.5, most=15, runs=runs, seed=9
        )
        for days, runs in ((7, 20), (30, 6))
    },
    **{
        f"nothing served at launch, {days}d": partial(stops, days, 10, 0.0, most=30, runs=1, seed=10)
        for days in (7, 30)
    },
    "spends twice the plan from mid-flight, 7d": partial(turn, 7, 2.0, most=300, runs=60, seed=12),
    "spends three times the plan from mid-flight, 7d": partial(turn, 7, 3.0, most=120, runs=60, seed=13),
    **{
        f"90% interval of the end at a quarter, night and evening, {days}d, hours alike by {persistence:g}": partial(
            covered, days, persistence, runs=400, seed=17
        )
        for days in (7, 30)
        for persistence in (0.0, 0.9)
    },
}  # fmt: skip
