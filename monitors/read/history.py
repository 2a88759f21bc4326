"""What a series did since its flight began: sums over the quarter hours of history.

Whole quarter hours that overlap the flight are counted, so a flight that does not begin and end on a quarter hour
takes the rest of its first and last one too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

import numpy as np

from kpis.arrays import Int64s
from kpis.contract import layout
from kpis.contract.published import fetch_layout
from kpis.contract.redis_client import answers
from kpis.contract.row_format import RowFormat, SharedFormat
from kpis.measures import Row
from kpis.runtime.clock import monotonic
from kpis.times import DAY_MS, QUARTER_MS, day_of
from monitors.read.consistent import ConsistentReads
from monitors.read.decoding import PER_DAY, Problems, no_quarters, read_day
from monitors.read.queries import Query, ToDate

CLOSED_AFTER_MS = DAY_MS
"""A day that ended this long before the newest one asked for is rarely added to any more, and its sum is remembered."""
REMEMBER_S = 120.0
"""For how many real seconds the sum of a closed day is remembered at the most, and half as long at the least; late
events show after that."""
AT_ONCE = 500
"""Days read in one step where they need not be of one moment."""

Quarters = Mapping[int, Row]
_Clipped = tuple[int, tuple[str, ...], int, int, int]
_Day = tuple[int, str, int]


class History:
    """Reads history.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        shared: how rows are read; None for the core's.

    Attributes:
        format: how rows are read.
        problems: what the last read could not use.
    """

    def __init__(self, redis: Any, address: str, shared: SharedFormat | None = None) -> None:
        self.format = shared or SharedFormat()
        self._of = self.format.now
        self._redis = redis
        self._reads = ConsistentReads(redis)
        self._address = address
        self._alone = asyncio.Lock()
        self._closed: dict[_Clipped, tuple[float, Int64s]] = {}
        self._behind: dict[tuple[_Clipped, _Clipped] | None, tuple[float, Int64s, bool]] = {}
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
        wanted, of = tuple(dict.fromkeys(queries)), self._begin()
        self.problems = Counter()
        newest = max((q.end_ms for q in wanted), default=0)
        sums = {q: np.zeros(of.width, np.int64) for q in wanted}
        recent = {q: np.zeros((len(_open_days(q, newest)) * PER_DAY, of.width), np.int64) for q in wanted}
        clocks: dict[Query, list[int]] = {q: [] for q in wanted}
        for partition in range(partitions):
            clock, days = await self._partition(partition, wanted, newest, of)
            for query in wanted:
                had = self._add(partition, query, days, sums[query], recent[query], newest=newest)
                clocks[query] += [clock] if had and clock is not None else []
        return {
            q: ToDate(
                tuple(sums[q].tolist()),
                min(clocks[q], default=None),
                min(_open_days(q, newest), default=q.end_ms),
                recent[q],
            )
            for q in wanted
        }

    async def sums(self, queries: Iterable[Query]) -> dict[Query, Row]:
        """The sums of several queries over all partitions, one call after the other.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        async with self._alone:
            found = await fetch_layout(self._redis, self._address)
            return {query: one.row for query, one in (await self.to_date(found.partitions, queries)).items()}

    async def quarters(self, query: Query) -> Quarters:
        """A query's quarter hours by their first millisecond, over all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        found = await fetch_layout(self._redis, self._address)
        days = await self.days(found.partitions, [query])
        first = min(days_of(query), default=query.start_ms)
        return {
            start: tuple(row.tolist())
            for start, row in zip(range(first, query.end_ms, QUARTER_MS), days[query], strict=False)
            if row.any() and _overlaps(start, query)
        }

    async def days(self, partitions: int, queries: Iterable[Query]) -> dict[Query, Int64s]:
        """The quarter hours of the whole days of some queries, [quarter, measure], read some days at a time.

        Raises:
            Unreachable: Redis does not answer.
        """
        wanted, of = tuple(dict.fromkeys(queries)), self.format.now
        found = {q: np.zeros((len(days_of(q)) * PER_DAY, of.width), np.int64) for q in wanted}
        # A day of a member is read once for itself and for all of its parents.
        places: dict[tuple[str, int], list[Int64s]] = {}
        for query in wanted:
            whole = found[query].reshape(-1, PER_DAY, of.width)
            for day, its in zip(days_of(query), whole, strict=True):
                for name in query.counted:
                    places.setdefault((name, day), []).append(its)
        asked = list(places)
        for partition in range(partitions):
            for step in range(0, len(asked), AT_ONCE):
                part = asked[step : step + AT_ONCE]
                pipe = self._redis.pipeline(transaction=False)
                for name, day in part:
                    pipe.hgetall(layout.history(partition, name, day_of(day)))
                with answers(self._address):
                    answered = await pipe.execute()
                for place, raw in zip(part, answered, strict=True):
                    if raw:
                        quarters = self._quarters(raw, of)
                        for its in places[place]:
                            np.add(its, quarters, out=its)
        return found

    def _add(
        self, partition: int, query: Query, days: Mapping[_Day, Int64s], total: Int64s, recent: Int64s, *, newest: int
    ) -> bool:
        """Add a partition's days to a query's sums; whether it had any."""
        open_days, behind = _open_days(query, newest), self._behind.get(_closed_days(partition, query, newest))
        had = False
        if behind is not None:
            total += behind[1]
            had = behind[2]
        closed, nothing = np.zeros(len(total), np.int64), no_quarters(len(total))
        for day in days_of(query) if behind is None else open_days:
            held = self._closed.get(_clipped(partition, query, day))
            if held is not None:
                inside = held[1]
            else:
                quarters = _together(days, partition, query, day)
                if quarters is nothing and day in open_days:
                    continue
                first, last = _clip(query, day)
                inside = quarters[first:last].sum(axis=0)
                if day in open_days:
                    recent[open_days.index(day) * PER_DAY :][:PER_DAY] += quarters
                else:
                    self._closed[_clipped(partition, query, day)] = (_forgotten_s(query), inside)
            total += inside
            had = had or bool(inside.any())
            closed += 0 if day in open_days else inside
        if behind is None:
            self._keep(partition, query, newest, closed)
        return had

    def _keep(self, partition: int, query: Query, newest: int, closed: Int64s) -> None:
        """Remember the sum of all closed days of a query for as long as each of them is remembered."""
        open_days = _open_days(query, newest)
        days = [_clipped(partition, query, day) for day in days_of(query) if day < open_days.start]
        if days:
            until_s = min(self._closed[day][0] for day in days)
            self._behind[days[0], days[-1]] = until_s, closed, bool(closed.any())

    async def _partition(
        self, number: int, queries: tuple[Query, ...], newest: int, of: RowFormat
    ) -> tuple[int | None, dict[_Day, Int64s]]:
        now = monotonic()
        self._closed = {d: held for d, held in self._closed.items() if held[0] > now}
        self._behind = {d: held for d, held in self._behind.items() if held[0] > now}
        asked = list(
            dict.fromkeys(
                (number, name, day)
                for q in queries
                for day in (_open_days(q, newest) if _closed_days(number, q, newest) in self._behind else days_of(q))
                if _clipped(number, q, day) not in self._closed
                for name in q.counted
            )
        )
        keys = [layout.history(number, series, day_of(day)) for _, series, day in asked]
        with answers(self._address):
            meta, *hashes = await self._reads.hashes(number, [layout.meta(number), *keys])
        days = {place: self._quarters(raw, of) for place, raw in zip(asked, hashes, strict=True)}
        raw_clock = (meta or {}).get(layout.CLOCK.encode(), b"")
        clock = int(raw_clock) if raw_clock.isdigit() else None
        return clock, days

    def _quarters(self, raw: Mapping[bytes, bytes] | None, of: RowFormat) -> Int64s:
        return read_day(raw, self.problems, of)

    def _begin(self) -> RowFormat:
        """How rows are read now; what is remembered of other rows is forgotten."""
        if self._of is not self.format.now:
            self._of = self.format.now
            self._closed.clear()
            self._behind.clear()
        return self._of


def days_of(query: Query) -> range:
    """The first milliseconds of the UTC days that a query touches."""
    first = query.start_ms - query.start_ms % DAY_MS
    return range(first, max(first, query.end_ms), DAY_MS)


def _open_days(query: Query, newest: int) -> range:
    """Those of them that are not closed."""
    days = days_of(query)
    first = (newest - CLOSED_AFTER_MS - DAY_MS) // DAY_MS * DAY_MS + DAY_MS
    return range(max(days.start, first), days.stop, DAY_MS)


def _clip(query: Query, day: int) -> tuple[int, int]:
    """Which quarter hours of a day overlap a query: the first, and the one after the last."""
    first = max((query.start_ms - day) // QUARTER_MS, 0)
    last = min(-((day - query.end_ms) // QUARTER_MS), PER_DAY)
    return first, max(last, first)


def _clipped(partition: int, query: Query, day: int) -> _Clipped:
    return (partition, query.counted, day, *_clip(query, day))


def _together(days: Mapping[_Day, Int64s], partition: int, query: Query, day: int) -> Int64s:
    """A day's quarter hours of all series of a query."""
    first, *others = (days[partition, name, day] for name in query.counted)
    return np.sum([first, *others], axis=0) if others else first


def _closed_days(partition: int, query: Query, newest: int) -> tuple[_Clipped, _Clipped] | None:
    """The first and the last closed day of a query, between which there are whole ones; None when it has none."""
    days, open_days = days_of(query), _open_days(query, newest)
    last = min(open_days.start, days.stop + (-(days.stop - days.start)) % DAY_MS) - DAY_MS
    if last < days.start:
        return None
    return _clipped(partition, query, days.start), _clipped(partition, query, last)


def _forgotten_s(query: Query) -> float:
    """When what is remembered of a series is read anew: not of all of them at once, which would take seconds."""
    part = crc32(query.series.encode()) / 2**32
    return monotonic() + REMEMBER_S * (1 + part) / 2


def _overlaps(quarter_ms: int, query: Query) -> bool:
    return quarter_ms < query.end_ms and quarter_ms + QUARTER_MS > query.start_ms
