"""Where a benchmark runs: a broker, a Redis, and records on it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer

from kpis.measures import Stream
from tests.kafka.launcher import kafka, missing
from tests.kit.processes import embedded_broker, free_ports, listens, until
from tests.kit.redis_server import redis_server
from tests.kit.system import System

MIX = {Stream.IMPRESSION: 90, Stream.CLICK: 7, Stream.CONVERSION: 1, Stream.SPEND: 2}
"""Per cent of events by stream."""


@contextmanager
def broker(directory: Path) -> Iterator[tuple[str, str]]:
    """A broker: what it is, and its address."""
    if missing() is None:
        with kafka(directory / "kafka") as cluster:
            yield "Apache Kafka", cluster.bootstrap
        return
    (port,) = free_ports(1)
    program = embedded_broker(port, directory / "broker.log")
    until(lambda: listens(port), "the embedded broker to answer")
    try:
        yield "embedded broker", f"127.0.0.1:{port}"
    finally:
        program.stop()


@contextmanager
def system(address: str, directory: Path, **settings: str) -> Iterator[System]:
    """A system of its own on that broker, with an empty Redis."""
    directory.mkdir(parents=True, exist_ok=True)
    with redis_server() as port:
        made = System(address, f"redis://127.0.0.1:{port}/0", directory, **settings)
        try:
            yield made
        finally:
            made.stop()


def fill(place: System, events: int, campaigns: int, seed: int = 0, span_ms: int = 60_000) -> None:
    """Produce a mix of events whose times spread over the last ``span_ms``."""
    rng = random.Random(seed)
    now = int(time.time() * 1000)
    streams, weights = list(MIX), list(MIX.values())

    async def main() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=place.broker, linger_ms=50, max_batch_size=262_144)
        await producer.start()
        try:
            waiting = []
            for i in range(events):
                stream = rng.choices(streams, weights)[0]
                campaign = f"campaign-{rng.randrange(campaigns)}"
                event = {
                    "event_id": f"{stream}-{seed}-{i}",
                    "ts": now - span_ms + i * span_ms // events,
                    "campaign_id": campaign,
                    "channel": rng.choice(("search", "social", "display", "video")),
                    "country": "DE",
                }
                if stream is Stream.SPEND:
                    event["amount"] = "0.012345"
                topic = place.topic(stream.value)
                waiting.append(await producer.send(topic, json.dumps(event).encode(), key=campaign.encode()))
                if len(waiting) == 20_000:
                    await asyncio.gather(*waiting)
                    waiting.clear()
            await asyncio.gather(*waiting)
        finally:
            await producer.stop()

    asyncio.run(main())
