"""An owner's steps in awkward orders, on a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from kpis.contract.documents import total_of
from kpis.measures import Row, Stream
from kpis.runtime.clock import Clock
from kpis.times import DAY_MS
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


def test_no_series_is_let_go_of_while_its_chunk_waits_for_totals(redis_url: str) -> None:
    """One that was silent for days, and speaks again in that very chunk, keeps its total."""

    async def use(_: Store, redis: Any) -> None:
        store = SlowStore(redis)
        owner = PartitionWorker(
            0,
            Tools(
                store=store, policy=POLICY, decoders={s: Decoder(s, ACCEPTS) for s in Stream}, partitions=1,
                topics={TOPIC: Stream.CLICK}, letters=Topic(), clock=Clock(), metrics=worker_metrics(),
                max_unflushed=1000,
            ),
        )  # fmt: skip
        store.answers.set()
        await owner.take()
        owner.state.begin({TOPIC: 0})
        now = Clock().now_ms()

        def clicks(offset: int, ts: int, *campaigns: str) -> Payload:
            events = [{"event_id": f"{offset}{c}", "ts": ts, "campaign_id": c} for c in campaigns]
            records = [Record(offset + i, json.dumps(e).encode()) for i, e in enumerate(events)]
            return Payload(TOPIC, 0, records, offset, offset + len(records), owner.generation)

        await owner.count_chunk(clicks(0, now - 2 * DAY_MS, "old"), lambda: None, no_earliest)
        await owner.flush(lambda *_: KnownEnd(1, 0))
        store.answers.clear()
        store.asked.clear()
        folds = asyncio.create_task(owner.count_chunk(clicks(1, now, "old", "new"), lambda: None, no_earliest))
        await store.asked.wait()
        sweeps = asyncio.create_task(owner.sweep())
        await asyncio.sleep(0)  # In which the sweep goes as far as it can.
        store.answers.set()
        assert await folds is Taken.COUNTED
        await sweeps
        await owner.flush(lambda *_: KnownEnd(3, 0))
        assert total_of((await store.documents(0))["old"])[1] == 2

    with_store(redis_url, use)
