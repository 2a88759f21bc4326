"""Which series a partition holds, and the column each has in the arrays.

A group (campaign and dimension values) maps to one series per breakdown plus the campaign's own. Once ``max_series``
are held, a new breakdown value goes to ``__other__``; a campaign is always admitted, so its totals stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.events import Event
from streams.series import OTHER, key

Indices = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
ABSENT = -1
GROUPS_PER_SERIES, FEW_GROUPS = 16, 10_000
"""How many groups are remembered: so many for each series held, and so many more. A field that is different in every
event makes a group of every event, all of which fold into the same few series."""
_LEAST = 64

Part = str | tuple[str | None, ...] | None
"""The value of the only dimension, or the values of several; None where there is none."""


@dataclass(frozen=True, slots=True)
class SeriesPolicy:
    """How groups become series.

    Attributes:
        breakdowns: for each breakdown, its dimensions.
        max_series: how many series are held before new breakdown values fold.
    """

    breakdowns: tuple[tuple[str, ...], ...]
    max_series: int

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All dimensions that any breakdown uses, in the order of a group's values."""
        return tuple(dict.fromkeys(d for b in self.breakdowns for d in b))


class Registry:
    """Series keys and their indices; an index freed by :meth:`release` is used again."""

    def __init__(self, policy: SeriesPolicy) -> None:
        self._policy = policy
        self._place = {d: i for i, d in enumerate(policy.dimensions)}
        # attrgetter of one name gives the bare value, of several a tuple.
        self._part: Callable[[Any], Part] = attrgetter(*policy.dimensions) if policy.dimensions else _no_part
        self._index: dict[str, int] = {}
        self._free: list[int] = []
        # By campaign first: with thousands of groups a tuple for each is four places in memory that no cache holds.
        self._groups: dict[str, dict[Part, int]] = {}
        # Equal parts as one object: it stays in the processor's cache.
        self._parts: dict[Part, Part] = {}
        self._folds: list[bool] = []
        self._columns = np.full((_LEAST, 1 + len(policy.breakdowns)), ABSENT, np.int32)
        self.keys: list[str | None] = []
        """The key at each index; None where it is free."""
        self.fresh: set[int] = set()
        """Indices added, whose stored totals were not given yet."""

    def __len__(self) -> int:
        return len(self._index)

    @property
    def groups(self) -> int:
        """How many groups are remembered."""
        return len(self._folds)

    def index(self, series: str) -> int | None:
        """The index of a series, None when it is not held."""
        return self._index.get(series)

    def add(self, series: str) -> int:
        """The index of a series, which is held from now on."""
        found = self._index.get(series)
        if found is not None:
            return found
        if self._free:
            slot = self._free.pop()
            self.keys[slot] = series
        else:
            slot = len(self.keys)
            self.keys.append(series)
        self._index[series] = slot
        self.fresh.add(slot)
        return slot

    def numbers(self, events: Sequence[Event]) -> Numbers:
        """The number of each event's group; unknown groups, and their series, are admitted.

        Numbers hold until the next call, or the next :meth:`release`.
        """
        if self.groups > GROUPS_PER_SERIES * len(self) + FEW_GROUPS:
            self._forget_groups()
        groups, part = self._groups, self._part
        while True:
            try:
                return np.array(
                    [groups[e.campaign_id][p] for e, p in zip(events, map(part, events), strict=True)], np.int64
                )
            except KeyError:
                for event in events:
                    self._admit(event.campaign_id, part(event))

    def columns(self, numbers: Numbers) -> Indices:
        """Series indices, shape (groups, 1 + breakdowns): the campaign first, :data:`ABSENT` for a missing value."""
        return self._columns[numbers]

    def folded(self, numbers: Numbers) -> int:
        """How many of these groups have a value that went to ``__other__``."""
        return sum(self._folds[n] for n in numbers.tolist()) if any(self._folds) else 0

    def release(self, slots: Iterable[int]) -> None:
        """Let go of series; every group that named one is forgotten with it."""
        gone = set(slots)
        for slot in gone:
            series = self.keys[slot]
            if series is not None:
                del self._index[series]
                self.keys[slot] = None
                self._free.append(slot)
        if gone:
            self._forget_groups()

    def _forget_groups(self) -> None:
        # Numbers are positions in _columns: rebuilding all groups on next use is simpler than holes, and rare.
        self._groups.clear()
        self._parts.clear()
        self._folds.clear()
        self._columns = self._columns[:_LEAST].copy()

    def _admit(self, campaign: str, part: Part) -> None:
        numbers = self._groups.setdefault(campaign, {})
        if part in numbers:
            return
        group = part if isinstance(part, tuple) else (part,)
        row, folds = [self.add(key(campaign))], False
        for breakdown in self._policy.breakdowns:
            values = [group[self._place[d]] for d in breakdown]
            if any(v is None for v in values):
                row.append(ABSENT)
                continue
            series = key(campaign, [(d, str(v)) for d, v in zip(breakdown, values, strict=True)])
            if series not in self._index and len(self._index) >= self._policy.max_series:
                series, folds = key(campaign, [(d, OTHER) for d in breakdown]), True
            row.append(self.add(series))
        number = len(self._folds)
        if number == len(self._columns):
            self._columns = np.concatenate([self._columns, np.full_like(self._columns, ABSENT)])
        self._columns[number] = row
        numbers[self._parts.setdefault(part, part)] = number
        self._folds.append(folds)


def _no_part(_: Any) -> None:
    return None
