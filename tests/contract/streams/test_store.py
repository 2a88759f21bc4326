"""What the write side relies on of Redis: the fence, the atomic flush, and loading back what was written.

On a single server and on a Cluster alike.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from kpis import catalogue
from kpis.contract import layout
from kpis.contract.documents import total_of
from kpis.contract.published import Layout
from kpis.contract.redis_client import connect
from kpis.measures import INDEX, Stream, unpack
from kpis.runtime.errors import Fenced, LostWrites, Misconfigured, Unreachable
from kpis.settings.shared import Settings
from kpis.times import QUARTER_MS, day_of, quarter_of
from kpis.windows import parse_windows
from streams.events.decode import digest
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store.commands import Script
from streams.store.lease import Lease
from streams.store.load import load
from streams.store.store import Store
from tests.kit.model import Fact, Model, batch_of, without_zeros
from tests.kit.redis_kinds import Nodes

NOW = 1_700_000_000_000
DAY = 86_400_000
POLICY = PartitionPolicy(parse_windows("1m,5m,1h"), SeriesPolicy((("channel",),), 1000), frozenset({Stream.CLICK}), 24)
T = TypeVar("T")


@pytest.fixture(params=["single", "cluster"])
def redis_url(request: pytest.FixtureRequest) -> str:
    """An empty Redis, of either kind."""
    if request.param == "single":
        url: str = request.getfixturevalue("single_redis_url")
        return url
    nodes: Nodes = request.getfixturevalue("redis_cluster")
    nodes.flush()
    return nodes.url


@pytest.fixture
def single_redis_url(_redis_port: int) -> str:
    """A single server; emptied by whoever uses it."""
    return f"redis://127.0.0.1:{_redis_port}/0"


def with_store(redis_url: str, use: Callable[[Store, Any], Awaitable[T]]) -> T:
    """Run a coroutine with a store on an empty Redis."""

    async def main() -> T:
        redis = connect(Settings.load(redis=redis_url))
        await redis.flushall()
        try:
            return await use(Store(redis, "test", 40, 24), redis)
        finally:
            await redis.aclose()

    return asyncio.run(main())


def click(age: int, campaign: str = "c", channel: str | None = "x") -> Fact:
    """One click, some milliseconds before NOW."""
    return Fact(Stream.CLICK, NOW - age, campaign, channel, 1, 500)


def fold(state: Partition, facts: list[Fact], ids: list[bytes] | None = None) -> None:
    """Count clicks whose series are new to Redis."""
    batch = batch_of(facts, Stream.CLICK)
    batch.digests += ids or [bytes([i]) * 8 for i in range(len(facts))]
    numbers = state.register(batch)
    state.adopt({})
    offset = state.offsets.get("ads.clicks", 0) + len(facts)
    state.add(batch, numbers, "ads.clicks", offset, records=len(facts), now_ms=NOW)
    state.tick(NOW)


async def opened(store: Store, partition: int = 0) -> tuple[Lease, Partition]:
    """Take a partition and load it."""
    lease = await store.take(partition, NOW)
    return lease, await load(store, lease, POLICY, NOW)


def test_what_was_flushed_is_loaded_back(redis_url: str) -> None:
    """Windows, totals, entries ahead, ids, offsets, counters and the clock."""
    facts = [click(0), click(30_000, "d"), click(2 * 3_600_000), click(-100_000, "e"), click(3 * DAY, "c", None)]

    async def use(store: Store, _: Any) -> None:
        lease, state = await opened(store)
        fold(state, facts)
        await store.write(lease, state.take_flush({layout.CAUGHT_UP: 1}))
        _, again = await opened(store)
        model = Model(facts)
        assert (again.watermark_ms, again.offsets, again.counters) == (NOW, {"ads.clicks": 5}, state.counters)
        for at in (NOW, NOW + 100_000, NOW + 4_000_000):
            again.tick(at)
            for ring in again.rings:
                sums = {k: tuple(ring.sums[i].tolist()) for i, k in enumerate(again.registry.keys) if k is not None}
                assert without_zeros(sums) == model.window(ring.window, at)
        fold(again, [click(0)], [bytes([0]) * 8])
        assert again.counters["duplicate:click"] == 1
        rows = {s: catalogue.row_of(d["total"]) for s, d in (await documents(store)).items()}
        assert rows == model.totals()

    with_store(redis_url, use)


async def documents(store: Store) -> dict[str, Any]:
    """The windows of every stored document."""
    import msgspec

    return {s: msgspec.json.decode(d)["windows"] for s, d in (await store.documents(0)).items()}


def test_a_quarter_hour_that_is_full_keeps_what_it_had_and_is_told(redis_url: str) -> None:
    """Corrections of one quarter hour may lie in another, so that no total is full where history is."""
    small, large = (replace(click(5 * DAY), channel=None, money=m) for m in (7, 3 * 10**18))

    async def use(store: Store, redis: Any) -> None:
        lease, state = await opened(store)
        for i, fact in enumerate([small, large, large, large, large, small]):
            money = fact.money
            fold(state, [fact, replace(fact, time=NOW, money=-money)], [bytes([2 * i + k]) * 8 for k in range(2)])
            await store.write(lease, state.take_flush({}))
        key = layout.history(0, "c", day_of(large.time))
        row = unpack((await redis.hgetall(key))[str(quarter_of(large.time)).encode()])
        assert row[INDEX["spend_micros"]] == 14 + 3 * large.money
        assert row[INDEX["clicks"]] == 6
        assert await redis.hget(layout.meta(0), layout.HISTORY_FULL) == b"1"
        _, again = await opened(store)
        assert again.counters == state.counters
        assert catalogue.row_of((await documents(store))["c"]["total"])[INDEX["spend_micros"]] == 0

    with_store(redis_url, use)


def test_history_holds_every_quarter_hour_exactly(redis_url: str) -> None:
    """Those of the last day, and older ones that late events add to, twice."""
    facts = [click(0), click(20 * 60_000), click(5 * DAY), click(5 * DAY), click(30 * DAY)]

    async def use(store: Store, redis: Any) -> None:
        lease, state = await opened(store)
        for fact in facts:
            fold(state, [fact], [fact.time.to_bytes(8, "big")[:7] + bytes([facts.index(fact)])])
            await store.write(lease, state.take_flush({}))
        fold(state, [click(5 * DAY)], [b"another!"])
        await store.write(lease, state.take_flush({}))
        found = {}
        async for key in redis.scan_iter("pw:{0}:history:*"):
            series, day = key.decode().removeprefix("pw:{0}:history:").rsplit(":", 1)
            for quarter, row in (await redis.hgetall(key)).items():
                found[series, day, int(quarter)] = unpack(row)
            assert await redis.ttl(key) > 39 * 86_400
        kept = Model([f for i, f in enumerate(facts) if i != 3] + [click(5 * DAY)])
        expected = kept.history(NOW)
        assert found == {
            (s, day_of(q * QUARTER_MS), quarter_of(q * QUARTER_MS)): row for (s, q), row in expected.items()
        }

    with_store(redis_url, use)


def test_an_old_owner_is_fenced_and_writes_nothing(redis_url: str) -> None:
    """Whoever takes a partition ends the right of all before."""

    async def use(store: Store, redis: Any) -> None:
        old, state = await opened(store)
        await opened(store)
        fold(state, [click(0)])
        with pytest.raises(Fenced) as refused:
            await store.write(old, state.take_flush({}))
        assert refused.value.theirs > refused.value.mine
        assert await redis.exists(layout.kpi(0)) == 0

    with_store(redis_url, use)


def test_a_flush_whose_reply_was_lost_is_written_once(redis_url: str) -> None:
    """The same flush sent again is recognised, and the next one goes through."""

    async def use(store: Store, redis: Any) -> None:
        lease, state = await opened(store)
        fold(state, [click(5 * DAY)])
        flush = state.take_flush({})
        await store.write(lease, flush)
        before = await redis.dump(layout.kpi(0)), await redis.hgetall(layout.meta(0))
        lease.seq -= 1
        await store.write(lease, flush)
        assert (await redis.dump(layout.kpi(0)), await redis.hgetall(layout.meta(0))) == before
        fold(state, [click(0)], [b"another!"])
        await store.write(lease, state.take_flush({}))

    with_store(redis_url, use)


@pytest.mark.parametrize("flushed", [True, False])
def test_a_redis_that_lost_writes_is_noticed(redis_url: str, flushed: bool) -> None:
    """Whether it went back a little or lost everything."""

    async def use(store: Store, redis: Any) -> None:
        lease, state = await opened(store)
        await store.write(lease, state.take_flush({}))
        saved = await redis.hgetall(layout.meta(0))
        await store.write(lease, state.take_flush({}))
        await store.write(lease, state.take_flush({}))
        if flushed:
            await redis.flushall()
        else:
            await redis.hset(layout.meta(0), mapping=saved)
        with pytest.raises(LostWrites) as lost:
            await store.write(lease, state.take_flush({}))
        assert (lost.value.expected, lost.value.found) == (3, None if flushed else 1)

    with_store(redis_url, use)


def test_after_a_lost_redis_a_zombie_is_still_fenced(redis_url: str) -> None:
    """Epochs start from the time of day: an owner from before the loss cannot pass for the one after it."""

    async def use(store: Store, redis: Any) -> None:
        zombie, state = await opened(store)
        await redis.flushall()
        await store.take(0, NOW + 1)
        with pytest.raises(Fenced):
            await store.write(zombie, state.take_flush({}))

    with_store(redis_url, use)


def test_a_flush_larger_than_the_scripts_stack_is_written_whole(redis_url: str) -> None:
    """Twenty thousand series at once."""

    async def use(store: Store, _: Any) -> None:
        lease, state = await opened(store)
        facts = [click(0, f"c{i}", None) for i in range(20_000)]
        fold(state, facts, [i.to_bytes(8, "big") for i in range(20_000)])
        await store.write(lease, state.take_flush({}))
        assert len(await store.documents(0)) == 20_000
        _, again = await opened(store)
        assert len(again.registry) == 20_000

    with_store(redis_url, use)


async def panes(redis: Any) -> list[bytes]:
    """The keys of the panes of partition 0, on whatever node."""
    return [key async for key in redis.scan_iter("pw:{0}:pane:*")]


def test_panes_that_left_their_window_are_removed(redis_url: str) -> None:
    """A window costs what it holds, however long the worker runs."""

    async def use(store: Store, redis: Any) -> None:
        lease, state = await opened(store)
        fold(state, [click(0)])
        await store.write(lease, state.take_flush({}))
        assert len(await panes(redis)) == len(POLICY.windows)
        state.tick(NOW + 2 * DAY)
        await store.write(lease, state.take_flush({}))
        assert await panes(redis) == []
        assert total_of((await store.documents(0))["c"])[1] == 1

    with_store(redis_url, use)


def test_late_events_add_to_the_very_rows_they_belong_to(redis_url: str) -> None:
    """Of many series and quarter hours at once: rows that are there, and rows that are not."""
    first = [click(5 * DAY + q * 900_000, f"c{n}", None) for n in range(0, 6000, 3) for q in range(0, 5, 1 + n % 2)]
    second = [click(5 * DAY + q * 900_000, f"c{n}", None) for n in range(0, 6000, 2) for q in range(3)]

    async def use(store: Store, redis: Any) -> None:
        lease, state = await opened(store)
        for facts in (first, second):
            fold(state, facts, [digest(f"{len(facts)} {i}") for i in range(len(facts))])
            await store.write(lease, state.take_flush({}))
        found = {}
        async for key in redis.scan_iter("pw:{0}:history:*", count=1000):
            series, day = key.decode().removeprefix("pw:{0}:history:").rsplit(":", 1)
            for quarter, row in (await redis.hgetall(key)).items():
                found[series, day, int(quarter)] = unpack(row)
        expected = Model([*first, *second]).history(NOW).items()
        assert found == {(s, day_of(n * 900_000), n % 96): row for (s, n), row in expected}

    with_store(redis_url, use)


def test_a_series_that_fell_silent_goes_on_counting_where_it_stopped(redis_url: str) -> None:
    """Let go of by memory, its total stays in Redis and is picked up."""

    async def use(store: Store, _: Any) -> None:
        lease, state = await opened(store)
        fold(state, [click(0)])
        state.tick(NOW + 2 * DAY)
        await store.write(lease, state.take_flush({}))
        assert state.sweep(NOW + 2 * DAY) == 2
        batch = batch_of([click(0)], Stream.CLICK)
        batch.digests.append(b"another!")
        numbers = state.register(batch)
        state.adopt(await store.totals(0, state.fresh))
        state.add(batch, numbers, "ads.clicks", 2, records=1, now_ms=NOW + 2 * DAY)
        await store.write(lease, state.take_flush({}))
        assert total_of((await store.documents(0))["c"])[1] == 2

    with_store(redis_url, use)


def test_data_of_another_currency_is_refused(redis_url: str) -> None:
    """Micros of two currencies must not meet in one sum."""

    async def use(store: Store, _: Any) -> None:
        await store.publish_layout(Layout(4, "EUR", ("1m",), 40))
        with pytest.raises(Misconfigured, match="currency EUR, not USD"):
            await store.publish_layout(Layout(4, "USD", ("1m",), 40))

    with_store(redis_url, use)


def test_a_redis_that_is_away_is_a_recoverable_error() -> None:
    """With where it was looked for, and without its password."""

    async def use() -> None:
        settings = Settings.load(redis="redis://:hunter2@127.0.0.1:1/0")
        store = Store(connect(settings), settings.redis_address, 40, 24)
        with pytest.raises(Unreachable, match=r"Redis at 127\.0\.0\.1:1 does not answer") as away:
            await store.take(0, NOW)
        assert "hunter2" not in str(away.value)

    asyncio.run(use())


def test_a_script_names_each_key_once() -> None:
    """So that Redis Cluster can route it."""
    script = Script("meta")
    script.call("HSET", "a", ["f", "1"])
    script.call("UNLINK", "b")
    script.call("HSET", "a", ["g", b"2"], 60)
    assert script.keys == ["meta", "a", "b"]
    assert script.commands == [("HSET", 2, 0, ["f", "1"]), ("UNLINK", 3, 0, ()), ("HSET", 2, 60, ["g", b"2"])]
