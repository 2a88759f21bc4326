"""What one partition meets stays its own: culprits become dead letters, what cannot go on waits, others count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kpis.contract import layout
from kpis.measures import Stream
from streams.dead_letters import relay
from streams.events.decode import Batch, Decoder
from streams.partitions.manager import PartitionManager
from streams.partitions.phases import PartitionPhase
from streams.state.flush import Flush
from streams.state.lateness import Arrivals
from streams.state.partition import Partition
from streams.store.lease import Lease
from streams.store.store import Store
from tests.contract.streams.reading import Lists, click, counted, read_to, stored
from tests.contract.streams.test_dead_letters import Topic, with_store
from tests.contract.streams.test_manager import tools
from tests.contract.streams.test_store import redis_url, single_redis_url
from tests.contract.streams.test_worker import ACCEPTS

__all__ = ["redis_url", "single_redis_url"]

CULPRITS = (0, 7, 8, 49, 50, 123)
EVENTS = 150


class Brittle(Decoder):
    """A decoder with an error in it."""

    def decode(self, values: Sequence[bytes | None], now_ms: int) -> Batch:
        """Fails on some campaign."""
        if any(b"boom" in v for v in values if v is not None):
            raise ZeroDivisionError("nobody foresaw this")
        return super().decode(values, now_ms)


def some_boom() -> list[bytes]:
    """Clicks, some of which an error is waiting for."""
    return [click(i, "boom" if i in CULPRITS else "c") for i in range(EVENTS)]


def worker(store: Store, partitions: int, **changed: Any) -> PartitionManager:
    """A manager of a topic with so many partitions."""
    made = tools(store)
    for name, value in {"partitions": partitions, **changed}.items():
        object.__setattr__(made, name, value)
    return PartitionManager(made)


async def blamed(manager: PartitionManager, redis: Any) -> None:
    """Read all, and see that exactly the culprits became letters."""
    reader = Lists({0: some_boom(), 1: [click(i) for i in range(EVENTS)]})
    manager.assign(reader.assigned, reader)

    async def done() -> bool:
        read = await read_to(redis, 0) == await read_to(redis, 1) == EVENTS
        return read and (await stored(redis, 0))[layout.LETTERS] == 0

    try:
        await reader.read_until(manager, done)
        assert await counted(redis, 0) == EVENTS - len(CULPRITS)
        assert await counted(redis, 1) == EVENTS
        meta = await stored(redis, 0)
        assert meta[f"{layout.REJECTED}{Stream.CLICK}:internal_error"] == len(CULPRITS)
    finally:
        await manager.hand_over()


def sent(topic: Topic) -> list[int]:
    """The offsets of the letters that came to the topic; each names its error."""
    found = [letter for letter in topic.got if letter.reason == "internal_error"]
    assert all(letter.error in {"ZeroDivisionError", "KeyError", "OverflowError"} for letter in found)
    return sorted({letter.offset for letter in found})


def test_a_record_that_cannot_be_decoded_for_an_error_of_ours_becomes_a_letter(redis_url: str) -> None:
    """All other records of its chunk, and of the other partition, are counted once."""

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        topic = Topic()
        topic.up = True
        await blamed(worker(store, 2, decoders={Stream.CLICK: Brittle(Stream.CLICK, ACCEPTS)}, letters=topic), redis)
        assert sent(topic) == list(CULPRITS)

    with_store(redis_url, use)


def test_a_record_that_fails_only_with_what_was_counted_before_is_found_by_halving(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that does not show on an empty state."""
    whole = Partition.add

    def add(self: Partition, batch: Batch, *args: Any, **named: Any) -> Arrivals:
        if self.offsets and any(e.campaign_id == "boom" for e in batch.events):
            # Part of it is written when it fails.
            self.counters[f"{layout.ACCEPTED}{Stream.CLICK}"] += 1000
            raise KeyError("boom")
        return whole(self, batch, *args, **named)

    monkeypatch.setattr(Partition, "add", add)

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        topic = Topic()
        topic.up = True
        await blamed(worker(store, 2, letters=topic), redis)
        assert sent(topic) == list(CULPRITS)

    with_store(redis_url, use)


def test_a_record_that_a_flush_fails_on_is_found_too(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was counted without an error, and cannot be written."""
    whole = Partition.take_flush

    def take_flush(self: Partition, gauges: Mapping[str, int]) -> Flush:
        if self.registry.index("boom") is not None:
            raise OverflowError("too large to pack")
        return whole(self, gauges)

    monkeypatch.setattr(Partition, "take_flush", take_flush)

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        topic = Topic()
        topic.up = True
        await blamed(worker(store, 2, letters=topic), redis)
        assert sent(topic) == list(CULPRITS)

    with_store(redis_url, use)


def test_a_partition_that_cannot_go_on_is_parked_and_goes_on_later(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is counted meanwhile; once the cause is gone nothing is missing and nothing is doubled."""
    broken = [True]
    whole = Store.take

    async def take(self: Store, partition: int, floor_ms: int) -> Lease:
        if broken[0] and partition == 1:
            raise RuntimeError("nobody foresaw this")
        return await whole(self, partition, floor_ms)

    monkeypatch.setattr(Store, "take", take)

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        manager = worker(store, 2)
        reader = Lists({n: [click(i) for i in range(EVENTS)] for n in range(2)})
        manager.assign(reader.assigned, reader)

        async def other_done() -> bool:
            return await read_to(redis, 0) == EVENTS and manager.phases[1] is PartitionPhase.PARKED

        async def all_done() -> bool:
            return await read_to(redis, 1) == EVENTS

        try:
            await reader.read_until(manager, other_done)
            broken[0] = False
            await reader.read_until(manager, all_done)
            assert manager.phases == {0: PartitionPhase.READING, 1: PartitionPhase.READING}
            assert await counted(redis, 0) == await counted(redis, 1) == EVENTS
        finally:
            await manager.hand_over()

    with_store(redis_url, use)


def test_a_partition_with_too_many_letters_waits_while_the_others_are_counted(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The topic of letters is away; nothing is lost, and when it is back reading goes on."""
    monkeypatch.setattr(relay, "MAX_WAITING", 60)

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        topic = Topic()
        manager = worker(store, 2, letters=topic)
        reader = Lists({0: [b"{"] * EVENTS, 1: [click(i) for i in range(10 * EVENTS)]})
        manager.assign(reader.assigned, reader)

        async def other_done() -> bool:
            return await read_to(redis, 1) == 10 * EVENTS and (await stored(redis, 0)).get(layout.HELD) == 1

        async def all_done() -> bool:
            meta = await stored(redis, 0)
            return meta.get(layout.LETTERS) == 0 and await read_to(redis, 0) == EVENTS and meta[layout.HELD] == 0

        try:
            await reader.read_until(manager, other_done)
            assert manager.phases == {0: PartitionPhase.HELD, 1: PartitionPhase.READING}
            assert await read_to(redis, 0) < EVENTS
            topic.up = True
            await reader.read_until(manager, all_done)
            assert {letter.offset for letter in topic.got} == set(range(EVENTS))
        finally:
            topic.up = True
            await manager.hand_over()

    with_store(redis_url, use)


def test_assignments_faster_than_a_take_take_each_partition_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one holds: what it no longer has is let go, what it has is read."""
    taken: list[int] = []
    whole = Store.take

    async def take(self: Store, partition: int, floor_ms: int) -> Lease:
        await asyncio.sleep(0.05)  # In which the next assignment comes.
        taken.append(partition)
        return await whole(self, partition, floor_ms)

    monkeypatch.setattr(Store, "take", take)

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        manager = worker(store, 4)
        reader = Lists({n: [click(i) for i in range(EVENTS)] for n in range(4)})
        whole_topic = set(reader.assigned)
        for wanted in ({0, 1}, {0, 1, 2, 3}, {1, 2}, {1, 2, 3}, {1, 2, 3}):
            reader.assigned = {tp for tp in whole_topic if tp.partition in wanted}
            manager.revoke()
            manager.assign(reader.assigned, reader)
            await asyncio.sleep(0)

        async def done() -> bool:
            return [await read_to(redis, n) for n in (1, 2, 3)] == [EVENTS] * 3

        try:
            await reader.read_until(manager, done)
            assert sorted(taken) == [1, 2, 3]
            assert await read_to(redis, 0) == 0
            assert [await counted(redis, n) for n in range(4)] == [0, EVENTS, EVENTS, EVENTS]
        finally:
            await manager.hand_over()

    with_store(redis_url, use)


def test_a_partition_assigned_again_keeps_its_state_and_counts_each_record_once(redis_url: str) -> None:
    """Also when what was read before comes after: it belongs to another reading."""

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        manager = worker(store, 1)
        reader = Lists({0: [click(i) for i in range(EVENTS)]})
        manager.assign(reader.assigned, reader)
        await manager.ready()
        await reader.read(manager)
        epoch = (await stored(redis, 0))[layout.EPOCH]
        manager.revoke()
        await reader.read(manager)
        manager.assign(reader.assigned, reader)

        async def done() -> bool:
            return await read_to(redis, 0) == EVENTS

        try:
            await reader.read_until(manager, done)
            assert await counted(redis, 0) == EVENTS
            assert (await stored(redis, 0))[layout.EPOCH] == epoch
        finally:
            await manager.hand_over()

    with_store(redis_url, use)


def test_what_waits_is_told_apart_from_what_kafka_does_not_send(redis_url: str) -> None:
    """So that a broker that is away is no reason to end a worker, and a partition that stands still is."""

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        manager = worker(store, 2)
        reader = Lists({0: [click(i) for i in range(EVENTS)], 1: []})
        manager.assign(reader.assigned, reader)
        await manager.ready()
        try:
            assert manager.waiting(lambda _: True) == {0: (0,)}
            assert manager.waiting(lambda _: False) == {}
            await reader.read(manager)
            assert manager.waiting(lambda _: True) == {0: (50,)}
            while await read_to(redis, 0) < EVENTS:
                await reader.read(manager)
                await manager.flush_all()
            assert manager.waiting(lambda _: True) == {}
        finally:
            await manager.hand_over()

    with_store(redis_url, use)
