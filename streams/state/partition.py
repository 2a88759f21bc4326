"""The state of one partition: everything counted so far, and what of it Redis does not hold yet.

Pure: no clock and no I/O. The worker decodes a chunk, calls :meth:`Partition.add`, moves time on with
:meth:`Partition.tick`, and writes what :meth:`Partition.take_flush` returns. A state whose flush was refused is thrown
away and loaded anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np

from kpis.arrays import Int64s, Mask
from kpis.contract.documents import documents
from kpis.measures import ZERO, Row
from kpis.runtime.errors import VoidState
from kpis.windows import DAY, TOTAL
from streams.events.decode import Batch
from streams.state.added.intake import Intake
from streams.state.counters import EventCounters
from streams.state.deduplicator import Deduplicator, ids_of
from streams.state.early import EarlyEvents
from streams.state.flush import Flush
from streams.state.lateness import Arrivals
from streams.state.overflow import OverflowGuard, Sums, sums_of
from streams.state.packed_rows import PackedRows
from streams.state.policy import PartitionPolicy
from streams.state.quarters import UnwrittenQuarters
from streams.state.registry import Numbers, Registry
from streams.state.ring import Ring, Rows, longer

_START = 64
NOTHING: Mapping[int, bytes] = MappingProxyType({})


class Partition:
    """Counts the events of one partition of all topics.

    Attributes:
        number: the partition's number.
        offsets: topic to the next offset to read.
        watermark_ms: of its event time; None before the first event.
        counters: meta counters by field name.
        unflushed: records counted since the last :meth:`take_flush`.
        letters: dead letters of those records.
        replay_key: what the headers of records that are sent again are signed with.
        canary_ms: when the last canary that was read had been sent, real time; 0 when none was.
        width: how many columns rows have.
        is_void: whether an error left it half changed: nothing of it may be written any more.
    """

    def __init__(self, number: int, policy: PartitionPolicy) -> None:
        self.number = number
        self.offsets: dict[str, int] = {}
        self.watermark_ms: int | None = None
        self.counters = EventCounters()
        self.unflushed = 0
        self.letters: list[bytes] = []
        self.is_void, self.replay_key, self.canary_ms = False, b"", 0
        self.registry = Registry(policy.series, number, policy.partitions)
        self.width, self._intake = policy.plan.width, Intake(policy.plan)
        levels = self._intake.levels
        self.rings = [Ring(w, _START, levels, self.width) for w in policy.windows]
        self.early = EarlyEvents()
        self.deduplicator = Deduplicator(policy.dedupe_hours)
        self._guard = OverflowGuard(_START)
        self._policy = policy
        self._totals = np.zeros((_START, self.width), np.int64)
        self._changed: Mask = np.zeros(_START, np.bool_)
        self._history = UnwrittenQuarters(levels, self.width)
        self._left: list[tuple[str, int]] = []

    @property
    def pending(self) -> bool:
        """Whether there is anything that Redis does not hold."""
        return bool(self.unflushed or self._left or self._history or self._changed.any())

    @property
    def changed_rows(self) -> int:
        """How many rows of panes the next :meth:`take_flush` has, unless time moves on before it."""
        return sum(ring.changed_rows for ring in self.rings)

    @property
    def fresh(self) -> set[str]:
        """Registered series whose stored totals :meth:`adopt` needs before the next :meth:`add`."""
        return {key for i in self.registry.fresh if (key := self.registry.keys[i]) is not None}

    def begin(self, offsets: Mapping[str, int]) -> None:
        """Count topics that were never counted from these offsets on; those of others stay."""
        self.offsets = dict(offsets) | self.offsets

    def restore_meta(self, offsets: Mapping[str, int], counters: Mapping[str, int]) -> None:
        """Put back offsets and counters that were read from Redis."""
        self.offsets, self.counters = dict(offsets), EventCounters(counters)

    def register(self, batch: Batch) -> Numbers:
        """Make room for a batch's series; returns the numbers of its groups, which :meth:`add` takes.

        They hold until the next :meth:`sweep`.
        """
        numbers = self.registry.numbers(batch.events)
        self._grow()
        return numbers

    def adopt(self, totals: Mapping[str, Row]) -> None:
        """Give registered series the totals that Redis holds for them; those not named have none."""
        for index in self.registry.fresh:
            held = totals.get(self.registry.keys[index] or "", ZERO)[: self.width]
            self._totals[index, : len(held)] = held
        fresh = [*self.registry.fresh]
        self._guard.add(fresh, self._totals[fresh])
        self.registry.fresh.clear()

    def overflowing(self, batch: Batch, numbers: Numbers, replays: Mapping[int, bytes] = NOTHING) -> list[int]:
        """The places of events that would take a sum beyond 64 bits; the caller refuses them.

        Args: as :meth:`add` takes them.
        """
        added = self._intake.amounts(batch)
        if self._guard.takes(added):
            return []
        columns = self.registry.columns(numbers)
        suspects = self._guard.suspects(columns, added, lambda series: self._sums(series).largest())
        if not len(suspects):
            return []
        sums = self._sums(suspects)
        ids = ids_of(batch, replays, self._policy.dedupe)
        refused = sums.refuse(columns, added, ids, self.deduplicator.known(batch.stream, ids))
        self._guard.note(sums)
        return refused

    def add(
        self,
        batch: Batch,
        numbers: Numbers,
        topic: str,
        next_offset: int,
        *,
        records: int,
        now_ms: int,
        letters: Sequence[bytes] = (),
        replays: Mapping[int, bytes] = NOTHING,
    ) -> Arrivals:
        """Count a batch once, and remember that its topic is read up to ``next_offset``; answers what it counted.

        Args:
            batch: decoded.
            numbers: what :meth:`register` returned; all that was fresh is adopted.
            topic: where it came from.
            next_offset: the offset after its last record.
            records: how many records it was, refused ones included.
            now_ms: the worker's clock, for remembering ids.
            letters: what becomes of the refused records, encoded.
            replays: digests of the records that were sent again, by their place in the batch.
        """
        assert not self.registry.fresh
        with self._changing():
            keep = self.deduplicator.first(batch, replays, self._policy.dedupe, now_ms)
            times = np.array(batch.times, np.int64)
            signs = self.registry.signs(numbers if keep is None else numbers[keep])
            self.counters.count(batch, keep, signs)
            columns = self.registry.columns(numbers)
            entries = self._intake.entries(batch, times, columns, keep, self.watermark_ms)
            self._intake.add(self._totals, entries)
            self._changed[entries.series] = True
            self.early.put(entries)
            self.offsets[topic] = next_offset
            self.unflushed += records
            self.letters += letters
            return Arrivals.of(times, keep, replays)

    def tick(self, watermark_ms: int | None) -> None:
        """Move time on: panes leave, and entries that are due enter their windows."""
        if watermark_ms is None:
            return
        with self._changing():
            self.watermark_ms = watermark_ms
            # A quarter hour that leaves the day before it was written would be missing in history.
            for pane in self.rings[-1].leaving(watermark_ms):
                self._history.keep(pane[0], self._pack(pane))
            for ring in self.rings:
                left = ring.advance(watermark_ms, self._changed)
                self._left += [(ring.window.name, n * ring.window.pane_ms) for n in left]
            due = self.early.due(watermark_ms)
            inside = [ring.add(due, self._changed) for ring in self.rings if len(due)]
            if inside and not inside[-1].all():
                self._history.add(due.where(~inside[-1]), len(self._changed), self.registry.names)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """An error that leaves this leaves the state void: half of a change is never written."""
        was_void, self.is_void = self.is_void, True
        yield
        self.is_void = was_void

    def take_flush(self, gauges: Mapping[str, int | str], *, documented: bool = True) -> Flush:
        """Everything that changed since the last call, which now counts as written; ``gauges`` go with it.

        Without documents it takes half as long: for whoever reads the windows here.

        Raises:
            VoidState: an error left the state half changed.
        """
        if self.is_void:
            raise VoidState(self.number)
        with self._changing():
            changed = np.flatnonzero(self._changed)
            self._changed[:] = False
            panes = self._take_panes()
            history, late, full = self._history.take()
            blocks, dropped = self.early.store(self.watermark_ms or 0, self.registry.name)
            (left, self._left), (letters, self.letters) = (self._left, []), (self.letters, [])
            events, self.unflushed = self.unflushed, 0
            documents_of = self._documents(changed) if documented else {}
            sketches = self._intake.take_ids(self.registry.name)
        return Flush(
            watermark_ms=self.watermark_ms,
            offsets=dict(self.offsets),
            documents=documents_of,
            panes=panes,
            dropped_panes=tuple(left),
            history=history,
            late=late,
            seen={(s.value, h): d for (s, h), d in self.deduplicator.take_new().items()},
            early=dict(blocks),
            dropped_early=tuple(dropped),
            letters=tuple(letters),
            counters=dict(self.counters),
            gauges=gauges,
            events=events,
            history_full=full,
            sketches=sketches,
            width=self.width,
            levels=self._intake.levels.triples,
        )

    def _take_panes(self) -> dict[tuple[str, int], PackedRows]:
        """The rows of panes that changed; those of the day are remembered for history."""
        panes: dict[tuple[str, int], PackedRows] = {}
        for ring in self.rings if self.watermark_ms is not None else ():
            for pane in ring.take_dirty():
                rows = panes[ring.window.name, pane[0] * ring.window.pane_ms] = self._pack(pane)
                if ring.window.name == DAY:
                    self._history.keep(pane[0], rows)
        return panes

    def sweep(self, now_ms: int) -> int:
        """Forget old event ids and series silent for longer than the longest window; returns how many series."""
        self.deduplicator.forget(now_ms)
        silent = ~self._changed
        for ring in self.rings:
            silent &= ring.silent()
        waiting = self.early.series() | self.registry.fresh
        gone = [i for i, key in enumerate(self.registry.keys) if key is not None and silent[i] and i not in waiting]
        self._totals[gone] = 0
        self._guard.release(gone)
        self.registry.release(gone)
        return len(gone)

    def restore_pane(self, window: int, number: int, series: Int64s, rows: Int64s) -> None:
        """Put back one pane of the ``window``-th ring: indices of added series, and their rows [series, measure]."""
        self._grow()
        self.rings[window].restore(number, series, rows)
        self._guard.add(series, rows)

    def restore_early(self, number: int, data: bytes) -> None:
        """Put back one block of entries not due yet; its series are fresh until :meth:`adopt`."""
        waiting = self.early.restore(number, data, self.watermark_ms or 0, self.registry.add)
        self._grow()
        self._guard.wait(self._intake.levels.parted(waiting)[0])

    def _sums(self, series: Int64s) -> Sums:
        return sums_of(series, self._totals, self.rings, self.early, self._intake.levels.columns)

    def _pack(self, pane: Rows) -> PackedRows:
        _, series, rows = pane
        return PackedRows(list(self.registry.names(series)), rows)

    def _documents(self, changed: Int64s) -> dict[str, bytes]:
        names = [*(r.window.name for r in self.rings), TOTAL]
        tables = [*(r.sums[changed] for r in self.rings), self._totals[changed]]
        made = documents(self.watermark_ms or 0, names, tables, self._intake.names)
        return dict(zip(self.registry.names(changed), made, strict=True))

    def _grow(self) -> None:
        capacity = len(self._changed)
        if len(self.registry.keys) <= capacity:
            return
        # Half as much again, not twice: panes are the worker's memory.
        capacity = max(len(self.registry.keys), capacity * 3 // 2)
        self._guard.grow(capacity)
        for ring in self.rings:
            ring.grow(capacity)
        self._totals = longer(self._totals, capacity)
        self._changed = longer(self._changed, capacity)
