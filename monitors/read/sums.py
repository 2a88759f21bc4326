"""The sum of many series, exact: integers are added before any formula is applied. Pure.

Two kinds of measures are not simply added. **Levels** of several series add up by their means (two accounts with 100
and 50 followers have 150), and of a window only where each series that told one within the day told it there too: else
the sum would fall because somebody reports once a day. How many **different** ids several series have together no count
says; it is unknown where more than one of them had any, until :mod:`monitors.read.distinct.unions` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kpis.arrays import Int64s
from kpis.catalogue import CORE, Catalogue
from kpis.measures import UNKNOWN, Kind, Measure, Row
from kpis.windows import TOTAL
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.window_rows import WindowRows, added

_LOW = 32
_LOW_BITS = (1 << _LOW) - 1


REPORTS = 1_000_000
"""A level of several series is kept to a millionth: it has so many reports."""


def sum_rows(
    rows: Iterable[Mapping[str, Row]], names: tuple[str, ...], catalogue: Catalogue = CORE
) -> Mapping[str, Row]:
    """The rows of many series added by window, in the order of ``names``; a window that none has is left out.

    Args:
        rows: of each series.
        names: the windows, shortest first, and last the total.
        catalogue: what they are of.
    """
    packed: list[bytes] = []
    others: list[Mapping[str, Row]] = []
    for one in rows:
        if isinstance(one, WindowRows) and one.names == names:
            packed.append(one.packed)
        else:
            others.append(one)
    width = len(packed[0]) // (8 * len(names)) if packed else catalogue.width
    cells = np.frombuffer(b"".join(packed), "<i8").reshape(len(packed), len(names), width)
    sums = added([*([_sum_cells(cells, names)] if packed else []), *others], names)
    apart = [measure for measure in catalogue.added_measures if measure.kind is not Kind.SUM]
    return sums if not apart else _apart(sums, apart, cells, others, names)


def with_parents(snapshot: Snapshot, parents: Mapping[str, Iterable[str]]) -> Snapshot:
    """A snapshot with the sums of several series, each under a key of its own; of none that has come is none.

    What was counted of an account itself is added to its campaigns'.

    Args:
        snapshot: what was read.
        parents: the key of each, and the series that it is the sum of.
    """
    if not parents:
        return snapshot
    names, found = (*snapshot.layout.windows, TOTAL), dict[str, SeriesRows]()
    for key, members in parents.items():
        mine = {one: snapshot.series[one] for one in members if one in snapshot.series}
        mine |= {one: snapshot.own[one] for one in members if one in snapshot.own}
        if mine:
            holders = sorted({number for one in mine.values() for number in one.partitions})
            windows = sum_rows((one.windows for one in mine.values()), names, snapshot.catalogue)
            found[key] = SeriesRows(windows, tuple(holders), tuple(mine))
    return replace(snapshot, parents=found)


def _sum_cells(cells: Int64s, names: tuple[str, ...]) -> dict[str, Row]:
    # A sum of int64 may not fit into int64: both halves of each are added by themselves.
    high, low = (cells >> _LOW).sum(axis=0), (cells & _LOW_BITS).sum(axis=0)
    sums = ((high.astype(object) << _LOW) + low.astype(object)).tolist()
    return {name: tuple(row) for name, row in zip(names, sums, strict=True)}


def _apart(
    sums: Mapping[str, Row],
    measures: Iterable[Measure],
    cells: Int64s,
    others: Sequence[Mapping[str, Row]],
    names: tuple[str, ...],
) -> Mapping[str, Row]:
    """The sums, with what is not simply added in its place."""
    found = {name: list(row) for name, row in sums.items()}
    for measure in measures:
        first, last = measure.column, measure.column + measure.width
        packed: Any = cells[:, :, first:last]
        nothing = (0,) * measure.width
        loose = [[one[name][first:last] if name in one else nothing for name in names] for one in others]
        each = np.concatenate([packed.astype(np.float64), np.array(loose, np.float64)]) if loose else packed
        both = _levels(each, names) if measure.kind is Kind.LEVEL else _different(each)
        for at, name in enumerate(names):
            if name in found:
                found[name][first:last] = both[at]
    return {name: tuple(row) for name, row in found.items()}


def _levels(each: Any, names: tuple[str, ...]) -> list[tuple[int, ...]]:
    """Of each window the sum of means, and how many reports that stands for."""
    summed, told = each[:, :, 0].astype(np.float64), each[:, :, 1].astype(np.float64)
    means = np.divide(summed, told, out=np.zeros_like(summed), where=told > 0).sum(axis=0)
    tellers = (told > 0).sum(axis=0)
    # The longest window has all that told one of late; of all time it is the latest value.
    of_late = tellers[-2] if len(names) > 1 else 0
    known = [n > 0 and (n == of_late or name == TOTAL) for n, name in zip(tellers, names, strict=True)]
    return [
        (round(mean * REPORTS), REPORTS) if is_known else (0, 0) for mean, is_known in zip(means, known, strict=True)
    ]


def _different(each: Any) -> list[tuple[int, ...]]:
    """Of each window how many different ids there are, where one series alone has any."""
    having, counts = (each[:, :, 0] != 0).sum(axis=0), each[:, :, 0].sum(axis=0)
    return [(int(count) if n == 1 else UNKNOWN * bool(n),) for n, count in zip(having, counts, strict=True)]
