"""Keeps every sum inside 64 bits: the event that would take one beyond is refused, and all others count. Pure.

Totals may come to half of what int64 holds. What a window shows may be more than the total, where bookings lie inside
it and their corrections outside; panes can leave in an order that lets any of them stand alone, so what is bounded is
their sum without signs (gross).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kpis.arrays import Floats, Int64s
from streams.state.early import EarlyEvents
from streams.state.entries import Entries
from streams.state.registry import ABSENT, Indices
from streams.state.ring import Ring, longer

Added = Sequence[tuple[int, Int64s]]
"""For each measure its index, and what each event adds to it."""

LIMIT = 2**62
"""What a total may come to, either way: four million million units of money."""
_NEAR = 0.999 * LIMIT
"""From where on a bound says nothing: sums of floats are a little off."""
_GROSS = 0.95 * 2**63
"""What all else may; that is told by floats too."""
_LIGHT = float(2**44)
"""What a light chunk moves at most, in all: 17 million units. Nobody looks which series it is that it moves."""
_VAGUE = float(2**60)
"""What light chunks may have moved in all before the bounds are made exact: at least 65,536 of them."""
_BLOCK = 4096


class OverflowGuard:
    """Upper bounds of what each series comes to, in whichever measure is largest.

    A light chunk costs an addition. A series that is near the limit is looked at, exactly, where a chunk names it: all
    others are as fast as before.
    """

    def __init__(self, capacity: int) -> None:
        self._bounds: Floats = np.zeros(capacity)
        self._top = self._slack = 0.0

    def grow(self, capacity: int) -> None:
        """Make room for more series."""
        self._bounds = longer(self._bounds, capacity)

    def add(self, series: Int64s | Sequence[int], rows: Int64s) -> None:
        """Take note of rows that come from elsewhere: different series, and rows [series, measure]."""
        if len(rows):
            self._bounds[series] += np.abs(rows.astype(np.float64)).max(axis=1)
            self._top = max(self._top, float(self._bounds[series].max()))

    def wait(self, entries: Entries) -> None:
        """Take note of entries that come from elsewhere, and wait."""
        if len(entries):
            weights = np.abs(entries.values).astype(np.float64)
            self._bounds += np.bincount(entries.series, weights, len(self._bounds))
            self._top = float(self._bounds.max())

    def release(self, series: Sequence[int]) -> None:
        """Series that were let go of come to nothing."""
        self._bounds[series] = 0
        self._top = float(self._bounds.max())

    def takes(self, added: Added) -> bool:
        """Whether a chunk is light and cannot take any sum beyond; it is added then."""
        moved = _moved(added)
        if moved > _LIGHT or self._slack > _VAGUE or self._top + self._slack + moved > _NEAR:
            return False
        self._slack += moved
        return True

    def suspects(self, columns: Indices, added: Added, exactly: Callable[[Int64s], Floats]) -> Int64s:
        """The series that a chunk might take beyond; it is added to the bounds of all of its series.

        Args:
            columns: series indices, shape (events, series per event), ``ABSENT`` where there is none.
            added: what each event adds.
            exactly: what some series come to now.
        """
        if self._slack > _VAGUE:
            self._slack = 0.0
            blocks = np.split(np.arange(len(self._bounds)), range(_BLOCK, len(self._bounds), _BLOCK))
            self._bounds[:] = np.concatenate([exactly(block) for block in blocks])
        named = columns[columns != ABSENT]
        moved = _moved(added)
        if moved <= _LIGHT:
            self._slack += moved
        else:
            weights = np.add.reduce([np.abs(values).astype(np.float64) for _, values in added])
            each = np.broadcast_to(weights[:, None], columns.shape)[columns != ABSENT]
            self._bounds += np.bincount(named, each, len(self._bounds))
        self._top = float(self._bounds.max())
        near = self._bounds + self._slack > _NEAR
        return np.unique(named[near[named]]).astype(np.int64)

    def note(self, sums: Sums) -> None:
        """Make the bounds of some series what they come to."""
        self._bounds[sums.series] = sums.largest()
        self._top = float(self._bounds.max())


@dataclass(slots=True)
class Sums:
    """What some series come to.

    Attributes:
        series: their indices.
        totals: rows [series, measure].
        gross: rows of what panes, and entries that wait, come to without signs.
    """

    series: Int64s
    totals: Int64s
    gross: Floats

    def largest(self) -> Floats:
        """What each series comes to in whichever measure is largest."""
        return np.asarray(np.maximum(np.abs(self.totals.astype(np.float64)), self.gross).max(axis=1))

    def refuse(
        self, columns: Indices, added: Added, ids: Sequence[tuple[bytes, ...]], counted: Iterable[bytes]
    ) -> list[int]:
        """The events that would take a sum beyond its limit, in order; all others are added.

        Each is judged without those refused before it; one that is a repeat adds nothing, and is not refused.

        Args:
            columns: series indices, as :meth:`OverflowGuard.suspects` takes them.
            added: what each event adds.
            ids: of each event, what it counts once by; empty where there is nothing to compare.
            counted: the ids that were counted before.
        """
        place, known = {s: k for k, s in enumerate(self.series.tolist())}, set(counted)
        touching = np.flatnonzero(np.isin(columns, self.series).any(axis=1))
        rows = dict(zip(touching.tolist(), columns[touching].tolist(), strict=True))
        values = [(m, dict(zip(rows, v[touching].tolist(), strict=True))) for m, v in added]
        totals, gross = self.totals.tolist(), self.gross.tolist()
        refused: list[int] = []
        for i in range(len(ids)) if ids else rows:
            names = ids[i] if ids else ()
            if not known.isdisjoint(names):
                continue
            changes = [(place[s], m, v[i]) for s in rows.get(i, ()) if s in place for m, v in values if v[i]]
            if any(_is_beyond(totals[k][m], gross[k][m], value) for k, m, value in changes):
                refused.append(i)
                continue
            known.update(names)
            for k, m, value in changes:
                totals[k][m] += value
                gross[k][m] += abs(value)
        self.totals, self.gross = np.array(totals, np.int64), np.array(gross)
        return refused


def sums_of(series: Int64s, totals: Int64s, rings: Sequence[Ring], early: EarlyEvents, levels: Int64s) -> Sums:
    """What some series come to.

    Args:
        series: their indices, ascending.
        totals: of all series.
        rings: the windows.
        early: what waits.
        levels: columns of levels: no sum of these could come to more than 64 bits hold.
    """
    chosen = totals[series]
    gross = np.maximum.reduce([ring.gross(series) for ring in rings]) + early.gross(series, totals.shape[1])
    chosen[:, levels], gross[:, levels] = 0, 0
    return Sums(series, chosen, gross)


def _is_beyond(total: int, gross: float, value: int) -> bool:
    """Whether a value takes one of the two further beyond its limit."""
    return abs(total) < abs(total + value) > LIMIT or gross + abs(value) > _GROSS


def _moved(added: Added) -> float:
    return sum(float(np.abs(values).sum(dtype=np.float64)) for _, values in added)
