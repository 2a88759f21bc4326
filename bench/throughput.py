"""One worker against raw aiokafka: how close to the limit of its client it runs."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from uuid import uuid4

import redis
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.place import fill, system
from streams.measures import Stream
from tests.processes import until
from tests.system import System

EVENTS, CAMPAIGNS, RUNS = 300_000, 200, 3


def measure(address: str, directory: Path) -> dict[str, float]:
    """Events per second of both, and their ratio, by the median of interleaved runs."""
    with system(address, directory) as place:
        place.worker().stop()
        fill(place, EVENTS, CAMPAIGNS)
        raw: list[float] = []
        worker: list[float] = []
        for _ in range(RUNS):
            raw.append(EVENTS / asyncio.run(read_raw(place)))
            worker.append(EVENTS / run_worker(place))
    ratios = [w / r for w, r in zip(worker, raw, strict=True)]
    return {
        "raw_getmany_events_per_s": statistics.median(raw),
        "worker_events_per_s": statistics.median(worker),
        "worker_over_raw": statistics.median(ratios),
    }


async def read_raw(place: System) -> float:
    """Seconds that one consumer takes to fetch all records and look at none."""
    reader = AIOKafkaConsumer(bootstrap_servers=place.broker, auto_offset_reset="earliest", enable_auto_commit=False)
    await reader.start()
    try:
        reader.assign([TopicPartition(place.topic(s.value), p) for s in Stream for p in range(4)])
        left, started = EVENTS, time.perf_counter()
        while left:
            left -= sum(map(len, (await reader.getmany(timeout_ms=1000)).values()))
        return time.perf_counter() - started
    finally:
        await reader.stop()


def run_worker(place: System) -> float:
    """Seconds from a worker's first read to its last flush, on an empty Redis and a new group."""
    with redis.Redis.from_url(place.redis_url) as client:
        client.flushall()
    place.settings["GROUP"] = f"g{uuid4().hex[:8]}"
    worker = place.start("worker")
    until(lambda: "ready: reading" in worker.output(), "the worker to read")
    started = time.perf_counter()
    until(lambda: place.counted() >= EVENTS, "all events to be counted")
    took = time.perf_counter() - started
    worker.kill()
    return took
