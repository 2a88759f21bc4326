"""Rows of a catalogue, read from a real Redis: by name, by column, and anew when the catalogue is another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.catalogue import CORE
from kpis.packs.catalogue_file import parse
from kpis.runtime.clock import Clock
from kpis.times import QUARTER_MS
from monitors.read import reader
from monitors.read.breakdowns import Breakdowns
from monitors.read.changes import Why
from monitors.read.queries import Query
from monitors.read.reader import Reader
from monitors.read.sums import with_parents
from tests.kit.monitor_fakes import MIDNIGHT, NOON, row
from tests.kit.redis_server import redis_server
from tests.kit.wide_seed import CATALOGUE, WideSeed, catalogue

WIDE = catalogue()
DOCUMENT = {
    "impressions": 1000, "clicks": 50, "spend_micros": 20_000_000, "visits": 40, "hours_micros": 2_500_000,
    "followers_sum": 300, "followers_reports": 2, "followers_at": NOON, "fee_micros": 100_000_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def seeded(port: int) -> AsyncIterator[tuple[Any, WideSeed, Reader]]:
    """An empty Redis with a layout of two partitions, and a reader of the catalogue."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        seed = WideSeed(redis, WIDE)
        await seed.layout()
        for partition in range(2):
            await seed.meta(partition, NOON, epoch=1, seq=1)
        found = Reader(redis, "test", Clock())
        found.catalogue = WIDE
        yield redis, seed, found


def test_documents_are_read_by_name_and_partitions_added_before_formulas(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.claim()
            await seed.document(0, "c1", {"1h": DOCUMENT, "total": DOCUMENT})
            await seed.document(1, "c1", {"1h": {"visits": 60, "impressions": 5}, "total": {"visits": 60}})
            values = reader.to_json(await found.read())["c1"]["1h"]
            assert (values["visits"], values["hours"], values["followers"], values["fee"]) == (100, 2.5, 150, 100)
            assert (values["impressions"], values["cost_per_visit"], values["per_hour"]) == (1005, 0.2, 40)
            assert (values["roi"], values["visit_rate"]) == (-1, 2)
            assert values["reach"] == 0

    asyncio.run(run())


def test_what_no_worker_counts_yet_is_nothing_whatever_a_document_has_under_its_name(server: int) -> None:
    """It may be of what another measure was that had the name before."""

    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.claim("hours")
            await seed.document(0, "c1", {"1h": DOCUMENT})
            values = reader.to_json(await found.read())["c1"]["1h"]
            assert (values["visits"], values["hours"]) == (0, 2.5)
            await seed.claim("visits")
            values = reader.to_json(await found.read())["c1"]["1h"]
            assert (values["visits"], values["hours"]) == (40, 2.5)

    asyncio.run(run())


def test_history_is_read_by_claimed_columns_of_rows_of_any_width(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.history(0, "c1", MIDNIGHT, row(10, 1))
            await seed.claim("followers", "visits")
            await seed.quarter(0, "c1", MIDNIGHT + QUARTER_MS, {"visits": 3, "followers_sum": 8, "impressions": 5})
            await seed.claim()
            await seed.quarter(1, "c1", MIDNIGHT + 2 * QUARTER_MS, {"visits": 4, "reach_ids": 9, "fee_micros": 7})
            await found.read()
            query = Query("c1", MIDNIGHT, NOON)
            summed = (await found.flights.to_date(2, [query]))[query].row
            by_title = {m.title: summed[m.column] for m in WIDE.measures}
            assert len(summed) == WIDE.width
            assert (by_title["impressions"], by_title["clicks"], by_title["visits"]) == (15, 1, 7)
            assert (by_title["followers"], by_title["fee"]) == (8, 7)
            assert by_title["reach"] < 0, "how many different ones there are is not known of history"
            quarters = await found.flights.quarters(query)
            assert [len(one) for one in quarters.values()] == [WIDE.width] * 3
            assert not found.flights.problems

    asyncio.run(run())


def test_another_catalogue_reads_everything_anew_and_no_row_of_another_width_stays(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.claim()
            await seed.document(0, "c1", {"1h": DOCUMENT, "total": DOCUMENT})
            await seed.quarter(0, "c1", MIDNIGHT, {"visits": 3, "impressions": 5})
            query = Query("c1", MIDNIGHT, NOON)
            for of in (CORE, WIDE, parse("measures: {visits: {}}", "x"), CORE):
                found.catalogue = of
                snapshot = await found.read()
                assert snapshot.catalogue is of
                assert snapshot.reads[Why.FIRST] == 2, "each partition by a reader of its own"
                assert {len(one) for one in snapshot.series["c1"].windows.values()} == {of.width}
                summed = (await found.flights.to_date(2, [query]))[query]
                assert {len(summed.row), summed.recent.shape[1]} == {of.width}
                assert summed.row[0] == 5
                again = await found.read()
                assert again.reads[Why.SAME] == 2, "and then only what changed"

    asyncio.run(run())


def test_a_definition_that_changes_is_another_measure(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.claim()
            await seed.document(0, "c1", {"total": DOCUMENT})
            await seed.quarter(0, "c1", MIDNIGHT, {"visits": 3})
            found.catalogue = parse(CATALOGUE.replace("visits: {", "visits: {where: {channel: search}, "), "x")
            snapshot = await found.read()
            assert reader.to_json(snapshot)["c1"]["total"]["visits"] == 0
            query = Query("c1", MIDNIGHT, NOON)
            assert not any((await found.flights.to_date(2, [query]))[query].row)

    asyncio.run(run())


def test_what_is_of_an_account_itself_is_no_campaign_and_is_added_to_its_parent(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (_, seed, found):
            await seed.claim()
            await seed.document(0, "c1", {"total": {"visits": 1, "clicks": 4, "reach_ids": 2}})
            await seed.document(1, "account=Acme", {"total": {"visits": 20}})
            await seed.document(1, "account=Acme|channel=x", {"total": {"visits": 20}})
            await seed.quarter(0, "c1", MIDNIGHT, {"visits": 1})
            await seed.quarter(1, "account=Acme", MIDNIGHT, {"visits": 20})
            read = await found.read()
            assert set(read.series) == {"c1"}
            assert set(read.own) == {"account=Acme", "account=Acme|channel=x"}
            assert set(reader.to_json(read)) == {"c1"}
            assert reader.to_json(read, "account=Acme")["account=Acme"]["total"]["visits"] == 20
            snapshot = with_parents(read, {"account=Acme": ("c1", "account=Acme")})
            total = snapshot.row("account=Acme", "total")
            assert total is not None
            values = WIDE.document(total)
            assert (values["visits"], values["visit_rate"], values["reach"]) == (21, 21 / 4, None)
            query = Query("account=Acme", MIDNIGHT, NOON, ("c1", "account=Acme"))
            summed = (await found.flights.to_date(2, [query]))[query].row
            assert summed[WIDE.by_title["visits"].column] == 21

    asyncio.run(run())


def test_breakdowns_have_all_columns_and_no_distinct_counts(server: int) -> None:
    async def run() -> None:
        async with seeded(server) as (redis, seed, found):
            await seed.claim()
            await seed.document(0, "c1|channel=x", {"total": DOCUMENT | {"reach_ids": 5}})
            await found.read()
            parts = await Breakdowns(redis, "test", found.flights.format).of("c1")
            values = WIDE.document(parts["channel=x"]["total"])
            assert (values["visits"], values["reach"], values["frequency"]) == (40, None, None)

    asyncio.run(run())
