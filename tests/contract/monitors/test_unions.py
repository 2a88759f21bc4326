"""Different ids of several campaigns together: the union of their sketches at a real Redis, or unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import pytest
from redis.asyncio import Redis

from kpis.catalogue import Value
from kpis.runtime.clock import Clock
from monitors.read.distinct import unions
from monitors.read.reader import Reader
from monitors.read.scopes.scope_sums import ScopeSums, with_scopes
from monitors.read.sums import with_parents
from tests.kit.monitor_fakes import NOON
from tests.kit.redis_server import redis_server
from tests.kit.wide_seed import WideSeed, catalogue

WIDE = catalogue()
EXACT = 3_000
CLOSE = 0.03
"""Three times and more the error of a sketch."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


async def seeded(redis: Redis) -> Reader:
    """Three campaigns with 2,000 ids each, which overlap by half; one of them on both partitions."""
    await redis.flushall()
    seed = WideSeed(redis, WIDE)
    await seed.layout()
    await seed.claim()
    for partition in range(2):
        await seed.meta(partition, NOON, epoch=1, seq=1)
    for first, (name, partitions) in enumerate({"a": (0,), "b": (1,), "c": (0, 1)}.items()):
        everybody = [f"u{n}" for n in range(first * 500, first * 500 + 2_000)]
        for partition in partitions:
            ids = everybody[partition :: len(partitions)] if len(partitions) > 1 else everybody
            counted = {"impressions": 9_000, "reach_ids": 9_000}
            await seed.document(partition, name, dict.fromkeys(("1m", "1h", "24h", "total"), counted))
            await seed.ids(partition, "reach", name, NOON, ids)
            await seed.ids(partition, "reach", name, None, ids)
    reader = Reader(redis, "test", Clock())
    reader.catalogue = WIDE
    return reader


async def together(reader: Reader, *, own: bool = False) -> Mapping[str, Mapping[str, Value]]:
    """Reach and frequency of the portfolio by window, also as the goals file's parent of it has them."""
    sums = ScopeSums(("portfolio", "account"))
    snapshot = with_parents(await reader.read(), {"portfolio=": ("a", "b", "c")})
    snapshot = await reader.with_unions(with_scopes(snapshot, sums, {"a": "Acme", "b": "Acme"}))
    shown = {window: WIDE.document(row) for window, row in snapshot.scopes["portfolio="].windows.items()}
    if not own:
        assert shown == {w: WIDE.document(row) for w, row in snapshot.parents["portfolio="].windows.items()}
    return shown


def test_several_campaigns_have_the_union_of_their_ids_and_what_divides_by_it(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            shown = await together(await seeded(redis))
            for window in ("1h", "24h", "total"):
                assert shown[window]["reach"] == pytest.approx(EXACT, rel=CLOSE), window
                assert shown[window]["frequency"] == pytest.approx(36_000 / EXACT, rel=CLOSE)
            assert shown["1m"]["reach"] is None, "sketches are of quarter hours"

    asyncio.run(run())


def test_what_takes_too_many_sketches_stays_unknown_and_a_union_is_not_counted_at_each_read(
    server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            reader = await seeded(redis)
            first = await together(reader)
            await redis.delete(*[key async for key in redis.scan_iter("*sketch*")])
            assert await together(reader) == first, "it holds for a while"
            monkeypatch.setattr(unions, "MOST_OF_ONE", 4)
            other = await together(await seeded(redis))
            assert (other["24h"]["reach"], other["1h"]["reach"]) == (None, None)
            assert other["total"]["reach"] is not None

    asyncio.run(run())


def test_where_an_account_itself_has_ids_too_nobody_knows_how_many_are_different(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            reader = await seeded(redis)
            seed = WideSeed(redis, WIDE)
            await seed.document(0, "account=Acme", {"total": {"reach_ids": 7, "visits": 3}})
            shown = await together(reader, own=True)
            assert (shown["total"]["reach"], shown["total"]["visits"]) == (None, 3)
            assert shown["24h"]["reach"] == pytest.approx(EXACT, rel=CLOSE)

    asyncio.run(run())
