"""Levels in rows: the last value by event time holds, of equal times the one that was read later. Pure.

A level has three columns: in a pane the last value, 1, and its event time; in a sum of panes the sums of these. Nothing
is ever added to a pane's: it is replaced, and sums gain the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import Row, wide
from streams.state.entries import Entries

Triples = tuple[tuple[int, int, int], ...]
"""The columns of levels: sum, reports, and time of the last value."""


class Levels:
    """The levels among the columns of stored rows.

    Args:
        triples: their columns.
        width: of all rows.

    Attributes:
        triples: their columns.
        columns: all of them.
    """

    def __init__(self, triples: Triples, width: int) -> None:
        self.triples = triples
        self.columns: Int64s = np.array(triples, np.int64).reshape(-1)
        self._width = width
        self._is_level = np.zeros(width, np.bool_)
        self._triple = np.zeros((width, 3), np.int64)
        for triple in triples:
            self._is_level[triple[0]] = True
            self._triple[triple[0]] = triple

    def __bool__(self) -> bool:
        return bool(self.triples)

    def parted(self, entries: Entries) -> tuple[Entries, Entries]:
        """Entries that are added, and entries of levels."""
        if not self.triples:
            return entries, entries.where(slice(0, 0))
        is_level = self._is_level[entries.measures]
        return entries.where(~is_level), entries.where(is_level)

    def put(self, rows: Int64s, entries: Entries) -> tuple[Int64s, Int64s, Int64s]:
        """Put levels into rows [series, column].

        Args:
            rows: of one pane, or of totals.
            entries: of levels, in the order in which they were read.

        Returns:
            Whose rows changed, in which columns, and by how much: what their sums gain.
        """
        last = _last(entries.series * self._width + entries.measures, entries.times)
        series, times, values = entries.series[last], entries.times[last], entries.values[last]
        columns = self._triple[entries.measures[last]]
        newer = times >= rows[series, columns[:, 2]]
        series, columns = series[newer, None], columns[newer]
        held = rows[series, columns]
        new = np.stack([values[newer], np.ones(len(columns), np.int64), times[newer]], axis=1)
        rows[series, columns] = new
        return np.broadcast_to(series, columns.shape), columns, new - held


def merged(row: Sequence[int], gain: Sequence[int], triples: Triples) -> Row:
    """A stored row with what came late: sums are added, of each level the later one holds."""
    width = max(len(row), len(gain))
    row, gain = wide(row, width), wide(gain, width)
    if not triples:
        return tuple(map(add, row, gain))
    found = [*map(add, row, gain)]
    for triple in triples:
        if triple[2] < width:
            later = gain if gain[triple[2]] >= row[triple[2]] else row
            for column in triple:
                found[column] = later[column]
    return tuple(found)


def _last(places: Int64s, times: Int64s) -> Int64s:
    """Of the entries at each place the one with the latest time, of equal ones the last."""
    order = np.lexsort((times, places))
    ordered = places[order]
    is_last = np.ones(len(ordered), np.bool_)
    is_last[:-1] = ordered[1:] != ordered[:-1]
    return order[is_last]
