"""What writing costs while events come in steadily: Redis commands and bytes of a flush, CPU."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from bench.kit import sender
from bench.kit.backlog import Backlog, produce
from bench.kit.place import system
from bench.kit.process import cpu_s
from kpis.contract import layout
from tests.kit.system import System

RATE, CAMPAIGNS = 10_000, (200, 5_000)
WARM_UP_S, MEASURED_S = 5.0, 15.0
_MINUTE_S, _COUNTING_S = 60, 10
_OURS = frozenset({"info", "hgetall"})
"""Commands of the measurement itself; a worker that keeps its partitions sends none of them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What has happened so far: of Redis, and of the worker."""

    at_s: float
    flushes: int
    events: int
    commands: int
    script_us: float
    bytes_in: int
    redis_cpu_s: float
    worker_cpu_s: float


def measure(address: str, directory: Path) -> dict[str, float]:
    """Figures of one flush of one partition, and CPU, at 10,000 events/s, with 200 and with 5,000 campaigns.

    Events of four channels, one worker, four partitions: with the breakdown by channel five series a campaign.
    ``worker_us_per_event`` is user and system time of the whole worker process.
    """
    found: dict[str, float] = {}
    for campaigns in CAMPAIGNS:
        for name, value in _steady(address, directory / str(campaigns), campaigns).items():
            found[f"flush_{campaigns}_{name}"] = value
    few, many = (found[f"flush_{campaigns}_worker_us_per_event"] for campaigns in CAMPAIGNS)
    return {**found, "flush_worker_many_over_few": many / few}


def _steady(address: str, directory: Path, campaigns: int) -> dict[str, float]:
    with system(address, directory) as place:
        worker = place.worker()
        # The minute before is as full as the one measured: series whose panes expire are written too.
        produce(place, Backlog(RATE * _MINUTE_S, campaigns, span_ms=_MINUTE_S * 1000))
        place.await_counted(RATE * _MINUTE_S)
        with redis.Redis.from_url(place.redis_url) as client:
            with sender.running(place, campaigns, RATE, WARM_UP_S + MEASURED_S + _COUNTING_S) as load:
                time.sleep(WARM_UP_S)
                before = _read(place, client, worker.pid)
                time.sleep(MEASURED_S)
                after = _read(place, client, worker.pid)
                written = [_series_written(client, partition) for partition in range(len(place.meta()))]
                sent = load.report()
            place.await_counted(RATE * _MINUTE_S + sent.events)
            memory = client.info("memory")["used_memory"]
    flushes, events = after.flushes - before.flushes, after.events - before.events
    seconds = after.at_s - before.at_s
    return {
        "events_per_s": events / seconds,
        "flushes_per_s": flushes / seconds,
        "series": sum(written) / len(written),
        "commands": (after.commands - before.commands) / flushes,
        "kib": (after.bytes_in - before.bytes_in) / flushes / 1024,
        "script_us": (after.script_us - before.script_us) / flushes,
        "redis_cores": (after.redis_cpu_s - before.redis_cpu_s) / seconds,
        "redis_mib": memory / 1024**2,
        "worker_cores": (after.worker_cpu_s - before.worker_cpu_s) / seconds,
        "worker_us_per_event": (after.worker_cpu_s - before.worker_cpu_s) / events * 1e6,
    }


def _series_written(client: redis.Redis, partition: int) -> int:
    """How many series one flush wrote: those whose document differs between two sequence numbers that follow."""
    older_seq, older = _documents(client, partition)
    deadline = time.monotonic() + _COUNTING_S
    while time.monotonic() < deadline:
        seq, documents = _documents(client, partition)
        if seq == older_seq + 1:
            return sum(older.get(series) != document for series, document in documents.items())
        older_seq, older = seq, documents
    raise AssertionError("flushes follow each other faster than documents can be read")


def _documents(client: redis.Redis, partition: int) -> tuple[int, dict[bytes, bytes]]:
    pipe: Any = client.pipeline()
    pipe.hget(layout.meta(partition), layout.SEQ)
    pipe.hgetall(layout.kpi(partition))
    seq, documents = pipe.execute()
    return int(seq), documents


def _read(place: System, client: redis.Redis, worker: int) -> Reading:
    info: dict[str, Any] = client.info("everything")
    calls = {name.removeprefix("cmdstat_"): stat for name, stat in info.items() if name.startswith("cmdstat_")}
    return Reading(
        at_s=time.monotonic(),
        flushes=place.counter("seq"),
        events=place.counted(),
        commands=sum(stat["calls"] for name, stat in calls.items() if name not in _OURS),
        script_us=calls["evalsha"]["usec"],
        bytes_in=info["total_net_input_bytes"],
        redis_cpu_s=info["used_cpu_user"] + info["used_cpu_sys"],
        worker_cpu_s=cpu_s(worker),
    )
