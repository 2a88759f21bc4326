"""What a partition makes of batches: entries of its columns, and ids for sketches. Pure."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress

import numpy as np

from kpis.arrays import Int64s, Mask
from streams.events.decode import Batch
from streams.events.takings import MeasurePlan
from streams.state.added.added_amounts import NOTHING_ADDED, AddedAmounts, Summed, added_amounts
from streams.state.added.levels import Levels
from streams.state.added.sketches import SketchPlace, UnwrittenIds
from streams.state.entries import Entries, amounts, join, of_batch, of_levels
from streams.state.registry import Indices


class Intake:
    """What batches come to.

    Args:
        plan: what is counted beside the core.

    Attributes:
        width: how many columns rows have.
        levels: the levels among them.
        names: what documents call those beyond the core's.
    """

    def __init__(self, plan: MeasurePlan) -> None:
        self.width, self.names = plan.width, plan.names
        self.levels = Levels(plan.columns.levels, plan.width)
        self._plan, self._ids = plan, UnwrittenIds()
        self._last: tuple[Batch, list[Summed], AddedAmounts] | None = None

    def amounts(self, batch: Batch) -> list[Summed]:
        """What each event of a batch adds to columns that are sums."""
        return self._amounts(batch)[1]

    def entries(
        self, batch: Batch, times: Int64s, columns: Indices, keep: Mask | None, watermark_ms: int | None
    ) -> Entries:
        """The entries of a batch, whose ids are remembered.

        Args:
            batch: decoded.
            times: of its events, epoch milliseconds.
            columns: series indices, as :func:`~streams.state.entries.of_batch` takes them.
            keep: which events count; None for all.
            watermark_ms: of the partition; None before its first event.
        """
        _, added, more = self._amounts(batch)
        self._last = None
        entries = of_batch(times, added, columns, keep)
        if more is NOTHING_ADDED:
            return entries
        # Only of campaigns as a whole: sketches take space.
        chosen, own = slice(None) if keep is None else keep, columns[:, 0].astype(np.int64)
        for sketch, ids in more.ids:
            kept = ids if keep is None else [*compress(ids, keep.tolist())]
            self._ids.put(sketch, own[chosen], times[chosen], kept, watermark_ms)
        return join([entries, of_levels(times, more.levels, columns, keep)])

    def add(self, totals: Int64s, entries: Entries) -> None:
        """Add entries to totals, rows [series, column]."""
        sums, levels = self.levels.parted(entries)
        np.add.at(totals.reshape(-1), sums.series * self.width + sums.measures, sums.values)
        if len(levels):
            self.levels.put(totals, levels)

    def take_ids(self, name: Callable[[int], str]) -> dict[SketchPlace, list[bytes]]:
        """What each sketch gains; ``name`` gives the series at an index. It counts as written."""
        return self._ids.take(name)

    def _amounts(self, batch: Batch) -> tuple[Batch, list[Summed], AddedAmounts]:
        """They are asked for twice of most batches, and made once."""
        if self._last is None or self._last[0] is not batch:
            more = added_amounts(batch, self._plan)
            self._last = batch, amounts(batch) + more.sums, more
        return self._last
