"""Batches on a real broker: every codec of every producer is counted, and damage is passed over and told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from confluent_kafka import Producer

from kpis.contract import layout
from tests.conftest import leave_out
from tests.e2e.test_main_job import event
from tests.kafka.launcher import Cluster, kafka, missing
from tests.kit.processes import until
from tests.kit.system import System

CODECS = ("gzip", "snappy", "lz4", "zstd")
EVENTS = 300


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A broker whose files a test may damage."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"batches on Apache Kafka: {lacking}")
    with kafka(tmp_path_factory.mktemp("batches-kafka")) as made:
        yield made


@pytest.fixture
def system(cluster: Cluster, redis_url: str, tmp_path: Path) -> Iterator[System]:
    """A system on it."""
    made = System(cluster.bootstrap, redis_url, tmp_path)
    yield made
    made.stop()


def value(number: int) -> bytes:
    """A click."""
    return json.dumps({k: v for k, v in event("click", number).items() if k != "type"}).encode()


def topics(system: System, **configs: str) -> None:
    """Make the topics with settings of their own."""

    async def main() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=system.broker)
        await admin.start()
        try:
            names = [system.topic(kind) for kind in ("impression", "click", "conversion", "spend")]
            await admin.create_topics([NewTopic(n, 1, 1, topic_configs=configs) for n in names])
        finally:
            await admin.close()

    asyncio.run(main())
    system.settings["PARTITIONS"] = "1"


def by_librdkafka(system: System, codec: str, first: int) -> None:
    """Produce with the client that most languages use."""
    settings = {
        "bootstrap.servers": system.broker,
        "compression.codec": codec,
        "linger.ms": 200,
        "batch.num.messages": 90,
    }
    producer = Producer(settings)
    for i in range(first, first + EVENTS):
        producer.produce(system.topic("click"), value(i), key=b"c1")
    assert producer.flush(60) == 0


def by_aiokafka(system: System, codec: str, first: int) -> None:
    """Produce with snappy in the framing of the Java client."""

    async def main() -> None:
        async with AIOKafkaProducer(bootstrap_servers=system.broker, compression_type=codec, linger_ms=100) as producer:
            sent = [
                await producer.send(system.topic("click"), value(i), key=b"c1") for i in range(first, first + EVENTS)
            ]
            await asyncio.gather(*sent)

    asyncio.run(main())


def counted(system: System) -> int:
    """The clicks counted."""
    return system.counter(f"{layout.ACCEPTED}click")


def test_every_codec_of_every_producer_is_counted(system: System) -> None:
    """A batch that cannot be decompressed would be passed over, and counted as that."""
    system.worker()
    first = 0
    for produce in (by_librdkafka, by_aiokafka):
        for codec in CODECS:
            produce(system, codec, first)
            first += EVENTS
    until(lambda: counted(system) == first, "all clicks to be counted")
    assert system.counter(f"{layout.SKIPPED}{system.topic('click')}") == 0


@pytest.mark.parametrize("codec", CODECS)
def test_what_a_broker_compresses_is_counted(system: System, codec: str) -> None:
    """By the libraries of Java, whatever the producer sent."""
    topics(system, **{"compression.type": codec})
    system.worker()
    by_librdkafka(system, "none", 0)
    by_librdkafka(system, "lz4" if codec == "zstd" else "zstd", EVENTS)
    until(lambda: counted(system) == 2 * EVENTS, "all clicks to be counted")
    assert system.counter(f"{layout.SKIPPED}{system.topic('click')}") == 0


def test_a_batch_that_a_disk_damaged_is_passed_over_and_told(system: System, cluster: Cluster) -> None:
    """The worker goes on, also after a restart; log, counter and offsets say which records are missing."""
    topics(system)
    for first in (0, 1, 2):
        system.send_raw([(system.topic("click"), b"c1", value(first))])
    (segment,) = (cluster.nodes[0].directory / "data").glob(f"{system.topic('click')}-0/*.log")
    data = segment.read_bytes()
    # In place: the broker has the file open.
    with segment.open("r+b") as file:
        file.seek(data.index(b"click-1"))
        file.write(b"CLICK")
    worker = system.worker()
    until(lambda: counted(system) == 2, "the others to be counted")
    skipped = f"{layout.SKIPPED}{system.topic('click')}"
    until(lambda: system.counter(skipped) == 1, "the damaged one to be told")
    assert "offsets 1 to 1 cannot be read, and are passed over: CorruptRecordException" in worker.output()
    assert worker.stop() == 0
    system.worker()
    system.send_raw([(system.topic("click"), b"c1", value(3))])
    until(lambda: counted(system) == 3, "counting to go on")
    assert system.counter(skipped) == 1
