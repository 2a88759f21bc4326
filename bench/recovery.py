"""How long a worker that was killed takes to count again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import redis

from bench.kit.backlog import SERIES_PER_CAMPAIGN, full_windows, produce
from bench.kit.place import system
from tests.kit.processes import until

SERIES, EVENTS_PER_CAMPAIGN = (2_000, 20_000), 150
_DEADLINE_S = 300.0


def measure(address: str, directory: Path) -> dict[str, float]:
    """Seconds from kill -9 and start to the first flush, with windows that are full.

    ``rows`` is what had to be loaded: (pane, series) pairs in Redis. The worker has a name of its own
    (``PACEWATCH_INSTANCE``), so that Kafka gives it its partitions at once.
    """
    found: dict[str, float] = {}
    for series in SERIES:
        took, rows = recover(address, directory / str(series), series, EVENTS_PER_CAMPAIGN)
        found |= {f"recovery_{series}_s": took, f"recovery_{series}_rows": rows}
    return found


def recover(address: str, directory: Path, series: int, events_per_campaign: int) -> tuple[float, int]:
    """The seconds, and the rows loaded."""
    with system(address, directory, INSTANCE="bench-1", SESSION_TIMEOUT_S="10") as place:
        worker = place.worker()
        sent = 0
        for backlog in full_windows(series // SERIES_PER_CAMPAIGN, events_per_campaign):
            produce(place, backlog)
            sent += backlog.events
        until(lambda: place.counted() >= sent, f"{sent} events to be counted", _DEADLINE_S)
        worker.kill()
        stopped, rows = place.counter("seq"), pane_rows(place.redis_url)
        started = time.perf_counter()
        worker.start()
        until(lambda: place.counter("seq") > stopped, "the first flush", _DEADLINE_S)
        return time.perf_counter() - started, rows


def pane_rows(redis_url: str) -> int:
    """How many (pane, series) pairs Redis holds."""
    with redis.Redis.from_url(redis_url) as client:
        pipe: Any = client.pipeline(transaction=False)
        for key in client.scan_iter(match="pw:*:pane:*", count=1000):
            pipe.hlen(key)
        return sum(pipe.execute())
