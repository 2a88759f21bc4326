"""Producers that write in transactions: what was aborted never happened, and control records are no backlog."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from kpis.contract import layout
from tests.e2e.test_main_job import event
from tests.kit.processes import until
from tests.kit.system import Event, System


@pytest.fixture
def system(apache_kafka: str, redis_url: str, tmp_path: Path) -> Iterator[System]:
    """A system on Apache Kafka: the embedded broker has no transactions."""
    made = System(apache_kafka, redis_url, tmp_path)
    yield made
    made.stop()


def transaction(system: System, events: list[Event], *, commit: bool) -> None:
    """Produce events in one transaction, and commit or abort it."""

    async def main() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=system.broker, transactional_id=f"{system.prefix}-ads")
        await producer.start()
        try:
            await producer.begin_transaction()
            for e in events:
                value = json.dumps({k: v for k, v in e.items() if k != "type"}).encode()
                await producer.send_and_wait(system.topic(e["type"]), value, key=e["campaign_id"].encode())
            await (producer.commit_transaction() if commit else producer.abort_transaction())
        finally:
            await producer.stop()

    asyncio.run(main())


def test_only_committed_events_are_counted(system: System) -> None:
    """Aborted ones lie in the topic between them, and are passed over."""
    system.worker()
    transaction(system, [event("click", i) for i in range(3)], commit=True)
    transaction(system, [event("click", i) for i in range(3, 9)], commit=False)
    transaction(system, [event("click", i) for i in range(9, 11)], commit=True)
    until(lambda: system.counter(f"{layout.ACCEPTED}click") >= 5, "the committed clicks to be counted")
    transaction(system, [event("spend", 11, amount="1")], commit=True)
    until(lambda: system.counter(f"{layout.ACCEPTED}spend") == 1, "the last transaction to be counted")
    assert system.counter(f"{layout.ACCEPTED}click") == 5


def test_a_topic_that_ends_in_a_control_record_is_read_to_its_end(system: System) -> None:
    """So its partition is judged as of now, and a campaign that falls silent decays."""
    system.worker()
    transaction(system, [event("click", 0)], commit=True)
    transaction(system, [event("click", 1)], commit=False)
    until(lambda: system.counter(f"{layout.ACCEPTED}click") == 1, "the click to be counted")
    until(lambda: all(m[layout.CAUGHT_UP] == "1" for m in system.meta()), "all partitions to be read to their end")
    assert system.counter(f"{layout.LAG}{system.topic('click')}") == 0
    before = min(int(m[layout.CLOCK]) for m in system.meta())
    until(lambda: min(int(m[layout.CLOCK]) for m in system.meta()) > before, "the clocks to move on")
