"""Distinct counts against a real Redis and a real Cluster: within the error that is stated, united over partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis as Blocking
from redis.asyncio import Redis

from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from kpis.times import QUARTER_MS
from kpis.windows import parse_window
from monitors.read import reader
from monitors.read.distinct import counted_ids as sketches
from monitors.read.distinct.counted_ids import quarters_of
from monitors.read.distinct.hyperloglog import count, union
from monitors.read.reader import Reader, connect
from tests.kit.monitor_fakes import NOON
from tests.kit.redis_kinds import Nodes
from tests.kit.redis_server import redis_server
from tests.kit.wide_seed import WideSeed, catalogue

WIDE = catalogue()
ERROR = 3 * 0.0081
"""Three standard deviations of what is stated."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


def people(first: int, last: int) -> list[str]:
    """Ids of people."""
    return [f"u{number}" for number in range(first, last)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 40_000), min_size=1, max_size=3), step=st.integers(1, 20_000))
def test_a_union_made_here_counts_what_redis_says_of_it(server: int, sizes: list[int], step: int) -> None:
    with Blocking(port=server) as redis:
        redis.flushall()
        for i, size in enumerate(sizes):
            for at in range(0, size, 5_000):
                redis.pfadd(f"k{i}", *people(i * step + at, i * step + min(at + 5_000, size)))
        keys = [f"k{i}" for i in range(len(sizes))]
        assert count(union(redis.get(key) or b"" for key in keys)) == redis.pfcount(*keys)


@given(st.binary(max_size=200), st.booleans(), st.integers(0, 3))
def test_what_is_no_sketch_counts_for_nothing_and_harms_nothing(body: bytes, has_head: bool, encoding: int) -> None:
    raw = b"HYLL" + bytes([encoding]) + bytes(11) + body if has_head else body
    assert 0 <= count(union([raw])) < 20_000


def test_counts_are_within_their_error_for_hours_and_total_and_unknown_below(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            found = await seeded(redis)
            values = reader.to_json(await found.read())["c1"]
            for window, expected in (("1h", 3_000), ("24h", 20_000), ("total", 50_000)):
                assert values[window]["reach"] == pytest.approx(expected, rel=ERROR), window
                assert values[window]["frequency"] == pytest.approx(90_000 / expected, rel=ERROR), window
            assert (values["5m"]["reach"], values["5m"]["frequency"]) == (None, None)

    asyncio.run(run())


def test_of_several_partitions_it_is_their_union_on_a_cluster_too(redis_cluster: Nodes) -> None:
    async def run() -> None:
        redis = connect(Settings.load(redis=redis_cluster.url))
        try:
            found = await seeded(redis, partitions=3)
            seed = WideSeed(redis, WIDE, 3)
            for partition in (1, 2):
                await seed.document(partition, "c1", {"total": {"reach_ids": 60_000, "impressions": 5}})
                await seed.ids(partition, "reach", "c1", None, people(25_000, 75_000))
            values = reader.to_json(await found.read())["c1"]["total"]
            assert values["reach"] == pytest.approx(75_000, rel=ERROR)
            assert values["impressions"] == 90_010
        finally:
            await redis.aclose()

    asyncio.run(run())


def test_only_campaigns_whose_ids_changed_are_counted_anew(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            found = await seeded(redis)
            await touch(redis, {"reach_ids": 50_000, "impressions": 122})
            await found.read()
            before = await pfcounts(redis)
            await found.read()
            await touch(redis, {"reach_ids": 50_000, "impressions": 123})
            values = reader.to_json(await found.read())["c1"]["total"]
            assert await pfcounts(redis) == before, "other numbers of it changed"
            assert values["impressions"] == 123
            await touch(redis, {"reach_ids": 50_001, "impressions": 123})
            await found.read()
            assert await pfcounts(redis) == before + 1

    asyncio.run(run())


def test_one_read_looks_at_a_bounded_number_of_sketches(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is unknown at first, and keeps its count of before later."""
    monkeypatch.setattr(sketches, "MOST_SKETCHES", 2)

    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            found, seed = await seeded(redis, campaigns=0), WideSeed(redis, WIDE)
            for number in range(5):
                await seed.document(0, f"c{number}", {"total": {"reach_ids": 10}})
                await seed.ids(0, "reach", f"c{number}", None, people(0, 10))
            known = []
            for _ in range(3):
                values = reader.to_json(await found.read())
                known.append(sum(one["total"]["reach"] == 10 for one in values.values()))
            assert known == [2, 4, 5]
            assert not found.has_due

    asyncio.run(run())


def test_a_count_never_passes_the_number_of_events_and_a_lost_sketch_is_unknown(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            found, seed = await seeded(redis, campaigns=0), WideSeed(redis, WIDE)
            await seed.document(0, "few", {"1h": {"reach_ids": 3}, "total": {"reach_ids": 3}})
            await seed.ids(0, "reach", "few", None, people(0, 3))
            await seed.ids(0, "reach", "few", NOON, people(0, 900))
            await seed.document(0, "lost", {"total": {"reach_ids": 3}})
            some = {"impressions": 3}
            await seed.document(0, "none", {"5m": some, "1h": some, "total": some})
            values = reader.to_json(await found.read())
            assert (values["few"]["1h"]["reach"], values["few"]["total"]["reach"]) == (3, 3)
            assert (values["lost"]["total"]["reach"], values["none"]["total"]["reach"]) == (None, 0)
            short, hour = values["none"]["5m"], values["none"]["1h"]
            assert (short["impressions"], short["reach"], hour["reach"]) == (3, None, 0), "of 5m nothing is ever known"

    asyncio.run(run())


@given(st.integers(NOON, NOON + QUARTER_MS - 1))
def test_a_window_is_made_of_the_quarter_hours_that_it_touches(at_ms: int) -> None:
    day, hour = quarters_of(parse_window("24h"), at_ms), quarters_of(parse_window("1h"), at_ms)
    assert len(day) == 96
    assert len(hour) in {4, 5}
    assert {day[-1], hour[-1]} == {NOON // QUARTER_MS}
    assert hour[0] * QUARTER_MS <= at_ms - 59 * 60_000


async def seeded(redis: Any, partitions: int = 2, campaigns: int = 1) -> Reader:
    """One campaign: 3,000 people in the last hour, 20,000 of the day, 50,000 in all."""
    seed = WideSeed(redis, WIDE, partitions)
    await seed.layout()
    for partition in range(partitions):
        await seed.meta(partition, NOON, epoch=1, seq=1)
    await seed.claim()
    if campaigns:
        some = {"impressions": 90_000, "reach_ids": 60_000}
        await seed.document(0, "c1", dict.fromkeys(("5m", "1h", "24h", "total"), some))
        await seed.ids(0, "reach", "c1", NOON, people(0, 2_000))
        await seed.ids(0, "reach", "c1", NOON - QUARTER_MS, people(1_000, 3_000))
        for at in range(10):
            await seed.ids(0, "reach", "c1", NOON - (10 + at) * QUARTER_MS, people(at * 2_000, at * 2_000 + 2_000))
        await seed.ids(0, "reach", "c1", NOON - 96 * QUARTER_MS, people(500_000, 501_000))
        await seed.ids(0, "reach", "c1", None, people(0, 50_000))
    found = Reader(redis, "test", Clock())
    found.catalogue = WIDE
    return found


async def touch(redis: Any, total: dict[str, int]) -> None:
    """A flush that changes the campaign's total, and says so."""
    seq = int(await redis.hget("pw:{0}:meta", "seq")) + 1
    await WideSeed(redis, WIDE).document(0, "c1", {"total": total})
    await redis.xadd("pw:{0}:changes", {"s": "c1"}, id=f"1-{seq}")
    await redis.hset("pw:{0}:meta", "seq", seq)


async def pfcounts(redis: Any) -> int:
    """How often Redis was asked to count."""
    return int((await redis.info("commandstats")).get("cmdstat_pfcount", {"calls": 0})["calls"])
