"""Which column of stored rows holds which measure: ``pw:columns``, a hash that only grows.

The core's columns are the first, and are not in it. A measure that a catalogue adds claims columns of its own the first
time that a worker counts it, and keeps them for good: stored rows stay what they were, shorter than later ones. A
measure that is defined otherwise than before is another one, with columns of its own, and a name of its own in
documents: no number is a mixture of two, and none is taken for the other's.

Beside its column a field has since when it is counted (``since <field>``: ``@1700000000000``, epoch milliseconds), or
that no worker counts it any more (``retired``); where nothing is said it always was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import numpy as np

from kpis.arrays import Int64s
from kpis.catalogue import CORE, Catalogue
from kpis.contract import layout
from kpis.contract.redis_client import answers
from kpis.measures import WIDTH, Kind, Measure

NO_COLUMNS: Mapping[str, int] = MappingProxyType({})
_NO_TIMES: Mapping[str, int | None] = MappingProxyType({})
SINCE = "since "
"""Begins the fields that say since when others are counted: no measure has such a name."""
RETIRED = "retired"
_MOST_DIGITS = 9
_TIME = re.compile(r"@[0-9]{1,16}")


def fingerprint(measure: Measure) -> str:
    """What tells one definition of a measure from another: twelve hex digits."""
    said = repr((measure.name, measure.kind.value, measure.unit.value, measure.of, [*map(str, measure.streams)],
                 measure.counting and (str(measure.counting.takes), measure.counting.name, measure.counting.where,
                                       measure.counting.field)))  # fmt: skip
    return blake2b(said.encode(), digest_size=6).hexdigest()


def stored_names(measure: Measure) -> tuple[str, ...]:
    """The names of a measure's columns, as documents have them where it is the first of its name.

    A level has three: the sum of its panes' last values, how many they are, and the event time of the last one, which
    only a worker needs. Of distinct ids it is how many events had one; how many they are is for a sketch to say.
    """
    if measure.kind is Kind.LEVEL:
        return f"{measure.title}_sum", f"{measure.title}_reports", f"{measure.title}_at"
    return (f"{measure.title}_ids" if measure.kind is Kind.DISTINCT else measure.name,)


@lru_cache(maxsize=1024)
def fields_of(measure: Measure) -> tuple[str, ...]:
    """The fields of ``pw:columns`` that a measure claims."""
    mark = fingerprint(measure)
    return tuple(f"{name}@{mark}" for name in stored_names(measure))


@lru_cache(maxsize=16)
def mark_of(catalogue: Catalogue) -> int:
    """What tells the measures of a catalogue from those of another; 0 where only the core's are counted."""
    marks = sorted(map(fingerprint, catalogue.added_measures))
    return int.from_bytes(blake2b("".join(marks).encode(), digest_size=6).digest()) if marks else 0


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that were claimed.

    Attributes:
        claimed: field to column.
        times: since when a field is counted, where that is not as long as anything is: epoch milliseconds; None where
            no worker counts it any more. It changes no row.
    """

    claimed: Mapping[str, int] = field(default_factory=lambda: NO_COLUMNS)
    times: Mapping[str, int | None] = field(default_factory=lambda: _NO_TIMES, compare=False)

    @property
    def width(self) -> int:
        """How many columns a stored row may have."""
        return max(self.claimed.values(), default=WIDTH - 1) + 1

    def of(self, measure: Measure) -> tuple[int, ...] | None:
        """A measure's columns; None when no worker counts it yet."""
        if measure.counting is None:
            return (measure.column,)
        found = [self.claimed.get(name) for name in fields_of(measure)]
        return None if None in found else tuple(found)  # type: ignore[arg-type]

    def since(self, measure: Measure) -> int | None:
        """Since when a measure is counted, epoch milliseconds: 0 for as long as anything is; None when nobody does."""
        if measure.counting is None:
            return 0
        if self.of(measure) is None:
            return None
        found = [self.times.get(name, 0) for name in fields_of(measure)]
        return max((ms for ms in found if ms is not None), default=0) if None not in found else None

    def whole_from(self, measures: Iterable[Measure]) -> int | None:
        """From when on sums of several measures are of the same time; None when nobody counts one of them.

        It is 0 where all are counted since one moment: whatever they are summed over, they are of the same time.
        """
        found = {self.since(measure) for measure in measures}
        times = [ms for ms in found if ms is not None]
        if len(times) < len(found):
            return None
        return max(times) if len(times) > 1 else 0

    @property
    def levels(self) -> tuple[tuple[int, int, int], ...]:
        """The columns of each level that was ever claimed: sum, reports, time of the last one."""
        found: list[tuple[int, int, int]] = []
        for text in self.claimed:
            name, _, mark = text.rpartition("@")
            # No other measure's name may end so.
            if name.endswith("_sum"):
                title = name.removesuffix("_sum")
                own = [self.claimed.get(f"{title}_{column}@{mark}") for column in ("sum", "reports", "at")]
                if None not in own:
                    found.append(tuple(own))  # type: ignore[arg-type]
        return tuple(sorted(found))

    @property
    def names(self) -> tuple[str, ...]:
        """What documents call each column beyond the core's; empty for those that they leave out.

        That is for good too, whatever a catalogue says: documents stay as they are until a series changes. Of columns
        of one name, those of a measure that was defined anew, the first has it plain, and each later one with its mark:
        ``sessions``, ``sessions@0123456789ab``.
        """
        times, found, given = {at for _, _, at in self.levels}, [""] * (self.width - WIDTH), set[str]()
        for text, column in sorted(self.claimed.items(), key=lambda one: one[1]):
            name = text.rpartition("@")[0]
            if column not in times:
                found[column - WIDTH] = text if name in given else name
                given.add(name)
        return tuple(found)

    def documented(self, measure: Measure) -> tuple[str, ...]:
        """What documents call the columns that a measure has in a catalogue's rows; empty when no worker counts it."""
        own = self.of(measure) or ()
        if measure.counting is None:
            return (measure.name,)
        names = self.names
        return tuple(names[column - WIDTH] for column in own[: measure.width])

    def places(self, catalogue: Catalogue) -> tuple[int, ...]:
        """For each column of a catalogue's rows, the column of stored rows; ``width`` where there is none."""
        found: list[int] = []
        for measure in catalogue.measures:
            own = self.of(measure) or (self.width,) * measure.width
            found += own[: measure.width]
        return tuple(found)

    def taken(self, rows: Int64s, catalogue: Catalogue) -> Int64s:
        """Stored rows [row, column] as rows of a catalogue; what they have beyond ``width`` was claimed since."""
        if catalogue is CORE:
            return rows[:, :WIDTH]
        wide = np.zeros((len(rows), self.width + 1), np.int64)
        known = min(rows.shape[1], self.width)
        wide[:, :known] = rows[:, :known]
        return wide[:, list(self.places(catalogue))]


NO_CLAIMS = Columns()
"""The core alone."""


def asked(known: Columns, fields: Iterable[str], anew: Collection[str]) -> Iterator[str]:
    """What a claim says of each field: its name, what is known of it, and whether it is counted; see ``claim.lua``."""
    how = dict.fromkeys(fields, "counts") | dict.fromkeys(anew, "new")
    for name in dict.fromkeys((*known.claimed, *how)):
        since = known.times.get(name)
        said = RETIRED if since is None else f"@{since}"
        yield from (name, str(known.claimed.get(name, "")), said if name in known.times else "", how.get(name, ""))


def read_columns(raw: Mapping[bytes, bytes]) -> Columns:
    """The hash as it is stored; what is no column is left out."""
    found, times = dict[str, int](), dict[str, int | None]()
    for name, value in raw.items():
        text = name.decode("utf-8", "replace")
        if text.startswith(SINCE):
            since = value.decode("utf-8", "replace")
            if since == RETIRED:
                times[text.removeprefix(SINCE)] = None
            elif _TIME.fullmatch(since):
                times[text.removeprefix(SINCE)] = int(since[1:])
            continue
        # Of a longer number Python refuses to say what it is.
        if len(value) <= _MOST_DIGITS and value.isdigit() and WIDTH <= int(value) < layout.MOST_COLUMNS:
            found[text] = int(value)
    return Columns(found, times)


async def fetch_columns(redis: Any, address: str) -> Columns:
    """What workers have claimed.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.

    Raises:
        Unreachable: Redis does not answer.
    """
    with answers(address):
        return read_columns(await redis.hgetall(layout.COLUMNS))
