"""Reading against a real Redis: all partitions added, history summed, damage counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.measures import Stream
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Unreachable
from kpis.settings.shared import Settings
from kpis.times import QUARTER_MS, day_of
from monitors.read import history as flights
from monitors.read import reader
from monitors.read.queries import Query
from monitors.read.reader import BadLayout, Reader
from monitors.read.snapshot import ReadProblem, StreamHealth
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON, Seed, row
from tests.kit.redis_server import free_port, redis_server

QUARTER = QUARTER_MS
Run = Callable[[Redis, Seed, Reader], Awaitable[None]]


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def seeded(port: int) -> AsyncIterator[tuple[Any, Seed, Reader]]:
    """An empty Redis with a layout of two partitions."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        seed = Seed(redis)
        await seed.layout()
        yield redis, seed, Reader(redis, "test", Clock())


def test_measures_of_all_partitions_are_added_before_formulas(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.meta(0, NOON)
            await seed.meta(1, NOON - 5)
            await seed.series(0, "c1", NOON, {"5m": row(100, 1), "total": row(1000, 10)})
            await seed.series(1, "c1", NOON, {"5m": row(300, 7), "total": row(3000, 70)})
            snapshot = await found.read()
            assert snapshot.row("c1", "5m") == row(400, 8)
            assert reader.to_json(snapshot)["c1"]["5m"]["ctr"] == 0.02
            assert snapshot.as_of("c1") == NOON - 5

    asyncio.run(run())


def test_each_stream_has_a_watermark_of_its_own(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (redis, seed, found):
            spend = {"clock__ads.spend": NOON - HOUR, "reached__ads.spend": NOON, "late__ads.spend": HOUR}
            await seed.meta(0, NOON, **spend)
            await seed.meta(1, NOON - 5)
            await redis.hset(layout.meta(0), "ages:ads.spend", "5_1_100")
            await seed.series(0, "c1", NOON, {"5m": row(100, 1)})
            await seed.series(1, "c2", NOON, {"5m": row(100, 1)})
            snapshot = await found.read()
            assert not snapshot.problems
            assert snapshot.partitions[0].streams == {Stream.SPEND: StreamHealth(NOON - HOUR, NOON, HOUR)}
            assert snapshot.as_of_streams("c1", [Stream.SPEND, Stream.CLICK]) == NOON - HOUR
            assert snapshot.as_of_streams("c1", [Stream.CLICK]) == snapshot.as_of("c1") == NOON
            assert snapshot.as_of_streams("c2", Stream) == NOON - 5
            assert (snapshot.late_ms(Stream.SPEND), snapshot.reached_ms(Stream.SPEND)) == (HOUR, NOON)

    asyncio.run(run())


def test_damage_in_redis_is_counted_and_hides_nothing_else(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (redis, seed, found):
            await seed.meta(0, NOON, duplicate__click=1)
            await seed.series(0, "good", NOON, {"5m": row(1)})
            await redis.hset(layout.kpi(0), "bad", b"{not json")
            await redis.hset(layout.kpi(0), b"\xff", b"{}")
            await redis.hset(layout.meta(0), "accepted:click", "many")
            await redis.set(layout.meta(1), "a string")
            await redis.lpush(layout.kpi(1), "a list")
            for _ in range(2):
                snapshot = await found.read()
                assert list(snapshot.series) == ["good"]
                assert snapshot.problems == {
                    ReadProblem.BAD_DOCUMENT: 1,
                    ReadProblem.BAD_SERIES: 1,
                    ReadProblem.BAD_META: 1,
                    ReadProblem.BAD_KEY: 2,
                }
                assert snapshot.partitions[0].watermark_ms == NOON

    asyncio.run(run())


def test_a_changed_document_is_read_anew_and_a_removed_one_is_gone(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (redis, seed, found):
            await seed.series(0, "c1", NOON, {"5m": row(1)})
            assert (await found.read()).row("c1", "5m") == row(1)
            await seed.series(0, "c1", NOON, {"5m": row(2)})
            assert (await found.read()).row("c1", "5m") == row(2)
            await redis.hdel(layout.kpi(0), "c1")
            assert (await found.read()).row("c1", "5m") is None

    asyncio.run(run())


def test_a_flight_takes_the_quarter_hours_it_overlaps_of_all_partitions(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            start, end = MIDNIGHT + HOUR, MIDNIGHT + 2 * DAY
            for at, clicks in ((start - 1, 1), (start, 10), (start + DAY, 100), (end - 1, 1000), (end, 10_000)):
                await seed.history(0, "c1", at, row(clicks=clicks))
            await seed.history(1, "c1", start, row(clicks=100_000))
            await seed.history(1, "c10", start, row(clicks=7))
            assert await found.flight_to_date("c1", start, end - 1) == row(clicks=101_110)
            assert await found.flight_to_date("c1", start + QUARTER // 2, start + QUARTER // 2) == row(clicks=100_010)
            assert await found.flight_to_date("c1", start + QUARTER, start + DAY) == row(clicks=100)
            assert await found.flight_to_date("unknown", start, end) == row()

    asyncio.run(run())


def test_a_sum_comes_with_the_clock_of_the_partitions_that_have_some_of_it(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.meta(0, NOON)
            await seed.meta(1, NOON - HOUR)
            await seed.history(0, "c1", MIDNIGHT, row(1))
            one, none = Query("c1", MIDNIGHT, NOON), Query("c2", MIDNIGHT, NOON)
            sums = await found.flights.to_date(2, [one, none])
            assert (sums[one].row, sums[one].as_of_ms) == (row(1), NOON)
            assert (sums[none].row, sums[none].as_of_ms) == (row(), None)

    asyncio.run(run())


def test_closed_days_are_remembered_for_a_while_and_open_days_never(
    server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            query = Query("c1", MIDNIGHT, MIDNIGHT + 5 * DAY)
            old, new = MIDNIGHT, MIDNIGHT + 4 * DAY

            async def clicks() -> int:
                return (await found.flights.to_date(2, [query]))[query].row[1]

            await seed.history(0, "c1", old, row(clicks=1))
            assert await clicks() == 1
            await seed.history(0, "c1", old, row(clicks=2))
            await seed.history(0, "c1", new, row(clicks=10))
            assert await clicks() == 11, "the late event of a closed day is not seen yet, the new day is"
            now = monotonic() + flights.REMEMBER_S + 1
            monkeypatch.setattr(flights, "monotonic", lambda: now)
            assert await clicks() == 12

    asyncio.run(run())


def test_damaged_history_is_counted_and_left_out(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (redis, seed, found):
            await seed.history(0, "c1", MIDNIGHT, row(5))
            await redis.hset(layout.history(0, "c1", day_of(MIDNIGHT)), "1", b"seven b")
            await redis.hset(layout.history(0, "c1", day_of(MIDNIGHT)), "x", b"")
            await redis.set(layout.history(1, "c1", day_of(MIDNIGHT)), "a string")
            assert await found.flight_to_date("c1", MIDNIGHT, NOON) == row(5)
            assert found.flights.problems == {ReadProblem.BAD_HISTORY: 2, ReadProblem.BAD_KEY: 1}

    asyncio.run(run())


def test_an_empty_redis_and_one_that_is_away_are_clear_errors(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
        with pytest.raises(BadLayout, match="no worker has started"):
            await reader.read_once(Settings.load(redis=f"redis://127.0.0.1:{server}/0"))
        away = free_port()
        with pytest.raises(Unreachable, match=f"Redis at 127.0.0.1:{away} does not answer") as error:
            await reader.read_once(Settings.load(redis=f"redis://:pa55word@127.0.0.1:{away}/0"))
        assert "pa55word" not in str(error.value)

    asyncio.run(run())
