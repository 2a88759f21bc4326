"""Entries: what decoded events add to series, as columns.

One entry adds ``value`` to measure ``measure`` of series ``series`` at time ``time``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kpis.arrays import Int64s, Mask
from kpis.measures import MEASURES, Measure, Stream
from streams.events.decode import Batch
from streams.state.registry import ABSENT, Indices

ADDS_TO: Mapping[Stream, tuple[Measure, ...]] = {s: tuple(m for m in MEASURES if s in m.streams) for s in Stream}
"""The measures that the events of each stream add to."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Columns of equal length.

    Attributes:
        times: epoch milliseconds, int64.
        series: series index, int64.
        measures: measure index, int64.
        values: what is added, int64.
    """

    times: Int64s
    series: Int64s
    measures: Int64s
    values: Int64s

    def __len__(self) -> int:
        return len(self.times)

    def where(self, mask: npt.NDArray[np.bool_] | slice) -> Entries:
        """The entries that a mask, or a slice, selects."""
        return Entries(self.times[mask], self.series[mask], self.measures[mask], self.values[mask])


NONE = Entries(*(np.empty(0, np.int64) for _ in range(4)))


def join(parts: list[Entries]) -> Entries:
    """All entries of several, in order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NONE
    return Entries(
        np.concatenate([p.times for p in parts]),
        np.concatenate([p.series for p in parts]),
        np.concatenate([p.measures for p in parts]),
        np.concatenate([p.values for p in parts]),
    )


def amounts(batch: Batch) -> list[tuple[int, Int64s]]:
    """For each measure of a batch's stream its index, and what each event adds to it."""
    return [
        (measure.column, np.array(batch.money if measure.is_money else batch.quantities, np.int64))
        for measure in ADDS_TO[batch.stream]
    ]


def of_batch(
    times: Int64s, added: Sequence[tuple[int, Int64s]], columns: Indices, keep: npt.NDArray[np.bool_] | None
) -> Entries:
    """What a batch adds: one entry per event, series and measure whose value is not zero.

    Args:
        times: of its events, epoch milliseconds.
        added: column, and what each event adds to it, as of :func:`amounts`.
        columns: series indices, shape (events, series per event), ``ABSENT`` where there is none.
        keep: which events count; None for all.
    """
    parts: list[Entries] = []
    for measure, values in added:
        counts = values != 0
        if keep is not None:
            counts &= keep
        for column in columns.T:
            mask = counts & (column != ABSENT)
            if mask.any():
                chosen = values[mask]
                parts.append(Entries(times[mask], column[mask].astype(np.int64), np.full(len(chosen), measure), chosen))
    return join(parts)


def of_levels(times: Int64s, told: Sequence[tuple[int, Int64s, Mask]], columns: Indices, keep: Mask | None) -> Entries:
    """The levels that a batch tells: of each series in the order of its events. A level of zero is one too.

    Args:
        times: of its events, epoch milliseconds.
        told: for each level its column, what each event tells, and which of them tell it.
        columns: series indices, as :func:`of_batch` takes them.
        keep: which events count; None for all.
    """
    parts: list[Entries] = []
    for measure, values, tells in told:
        mine = tells if keep is None else tells & keep
        for column in columns.T:
            mask = mine & (column != ABSENT)
            if mask.any():
                chosen = values[mask]
                parts.append(Entries(times[mask], column[mask].astype(np.int64), np.full(len(chosen), measure), chosen))
    return join(parts)
