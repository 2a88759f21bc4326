"""Kafka that does not hold what Redis remembers: deleted records, topics made anew, added partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from kpis.measures import Stream
from tests.e2e.test_main_job import event
from tests.kit.processes import until
from tests.kit.system import System


@pytest.fixture
def system(apache_kafka: str, redis_url: str, tmp_path: Path) -> Iterator[System]:
    """A system on Apache Kafka: the embedded broker deletes no records."""
    made = System(apache_kafka, redis_url, tmp_path)
    yield made
    made.stop()


def admin(system: System, *steps: str) -> None:
    """Delete the click topic's records below their end, delete the topic, make it anew, or double all partitions."""

    async def main() -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=system.broker)
        await client.start()
        topic = system.topic("click")
        try:
            for step in steps:
                if step == "delete records":
                    ends = {
                        TopicPartition(topic, p): RecordsToDelete(int(m[f"offset:{topic}"]) + 2)
                        for p, m in enumerate(system.meta())
                    }
                    await client.delete_records({tp: to for tp, to in ends.items() if to.before_offset > 2})
                elif step == "delete topic":
                    await client.delete_topics([topic])
                    while topic in await client.list_topics():
                        await asyncio.sleep(0.05)
                elif step == "make topic":
                    await client.create_topics([NewTopic(topic, 4, 1)])
                else:
                    await client.create_partitions({system.topic(s): NewPartitions(8) for s in Stream})
        finally:
            await client.close()

    asyncio.run(main())


def test_records_that_retention_deleted_unread_are_counted_as_lost(system: System) -> None:
    """And those after them are counted."""
    worker = system.worker()
    system.send([event("click", i) for i in range(10)])
    system.await_counted(10)
    worker.stop()
    system.send([event("click", i) for i in range(10, 15)])
    admin(system, "delete records")
    worker = system.worker()
    until(lambda: system.kpi("c1")["c1"]["total"]["clicks"] == 13, "the rest to be counted")
    assert system.counter(f"lost:{system.topic('click')}") == 2
    assert "2 records are not counted" in worker.output()


def test_a_topic_made_anew_is_counted_from_its_start(system: System) -> None:
    """Its offsets are below the stored ones, and are not taken for repeats."""
    worker = system.worker()
    system.send([event("click", i) for i in range(10)])
    system.await_counted(10)
    worker.stop()
    admin(system, "delete topic", "make topic")
    system.send([event("click", i) for i in range(10, 14)])
    worker = system.worker()
    until(lambda: system.kpi("c1")["c1"]["total"]["clicks"] == 14, "the new topic to be counted")
    assert system.counter(f"rewound:{system.topic('click')}") == 1
    assert "begins anew" in worker.output()
    system.send([event("click", i) for i in range(14, 16)])
    until(lambda: system.kpi("c1")["c1"]["total"]["clicks"] == 16, "it to be read on")


def test_added_partitions_are_refused_until_they_are_accepted(system: System) -> None:
    """Then totals are sums over all of them."""
    worker = system.worker()
    system.send([event("click", i, f"c{i % 9}") for i in range(30)])
    system.await_counted(30)
    worker.stop()
    admin(system, "double partitions")
    refused = system.start("worker")
    assert refused.wait() == 2
    assert "holds data with partitions 4, not 8" in refused.output()
    system.settings |= {"GROW_PARTITIONS": "true", "PARTITIONS": "8"}
    system.worker()
    system.send([event("click", i, f"c{i % 9}") for i in range(30, 60)])
    system.await_counted(60)
    assert sum(w["total"]["clicks"] for s, w in system.kpi().items() if "|" not in s) == 60
