"""Which series a partition holds, and the column each has in the arrays.

A group (campaign and dimension values) maps to one series per breakdown plus the campaign's own. Once ``max_series``
are held, a new breakdown value goes to ``__other__``. Once ``max_campaigns`` are held, so does a new campaign, without
breakdowns. A campaign with a goal always has its place.

An event is counted in one of the two and never moves: what a campaign has already stays its own, in Redis when it fell
silent and was let go of, and what comes while there is no room for it is counted in ``__other__``. Once there is room
it goes on from what it had, so the sum of all campaigns is exact at any time, and neither total ever goes back. Events
of a campaign that is really called ``__other__`` are counted there too, and told like those of all that have no place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from operator import attrgetter
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from aiokafka.partitioner import murmur2

from kpis.arrays import Int64s
from kpis.series import OTHER, is_campaign, key, parent_key
from streams.events.schema import Event, OfAccount

Indices = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
ABSENT = -1
GROUPS_PER_SERIES, FEW_GROUPS = 16, 10_000
"""How many groups are remembered: so many for each series held, and so many more. A field that is different in every
event makes a group of every event, all of which end in the same few series."""
_LEAST = 64

Part = str | tuple[str | None, ...] | None
"""The value of the only dimension, or the values of several; None where there is none."""


@dataclass(frozen=True, slots=True)
class SeriesPolicy:
    """How groups become series.

    Attributes:
        breakdowns: for each breakdown, its dimensions.
        max_series: how many series are held before new breakdown values become ``__other__``.
        max_campaigns: how many campaigns are held before new ones become ``__other__``.
    """

    breakdowns: tuple[tuple[str, ...], ...]
    max_series: int
    max_campaigns: int = 10**9

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All dimensions that any breakdown uses, in the order of a group's values."""
        return tuple(dict.fromkeys(d for b in self.breakdowns for d in b))


class Sign(IntFlag):
    """What is to be told of a group."""

    FOLDED = 1
    """A breakdown value of it went to ``__other__``."""
    FOLDED_CAMPAIGN = 2
    """Its campaign did."""
    MISROUTED = 4
    """Its campaign belongs to another partition."""


# As plain numbers: each operation on a flag makes an object, which took as long as all else that a new group costs.
_FOLDED, _FOLDED_CAMPAIGN, _MISROUTED = map(int, Sign)


class Registry:
    """Series keys and their indices; an index freed by :meth:`release` is used again.

    Args:
        policy: how groups become series.
        number: the partition's number.
        partitions: how many there are; 0 when that is not known.
    """

    def __init__(self, policy: SeriesPolicy, number: int = 0, partitions: int = 0) -> None:
        self._policy = policy
        self._number, self._partitions = number, partitions
        self._protected: frozenset[str] = frozenset()
        self._campaigns = self._strangers = 0
        self._place = {d: i for i, d in enumerate(policy.dimensions)}
        # attrgetter of one name gives the bare value, of several a tuple.
        self._part: Callable[[Any], Part] = attrgetter(*policy.dimensions) if policy.dimensions else _no_part
        self._index: dict[str, int] = {}
        self._free: list[int] = []
        # By campaign first: with thousands of groups a tuple for each is four places in memory that no cache holds.
        self._groups: dict[str | OfAccount, dict[Part, int]] = {}
        # Equal parts as one object: it stays in the processor's cache.
        self._parts: dict[Part, Part] = {}
        self._signs = np.zeros(_LEAST, np.uint8)
        self._count = 0
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
        return self._count

    def index(self, series: str) -> int | None:
        """The index of a series, None when it is not held."""
        return self._index.get(series)

    def name(self, index: int) -> str:
        """The series at an index that is held."""
        series = self.keys[index]
        assert series is not None
        return series

    def names(self, indices: Int64s) -> Iterable[str]:
        """The series at indices that are held."""
        return map(cast("list[str]", self.keys).__getitem__, indices.tolist())

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
        self._campaigns += _takes_place(series)
        self.fresh.add(slot)
        return slot

    def protect(self, series: frozenset[str]) -> None:
        """Give these campaigns, by their series, a place of their own from now on, however many there are."""
        if series != self._protected:
            self._protected = series
            self._forget_groups()

    def numbers(self, events: Sequence[Event]) -> Numbers:
        """The number of each event's group; unknown groups, and their series, are admitted.

        Numbers hold until the next call, or the next :meth:`release`.
        """
        if self.groups > GROUPS_PER_SERIES * len(self) + FEW_GROUPS or self._strangers > FEW_GROUPS:
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

    def signs(self, numbers: Numbers) -> dict[Sign, int]:
        """How many of these groups have each sign; those that none has are left out."""
        if not self._signs[: self._count].any():
            return {}
        found = self._signs[numbers]
        return {sign: n for sign in Sign if (n := int(np.count_nonzero(found & sign)))}

    def release(self, slots: Iterable[int]) -> None:
        """Let go of series; every group that named one is forgotten with it."""
        gone = set(slots)
        for slot in gone:
            series = self.keys[slot]
            if series is not None:
                del self._index[series]
                self._campaigns -= _takes_place(series)
                self.keys[slot] = None
                self._free.append(slot)
        if gone:
            self._forget_groups()

    def _forget_groups(self) -> None:
        # Numbers are positions in _columns: rebuilding all groups on next use is simpler than gaps, and rare.
        self._groups.clear()
        self._parts.clear()
        self._count = self._strangers = 0
        self._columns, self._signs = self._columns[:_LEAST].copy(), self._signs[:_LEAST].copy()

    def _admit(self, campaign: str | OfAccount, part: Part) -> None:
        numbers = self._groups.setdefault(campaign, {})
        if part in numbers:
            return
        row, signs = self._place_of(campaign, part) if campaign != OTHER else self._no_place()
        if self._is_misrouted(campaign, numbers):
            signs |= _MISROUTED
        number = self._count
        if number == len(self._columns):
            self._columns = np.concatenate([self._columns, np.full_like(self._columns, ABSENT)])
            self._signs = np.concatenate([self._signs, np.zeros_like(self._signs)])
        self._columns[number], self._signs[number] = row, signs
        self._count += 1
        self._strangers += bool(signs & _FOLDED_CAMPAIGN)
        numbers[self._parts.setdefault(part, part)] = number

    def _place_of(self, campaign: str | OfAccount, part: Part) -> tuple[list[int], int]:
        """The series of a group, the campaign's own first; what belongs to no campaign has one, its account's."""
        own = key(campaign) if isinstance(campaign, str) else parent_key("account", campaign.name)
        has_capacity = self._campaigns < self._policy.max_campaigns or own in self._protected
        if own not in self._index and not has_capacity:
            return self._no_place()
        group = part if isinstance(part, tuple) else (part,)
        row, signs = [self.add(own)], 0
        if not isinstance(campaign, str):
            return row + [ABSENT] * len(self._policy.breakdowns), signs
        for breakdown in self._policy.breakdowns:
            values = [group[self._place[d]] for d in breakdown]
            if any(v is None for v in values):
                row.append(ABSENT)
                continue
            series = key(campaign, [(d, str(v)) for d, v in zip(breakdown, values, strict=True)])
            if series not in self._index and len(self._index) >= self._policy.max_series:
                series, signs = key(campaign, [(d, OTHER) for d in breakdown]), signs | _FOLDED
            row.append(self.add(series))
        return row, signs

    def _no_place(self) -> tuple[list[int], int]:
        return [self.add(OTHER), *[ABSENT] * len(self._policy.breakdowns)], _FOLDED_CAMPAIGN

    def _is_misrouted(self, campaign: str | OfAccount, numbers: Mapping[Part, int]) -> bool:
        """Whether another partition is a campaign's own; ``numbers`` are those of its groups so far."""
        for number in numbers.values():
            # The hash takes longer than all else that a new group costs: once a campaign is enough.
            return bool(int(self._signs[number]) & _MISROUTED)
        named = campaign if isinstance(campaign, str) else campaign.name
        return bool(self._partitions) and partition_of(named, self._partitions) != self._number


def partition_of(campaign: str, partitions: int) -> int:
    """The partition that the partitioner of Kafka's Java client, the default of most, gives a key (murmur2)."""
    return int(murmur2(campaign.encode()) & 0x7FFFFFFF) % partitions


def _takes_place(series: str) -> bool:
    return is_campaign(series) and series != OTHER


def _no_part(_: Any) -> None:
    return None
