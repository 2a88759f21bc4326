"""A consumer over lists of records, for a manager on a real Redis: it holds and seeks between two fetches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from faust.types import TP

from kpis.contract import layout
from kpis.measures import Stream
from kpis.runtime.clock import Clock
from streams.kafka.chunks import Payload, Position
from streams.partitions.manager import PartitionManager
from tests.contract.streams.test_dead_letters import TOPIC
from tests.unit.streams.dead_letters.test_letters import Record

CHUNK = 50


class Lists:
    """Partitions of one topic.

    Args:
        values: the values of each partition's records.

    Attributes:
        assigned: what this worker is assigned.
    """

    def __init__(self, values: Mapping[int, Sequence[bytes]]) -> None:
        self._records = {TP(TOPIC, n): [Record(i, v) for i, v in enumerate(vs)] for n, vs in values.items()}
        self._at: dict[TP, Position] = {}
        self.assigned = set(self._records)

    def append(self, partition: int, values: Sequence[bytes]) -> None:
        """More records come."""
        held = self._records[TP(TOPIC, partition)]
        held += [Record(len(held) + i, value) for i, value in enumerate(values)]

    def assignment(self) -> set[TP]:
        """What this worker is assigned."""
        return self.assigned

    def highwater(self, tp: TP) -> int | None:
        """The offset after the last record."""
        return len(self._records[tp]) if tp in self._records else None

    def silent_ms(self, tp: TP) -> int | None:
        """It was said just now."""
        return 0

    def request_seek(self, positions: Mapping[TP, Position]) -> None:
        """Read on from there."""
        self._at |= {tp: p for tp, p in positions.items() if tp in self._records}

    def request_hold(self, tps: set[TP]) -> None:
        """Read none of these."""
        for tp in tps:
            self._at.pop(tp, None)

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """All records are still there."""
        return dict.fromkeys(tps, 0)

    async def read(self, manager: PartitionManager) -> None:
        """One fetch: a chunk of each partition that is read."""
        for tp, (offset, generation) in list(self._at.items()):
            records: list[Any] = self._records[tp][offset : offset + CHUNK]
            if not records or self._at.get(tp) != Position(offset, generation):
                continue
            after = offset + len(records)
            self._at[tp] = Position(after, generation)
            await manager.dispatch(Payload(tp.topic, tp.partition, records, offset, after, generation), lambda: None)

    async def read_until(self, manager: PartitionManager, done: Any) -> None:
        """Fetch and flush until it is."""
        async with asyncio.timeout(90):
            while not await done():
                await self.read(manager)
                await manager.flush_all()
                await asyncio.sleep(0.01)


async def stored(redis: Any, partition: int) -> dict[str, int]:
    """The numbers in a partition's meta hash."""
    found = await redis.hgetall(layout.meta(partition))
    return {k.decode(): int(v) for k, v in found.items()}


async def read_to(redis: Any, partition: int) -> int:
    """The offset that Redis holds of a partition."""
    return (await stored(redis, partition)).get(f"{layout.OFFSET}{TOPIC}", 0)


async def counted(redis: Any, partition: int) -> int:
    """The clicks that Redis holds of a partition."""
    return (await stored(redis, partition)).get(f"{layout.ACCEPTED}{Stream.CLICK}", 0)


def click(number: int, campaign: str = "c") -> bytes:
    """The value of a click's record."""
    return json.dumps({"event_id": str(number), "ts": Clock().now_ms(), "campaign_id": campaign}).encode()
