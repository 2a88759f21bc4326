"""Reading Redis into a :class:`~monitors.snapshot.Snapshot`: measures of all partitions added, then formulas.

A partition's keys are read in one MULTI, so its clock and its documents are of the same flush.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from monitors.documents import BadLayout, Problems, Rows, read_document, read_layout, read_meta, read_series
from monitors.flights import Flights
from monitors.snapshot import Layout, PartitionHealth, ReadProblem, SeriesRows, Snapshot, to_json
from streams import layout
from streams.clock import Clock
from streams.errors import Unreachable
from streams.measures import Row, add
from streams.settings import Settings

__all__ = ["BadLayout", "Reader", "Snapshot", "connect", "read_once", "to_json"]

_SOCKET_TIMEOUT_S = 5.0


def connect(settings: Settings) -> Redis:
    """A client that answers bytes, gives up on a silent server, and connects at its first call."""
    return Redis.from_url(
        settings.redis_url,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
        # Once, for a connection that died unseen; who calls knows how long to wait for a server that is away.
        retry=Retry(NoBackoff(), 1),
    )


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
        redis: a client that returns bytes.
        address: where it is, without credentials, for errors.
        clock: dates the snapshots.
    """

    def __init__(self, redis: Redis, address: str, clock: Clock) -> None:
        self._redis: Any = redis
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
        except ResponseError as e:
            raise BadLayout(f"{layout.LAYOUT} in Redis cannot be read: {e}") from e
        except (RedisError, OSError, TimeoutError) as e:
            raise Unreachable("Redis", self._address, type(e).__name__) from e
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
        pipe = self._redis.pipeline(transaction=True)
        pipe.hgetall(layout.meta(number))
        pipe.hgetall(layout.kpi(number))
        # A key of the wrong type must not hide the other key, nor the other partitions.
        meta, documents = await pipe.execute(raise_on_error=False)
        if isinstance(meta, Exception):
            problems[ReadProblem.BAD_KEY] += 1
            meta = {}
        if isinstance(documents, Exception):
            problems[ReadProblem.BAD_KEY] += 1
            documents = {}
        return read_meta(number, meta, problems), self._rows(number, documents, problems)

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
