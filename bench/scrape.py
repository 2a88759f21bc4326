"""What a scrape and a refresh of the monitor cost, by how many campaigns there are and how many of them change."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import random
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.kit.backlog import SERIES_PER_CAMPAIGN
from bench.kit.place import system
from bench.kit.process import cpu_s, resident_mib
from kpis.contract import layout
from kpis.contract.documents import documents
from kpis.contract.published import Layout
from kpis.contract.redis_client import connect
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from kpis.units import MICROS
from kpis.windows import TOTAL
from streams.state.flush import Flush
from streams.store.lease import Lease
from streams.store.store import Store
from tests.kit.processes import until
from tests.kit.system import System

CAMPAIGNS, PARTITIONS = (2_000, 10_000, 100_000), 4
WINDOWS = ("1m", "5m", "1h", "24h")
FLUSH_S, SETTLE_S, MEASURED_S, SCRAPES = 0.5, 3.0, 10.0, 5
SHARE = 10
"""One in so many series changes with each flush."""
_LARGEST_FLUSH = 20_000
_DEADLINE_S = 300.0
_PROMETHEUS = {
    "Accept": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4",
    "Accept-Encoding": "gzip",
}


class Scrape(NamedTuple):
    """One scrape: how long it took, and how many bytes came."""

    seconds: float
    body: bytes


def measure(address: str, directory: Path) -> Mapping[str, Mapping[str, float]]:
    """For each number of campaigns what one monitor needs, with five series a campaign and default settings.

    ``cores`` are CPU seconds of the monitor per second while nothing changes, and while a tenth of the series changes
    twice a second. CPU of a scrape is without that of the refreshes beside it.
    """
    return {f"{campaigns:,} campaigns": _of(address, directory / str(campaigns), campaigns) for campaigns in CAMPAIGNS}


def _of(address: str, directory: Path, campaigns: int) -> dict[str, float]:
    with system(address, directory) as place:
        writer = Writer(place, campaigns)
        asyncio.run(writer.write_all())
        started = time.perf_counter()
        monitor = place.monitor()
        until(lambda: place.get("/readyz")[0] == 200, "the first read", _DEADLINE_S)
        found = {"first_read_s": time.perf_counter() - started}
        found["cores_still"] = _cores(monitor.pid)
        found |= _scrapes(place, monitor.pid, found["cores_still"])
        with writer.changing():
            found["cores_changing"] = _cores(monitor.pid)
            found["refreshes_per_s_changing"] = _refreshes_per_s(place)
        found["memory_mib"] = resident_mib(monitor.pid)
    return found


def _cores(pid: int) -> float:
    time.sleep(SETTLE_S)
    before, started = cpu_s(pid), time.perf_counter()
    time.sleep(MEASURED_S)
    return (cpu_s(pid) - before) / (time.perf_counter() - started)


def _scrapes(place: System, pid: int, cores: float) -> dict[str, float]:
    scrape(place)  # What is made once, at the first.
    before, started = cpu_s(pid), time.perf_counter()
    found = []
    for _ in range(SCRAPES):
        found.append(scrape(place))
        time.sleep(1.0)  # So that each finds a new view.
    cpu = cpu_s(pid) - before - cores * (time.perf_counter() - started)
    text = gzip.decompress(found[-1].body)
    return {
        "scrape_cpu_s": cpu / SCRAPES,
        "scrape_wall_s": statistics.median(one.seconds for one in found),
        "samples": sum(not line.startswith(b"#") for line in text.splitlines()),
        "plain_mib": len(text) / 1024**2,
        "gzip_mib": len(found[-1].body) / 1024**2,
    }


def scrape(place: System) -> Scrape:
    """Ask as Prometheus does."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    started = time.perf_counter()
    connection.request("GET", "/metrics", headers=_PROMETHEUS)
    response = connection.getresponse()
    body = response.read()
    took = time.perf_counter() - started
    connection.close()
    assert response.status == http.HTTPStatus.OK
    return Scrape(took, body)


def _refreshes_per_s(place: System) -> float:
    def reads() -> float:
        lines = gzip.decompress(scrape(place).body).splitlines()
        (line,) = [one for one in lines if one.startswith(b"pacewatch_redis_reads_total ")]
        return float(line.split()[1])

    before, started = reads(), time.perf_counter()
    time.sleep(MEASURED_S)
    return (reads() - before) / (time.perf_counter() - started)


class Writer:
    """Writes documents as workers do."""

    def __init__(self, place: System, campaigns: int) -> None:
        self._settings = Settings.load(redis=place.redis_url)
        self._leases: list[Lease] = []
        shares = ["", *(f"|channel={n}" for n in range(SERIES_PER_CAMPAIGN - 1))]
        names = [[f"campaign-{n:06}{s}" for s in shares] for n in range(campaigns)]
        self._series = [[s for own in names[p::PARTITIONS] for s in own] for p in range(PARTITIONS)]
        self._documents = [_documents(len(series)) for series in self._series]

    async def write_all(self) -> None:
        """All series, once."""
        redis = connect(self._settings)
        try:
            store = Store(redis, "bench", 40, 24)
            await store.publish_layout(Layout(PARTITIONS, "USD", tuple(WINDOWS), 40))
            self._leases = [await store.take(p, Clock().now_ms()) for p in range(PARTITIONS)]
            for partition, series in enumerate(self._series):
                for at in range(0, len(series), _LARGEST_FLUSH):
                    await self._flush(store, partition, list(range(at, min(at + _LARGEST_FLUSH, len(series)))))
        finally:
            await redis.aclose()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Meanwhile a tenth of the series changes with each flush."""
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._change(stop)), name="changes")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    async def _change(self, stop: threading.Event) -> None:
        redis, dice = connect(self._settings), random.Random(0)
        try:
            store = Store(redis, "bench", 40, 24)
            while not stop.is_set():
                started = time.perf_counter()
                for partition, series in enumerate(self._series):
                    await self._flush(store, partition, dice.sample(range(len(series)), len(series) // SHARE))
                await asyncio.sleep(max(0.0, FLUSH_S - (time.perf_counter() - started)))
        finally:
            await redis.aclose()

    async def _flush(self, store: Store, partition: int, chosen: list[int]) -> None:
        now = Clock().now_ms()
        await store.write(
            self._leases[partition],
            Flush(
                watermark_ms=now, offsets={}, panes={}, dropped_panes=(), history={}, late={}, seen={}, early={},
                dropped_early=(), letters=(), counters={}, events=0,
                documents={self._series[partition][i]: self._documents[partition][i] for i in chosen},
                gauges={layout.FLUSHED_AT: now, layout.CAUGHT_UP: 1},
            ),
        )  # fmt: skip


def _documents(count: int) -> list[bytes]:
    rng = np.random.default_rng(0)
    tables = []
    for _ in (*WINDOWS, TOTAL):
        impressions = rng.integers(10_000, 10_000_000, count)
        clicks, conversions = impressions // 50, impressions // 1_000
        spend = rng.integers(MICROS, 10_000 * MICROS, count)
        tables.append(np.stack([impressions, clicks, conversions, spend, spend * 3], axis=1))
    return documents(Clock().now_ms(), [*WINDOWS, TOTAL], tables)
