"""History against a real Redis: sums, recent quarter hours and pasts are those of a plain list of events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.measures import ZERO, Row, add
from kpis.times import QUARTER_MS, day_of
from monitors.read.history import History
from monitors.read.past import KEPT_HOURS, of_quarters
from monitors.read.pasts import Pasts
from monitors.read.queries import Query, ToDate
from monitors.read.snapshot import ReadProblem
from tests.kit.flows import array, between
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON, Seed, row
from tests.kit.redis_server import redis_server

PER_DAY = DAY // QUARTER_MS


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def seeded(port: int) -> AsyncIterator[tuple[Redis, Seed, History]]:
    """An empty Redis with a layout of two partitions."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        seed = Seed(redis)
        await seed.layout()
        yield redis, seed, History(redis, "test")


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["c1", "c2"]),
        st.integers(0, 6 * PER_DAY - 1),
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9)),
    ),
    max_size=40,
)
MOMENT = st.integers(0, 6 * DAY)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, spans=st.lists(st.tuples(st.sampled_from(["c1", "c2"]), MOMENT, MOMENT), min_size=1, max_size=4))
def test_sums_of_any_spans_are_those_of_the_quarter_hours_they_overlap(
    server: int, events: list[tuple[int, str, int, Row]], spans: list[tuple[str, int, int]]
) -> None:
    """Asked twice: the second answer makes use of the closed days that the first one remembered."""
    latest = {(partition, series, quarter): rows for partition, series, quarter, rows in events}
    queries = [Query(name, MIDNIGHT + min(a, b), MIDNIGHT + max(a, b) + 1) for name, a, b in spans]

    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            for (partition, series, quarter), rows in latest.items():
                await seed.history(partition, series, MIDNIGHT + quarter * QUARTER_MS, rows)
            for _ in range(2):
                sums = await found.to_date(2, queries)
                for query in queries:
                    check(query, sums[query], timeline(latest, query.series), max(q.end_ms for q in queries))

    asyncio.run(run())


def timeline(latest: dict[tuple[int, str, int], Row], series: str) -> list[Row]:
    """The quarter hours of a series over both partitions."""
    return [
        add([latest.get((0, series, quarter), ZERO), latest.get((1, series, quarter), ZERO)])
        for quarter in range(8 * PER_DAY)
    ]


def check(query: Query, found: ToDate, rows: list[Row], newest: int) -> None:
    """What was found is what the quarter hours say."""
    assert found.row == between(rows, query.start_ms, query.end_ms, MIDNIGHT)
    if len(found.recent):
        assert found.recent_ms % DAY == 0
        first = (found.recent_ms - MIDNIGHT) // QUARTER_MS
        assert found.recent.tolist() == [list(r) for r in rows[first : first + len(found.recent)]]
        assert found.recent_ms + len(found.recent) * QUARTER_MS >= query.end_ms
    # All days that end less than a day before the newest moment are there, as far as the query touches them.
    days = range(query.start_ms - query.start_ms % DAY, query.end_ms, DAY)
    assert len(found.recent) == PER_DAY * sum(day + DAY > newest - DAY for day in days)


def test_recent_quarter_hours_are_of_whole_days_also_before_a_flight_that_begins_within_one(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.history(0, "c1", MIDNIGHT + HOUR, row(1))
            await seed.history(1, "c1", NOON, row(10))
            query = Query("c1", NOON - HOUR, NOON + 1)
            to_date = (await found.to_date(2, [query]))[query]
            assert to_date.row == row(10)
            assert (to_date.recent_ms, len(to_date.recent)) == (MIDNIGHT, 96)
            assert (to_date.recent[4, 0], to_date.recent[48, 0], to_date.recent[:, 0].sum()) == (1, 10, 11)

    asyncio.run(run())


def test_one_query_of_a_newer_moment_closes_the_days_of_another_one(server: int) -> None:
    """What is open is told from the newest moment of all: a flight that ended days ago has nothing of late."""

    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.history(0, "c1", MIDNIGHT - 3 * DAY, row(1))
            old, new = Query("c1", MIDNIGHT - 4 * DAY, MIDNIGHT - 2 * DAY), Query("c1", MIDNIGHT - 4 * DAY, NOON)
            sums = await found.to_date(2, [old, new])
            assert (sums[old].row, len(sums[old].recent)) == (row(1), 0)
            assert (sums[new].row, sums[new].recent_ms, len(sums[new].recent)) == (row(1), MIDNIGHT - DAY, 192)

    asyncio.run(run())


def test_days_are_read_whole_whatever_part_of_them_is_asked_for_and_damage_is_counted(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (redis, seed, found):
            await seed.history(0, "c1", MIDNIGHT - 1, row(1))
            await seed.history(1, "c1", MIDNIGHT, row(2))
            await seed.history(0, "c1", MIDNIGHT, row(3))
            query = Query("c1", NOON - DAY, NOON + 1)
            await redis.hset(layout.history(0, "c1", day_of(NOON)), "96", b"")
            days = (await found.days(2, [query]))[query]
            assert days.shape == (192, 5)
            assert np.flatnonzero(days[:, 0]).tolist() == [95, 96]
            assert days[95:97, 0].tolist() == [1, 5]
            assert found.problems == {ReadProblem.BAD_HISTORY: 1}
            assert (await found.days(2, [Query("c1", NOON, NOON - DAY)])).popitem()[1].shape == (0, 5)

    asyncio.run(run())


def test_many_campaigns_have_the_days_of_each(server: int) -> None:
    """More than are read in one step."""

    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            queries = [Query(f"c{n}", MIDNIGHT - 14 * DAY, NOON) for n in range(40)]
            for n in range(40):
                await seed.history(n % 2, f"c{n}", MIDNIGHT - 14 * DAY + n * HOUR, row(n + 1))
            days = await found.days(2, queries)
            for n, query in enumerate(queries):
                assert days[query][:, 0].sum() == days[query][4 * n, 0] == n + 1

    asyncio.run(run())


def test_pasts_are_read_once_and_then_brought_up_to_date_from_what_is_read_anyway(server: int) -> None:
    async def run() -> None:
        rng = random.Random(7)
        rows = [row(rng.randrange(3), rng.randrange(2)) for _ in range(16 * PER_DAY)]
        start = MIDNIGHT - 14 * DAY
        async with seeded(server) as (redis, seed, found):
            for n, one in enumerate(rows):
                await seed.history(n % 2, "c1", start + n * QUARTER_MS, one)
            pasts = Pasts(found)
            for hours in (0, 1, 2, 9, 26):
                now = NOON + hours * HOUR + 20 * 60_000
                query = Query("c1", MIDNIGHT - DAY, now + 1)
                await pasts.load(2, [query], now)
                past = pasts.at(query, (await found.to_date(2, [query]))[query], now)
                upto = of_quarters(start, array(rows[: (now - start) // HOUR * 4]))
                assert past.end_ms == now - now % HOUR
                assert KEPT_HOURS - 24 <= len(past.hours) <= KEPT_HOURS
                assert np.array_equal(past.hours, upto.hours[-len(past.hours) :])
                assert np.array_equal(past.busy, upto.busy[-len(past.busy) :])
                if hours == 0:
                    # What lies further back than is read each time is not asked for again.
                    await redis.delete(layout.history(0, "c1", day_of(start + DAY)))
            assert pasts.at(query, ToDate(ZERO, None, MIDNIGHT), past.end_ms) is past
            await pasts.load(2, [], now)
            assert not len(pasts.at(query, ToDate(ZERO, None, MIDNIGHT), past.end_ms).hours)

    asyncio.run(run())


def test_a_monitor_that_saw_nothing_for_days_reads_what_it_missed(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            start = MIDNIGHT - 6 * DAY
            for n in range(7 * PER_DAY):
                await seed.history(0, "c1", start + n * QUARTER_MS, row(1))
            pasts = Pasts(found)
            for at_ms in (MIDNIGHT - 5 * DAY, NOON, NOON):
                query = Query("c1", start, at_ms + 1)
                await pasts.load(2, [query], at_ms)
                past = pasts.at(query, (await found.to_date(2, [query]))[query], at_ms)
                known = past.hours[past.since(start) :, 0]
                assert past.end_ms == at_ms
                assert (known == 4).all(), "an hour that was not read is no hour without events"
            assert len(known) == (NOON - start) // HOUR

    asyncio.run(run())
