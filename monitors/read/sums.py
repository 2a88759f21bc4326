"""The sum of many series, exact: integers are added before any formula is applied. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kpis.contract.row_format import unknown
from kpis.measures import Row
from kpis.windows import TOTAL
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.window_rows import WindowRows, added

_LOW = 32
_LOW_BITS = (1 << _LOW) - 1


def sum_rows(
    rows: Iterable[Mapping[str, Row]], names: tuple[str, ...], uncounted: Sequence[int] = ()
) -> Mapping[str, Row]:
    """The rows of many series added by window, in the order of ``names``; a window that none has is left out.

    Args:
        rows: of each series.
        names: the windows.
        uncounted: the columns of distinct counts: one id may be in several, so of all together they are unknown.
    """
    packed: list[bytes] = []
    others: list[Mapping[str, Row]] = []
    for one in rows:
        if isinstance(one, WindowRows) and one.names == names:
            packed.append(one.packed)
        else:
            others.append(one)
    return unknown(added([*([_sum_packed(packed, names)] if packed else []), *others], names), uncounted)


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
        rows = [snapshot.series[one] for one in members if one in snapshot.series]
        rows += [snapshot.own[one] for one in members if one in snapshot.own]
        if rows:
            holders = sorted({number for one in rows for number in one.partitions})
            found[key] = SeriesRows(sum_rows((one.windows for one in rows), names, snapshot.uncounted), tuple(holders))
    return replace(snapshot, parents=found)


def _sum_packed(packed: list[bytes], names: tuple[str, ...]) -> dict[str, Row]:
    cells = np.frombuffer(b"".join(packed), "<i8").reshape(len(packed), len(names), -1)
    # A sum of int64 may not fit into int64: both halves of each are added by themselves.
    high, low = (cells >> _LOW).sum(axis=0), (cells & _LOW_BITS).sum(axis=0)
    sums = ((high.astype(object) << _LOW) + low.astype(object)).tolist()
    return {name: tuple(row) for name, row in zip(names, sums, strict=True)}
