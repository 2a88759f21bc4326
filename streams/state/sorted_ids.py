"""A set of 64-bit ids, ten bytes each: the id and a label by which it is dropped.

Ids lie sorted, in runs. A batch of new ids becomes a run, and a run joins the one before it when that is not much
longer, so that a lookup asks few runs and an id is copied few times. No run spans more than a leaf, which is a range of
ids and splits in two when it is full: that bounds how much is copied at once. Ids that are sorted, not hashed, leave
nothing to whoever chooses them: no choice makes a lookup slow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kpis.arrays import Mask

Ids = npt.NDArray[np.uint64]
Labels = npt.NDArray[np.uint16]

LABELS = 1 << 16
"""Labels are below this."""
LEAF = 1 << 20
"""Ids in a leaf before it splits: copying so many takes some 20 ms."""
_RATIO = 4


@dataclass(frozen=True, slots=True)
class _Run:
    """Ids in ascending order, each once, and their labels."""

    ids: Ids
    labels: Labels

    def __len__(self) -> int:
        return len(self.ids)


def _merged(runs: Sequence[_Run]) -> _Run:
    if len(runs) == 1:
        return runs[0]
    ids = np.concatenate([r.ids for r in runs])
    # The stable sort finds what is sorted already, and merges.
    order = ids.argsort(kind="stable")
    return _Run(ids[order], np.concatenate([r.labels for r in runs])[order])


class _Leaf:
    """The ids of one range; each is in one run.

    Attributes:
        runs: none is empty, and each is at least four times as long as the next.
    """

    def __init__(self, *runs: _Run) -> None:
        self.runs = [*runs]

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    @property
    def least(self) -> np.uint64:
        """Its least id; it has one."""
        return min(r.ids[0] for r in self.runs)

    def holds(self, ids: Ids) -> Mask:
        """Which ids are here."""
        known: Mask = np.zeros(len(ids), np.bool_)
        for run in self.runs:
            known |= run.ids.take(run.ids.searchsorted(ids), mode="clip") == ids
        return known

    def add(self, ids: Ids, label: int) -> Mask:
        """Add ascending ids, each once; returns which are new."""
        new = ~self.holds(ids)
        fresh = ids[new]
        if len(fresh):
            self._append(_Run(fresh, np.full(len(fresh), label, np.uint16)))
        return new

    def drop(self, gone: Labels) -> None:
        """Drop the ids of some labels."""
        runs, self.runs = self.runs, []
        for run in runs:
            kept = np.isin(run.labels, gone, invert=True)
            if kept.any():
                self._append(run if kept.all() else _Run(run.ids[kept], run.labels[kept]))

    def split(self, limit: int) -> list[_Leaf]:
        """Itself, or leaves of about half of ``limit`` when it holds more than that."""
        if len(self) <= limit:
            return [self]
        whole, parts = _merged(self.runs), len(self) // (limit // 2)
        # Copies: a leaf must not keep the memory of its neighbours.
        columns = (np.array_split(c, parts) for c in (whole.ids, whole.labels))
        return [_Leaf(_Run(ids.copy(), labels.copy())) for ids, labels in zip(*columns, strict=True)]

    def _append(self, run: _Run) -> None:
        self.runs.append(run)
        first, total = len(self.runs) - 1, len(run)
        while first and len(self.runs[first - 1]) < _RATIO * total:
            first -= 1
            total += len(self.runs[first])
        self.runs[first:] = [_merged(self.runs[first:])]


class SortedIds:
    """A set of ids; any unsigned 64-bit number may be one."""

    def __init__(self, limit: int = LEAF) -> None:
        """``limit``: how many ids a leaf may hold, at least 2."""
        self._limit = limit
        self._leaves = [_Leaf()]
        self._starts: Ids = np.empty(0, np.uint64)

    def __len__(self) -> int:
        return sum(map(len, self._leaves))

    def add(self, ids: Ids, label: int) -> Mask:
        """Add a batch of ids, in any order.

        Args:
            ids: what to add; an id that is held keeps the label it has.
            label: what the new ones can be dropped by, below :data:`LABELS`.

        Returns:
            Which are new: of an id that the batch brings several times, the first.
        """
        distinct, first = np.unique(ids, return_index=True)
        new: Mask = np.zeros(len(ids), np.bool_)
        cuts = [0, *distinct.searchsorted(self._starts).tolist(), len(distinct)]
        for leaf, (start, stop) in zip(self._leaves, pairwise(cuts), strict=True):
            if start < stop:
                new[first[start:stop][leaf.add(distinct[start:stop], label)]] = True
        if any(len(leaf) > self._limit for leaf in self._leaves):
            self._shape(part for leaf in self._leaves for part in leaf.split(self._limit))
        return new

    def holds(self, ids: Ids) -> Mask:
        """Which of these ids, in any order, are held."""
        found: Mask = np.zeros(len(ids), np.bool_)
        for leaf in self._leaves:
            found |= leaf.holds(ids)
        return found

    def drop(self, labels: Collection[int]) -> None:
        """Drop all ids that have one of these labels."""
        gone = np.array([*labels], np.uint16)
        for leaf in self._leaves:
            leaf.drop(gone)
        self._shape(_joined([leaf for leaf in self._leaves if len(leaf)], self._limit // 2))

    def _shape(self, leaves: Iterable[_Leaf]) -> None:
        self._leaves = [*leaves] or [_Leaf()]
        # Of each leaf but the first, the least id that goes to it.
        self._starts = np.array([leaf.least for leaf in self._leaves[1:]], np.uint64)


def _joined(leaves: Iterable[_Leaf], most: int) -> Iterator[_Leaf]:
    """Neighbours become one leaf where that holds at most so many ids."""
    groups: list[list[_Leaf]] = []
    for leaf in leaves:
        if not groups or sum(map(len, groups[-1])) + len(leaf) > most:
            groups.append([])
        groups[-1].append(leaf)
    for group in groups:
        yield group[0] if len(group) == 1 else _Leaf(_merged([r for leaf in group for r in leaf.runs]))
