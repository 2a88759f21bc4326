"""What a flush writes into the history of quarter hours: rows of the day's panes, and what late events add. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import Row, fits, pack_within, unpack
from kpis.times import QUARTER_MS
from streams.state.added.levels import Levels, merged
from streams.state.entries import Entries
from streams.state.packed_rows import PackedRows

QuarterPlace = tuple[str, int]
"""A series, and a quarter hour by its number since the epoch."""


class UnwrittenQuarters:
    """The quarter hours of one partition that Redis does not hold as they are.

    Args:
        levels: which columns are levels.
        width: how many columns there are.
    """

    def __init__(self, levels: Levels, width: int) -> None:
        self._levels, self._width = levels, width
        self._rows: dict[QuarterPlace, bytes] = {}
        self._late: dict[QuarterPlace, Row] = {}
        self._full = 0

    def __bool__(self) -> bool:
        return bool(self._rows or self._late)

    def keep(self, quarter: int, rows: PackedRows) -> None:
        """Remember rows of a quarter hour that is still in the day's window."""
        self._rows |= {(key, quarter): row for key, row in rows.pairs()}

    def add(self, entries: Entries, capacity: int, keys: Callable[[Int64s], Iterable[str]]) -> None:
        """Add what came too late for the day's window.

        Args:
            entries: whose quarter hours have left it.
            capacity: above every series index.
            keys: the series at some indices.
        """
        # One number for each series and quarter hour, so that what falls on the same place is added up at once.
        codes = entries.times // QUARTER_MS * capacity + entries.series
        places, rows = np.unique(codes, return_inverse=True)
        gains = np.zeros((len(places), self._width), np.int64)
        sums, levels = self._levels.parted(Entries(entries.times, rows, entries.measures, entries.values))
        np.add.at(gains.reshape(-1), sums.series * self._width + sums.measures, sums.values)
        if len(levels):
            self._levels.put(gains, levels)
        quarters, series = np.divmod(places, capacity)
        for place, gain in zip(zip(keys(series), quarters.tolist(), strict=True), gains.tolist(), strict=True):
            if unwritten := self._rows.get(place):
                row = unpack(unwritten, self._width)
                grown = merged(row, gain, self._levels.triples)
                self._rows[place] = pack_within(grown, row)
                self._full += not fits(grown)
            else:
                held = self._late.get(place)
                self._late[place] = merged(held, gain, self._levels.triples) if held else tuple(gain)

    def take(self) -> tuple[Mapping[QuarterPlace, bytes], Mapping[QuarterPlace, Row], int]:
        """The rows to write, what older rows gain, and how often one was too full to gain; all count as written."""
        taken = self._rows, self._late, self._full
        self._rows, self._late, self._full = {}, {}, 0
        return taken
