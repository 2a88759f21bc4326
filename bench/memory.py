"""How much memory a worker, and Redis, need: for series whose windows are full, and for event ids."""

from __future__ import annotations

from pathlib import Path

import redis

from bench.kit.backlog import SERIES_PER_CAMPAIGN, Backlog, full_windows, produce
from bench.kit.place import system
from bench.kit.process import peak_mib, resident_mib
from bench.recovery import pane_rows
from kpis.measures import Stream
from tests.kit.processes import until
from tests.kit.system import System

SERIES, EVENTS_PER_CAMPAIGN = (200, 5_000, 20_000), 150
IDS = 1_000_000
MIB = 1024**2
_DEADLINE_S = 300.0


def measure(address: str, directory: Path) -> dict[str, float]:
    """MiB that were ever resident in one worker (VmHWM) and that Redis uses, with events in all panes of all windows.

    All series are in one worker, in four partitions. What an event id takes, of which there is one for every click,
    conversion and spend event of a day, is measured apart.
    """
    found: dict[str, float] = {}
    for series in SERIES:
        with system(address, directory / str(series)) as place:
            worker = place.worker()
            found.setdefault("memory_no_series_worker_mib", peak_mib(worker.pid))
            _fill(place, series // SERIES_PER_CAMPAIGN)
            found[f"memory_{series}_worker_mib"] = peak_mib(worker.pid)
            with redis.Redis.from_url(place.redis_url) as client:
                found[f"memory_{series}_redis_mib"] = client.info("memory")["used_memory"] / MIB
            found[f"memory_{series}_rows"] = pane_rows(place.redis_url)
    return found | _of_ids(address, directory / "ids")


def _of_ids(address: str, directory: Path) -> dict[str, float]:
    """Bytes per remembered id: what a million more of them add."""
    with system(address, directory) as place, redis.Redis.from_url(place.redis_url) as client:
        worker, counted = place.worker(), 0
        held: list[tuple[float, float]] = []
        # The first million also brings the memory to what catching up takes at its most; the second only ids.
        for _ in range(2):
            produce(place, Backlog(IDS, 200, only=Stream.CLICK))
            counted += IDS
            place.await_counted(counted)
            held.append((resident_mib(worker.pid), client.info("memory")["used_memory"] / MIB))
        (worker_before, redis_before), (worker_after, redis_after) = held
    return {
        "memory_worker_bytes_per_id": (worker_after - worker_before) * MIB / IDS,
        "memory_redis_bytes_per_id": (redis_after - redis_before) * MIB / IDS,
    }


def _fill(place: System, campaigns: int) -> None:
    sent = 0
    for backlog in full_windows(campaigns, EVENTS_PER_CAMPAIGN):
        produce(place, backlog)
        sent += backlog.events
    until(lambda: place.counted() >= sent, f"{sent} events to be counted", _DEADLINE_S)
