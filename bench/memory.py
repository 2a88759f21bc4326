"""How much memory a worker, and Redis, need for series whose windows are full."""

from __future__ import annotations

from pathlib import Path

import redis

from bench.backlog import SERIES_PER_CAMPAIGN, full_windows, produce
from bench.place import system
from bench.process import peak_mib
from bench.recovery import pane_rows
from tests.processes import until
from tests.system import System

SERIES, EVENTS_PER_CAMPAIGN = (200, 5_000, 20_000), 150
_DEADLINE_S = 300.0


def measure(address: str, directory: Path) -> dict[str, float]:
    """MiB that were ever resident in one worker (VmHWM) and that Redis uses, with events in all panes of all windows.

    All series are in one worker, in four partitions. Event ids are in both figures: those of a tenth of the events,
    remembered for a day.
    """
    found: dict[str, float] = {}
    for series in SERIES:
        with system(address, directory / str(series)) as place:
            worker = place.worker()
            found.setdefault("memory_no_series_worker_mib", peak_mib(worker.pid))
            _fill(place, series // SERIES_PER_CAMPAIGN)
            found[f"memory_{series}_worker_mib"] = peak_mib(worker.pid)
            with redis.Redis.from_url(place.redis_url) as client:
                found[f"memory_{series}_redis_mib"] = client.info("memory")["used_memory"] / 1024**2
            found[f"memory_{series}_rows"] = pane_rows(place.redis_url)
    return found


def _fill(place: System, campaigns: int) -> None:
    sent = 0
    for backlog in full_windows(campaigns, EVENTS_PER_CAMPAIGN):
        produce(place, backlog)
        sent += backlog.events
    until(lambda: place.counted() >= sent, f"{sent} events to be counted", _DEADLINE_S)
