"""What a series did since its flight began: sums over the quarter hours of history.

Whole quarter hours that overlap the flight are counted, so a flight that does not begin and end on a quarter hour
takes the rest of its first and last one too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kpis.contract import layout
from kpis.contract.published import fetch_layout
from kpis.contract.redis_client import answers
from kpis.measures import ZERO, Row, add, unpack
from kpis.runtime.clock import monotonic
from kpis.times import DAY_MS, QUARTER_MS, day_of
from monitors.read.consistent import ConsistentReads
from monitors.read.decoding import Problems
from monitors.read.snapshot import ReadProblem

CLOSED_AFTER_MS = 2 * DAY_MS
"""A day that ended this long before the newest one asked for is rarely added to any more, and is remembered."""
REMEMBER_S = 120.0
"""For how many real seconds a closed day is remembered; late events show after that."""

Quarters = Mapping[int, Row]
_Day = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Query:
    """A series from ``start_ms`` (inclusive) to ``end_ms`` (exclusive)."""

    series: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class ToDate:
    """The sum of a query.

    Attributes:
        row: measures over all partitions.
        as_of_ms: the earliest watermark of the partitions that had something, read in the same moment as the
            row; None when none had.
    """

    row: Row
    as_of_ms: int | None


class History:
    """Reads history.

    Attributes:
        problems: what the last read could not use.
    """

    def __init__(self, redis: Any, address: str) -> None:
        self._redis = redis
        self._reads = ConsistentReads(redis)
        self._address = address
        self._closed: dict[_Day, tuple[float, Quarters]] = {}
        self.problems: Problems = Counter()

    async def flight_to_date(self, series: str, start_ms: int, as_of_ms: int) -> Row:
        """The measures of a series from ``start_ms`` to ``as_of_ms`` over all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        found = await fetch_layout(self._redis, self._address)
        query = Query(series, start_ms, as_of_ms + 1)
        return (await self.to_date(found.partitions, [query]))[query].row

    async def to_date(self, partitions: int, queries: Iterable[Query]) -> dict[Query, ToDate]:
        """The sums of several queries; each partition is read at one moment, its clock with it.

        Raises:
            Unreachable: Redis does not answer.
        """
        wanted = tuple(dict.fromkeys(queries))
        self.problems = Counter()
        rows: dict[Query, list[Row]] = {q: [] for q in wanted}
        clocks: dict[Query, list[int]] = {q: [] for q in wanted}
        for partition in range(partitions):
            clock, days = await self._partition(partition, wanted)
            for query in wanted:
                own = [row for day in days_of(query) for row in _inside(days[partition, query.series, day], day, query)]
                if own:
                    rows[query] += own
                    clocks[query] += [] if clock is None else [clock]
        return {q: ToDate(add(rows[q]) if rows[q] else ZERO, min(clocks[q], default=None)) for q in wanted}

    async def quarters(self, query: Query) -> Quarters:
        """A query's quarter hours by their first millisecond, over all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        found = await fetch_layout(self._redis, self._address)
        rows: dict[int, list[Row]] = {}
        for partition in range(found.partitions):
            _, days = await self._partition(partition, (query,))
            for (_, _, day), quarters in days.items():
                for number, row in quarters.items():
                    if _overlaps(day + number * QUARTER_MS, query):
                        rows.setdefault(day + number * QUARTER_MS, []).append(row)
        return {start: add(rows[start]) for start in sorted(rows)}

    async def _partition(self, number: int, queries: tuple[Query, ...]) -> tuple[int | None, dict[_Day, Quarters]]:
        now = monotonic()
        self._closed = {d: held for d, held in self._closed.items() if held[0] > now}
        newest = max((q.end_ms for q in queries), default=0)
        wanted = list(dict.fromkeys((number, q.series, day) for q in queries for day in days_of(q)))
        days = {d: self._closed[d][1] for d in wanted if d in self._closed}
        asked = [d for d in wanted if d not in days]
        keys = [layout.history(number, series, day_of(day)) for _, series, day in asked]
        with answers(self._address):
            meta, *hashes = await self._reads.hashes(number, [layout.meta(number), *keys])
        for place, raw in zip(asked, hashes, strict=True):
            days[place] = self._quarters(raw)
            if place[2] + DAY_MS + CLOSED_AFTER_MS <= newest:
                self._closed[place] = (now + REMEMBER_S, days[place])
        raw_clock = (meta or {}).get(layout.CLOCK.encode(), b"")
        clock = int(raw_clock) if raw_clock.isdigit() else None
        return clock, days

    def _quarters(self, raw: Mapping[bytes, bytes] | None) -> Quarters:
        if raw is None:
            self.problems[ReadProblem.BAD_KEY] += 1
            return {}
        found: dict[int, Row] = {}
        for field, packed in raw.items():
            try:
                found[int(field)] = unpack(packed)
            except ValueError:
                self.problems[ReadProblem.BAD_HISTORY] += 1
        return found


def days_of(query: Query) -> range:
    """The first milliseconds of the UTC days that a query touches."""
    first = query.start_ms - query.start_ms % DAY_MS
    return range(first, max(first, query.end_ms), DAY_MS)


def _inside(quarters: Quarters, day: int, query: Query) -> list[Row]:
    return [row for number, row in quarters.items() if _overlaps(day + number * QUARTER_MS, query)]


def _overlaps(quarter_ms: int, query: Query) -> bool:
    return quarter_ms < query.end_ms and quarter_ms + QUARTER_MS > query.start_ms
