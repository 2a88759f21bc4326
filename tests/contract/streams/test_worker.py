"""An owner's steps in awkward orders, on a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from kpis.contract import layout
from kpis.contract.documents import total_of
from kpis.measures import Row, Stream
from kpis.runtime.clock import Clock
from kpis.times import DAY_MS, HOUR_MS
from streams.events.decode import DecodePolicy, Decoder
from streams.kafka.chunks import Payload
from streams.metrics import worker_metrics
from streams.partitions.offsets import Taken
from streams.partitions.tools import KnownEnd, Tools
from streams.partitions.worker import PartitionWorker
from streams.store.store import Store
from tests.contract.streams.test_dead_letters import POLICY, TOPIC, Topic, no_earliest, with_store
from tests.unit.streams.dead_letters.test_letters import Record

ACCEPTS = DecodePolicy({}, "USD", 3 * DAY_MS, 1000, frozenset({Stream.CLICK}))


class SlowStore(Store):
    """A store whose answer about totals can be held up."""

    def __init__(self, redis: Any) -> None:
        super().__init__(redis, "test", 40, 24)
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def totals(self, partition: int, series: Iterable[str]) -> dict[str, Row]:
        """What Redis holds, once ``answers`` is set."""
        found = await super().totals(partition, series)
        self.asked.set()
        await self.answers.wait()
        return found


def test_how_late_a_feed_is_outlives_its_worker_and_a_backlog_says_nothing_of_it(redis_url: str) -> None:
    """A clicks feed of habit two hours late; after a restart on a hash of before, and on one of this version."""
    clock, late, own = f"{layout.STREAM_CLOCK}{TOPIC}", f"{layout.LATE}{TOPIC}", f"{layout.AGES}{TOPIC}"

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        # As a worker of before leaves it.
        before = {layout.CLOCK: Clock().now_ms() - 1000, f"{layout.OFFSET}{TOPIC}": 0, f"{layout.LAG}{TOPIC}": 0}
        await redis.hset(layout.meta(0), mapping=before)

        async def told() -> dict[str, str]:
            return {k.decode(): v.decode() for k, v in (await redis.hgetall(layout.meta(0))).items()}

        owner = one_partition(store)
        await owner.take()
        await owner.flush(lambda *_: KnownEnd(5, 0))
        await owner.count_chunk(clicks(owner, 0, HOUR_MS * 20, "a", "b", "c", "d", "e"), lambda: None, no_earliest)
        await owner.flush(lambda *_: KnownEnd(5, 0))
        assert late not in await told(), "it was a backlog"
        await owner.count_chunk(clicks(owner, 5, HOUR_MS * 2, "a", "b", "c", "d", "e"), lambda: None, no_earliest)
        await owner.flush(lambda *_: KnownEnd(10, 0))
        first = await told()
        assert 2 * HOUR_MS <= int(first[late]) <= 2.2 * HOUR_MS
        assert int(first[clock]) == int(first[layout.FLUSHED_AT]) - int(first[late])
        assert int(first[layout.CLOCK]) == int(first[layout.FLUSHED_AT]), "the partition's is as it was"
        again = one_partition(store)
        await again.take()
        await again.count_chunk(clicks(again, 10, 0, "a"), lambda: None, no_earliest)
        await again.flush(lambda *_: KnownEnd(11, 0))
        second = await told()
        assert (second[late], second[own]) == (first[late], first[own])
        assert int(second[clock]) == int(second[layout.FLUSHED_AT]) - int(first[late])
        assert int(second[f"{layout.REACHED}{TOPIC}"]) > int(first[f"{layout.REACHED}{TOPIC}"])

    with_store(redis_url, use)


def one_partition(store: Store) -> PartitionWorker:
    """A worker of partition 0 that reads clicks."""
    return PartitionWorker(
        0,
        Tools(
            store=store, policy=POLICY, decoders={s: Decoder(s, ACCEPTS) for s in Stream}, partitions=1,
            topics={TOPIC: Stream.CLICK}, letters=Topic(), clock=Clock(), metrics=worker_metrics(), max_unflushed=1000,
        ),
    )  # fmt: skip


def clicks(owner: PartitionWorker, offset: int, age_ms: int, *campaigns: str) -> Payload:
    """A chunk of a click of each campaign, which are so old."""
    at = Clock().now_ms() - age_ms
    events = [{"event_id": f"{offset}{c}", "ts": at, "campaign_id": c} for c in campaigns]
    records = [Record(offset + i, json.dumps(e).encode()) for i, e in enumerate(events)]
    return Payload(TOPIC, 0, records, offset, offset + len(records), owner.generation)


def test_no_series_is_let_go_of_while_its_chunk_waits_for_totals(redis_url: str) -> None:
    """One that was silent for days, and speaks again in that very chunk, keeps its total."""

    async def use(_: Store, redis: Any) -> None:
        store = SlowStore(redis)
        owner = one_partition(store)
        store.answers.set()
        await owner.take()
        owner.state.begin({TOPIC: 0})
        await owner.count_chunk(clicks(owner, 0, 2 * DAY_MS, "old"), lambda: None, no_earliest)
        await owner.flush(lambda *_: KnownEnd(1, 0))
        store.answers.clear()
        store.asked.clear()
        folds = asyncio.create_task(owner.count_chunk(clicks(owner, 1, 0, "old", "new"), lambda: None, no_earliest))
        await store.asked.wait()
        sweeps = asyncio.create_task(owner.sweep())
        await asyncio.sleep(0)  # In which the sweep goes as far as it can.
        store.answers.set()
        assert await folds is Taken.COUNTED
        await sweeps
        await owner.flush(lambda *_: KnownEnd(3, 0))
        assert total_of((await store.documents(0))["old"])[1] == 2

    with_store(redis_url, use)
