"""What a case does: so many runs of a stream, and what people were told in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from bench.trust.engine import Told, run
from bench.trust.figures import Delay, Share
from kpis.arrays import Int64s
from kpis.times import DAY_MS, MINUTE_MS
from monitors.goals.values import Flight, Goal

Rng = np.random.Generator
Make = Callable[[Int64s, Rng], Int64s]
"""A stream of events at some looks, drawn from a seed."""


def calm(goal: Goal, make: Make, at: Int64s, *, most: float, runs: int, seed: int) -> Share:
    """Streams that meet their goal: whatever is told is false."""
    flight = whole(at)
    return share((list(run(goal, flight, at, make(at, rng))) for rng in seeds(seed, runs)), most)


def broken(
    goal: Goal,
    make: Make,
    at: Int64s,
    begins_ms: int,
    *,
    most: float,
    runs: int,
    seed: int,
    false: float | None = None,
) -> Delay:
    """Streams that meet their goal until a moment, and miss it from then on."""
    flight = whole(at)
    return delay((run(goal, flight, at, make(at, rng)) for rng in seeds(seed, runs)), begins_ms, most, false)


def whole(at: Int64s) -> Flight:
    """The flight that some looks are of, to the end of its last day."""
    return Flight(0, int(-(-at[-1] // DAY_MS)) * DAY_MS, "UTC")


def seeds(seed: int, runs: int) -> Iterator[Rng]:
    """A generator for each run, the same each time."""
    return (np.random.default_rng((seed, n)) for n in range(runs))


def share(runs: Iterable[list[Told]], most: float) -> Share:
    """How many of some runs were told anything."""
    found = list(runs)
    return Share(sum(map(bool, found)), len(found), most, sum(map(len, found)))


def delay(runs: Iterable[Iterator[Told]], begins_ms: int, most: float, false_most: float | None = None) -> Delay:
    """How long it took from a moment to the first message that brings bad news."""
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
    return Delay(minutes, most, false, false_most)
