"""Reading only what changed shows exactly what Redis holds: on a real Redis, with writes between a read's own steps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.contract import layout
from kpis.contract.documents import document
from kpis.contract.published import Layout
from kpis.contract.redis_client import connect
from kpis.runtime.clock import Clock
from kpis.runtime.errors import LostWrites, Unreachable
from kpis.settings.shared import Settings
from monitors.read.changes import Why
from monitors.read.reader import Reader
from monitors.read.snapshot import Snapshot
from streams.store.lease import Lease
from streams.store.store import Store
from tests.contract.streams.test_changes import flush_of
from tests.contract.streams.test_store import NOW, redis_url, single_redis_url
from tests.kit.monitor_fakes import row

__all__ = ["redis_url", "single_redis_url"]

PARTITIONS = 2
SERIES = ("a", "b", "c", "a|channel=x")
KEYS = (layout.meta, layout.kpi, layout.changes)
VERSION = f"{layout.ACCEPTED}version"
Totals = dict[str, int]


@dataclass
class World:
    """Two partitions whose every flush has a version: what each version held is known."""

    redis: Any
    store: Store
    leases: list[Lease] = field(default_factory=list)
    held: list[Totals] = field(default_factory=lambda: [{} for _ in range(PARTITIONS)])
    versions: dict[int, Totals] = field(default_factory=lambda: {0: {}})
    real_ms: Iterator[int] = field(default_factory=lambda: count(NOW))
    saved: list[tuple[Totals, dict[str, bytes]]] = field(default_factory=list)

    async def open(self) -> None:
        """An empty Redis."""
        await self.redis.flushall()
        self.held = [{} for _ in range(PARTITIONS)]
        self.leases = [await self.store.take(p, next(self.real_ms)) for p in range(PARTITIONS)]

    async def flush(self, partition: int, *series: str) -> None:
        """Some series get a new number, which no other flush ever wrote."""
        await self.save()
        version = len(self.versions)
        after = self.held[partition] | dict.fromkeys(series, version)
        documents = {s: document(NOW, {"5m": row(version), "total": row(version)}) for s in series}
        flush = replace(flush_of(), documents=documents, counters={VERSION: version})
        try:
            await self.store.write(self.leases[partition], flush)
        except LostWrites:
            await self.take(partition)
            await self.store.write(self.leases[partition], flush)
        self.versions[version] = self.held[partition] = after

    async def take(self, partition: int) -> None:
        """Another owner."""
        self.leases[partition] = await self.store.take(partition, next(self.real_ms))

    async def save(self) -> None:
        """Remember what partition 0 holds."""
        dumps = {make(0): await self.redis.dump(make(0)) for make in KEYS}
        self.saved.append((dict(self.held[0]), {k: d for k, d in dumps.items() if d is not None}))

    async def go_back(self, flushes: int) -> None:
        """Redis loses what was written of partition 0 in and after one of the last flushes."""
        if not self.saved:
            return
        self.saved = self.saved[: max(1, len(self.saved) - flushes)]
        self.held[0], dumps = self.saved.pop()
        for make in KEYS:
            await self.redis.delete(make(0))
        for key, dump in dumps.items():
            await self.redis.restore(key, 0, dump)

    async def fail(self) -> None:
        """The connection breaks."""
        raise ConnectionError("gone")

    async def lose_everything(self) -> None:
        """Redis was emptied, and workers took their partitions again."""
        self.saved.clear()
        await self.open()

    def check(self, found: Snapshot) -> None:
        """Each partition is of one flush, and no change of it is missing."""
        own = [self.versions[p.counters.get(VERSION, 0)] for p in found.partitions]
        expected: Counter[str] = sum((Counter(totals) for totals in own), Counter())
        assert {s: rows.windows["total"][0] for s, rows in found.series.items()} == expected


class Interrupted:
    """A client during whose pipelines other things happen."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self.before: list[Callable[[], Awaitable[object]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)

    def pipeline(self, **options: Any) -> Any:
        """A pipeline before which the next thing happens."""
        pipe = self._redis.pipeline(**options)
        execute = pipe.execute

        async def late(**how: Any) -> Any:
            if self.before:
                await self.before.pop(0)()
            return await execute(**how)

        pipe.execute = late
        return pipe


def with_world(url: str, use: Callable[[World, Interrupted, Reader], Awaitable[None]]) -> None:
    """Run a coroutine with an empty world and a reader of it."""

    async def main() -> None:
        redis = connect(Settings.load(redis=url))
        try:
            store = Store(redis, "test", 40, 24)
            await redis.flushall()
            await store.publish_layout(Layout(PARTITIONS, "EUR", ("5m",), 40))
            world, client = World(redis, store), Interrupted(redis)
            await world.open()
            await use(world, client, Reader(client, "test", Clock()))
        finally:
            await redis.aclose()

    asyncio.run(main())


FLUSH = st.builds(
    lambda partition, series: ("flush", partition, *series),
    st.sampled_from((0, 0, 1)),
    st.lists(st.sampled_from(SERIES), min_size=1, max_size=3),
)
RARE = st.sampled_from((("take", 0), ("take", 1), ("go_back", 0), ("go_back", 2), ("lose_everything",)))
WRITES = st.one_of(FLUSH, FLUSH, FLUSH, FLUSH, RARE)
READ = st.builds(lambda inside: ("read", inside), st.lists(WRITES | st.just(("fail",)), max_size=8))
STEPS = st.lists(st.one_of(WRITES, READ), min_size=4, max_size=20)


def test_a_redis_that_went_back_is_read_anew(redis_url: str) -> None:
    """Its last flush is one that was read before, so nothing in the stream of changes tells."""

    async def use(world: World, _: Interrupted, reader: Reader) -> None:
        await world.flush(0, "a")
        await reader.read()
        await world.flush(0, "a", "b")
        world.check(await reader.read())
        await world.go_back(0)
        found = await reader.read()
        assert found.reads[Why.WENT_BACK] == 1
        world.check(found)

    with_world(redis_url, use)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_read_shows_each_partition_as_of_one_flush_whatever_happens_between_and_during_reads(
    redis_url: str, steps: list[tuple[Any, ...]]
) -> None:
    async def use(world: World, client: Interrupted, reader: Reader) -> None:
        for step in steps:
            if step[0] != "read":
                await _bound(world, step)()
                continue
            client.before = [_bound(world, write) for write in step[1]]
            with suppress(Unreachable):
                world.check(await reader.read())
            client.before = []
        found = await reader.read()
        world.check(found)
        assert [p.counters.get(VERSION, 0) for p in found.partitions] == [
            int(await world.redis.hget(layout.meta(p), VERSION) or 0) for p in range(PARTITIONS)
        ]

    with pytest.MonkeyPatch.context() as patch:
        # One document in an answer, so that much can come in between.
        patch.setattr("monitors.read.partition_reader._CHUNK", 1)
        with_world(redis_url, use)


def _bound(world: World, write: tuple[Any, ...]) -> Callable[[], Awaitable[object]]:
    name, *args = write
    return lambda: getattr(world, name)(*args)


def test_only_what_changed_is_read_again_and_a_slow_reader_reads_all(redis_url: str) -> None:
    async def use(world: World, _client: Interrupted, reader: Reader) -> None:
        await world.flush(0, "a", "b")
        assert (await reader.read()).reads == {Why.FIRST: 2}
        await world.flush(0, "a")
        await world.flush(0, "c")
        found = await reader.read()
        assert found.reads == {Why.FIRST: 2, Why.CHANGED: 1, Why.SAME: 1}
        world.check(found)
        for _ in range(layout.CHANGES_KEPT + 1):
            await world.flush(0, "b")
        found = await reader.read()
        assert found.reads[Why.MISSED] == 1
        world.check(found)

    with_world(redis_url, use)


def test_a_document_nobody_named_is_not_read(redis_url: str) -> None:
    """So the test above can tell reading what changed from reading everything."""

    async def use(world: World, _: Interrupted, reader: Reader) -> None:
        await world.flush(0, "a", "b")
        await reader.read()
        await world.redis.hset(layout.kpi(0), "b", document(NOW, {"total": row(99)}))
        await world.flush(0, "a")
        assert (await reader.read()).row("b", "total") == row(1)

    with_world(redis_url, use)


def test_after_a_read_that_failed_half_way_nothing_is_missing(redis_url: str) -> None:
    """The first partition's changes were read, the second's were not: the next read shows both."""

    async def nothing() -> None:
        pass

    async def use(world: World, client: Interrupted, reader: Reader) -> None:
        await world.flush(0, "a")
        await world.flush(1, "b")
        await reader.read()
        for pipelines in range(1, 4):
            await world.flush(0, "a", "c")
            await world.flush(1, "b", "c")
            client.before = [*[nothing] * pipelines, world.fail]
            with pytest.raises(Unreachable):
                await reader.read()
            world.check(await reader.read())

    with_world(redis_url, use)


def test_documents_of_a_read_that_failed_do_not_stay_when_redis_goes_back_to_the_flush_before(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitors.read.partition_reader._CHUNK", 1)

    async def nothing() -> None:
        pass

    async def use(world: World, client: Interrupted, reader: Reader) -> None:
        await world.flush(0, "a", "b")
        await reader.read()
        await world.flush(0, "a", "b")
        client.before = [nothing, nothing, world.fail]
        with pytest.raises(Unreachable):
            await reader.read()
        await world.go_back(0)
        world.check(await reader.read())

    with_world(redis_url, use)


def test_a_flush_that_changed_too_much_to_name_makes_readers_read_all(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "CHANGES_LIMIT", 2)

    async def use(world: World, _: Interrupted, reader: Reader) -> None:
        await reader.read()
        await world.flush(0, "a", "b", "c")
        found = await reader.read()
        assert found.reads[Why.TOO_MANY] == 1
        world.check(found)

    with_world(redis_url, use)


def test_a_reader_without_breakdowns_holds_none_and_still_counts_them(redis_url: str) -> None:
    async def use(world: World, client: Interrupted, _: Reader) -> None:
        reader = Reader(client, "test", Clock(), breakdowns=False)
        await world.flush(0, "a", "a|channel=x")
        assert (await reader.read()).series.keys() == {"a"}
        await world.flush(0, "a|channel=y", "b")
        found = await reader.read()
        assert (set(found.series), found.stored) == ({"a", "b"}, 4)

    with_world(redis_url, use)
