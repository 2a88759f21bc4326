"""What Pacewatch relies on of a broker: one suite, on the embedded broker and on Apache Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import KafkaConnectionError, UnknownError

from kpis.measures import Stream
from kpis.runtime.errors import Misconfigured
from kpis.settings.shared import Settings
from streams.kafka import topics

pytestmark = pytest.mark.usefixtures("known_gap")
T = TypeVar("T")


def run(use: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine, within a bound."""

    async def bounded() -> T:
        return await asyncio.wait_for(use(), 60)

    return asyncio.run(bounded())


async def topic(broker: str, partitions: int = 1) -> str:
    """A new topic."""
    name = f"t-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await admin.close()
    return name


async def produce(broker: str, name: str, values: list[bytes], **options: Any) -> None:
    """Send values to partition 0, acknowledged by all."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", linger_ms=20, **options)
    await producer.start()
    try:
        sent = [await producer.send(name, v, key=b"k", partition=0, headers=[("h", b"\x00\xff")]) for v in values]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def consumer(broker: str, *names: str, **options: Any) -> AIOKafkaConsumer:
    """A consumer that starts at the earliest record and commits nothing by itself."""
    return AIOKafkaConsumer(
        *names, bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False, **options
    )


async def read(reader: AIOKafkaConsumer, count: int) -> list[Any]:
    """The next records."""
    return [await reader.getone() for _ in range(count)]


def test_a_record_comes_back_byte_for_byte(broker: str) -> None:
    """Key, value, headers and order."""
    values = [b"\x00\xff", b"{}", b"x" * 200_000]

    async def use() -> None:
        name = await topic(broker)
        await produce(broker, name, values)
        async with consumer(broker, name) as reader:
            records = await read(reader, 3)
        assert [(r.key, r.value, r.offset) for r in records] == [(b"k", v, i) for i, v in enumerate(values)]
        assert all(tuple(r.headers) == (("h", b"\x00\xff"),) for r in records)

    run(use)


def test_the_high_watermark_of_a_fetch_is_the_offset_after_the_last_record(broker: str) -> None:
    """The watermark takes a partition that has read up to it for caught up."""

    async def use() -> None:
        name = await topic(broker)
        await produce(broker, name, [b"v"] * 7)
        async with consumer(broker, name) as reader:
            await read(reader, 7)
            assert reader.highwater(TopicPartition(name, 0)) == 7

    run(use)


def test_an_empty_partition_has_a_high_watermark_too(broker: str) -> None:
    """Else a worker would wait for ever to know that it has caught up."""

    async def use() -> None:
        name = await topic(broker)
        async with consumer(broker, name) as reader:
            while reader.highwater(TopicPartition(name, 0)) is None:
                await reader.getmany(timeout_ms=100)
            assert reader.highwater(TopicPartition(name, 0)) == 0

    run(use)


def test_a_seek_into_a_batch_gives_exactly_the_rest(broker: str) -> None:
    """Offsets in Redis lie anywhere, not at batch borders."""

    async def use() -> None:
        name = await topic(broker)
        await produce(broker, name, [str(i).encode() for i in range(50)])
        async with consumer(broker, name) as reader:
            reader.seek(TopicPartition(name, 0), 23)
            assert [r.offset for r in await read(reader, 27)] == list(range(23, 50))

    run(use)


def test_the_earliest_offset_of_a_partition_that_holds_all_is_zero(broker: str) -> None:
    """A stored offset below the earliest means that retention took events that were never counted."""

    async def use() -> None:
        name = await topic(broker)
        await produce(broker, name, [b"v"] * 3)
        async with consumer(broker) as reader:
            assert await reader.beginning_offsets([TopicPartition(name, 0)]) == {TopicPartition(name, 0): 0}

    run(use)


@pytest.mark.embedded_gap("it has no DeleteRecords, and drops the connection", raises=KafkaConnectionError)
def test_the_earliest_offset_follows_deleted_records(broker: str) -> None:
    """And reading from the earliest starts there."""

    async def use() -> None:
        name = await topic(broker)
        tp = TopicPartition(name, 0)
        await produce(broker, name, [b"v"] * 9)
        admin = AIOKafkaAdminClient(bootstrap_servers=broker)
        await admin.start()
        try:
            await admin.delete_records({tp: RecordsToDelete(before_offset=4)})
        finally:
            await admin.close()
        async with consumer(broker, name) as reader:
            assert await reader.beginning_offsets([tp]) == {tp: 4}
            assert [r.offset for r in await read(reader, 5)] == [4, 5, 6, 7, 8]

    run(use)


def test_a_topic_has_the_partitions_it_was_made_with(broker: str) -> None:
    """And each of them takes records and gives them back."""

    async def use() -> None:
        name = await topic(broker, 6)
        async with consumer(broker, name) as reader:
            while reader.partitions_for_topic(name) != set(range(6)):
                await reader.getmany(timeout_ms=50)
            producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all")
            async with producer:
                for i in range(6):
                    await producer.send_and_wait(name, str(i).encode(), partition=i)
            assert {(r.partition, r.value) for r in await read(reader, 6)} == {(i, str(i).encode()) for i in range(6)}

    run(use)


def test_committed_offsets_come_back(broker: str) -> None:
    """For lag tools: Pacewatch itself resumes from Redis."""

    async def use() -> None:
        name, group = await topic(broker), f"g-{uuid4().hex}"
        tp = TopicPartition(name, 0)
        await produce(broker, name, [b"v"] * 5)
        async with consumer(broker, name, group_id=group, rebalance_timeout_ms=3000, session_timeout_ms=6000) as reader:
            await read(reader, 5)
            await reader.commit({tp: 3})
        async with consumer(broker, name, group_id=group, rebalance_timeout_ms=3000, session_timeout_ms=6000) as reader:
            assert await reader.committed(tp) == 3

    run(use)


def test_a_member_that_leaves_hands_its_partitions_over(broker: str) -> None:
    """Two members share four partitions; the one that stays gets all of them."""

    async def use() -> None:
        name, group = await topic(broker, 4), f"g-{uuid4().hex}"
        options = {"group_id": group, "rebalance_timeout_ms": 3000, "session_timeout_ms": 6000}

        async def assigned(reader: AIOKafkaConsumer, count: int) -> None:
            while len(reader.assignment()) != count:
                await reader.getmany(timeout_ms=50)

        async with consumer(broker, name, **options) as stays:
            leaves = consumer(broker, name, **options)
            await leaves.start()
            await asyncio.gather(assigned(stays, 2), assigned(leaves, 2))
            await leaves.stop()
            await assigned(stays, 4)

    run(use)


@pytest.mark.embedded_gap("ListOffsets latest answers the base offset of the last batch + 1", raises=AssertionError)
def test_the_end_offset_is_the_offset_after_the_last_record(broker: str) -> None:
    """Pacewatch uses the high watermark of the fetch instead."""

    async def use() -> None:
        name = await topic(broker)
        await produce(broker, name, [b"v"] * 7)
        async with consumer(broker) as reader:
            assert await reader.end_offsets([TopicPartition(name, 0)]) == {TopicPartition(name, 0): 7}

    run(use)


@pytest.mark.embedded_gap("it has no idempotent producer", raises=UnknownError)
def test_an_idempotent_producer_is_accepted(broker: str) -> None:
    """`pacewatch replay --idempotent` needs one."""

    async def use() -> None:
        name = await topic(broker)
        await asyncio.wait_for(produce(broker, name, [b"v"], enable_idempotence=True), 10)
        async with consumer(broker, name) as reader:
            assert [r.value for r in await read(reader, 1)] == [b"v"]

    run(use)


def test_the_worker_creates_its_topics_once(broker: str) -> None:
    """With the partition count that is set, and again without an error."""
    settings = Settings.load(kafka=broker, topic_prefix=f"p-{uuid4().hex}.", partitions=3)

    async def use() -> list[int]:
        return [await topics.ensure(settings), await topics.ensure(settings)]

    assert run(use) == [3, 3]


def test_different_partition_counts_are_refused_at_start(broker: str) -> None:
    """With each topic's count in the message."""
    settings = Settings.load(kafka=broker, topic_prefix=f"p-{uuid4().hex}.", partitions=3)

    counts = {settings.topic(Stream.CLICK): 2, settings.topic(Stream.SPEND): 5}

    async def use() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, count, 1) for name, count in counts.items()])
            while await topics.partition_counts(admin, list(counts)) != counts:
                await asyncio.sleep(0.05)
        finally:
            await admin.close()
        with pytest.raises(Misconfigured, match=r"clicks has 2, .*spend has 5"):
            await topics.ensure(settings)

    run(use)
