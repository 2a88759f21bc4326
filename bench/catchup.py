"""One worker that comes back to a backlog: events per second, CPU per event and peak memory."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.kit.backlog import Backlog, produce
from bench.kit.place import system
from bench.kit.process import cpu_s, peak_mib
from tests.kit.processes import until

CAMPAIGNS, EVENTS = (200, 5_000), 500_000
WARM_UP_EVENTS_PER_CAMPAIGN = 20
"""So that the measured worker knows every series: a new one costs much more than an event, once."""
_DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Caught:
    """How a worker caught up.

    Attributes:
        events_per_s: from its first read to its last flush.
        us_per_event: user and system microseconds of the process in that time, per event.
        peak_mib: the most memory it ever had.
    """

    events_per_s: float
    us_per_event: float
    peak_mib: float


def measure(address: str, directory: Path) -> dict[str, float]:
    """Throughput and CPU of a worker that catches up, with 200 and with 5,000 campaigns, and the ratio of both."""
    found = {n: catch_up(address, directory / str(n), Backlog(EVENTS, n)) for n in CAMPAIGNS}
    few, many = found.values()
    return {
        **{f"catchup_{n}_events_per_s": caught.events_per_s for n, caught in found.items()},
        **{f"catchup_{n}_us_per_event": caught.us_per_event for n, caught in found.items()},
        "catchup_many_over_few": many.us_per_event / few.us_per_event,
    }


def catch_up(address: str, directory: Path, shape: Backlog, **settings: str) -> Caught:
    """Let a worker with these settings count a backlog of series that are all known from before."""
    with system(address, directory, **settings) as place:
        worker = place.worker()
        warm_up = replace(shape, events=shape.campaigns * WARM_UP_EVENTS_PER_CAMPAIGN, late=0.0, seed=shape.seed + 1)
        produce(place, warm_up)
        until(lambda: place.counted() >= warm_up.events, "the warm-up to be counted", _DEADLINE_S)
        worker.stop()
        produce(place, shape)
        worker = place.start("worker")
        until(lambda: "ready: reading" in worker.output(), "the worker to read")
        started, used = time.perf_counter(), cpu_s(worker.pid)
        total = warm_up.events + shape.events
        until(lambda: place.counted() >= total, "all events to be counted", _DEADLINE_S)
        took, used = time.perf_counter() - started, cpu_s(worker.pid) - used
        return Caught(shape.events / took, used / shape.events * 1e6, peak_mib(worker.pid))
