"""Topics that change under a running worker: one that goes comes back, and partitions that come are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from kpis.contract import layout
from tests.e2e.test_main_job import event
from tests.kit.processes import until
from tests.kit.system import System


@pytest.fixture
def system(apache_kafka: str, redis_url: str, tmp_path: Path) -> Iterator[System]:
    """A system on Apache Kafka: the embedded broker deletes nothing, and adds no partitions."""
    made = System(apache_kafka, redis_url, tmp_path)
    yield made
    made.stop()


def administer(system: System, work: Callable[[AIOKafkaAdminClient], Awaitable[object]]) -> None:
    """Do something as an administrator."""

    async def main() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=system.broker)
        await admin.start()
        try:
            await work(admin)
        finally:
            await admin.close()

    asyncio.run(main())


def accepted(system: System, stream: str) -> int:
    """Events counted."""
    return system.counter(f"{layout.ACCEPTED}{stream}")


def test_a_topic_that_is_deleted_and_made_again_is_read_on_without_a_restart(system: System) -> None:
    """The others are counted meanwhile, and what it holds afterwards is counted from its start."""
    worker = system.worker()
    system.send([event("click", i) for i in range(5)] + [event("spend", 0)])
    until(lambda: accepted(system, "click") == 5, "the clicks to be counted")
    administer(system, lambda admin: admin.delete_topics([system.topic("click")]))
    until(lambda: f"{system.topic('click')} is gone" in worker.output(), "the worker to say so", deadline_s=90)
    system.send([event("spend", i) for i in range(1, 4)])
    until(lambda: accepted(system, "spend") == 4, "the others to be counted", deadline_s=90)
    assert worker.running
    administer(system, lambda admin: admin.create_topics([NewTopic(system.topic("click"), 4, 1)]))
    until(lambda: f"{system.topic('click')} is there again" in worker.output(), "the worker to see it", deadline_s=90)
    system.send([event("click", i) for i in range(5, 8)])
    until(lambda: accepted(system, "click") == 8, "the new clicks to be counted", deadline_s=90)
    assert worker.running
    assert worker.output().count("is gone") == 1


def test_partitions_that_are_added_while_it_runs_end_the_worker_with_what_to_do(system: System) -> None:
    """Within a minute; the records of the old ones are counted until then."""
    worker = system.worker()
    system.send([event("click", 0)])
    until(lambda: accepted(system, "click") == 1, "the click to be counted")
    added = {system.topic(kind): NewPartitions(6) for kind in ("impression", "click", "conversion", "spend")}
    administer(system, lambda admin: admin.create_partitions(added))
    until(lambda: not worker.running, "the worker to end", deadline_s=60)
    assert worker.stop() == 2
    last = worker.output().splitlines()[-1]
    assert last.startswith(
        "pacewatch: topics: partition 5 was added, the data in Redis is of 4 partitions (see 'Adding"
    )
