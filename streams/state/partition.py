"""The state of one partition: everything counted so far, and what of it Redis does not hold yet.

Pure: no clock and no I/O. The worker decodes a chunk, calls :meth:`Partition.fold`, moves time on with
:meth:`Partition.tick`, and writes what :meth:`Partition.take_flush` returns. A state whose flush was refused is thrown
away and loaded anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

import numpy as np

from kpis.arrays import Int64s, Mask
from kpis.contract import layout
from kpis.contract.documents import documents
from kpis.measures import WIDTH, ZERO, Row
from kpis.runtime.errors import VoidState
from kpis.windows import DAY, TOTAL
from streams.events.decode import Batch
from streams.state.deduplicator import Seen, ids_of
from streams.state.early import Ahead
from streams.state.entries import amounts, of_batch
from streams.state.flush import Flush
from streams.state.history import History
from streams.state.overflow import Added, OverflowGuard, Sums
from streams.state.packed_rows import PackedRows
from streams.state.policy import PartitionPolicy
from streams.state.registry import Numbers, Registry, Sign
from streams.state.ring import Ring, Rows, longer

_START = 64
_COUNTED_SIGNS = {
    Sign.FOLDED: layout.FOLDED,
    Sign.FOLDED_CAMPAIGN: layout.FOLDED_CAMPAIGNS,
    Sign.MISROUTED: layout.MISROUTED,
}
NOTHING: Mapping[int, bytes] = MappingProxyType({})


class Partition:
    """Counts the events of one partition of the four topics.

    Attributes:
        number: the partition's number.
        offsets: topic to the next offset to read.
        clock_ms: the stream clock; None before the first event.
        counters: meta counters by field name.
        unflushed: records folded since the last :meth:`take_flush`.
        letters: dead letters of those records.
        replay_key: what the headers of records that are sent again are signed with.
        is_void: whether an error left it half changed: nothing of it may be written any more.
    """

    def __init__(self, number: int, policy: PartitionPolicy) -> None:
        self.number = number
        self.offsets: dict[str, int] = {}
        self.clock_ms: int | None = None
        self.counters: Counter[str] = Counter()
        self.unflushed = 0
        self.letters: list[bytes] = []
        self.is_void, self.replay_key = False, b""
        self.registry = Registry(policy.series, number, policy.partitions)
        self.rings = [Ring(w, _START) for w in policy.windows]
        self.ahead = Ahead()
        self.seen = Seen(policy.dedupe_hours)
        self._guard = OverflowGuard(_START)
        self._added: tuple[Batch, Added] | None = None
        self._policy = policy
        self._totals = np.zeros((_START, WIDTH), np.int64)
        self._changed: Mask = np.zeros(_START, np.bool_)
        self._history = History()
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
        """Admitted series whose stored totals :meth:`adopt` needs before the next fold."""
        return {key for i in self.registry.fresh if (key := self.registry.keys[i]) is not None}

    def admit(self, batch: Batch) -> Numbers:
        """Make room for a batch's series; returns the numbers of its groups, which :meth:`fold` takes.

        They hold until the next :meth:`sweep`.
        """
        numbers = self.registry.numbers(batch.events)
        self._grow()
        return numbers

    def adopt(self, totals: Mapping[str, Row]) -> None:
        """Give admitted series the totals that Redis holds for them; those not named have none."""
        for index in self.registry.fresh:
            self._totals[index] = totals.get(self.registry.keys[index] or "", ZERO)
        fresh = [*self.registry.fresh]
        self._guard.add(fresh, self._totals[fresh])
        self.registry.fresh.clear()

    def overflowing(self, batch: Batch, numbers: Numbers, replays: Mapping[int, bytes] = NOTHING) -> list[int]:
        """The places of events that would take a sum beyond 64 bits; the caller refuses them.

        Args: as :meth:`fold` takes them.
        """
        added = amounts(batch)
        self._added = batch, added
        if self._guard.takes(added):
            return []
        columns = self.registry.columns(numbers)
        suspects = self._guard.suspects(columns, added, lambda series: self._sums(series).largest())
        if not len(suspects):
            return []
        sums = self._sums(suspects)
        ids = ids_of(batch, replays, self._policy.dedupe)
        refused = sums.refuse(columns, added, ids, self.seen.known(batch.stream, ids))
        self._guard.note(sums)
        return refused

    def fold(
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
    ) -> None:
        """Count a batch once, and remember that its topic is read up to ``next_offset``.

        Args:
            batch: decoded.
            numbers: what :meth:`admit` returned; all that was fresh is adopted.
            topic: where it came from.
            next_offset: the offset after its last record.
            records: how many records it was, refused ones included.
            now_ms: the worker's clock, for remembering ids.
            letters: what becomes of the refused records, encoded.
            replays: digests of the records that were sent again, by their place in the batch.
        """
        assert not self.registry.fresh
        stream, counters = batch.stream, self.counters
        added = self._added[1] if self._added and self._added[0] is batch else amounts(batch)
        self._added = None
        self.is_void, was_void = True, self.is_void
        keep = self.seen.first(batch, replays, self._policy.dedupe, now_ms)
        counted = len(batch.times) if keep is None else int(keep.sum())
        if keep is not None:
            counters[f"{layout.DUPLICATE}{stream}"] += len(batch.times) - counted
        counters[f"{layout.ACCEPTED}{stream}"] += counted
        for _, reason in batch.rejected:
            counters[f"{layout.REJECTED}{stream}:{reason}"] += 1
        for sign, count in self.registry.signs(numbers if keep is None else numbers[keep]).items():
            counters[f"{_COUNTED_SIGNS[sign]}{stream}"] += count
        entries = of_batch(batch, added, self.registry.columns(numbers), keep)
        np.add.at(self._totals.reshape(-1), entries.series * WIDTH + entries.measures, entries.values)
        self._changed[entries.series] = True
        self.ahead.put(entries)
        self.offsets[topic] = next_offset
        self.unflushed += records
        self.letters += letters
        self.is_void = was_void

    def tick(self, clock_ms: int | None) -> None:
        """Move time on: panes leave, and entries that are due enter their windows."""
        if clock_ms is None:
            return
        self.is_void, was_void = True, self.is_void
        self._move_to(clock_ms)
        self.is_void = was_void

    def _move_to(self, clock_ms: int) -> None:
        self.clock_ms = clock_ms
        # A quarter hour that leaves the day before it was written would be missing in history.
        for pane in self.rings[-1].leaving(clock_ms):
            self._history.keep(pane[0], self._pack(pane))
        for ring in self.rings:
            left = ring.advance(clock_ms, self._changed)
            self._left += [(ring.window.name, n * ring.window.pane_ms) for n in left]
        due = self.ahead.due(clock_ms)
        if not len(due):
            return
        inside = [ring.add(due, self._changed) for ring in self.rings][-1]
        if not inside.all():
            self._history.add(due.where(~inside), len(self._changed), self._keys)

    def take_flush(self, gauges: Mapping[str, int]) -> Flush:
        """Everything that changed since the last call, which now counts as written; ``gauges`` go with it.

        Raises:
            VoidState: an error left the state half changed.
        """
        if self.is_void:
            raise VoidState(self.number)
        self.is_void = True
        changed = np.flatnonzero(self._changed)
        self._changed[:] = False
        panes: dict[tuple[str, int], PackedRows] = {}
        for ring in self.rings if self.clock_ms is not None else ():
            for pane in ring.take_dirty():
                rows = panes[ring.window.name, pane[0] * ring.window.pane_ms] = self._pack(pane)
                if ring.window.name == DAY:
                    self._history.keep(pane[0], rows)
        history, late, full = self._history.take()
        blocks, dropped = self.ahead.store(self.clock_ms or 0, self._key)
        left, self._left = self._left, []
        events, self.unflushed = self.unflushed, 0
        letters, self.letters = self.letters, []
        encoded = self._documents(changed)
        self.is_void = False
        return Flush(
            clock_ms=self.clock_ms,
            offsets=dict(self.offsets),
            documents=encoded,
            panes=panes,
            dropped_panes=tuple(left),
            history=history,
            late=late,
            seen={(s.value, h): d for (s, h), d in self.seen.take_new().items()},
            ahead=dict(blocks),
            dropped_ahead=tuple(dropped),
            letters=tuple(letters),
            counters=dict(self.counters),
            gauges=gauges,
            events=events,
            history_full=full,
        )

    def sweep(self, now_ms: int) -> int:
        """Forget old event ids and series silent for longer than the longest window; returns how many series."""
        self.seen.forget(now_ms)
        silent = ~self._changed
        for ring in self.rings:
            silent &= ring.silent()
        waiting = self.ahead.series() | self.registry.fresh
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

    def restore_ahead(self, number: int, data: bytes) -> None:
        """Put back one block of entries not due yet; its series are fresh until :meth:`adopt`."""
        waiting = self.ahead.restore(number, data, self.clock_ms or 0, self.registry.add)
        self._grow()
        self._guard.wait(waiting)

    def _sums(self, series: Int64s) -> Sums:
        widest = np.maximum.reduce([ring.gross(series) for ring in self.rings])
        return Sums(series, self._totals[series], widest + self.ahead.gross(series))

    def _pack(self, pane: Rows) -> PackedRows:
        _, series, rows = pane
        return PackedRows(list(self._keys(series)), rows)

    def _keys(self, series: Int64s) -> Iterable[str]:
        # What changed is held, so none of them is free.
        return map(cast("list[str]", self.registry.keys).__getitem__, series.tolist())

    def _key(self, index: int) -> str:
        key = self.registry.keys[index]
        assert key is not None
        return key

    def _documents(self, changed: Int64s) -> dict[str, bytes]:
        names = [*(r.window.name for r in self.rings), TOTAL]
        tables = [*(r.sums[changed] for r in self.rings), self._totals[changed]]
        return dict(zip(self._keys(changed), documents(self.clock_ms or 0, names, tables), strict=True))

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
