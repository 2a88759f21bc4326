"""The manager of partitions on a real Redis: when it flushes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from faust.types import TP

from kpis.contract import layout
from kpis.contract.documents import total_of
from kpis.measures import Stream
from kpis.runtime.clock import Clock
from kpis.times import HOUR_MS
from streams.events.decode import Decoder
from streams.kafka.chunks import Payload, Position
from streams.metrics import worker_metrics
from streams.partitions import capacity, topic_progress
from streams.partitions.flush_interval import FlushInterval
from streams.partitions.manager import PartitionManager
from streams.partitions.tools import Tools
from streams.store.store import Store
from tests.contract.streams.test_dead_letters import POLICY, TOPIC, Topic, with_store
from tests.contract.streams.test_store import redis_url, single_redis_url
from tests.contract.streams.test_worker import ACCEPTS
from tests.unit.streams.dead_letters.test_letters import Record

__all__ = ["redis_url", "single_redis_url"]

LAST = 3
HOUR_AGO_MS = HOUR_MS
NEVER_S = 3600.0


class OnePartition:
    """A consumer of one partition, which ends at an offset."""

    tp = TP(TOPIC, 0)

    def __init__(self, end: int) -> None:
        self.end = end
        self.sought: dict[TP, Position] = {}
        self.held: set[TP] = set()

    def assignment(self) -> set[TP]:
        """That partition."""
        return {self.tp}

    def highwater(self, tp: TP) -> int | None:
        """The offset after its last record."""
        return self.end if tp == self.tp else None

    def silent_ms(self, tp: TP) -> int | None:
        """It was said just now."""
        return 0

    def request_seek(self, positions: Mapping[TP, Position]) -> None:
        """Remember it."""
        self.held -= positions.keys()
        self.sought |= positions

    def request_hold(self, tps: set[TP]) -> None:
        """Remember it."""
        self.held |= tps

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """All records are still there."""
        return dict.fromkeys(tps, 0)


def tools(store: Store) -> Tools:
    """Of a worker that reads clicks."""
    return Tools(
        store=store, policy=POLICY, decoders={s: Decoder(s, ACCEPTS) for s in Stream}, partitions=1,
        topics={TOPIC: Stream.CLICK}, letters=Topic(), clock=Clock(), metrics=worker_metrics(), max_unflushed=1000,
    )  # fmt: skip


def test_what_ends_a_catching_up_is_flushed_at_once(redis_url: str) -> None:
    """However long the pause is that was made for catching up."""

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()  # A clock that another test left would be ahead of this one's events.
        manager = PartitionManager(tools(store))
        reader = OnePartition(LAST)
        manager.assign({reader.tp}, reader)
        await manager.ready()
        generation = reader.sought[reader.tp].generation

        async def counts(offset: int) -> None:
            event = {"event_id": f"{offset}", "ts": Clock().now_ms() - HOUR_AGO_MS, "campaign_id": "c"}
            record = Record(offset, json.dumps(event).encode())
            await manager.dispatch(Payload(TOPIC, 0, [record], offset, offset + 1, generation), lambda: None)

        async def flushed_to() -> int:
            return int(await redis.hget(layout.meta(0), f"{layout.OFFSET}{TOPIC}") or 0)

        await counts(0)
        await manager.flush_all()
        assert await flushed_to() == 1
        running = asyncio.create_task(manager.run(FlushInterval(NEVER_S)))
        try:
            await counts(1)
            await asyncio.sleep(0.3)  # Nothing tells of a flush that does not come.
            assert await flushed_to() == 1
            await counts(2)
            async with asyncio.timeout(20):
                while await flushed_to() < LAST:
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()

    with_store(redis_url, use)


def test_a_flush_that_gets_large_comes_before_its_time(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing waits for ever, nor is anything lost, when counting has to wait for it."""
    monkeypatch.setattr(topic_progress, "MANY_EARLY", 20)
    monkeypatch.setattr(capacity, "MANY_ROWS", 40)
    monkeypatch.setattr(capacity, "MOST_ROWS", 60)

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        manager = PartitionManager(tools(store))
        reader = OnePartition(10_000)
        manager.assign({reader.tp}, reader)
        await manager.ready()
        generation = reader.sought[reader.tp].generation
        running = asyncio.create_task(manager.run(FlushInterval(NEVER_S)))
        campaigns, last, now = 10, 400, Clock().now_ms()
        try:
            async with asyncio.timeout(60):
                for offset in range(0, last, campaigns):
                    at = now - HOUR_AGO_MS + 1000 * offset
                    events = [{"event_id": f"{offset}{c}", "ts": at, "campaign_id": f"c{c}"} for c in range(campaigns)]
                    records = [Record(offset + i, json.dumps(e).encode()) for i, e in enumerate(events)]
                    payload = Payload(TOPIC, 0, records, offset, offset + campaigns, generation)
                    await manager.dispatch(payload, lambda: None)
            flushed = int(await redis.hget(layout.meta(0), f"{layout.OFFSET}{TOPIC}") or 0)
            assert last / 2 < flushed <= last
            await manager.flush_all()
            documents = await store.documents(0)
            assert {series: total_of(raw)[1] for series, raw in documents.items()} == {
                f"c{c}": last // campaigns for c in range(campaigns)
            }
        finally:
            running.cancel()

    with_store(redis_url, use)
