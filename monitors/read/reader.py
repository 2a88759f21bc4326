"""Reading Redis into a :class:`~monitors.read.snapshot.Snapshot`: measures of all partitions added, then formulas.

Each partition is read at one moment, so its clock and its documents are of the same flush.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from kpis.contract import layout
from kpis.contract.published import BadLayout, fetch_layout
from kpis.contract.redis_client import answers, connect
from kpis.measures import Row
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from monitors.read.decoding import Problems
from monitors.read.history import History
from monitors.read.memory import Memory, read_memory
from monitors.read.merge import Merge, Part
from monitors.read.partition_reader import PartitionReader
from monitors.read.snapshot import Snapshot, to_json

__all__ = ["BadLayout", "Reader", "Snapshot", "connect", "read_once", "to_json"]


_READS_PER_MEMORY = 10
"""How full Redis is changes slowly; every tenth refresh asks."""


async def read_once(settings: Settings) -> Snapshot:
    """Connect, read and disconnect: for commands.

    Raises:
        Unreachable: Redis does not answer.
        BadLayout: no worker has written to it yet.
    """
    redis = connect(settings)
    try:
        return await Reader(redis, settings.redis_address, settings.the_clock).read()
    finally:
        await redis.aclose()


class Reader:
    """Reads snapshots: all documents the first time, then those that changed.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        clock: dates the snapshots.
        breakdowns: whether breakdown series are read too.
    """

    def __init__(self, redis: Any, address: str, clock: Clock, *, breakdowns: bool = True) -> None:
        self._redis = redis
        self._address = address
        self._clock = clock
        self._breakdowns = breakdowns
        self._partitions: dict[int, PartitionReader] = {}
        self._merge = Merge()
        self._memory: Memory | None = None
        self._read = 0
        self.flights = History(redis, address)
        """History sums, from the same Redis."""

    async def read(self) -> Snapshot:
        """Read all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        problems: Problems = Counter()
        found = await fetch_layout(self._redis, self._address)
        with answers(self._address):
            readers = [self._partition(number) for number in range(found.partitions)]
            reads = [await reader.read(problems) for reader in readers]
            parked = await self._parked(found.partitions)
            if self._read % _READS_PER_MEMORY == 0:
                self._memory = await read_memory(self._redis)
        self._read += 1
        self._merge.merge(found, [Part(of.rows, of.take_touched()) for of in readers])
        return Snapshot(
            layout=found,
            read_at_ms=self._clock.now_ms(),
            partitions=tuple(replace(r.health, parked=why) for r, why in zip(reads, parked, strict=True)),
            series=self._merge.series,
            problems=problems,
            stored=sum(read.stored for read in reads),
            memory=self._memory,
            reads=sum((reader.reads for reader in readers), Counter()),
        )

    async def flight_to_date(self, series: str, start_ms: int, as_of_ms: int) -> Row:
        """The measures of a series from ``start_ms`` to ``as_of_ms``, in whole quarter hours, over all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        return await self.flights.flight_to_date(series, start_ms, as_of_ms)

    async def _parked(self, partitions: int) -> list[str]:
        """Why each partition cannot go on; empty when it can."""
        pipe = self._redis.pipeline(transaction=False)
        for number in range(partitions):
            pipe.hget(layout.parked(number), "why")
        answers = await pipe.execute(raise_on_error=False)
        return [a.decode("utf-8", "replace") if isinstance(a, bytes) else "" for a in answers]

    def _partition(self, number: int) -> PartitionReader:
        return self._partitions.setdefault(number, PartitionReader(self._redis, number, breakdowns=self._breakdowns))
