"""Reading Redis into a :class:`~monitors.read.snapshot.Snapshot`: measures of all partitions added, then formulas.

Each partition is read at one moment, so its clock and its documents are of the same flush.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kpis.catalogue import CORE, Catalogue
from kpis.contract import layout
from kpis.contract.claimed import Columns, fetch_columns
from kpis.contract.published import BadLayout, fetch_layout
from kpis.contract.redis_client import answers, connect
from kpis.contract.row_format import CORE_FORMAT, RowFormat, SharedFormat, unknown
from kpis.measures import Row
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from monitors.read.decoding import Problems
from monitors.read.distinct.counted_ids import Sketches
from monitors.read.distinct.unions import Unions
from monitors.read.history import History
from monitors.read.memory import Memory, read_memory
from monitors.read.merge import Merge, Part
from monitors.read.partition_reader import PartitionReader
from monitors.read.scopes.wanted import EVERYTHING, WantedParts
from monitors.read.snapshot import SeriesRows, Snapshot, to_json

__all__ = ["BadLayout", "Reader", "Snapshot", "connect", "read_once", "to_json"]


_SCOPE = "scope "
"""Tells a scope from the parent of the same key: a goals file may say which of its campaigns that is of."""
_READS_PER_MEMORY = 10
"""How full Redis is changes slowly; every tenth refresh asks."""


async def read_once(
    settings: Settings,
    catalogue: Catalogue = CORE,
    wanted: WantedParts = EVERYTHING,
    with_sums: Callable[[Snapshot], Snapshot] = lambda read: read,
) -> Snapshot:
    """Connect, read and disconnect: for commands.

    Args:
        settings: where Redis is.
        catalogue: what rows are of.
        wanted: which breakdown series are read.
        with_sums: adds what several series have together.

    Raises:
        Unreachable: Redis does not answer.
        BadLayout: no worker has written to it yet.
    """
    redis = connect(settings)
    try:
        reader = Reader(redis, settings.redis_address, settings.the_clock)
        reader.catalogue, reader.wanted = catalogue, wanted
        snapshot = await reader.read()
        while reader.has_due:
            snapshot = await reader.read()
        return await reader.with_unions(with_sums(snapshot))
    finally:
        await redis.aclose()


class Reader:
    """Reads snapshots: all documents the first time, then those that changed.

    With another catalogue, or other columns of it, rows are other rows: all of them are read anew.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        clock: dates the snapshots.
        breakdowns: whether all breakdown series are read too.
        shared: how rows are read, for all that read the same Redis; None for its own.

    Attributes:
        catalogue: what rows are of, from the next read on.
        wanted: which breakdown series are read, likewise.
        flights: history sums, from the same Redis.
    """

    def __init__(
        self, redis: Any, address: str, clock: Clock, *, breakdowns: bool = True, shared: SharedFormat | None = None
    ) -> None:
        self._redis = redis
        self._address = address
        self._clock = clock
        self.wanted = self._wanted = WantedParts(every=breakdowns)
        self._partitions: dict[int, PartitionReader] = {}
        self._merge = Merge()
        self._memory: Memory | None = None
        self._read = 0
        self.catalogue = CORE
        self._format = shared or SharedFormat()
        self._columns: Columns | None = None
        self._sketches = Sketches(redis, CORE_FORMAT)
        self._unions = Unions(self._sketches)
        self.flights = History(redis, address, self._format)

    async def read(self) -> Snapshot:
        """Read all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        problems: Problems = Counter()
        found = await fetch_layout(self._redis, self._address)
        await self._take_up(self.catalogue, self.wanted)
        with answers(self._address):
            readers = [self._partition(number) for number in range(found.partitions)]
            reads = [await reader.read(problems) for reader in readers]
            parked = await self._parked(found.partitions)
            if self._read % _READS_PER_MEMORY == 0:
                self._memory = await read_memory(self._redis)
        self._read += 1
        self._merge.merge(found, [Part(of.rows, of.take_touched()) for of in readers])
        health = tuple(replace(r.health, parked=why) for r, why in zip(reads, parked, strict=True))
        with answers(self._address):
            series = await self._sketches.counted(self._merge, found, health)
        return Snapshot(
            layout=found,
            read_at_ms=self._clock.now_ms(),
            partitions=health,
            series=series,
            problems=problems,
            stored=sum(read.stored for read in reads),
            memory=self._memory,
            reads=sum((reader.reads for reader in readers), Counter()),
            catalogue=self._format.now.catalogue,
            own=self._own(),
            columns=self._columns,
        )

    async def with_unions(self, snapshot: Snapshot) -> Snapshot:
        """The last snapshot, whose parents and scopes have how many different ids they have, where that is known.

        Raises:
            Unreachable: Redis does not answer.
        """
        if not self._sketches.measures or not (snapshot.parents or snapshot.scopes):
            return snapshot
        sums = {**snapshot.parents, **{(f"{_SCOPE}{key}"): rows for key, rows in snapshot.scopes.items()}}
        with answers(self._address):
            found = await self._unions.counted(
                sums, {**self._merge.series, **self._merge.own}, snapshot.layout, snapshot.partitions
            )
        parents = {key: found[key] for key in snapshot.parents}
        return replace(snapshot, parents=parents, scopes={key: found[f"{_SCOPE}{key}"] for key in snapshot.scopes})

    @property
    def has_due(self) -> bool:
        """Whether distinct counts wait for one of the next reads, as too many changed at once."""
        return self._sketches.has_due

    def _own(self) -> Mapping[str, SeriesRows]:
        """What is of accounts themselves; how many different ids they have nobody keeps."""
        own, columns = self._merge.own, self._format.now.uncounted
        if not columns:
            return own
        return {name: replace(one, windows=unknown(one.windows, columns)) for name, one in own.items()}

    async def _take_up(self, catalogue: Catalogue, wanted: WantedParts) -> None:
        """Read rows of a catalogue and some series from here on; what was read of others is let go of."""
        before = self._format.now
        columns = await fetch_columns(self._redis, self._address) if catalogue.added_measures else Columns()
        # Since when measures are counted changes no row.
        self._columns = columns if catalogue.added_measures else None
        is_format = catalogue is before.catalogue and columns == before.columns
        if is_format and wanted == self._wanted:
            return
        self._wanted = wanted
        if not is_format:
            self._format.now = RowFormat(catalogue, columns)
        self._partitions.clear()
        self._merge = Merge()
        self._sketches = Sketches(self._redis, self._format.now)
        self._unions = Unions(self._sketches)

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
        held = self._partitions.get(number)
        if held is None:
            held = PartitionReader(self._redis, number, wanted=self._wanted, of=self._format.now)
            self._partitions[number] = held
        return held
