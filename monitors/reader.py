"""Reading Redis into a :class:`~monitors.snapshot.Snapshot`: measures of all partitions added, then formulas.

A partition's keys are read at one moment, so its clock and its documents are of the same flush.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from monitors.documents import BadLayout, Problems, Rows, read_document, read_layout, read_meta, read_series
from monitors.flights import Flights
from monitors.moment import Moment
from monitors.snapshot import Layout, PartitionHealth, ReadProblem, SeriesRows, Snapshot, to_json
from streams import layout
from streams.clock import Clock
from streams.measures import Row, add
from streams.redis_link import AWAY, connect, unreachable, wrong_type
from streams.settings import Settings

__all__ = ["BadLayout", "Reader", "Snapshot", "connect", "read_once", "to_json"]


async def read_once(settings: Settings) -> Snapshot:
    """Connect, read and disconnect: for commands.

    Raises:
        Unreachable: Redis does not answer.
        BadLayout: no worker has written to it yet.
    """
    redis = connect(settings)
    try:
        return await Reader(redis, settings.redis_address, settings.the_clock).read()
    finally:
        await redis.aclose()


class Reader:
    """Reads snapshots. A document whose bytes did not change since the last read is not decoded again.

    Args:
        redis: a client that returns bytes, see :func:`streams.redis_link.connect`.
        address: where it is, without credentials, for errors.
        clock: dates the snapshots.
    """

    def __init__(self, redis: Any, address: str, clock: Clock) -> None:
        self._redis = redis
        self._moment = Moment(redis)
        self._address = address
        self._clock = clock
        self._decoded: dict[int, dict[bytes, tuple[bytes, Rows | None]]] = {}
        self.flights = Flights(redis, address)
        """History sums, from the same Redis."""

    async def read(self) -> Snapshot:
        """Read all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        problems: Problems = Counter()
        try:
            found = read_layout(await self._redis.hgetall(layout.LAYOUT))
            parts = [await self._partition(n, problems) for n in range(found.partitions)]
        except AWAY as e:
            if wrong_type(e):
                raise BadLayout(f"{layout.LAYOUT} in Redis cannot be read: {e}") from e
            raise unreachable(self._address, e) from e
        series = merge(found, [(health.number, rows) for health, rows in parts])
        return Snapshot(found, self._clock.now_ms(), tuple(h for h, _ in parts), series, problems)

    async def flight_to_date(self, series: str, start_ms: int, as_of_ms: int) -> Row:
        """The measures of a series from ``start_ms`` to ``as_of_ms``, in whole quarter hours, over all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        return await self.flights.flight_to_date(series, start_ms, as_of_ms)

    async def _partition(self, number: int, problems: Problems) -> tuple[PartitionHealth, dict[str, Rows]]:
        meta, documents = await self._moment.hashes(number, [layout.meta(number), layout.kpi(number)])
        # A key of the wrong type must not hide the other key, nor the other partitions.
        if wrong := (meta is None) + (documents is None):
            problems[ReadProblem.BAD_KEY] += wrong
        return read_meta(number, meta or {}, problems), self._rows(number, documents or {}, problems)

    def _rows(self, number: int, documents: dict[bytes, bytes], problems: Problems) -> dict[str, Rows]:
        before, after = self._decoded.get(number, {}), {}
        rows: dict[str, Rows] = {}
        for raw_series, raw in documents.items():
            held = before.get(raw_series)
            if held is None or held[0] != raw:
                held = (raw, read_document(raw, problems))
            elif held[1] is None:
                problems[ReadProblem.BAD_DOCUMENT] += 1
            after[raw_series] = held
            series = read_series(raw_series, problems)
            if series is not None and held[1] is not None:
                rows[series] = held[1]
        self._decoded[number] = after
        return rows


def merge(found: Layout, parts: Iterable[tuple[int, dict[str, Rows]]]) -> dict[str, SeriesRows]:
    """The series of all partitions, the rows of each window added; windows the layout does not name are left out."""
    held: dict[str, list[tuple[int, Rows]]] = {}
    for number, rows in parts:
        for series, windows in rows.items():
            held.setdefault(series, []).append((number, windows))
    names = (*found.windows, layout.TOTAL)
    return {
        series: SeriesRows(
            windows={n: add(w[n] for _, w in own if n in w) for n in names if any(n in w for _, w in own)},
            partitions=tuple(number for number, _ in own),
        )
        for series, own in held.items()
    }
