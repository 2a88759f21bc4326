"""Measures beside the core on a real Redis: columns that are claimed for good, two owners with different files, and a
file that changes while it is used. On a single server and on a Cluster alike."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kpis.contract import layout
from kpis.contract.claimed import NO_CLAIMS, fetch_columns, fields_of, mark_of
from kpis.contract.published import Layout
from kpis.measures import WIDTH, Stream
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime import watched_file
from kpis.runtime.clock import Clock
from kpis.runtime.errors import Misconfigured
from kpis.windows import TOTAL, parse_windows
from monitors.read.reader import Reader, to_json
from streams.events.decode import Decoder
from streams.metrics import worker_metrics
from streams.partitions import manager as manager_module
from streams.partitions.manager import PartitionManager
from streams.partitions.tools import Tools
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store import store as store_module
from streams.store.catalogue_in_use import CatalogueInUse
from streams.store.lease import Lease
from streams.store.load import load
from streams.store.store import Store
from tests.contract.streams.reading import Lists
from tests.contract.streams.test_dead_letters import TOPIC, Topic
from tests.contract.streams.test_store import redis_url, single_redis_url, with_store
from tests.kit import added
from tests.kit.added import Said
from tests.kit.processes import until_async

__all__ = ["redis_url", "single_redis_url"]

NOW = 1_700_000_000_000
BASE = PartitionPolicy(parse_windows("1m,5m,1h"), SeriesPolicy((("channel",),), 1000), frozenset(), 24)
OLDER = "measures: {hours: {unit: hours}, mood: {name: mood_reading, level: true, unit: points}}"


def in_use(store: Store, path: Path | None) -> CatalogueInUse:
    """What a worker with this file counts."""
    return CatalogueInUse(CatalogueSource(path), store, added.ACCEPTS)


def fields(text: str) -> list[str]:
    """The fields that a file's measures claim."""
    return [field for measure in added.catalogue(text).added_measures for field in fields_of(measure)]


def test_columns_are_claimed_once_and_stay_where_they_are(redis_url: str) -> None:
    """By many at once with different files: each field has one column, and each column one field."""

    async def use(store: Store, redis: Any) -> None:
        texts = [added.TEXT, OLDER, "measures: {extra: {}}", "measures: {extra: {unit: hours}}"]
        asked = [fields(text) for text in texts]
        await asyncio.gather(*(store.claim(some, NO_CLAIMS) for some in asked * 5))
        held = await fetch_columns(redis, "test")
        assert sorted(held.claimed) == sorted({field for some in asked for field in some})
        assert sorted(held.claimed.values()) == [*range(WIDTH, WIDTH + len(held.claimed))]
        assert (await store.claim(fields("measures: {new: {}}"), NO_CLAIMS)).width == held.width + 1
        assert {**held.claimed}.items() <= (await fetch_columns(redis, "test")).claimed.items()

    with_store(redis_url, use)


def test_a_claim_says_since_when_a_measure_is_counted_and_what_nobody_counts_any_more(redis_url: str) -> None:
    """What an older version claimed, which says no times, always was; a Redis that forgot is told what it knew."""

    async def use(store: Store, redis: Any) -> None:
        a, b = both = fields("measures: {a: {}, b: {}}")
        await redis.hset(layout.COLUMNS, a, WIDTH)
        assert (await store.claim(both, NO_CLAIMS, now_ms=1000)).times == {b: 1000}
        assert (await store.claim(both, NO_CLAIMS, now_ms=2000)).times == {b: 1000}, "as it was"
        assert (await store.claim([b], NO_CLAIMS, now_ms=3000)).times == {a: None, b: 1000}
        assert (await store.claim([], NO_CLAIMS, now_ms=4000)).times == {a: None, b: None}
        assert (await store.claim([a], NO_CLAIMS, now_ms=5000)).times == {a: 5000, b: None}
        assert (await store.claim(both, NO_CLAIMS, now_ms=6000, anew=[a])).times == {a: 6000, b: 6000}
        known = await fetch_columns(redis, "test")
        await redis.delete(layout.COLUMNS)
        found = await store.claim(both, known, now_ms=7000)
        assert (found.claimed, found.times) == (known.claimed, known.times)
        assert await redis.hget(layout.COLUMNS, f"since {a}") == b"@6000"

    with_store(redis_url, use)


@dataclass(frozen=True)
class Shown(Clock):
    """A clock that shows what it is told to."""

    at: list[int] = field(default_factory=lambda: [0])

    def now_ms(self) -> int:
        return self.at[0]


def test_a_measure_is_counted_since_the_last_worker_took_up_its_file(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And since its partitions were taken anew with it; that a partition moves later changes nothing."""
    monkeypatch.setattr(watched_file, "EVERY_S", 0.0)
    path, clock = tmp_path / "catalogue.yml", Shown()
    path.write_text("title: nothing yet")

    async def use(store: Store, redis: Any) -> None:
        workers = [CatalogueInUse(CatalogueSource(path), store, added.ACCEPTS, clock) for _ in range(2)]
        for worker in workers:
            await worker.begin()
        path.write_text("measures: {a: {}}")
        (a,) = fields("measures: {a: {}}")

        async def since() -> int | None:
            return (await fetch_columns(redis, "test")).times[a]

        for now_ms, worker in zip((1000, 2000), workers, strict=True):
            clock.at[0] = now_ms
            # A file is read once it was the same at two looks.
            assert [await worker.refresh() for _ in range(2)] == [False, True]
            assert await since() == now_ms
        clock.at[0] = 2500
        await workers[1].plan()
        assert await since() == 2500
        for worker in workers:
            clock.at[0] += 500
            assert not await worker.refresh()
            await worker.plan()
        assert await since() == 2500

    with_store(redis_url, use)


def test_what_there_is_no_room_for_claims_nothing_and_is_refused_clearly(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MOST_COLUMNS", WIDTH + 4)

    async def use(store: Store, redis: Any) -> None:
        await store.claim(fields("measures: {a: {}, b: {}}"), NO_CLAIMS)
        with pytest.raises(Misconfigured, match="PACEWATCH_CATALOGUE: 2 columns of rows were claimed so far, and 4"):
            await store.claim(fields("measures: {c: {level: true}}"), NO_CLAIMS)
        assert len((await fetch_columns(redis, "test")).claimed) == 2
        await store.claim(fields("measures: {c: {}, d: {}}"), NO_CLAIMS)

    with_store(redis_url, use)


def test_a_redis_that_forgot_a_claim_gives_the_same_one_again(redis_url: str) -> None:
    """Rows may lie on another node of a Cluster, which did not forget."""

    async def use(store: Store, redis: Any) -> None:
        known = await store.claim(fields("measures: {a: {}, b: {}, c: {}}"), NO_CLAIMS)
        await redis.hdel(layout.COLUMNS, fields("measures: {b: {}}")[0])
        await store.claim(fields("measures: {other: {}}"), NO_CLAIMS)
        assert (await store.claim([], known)).claimed.items() >= {**known.claimed}.items()

    with_store(redis_url, use)


def drawn(rng: random.Random, number: int) -> Said:
    """Some event or other."""
    kind = rng.choice(["impression", "click", "conversion", "measure", "measure"])
    ages = [0, 5, 1_000, 200_000, 4_000_000, 2 * 86_400_000, -90_000]
    event: Said = {"type": kind, "event_id": f"{number}", "ts": NOW - rng.choice(ages), "campaign_id": rng.choice("ab")}
    if kind == "measure":
        event |= {"name": rng.choice(["hours", "mood_reading", "followers", "sessions", "opened"])}
        event |= {"value": rng.randrange(50), "user_id": f"u{rng.randrange(4_000)}"}
        return event
    event |= {"quantity": rng.randrange(9), "user_id": f"u{rng.randrange(4_000)}", "position": rng.randrange(9)}
    return event | ({"channel": "x"} if rng.random() < 0.5 else {})


class Owner:
    """Whoever has the partition, by one file."""

    def __init__(self, store: Store, path: Path) -> None:
        self.store, self.catalogue = store, in_use(store, path)

    async def begin(self) -> None:
        """As a worker that starts."""
        await self.catalogue.begin()

    async def take(self) -> None:
        """Take the partition from whoever has it."""
        self.lease: Lease = await self.store.take(0, NOW)
        plan = await self.catalogue.plan()
        self.decoders = self.catalogue.decoders(plan)
        self.state: Partition = await load(self.store, self.lease, replace(BASE, plan=plan), NOW)

    async def count(self, events: list[Said]) -> list[Said]:
        """Count and write events; answers those that its file does not know."""
        unknown: list[Said] = []
        for stream in Stream:
            some = [e for e in events if e["type"] == stream]
            batch = self.decoders[stream].decode([msgspec.json.encode(e) for e in some], NOW)
            unknown += [some[i] for i, _ in batch.rejected]
            numbers = self.state.register(batch)
            self.state.adopt(await self.store.totals(0, self.state.fresh))
            self.state.add(batch, numbers, stream, 1, records=len(some), now_ms=NOW)
        self.state.tick(NOW)
        await self.store.write(self.lease, self.state.take_flush({}))
        return unknown


@pytest.mark.parametrize("pieces", [False, True])
def test_two_owners_with_different_files_lose_no_column_of_each_other(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pieces: bool
) -> None:
    """The partition moves back and forth; each counts what its file knows. In large flushes too.

    Ids are about right: within three times the error that is stated, 0.81 %.
    """
    if pieces:
        monkeypatch.setattr(store_module, "_VALUES", 300)
    newer, older = tmp_path / "newer.yml", tmp_path / "older.yml"
    newer.write_text(added.TEXT)
    older.write_text(OLDER)
    rng = random.Random(5)

    async def use(store: Store, redis: Any) -> None:
        owners = [Owner(store, newer), Owner(store, older)]
        for owner in owners:
            await owner.begin()
        told: list[Said] = []
        by_newer: list[Said] = []
        for turn in range(6):
            owner = owners[turn % 2]
            await owner.take()
            events = [drawn(rng, turn * 10_000 + i) for i in range(1_500)]
            unknown = await owner.count(events)
            known = [e for e in events if e not in unknown]
            # What an older file does not know of an event is not counted by its owner.
            told += known if turn % 2 == 0 else [core(e) for e in known]
            by_newer += known if turn % 2 == 0 else []
        raw = await store.documents(0)
        windows = {s: msgspec.json.decode(d)["windows"] for s, d in raw.items()}
        shown = {s: {n: v for n, v in w[TOTAL].items() if type(v) is int and v} for s, w in windows.items()}
        assert shown == added.totals(told)
        plan = await owners[0].catalogue.plan()
        for (title, series), ids in added.ids(by_newer).items():
            key = layout.sketch(0, added.field_named(plan, title), series, None)
            assert await redis.pfcount(key) == pytest.approx(len(ids), rel=0.025)
            assert await redis.ttl(key) == -1
        quarter = layout.sketch(0, added.field_named(plan, "visitors"), "a", NOW // 900_000)
        assert 24 * 3600 < await redis.ttl(quarter) <= 25 * 3600
        assert [k async for k in redis.scan_iter("*sketch*a|channel*")] == []

    with_store(redis_url, use)


def core(event: Said) -> Said:
    """What is left of an event where only the older file's measures are known."""
    kept = {k: v for k, v in event.items() if k not in {"user_id", "position"}}
    return kept if event["type"] != "impression" else {**kept, "uncounted": True}


def test_after_a_measure_is_defined_anew_no_document_of_before_is_taken_for_it(redis_url: str, tmp_path: Path) -> None:
    """Of a series that is quiet since, too; whoever still has the file of before reads what it counted."""
    first, second = (f"measures: {{visits: {{name: {name}}}}}" for name in ("opened", "landed"))
    texts = {"first": first, "second": second, "hours": "measures: {visits: {name: landed, unit: hours}}"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)

    async def use(store: Store, redis: Any) -> None:
        await store.publish_layout(Layout(1, "USD", tuple(w.name for w in BASE.windows), 35))

        async def read(name: str, series: str) -> list[object]:
            reader = Reader(redis, "test", Clock())
            reader.catalogue = added.catalogue(texts[name])
            found = to_json(await reader.read())[series]
            return [found[window]["visits"] for window in ("1h", TOTAL)]

        async def count(name: str, events: list[Said]) -> None:
            owner = Owner(store, tmp_path / name)
            await owner.begin()
            await owner.take()
            await owner.count(events)

        await count("first", [visit(n, "opened", series) for n, series in enumerate(("quiet", "busy", "busy"))])
        assert (await read("first", "quiet"), await read("second", "quiet")) == ([1, 1], [0, 0])
        await count("second", [visit(3, "landed", "busy")])
        assert (await read("first", "quiet"), await read("second", "quiet")) == ([1, 1], [0, 0])
        assert (await read("first", "busy"), await read("second", "busy")) == ([2, 2], [1, 1])
        await count("hours", [visit(4, "landed", "busy")])
        assert (await read("hours", "busy"), await read("second", "busy")) == ([1.0, 1.0], [1, 1])
        await count("first", [visit(5, "opened", "busy")])
        assert (await read("first", "busy"), await read("second", "busy")) == ([3, 3], [1, 1])

    with_store(redis_url, use)


def visit(number: int, name: str, series: str) -> Said:
    """An event of ads.measures."""
    return {"type": "measure", "event_id": f"{number}", "ts": NOW - 1, "campaign_id": series, "name": name, "value": 1}


def sessions(*names: str) -> list[bytes]:
    """Records of ads.measures of these names, each of campaign c."""
    now = Clock().now_ms()
    events = [{"event_id": str(i), "ts": now, "campaign_id": "c", "name": n} for i, n in enumerate(names)]
    return [json.dumps(e).encode() for e in events]


def test_a_file_that_changes_is_used_without_a_restart_and_one_that_is_broken_is_said_once(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The partition is taken anew, goes on from what it had, and counts what it refused before."""
    monkeypatch.setattr(watched_file, "EVERY_S", 0.02)
    monkeypatch.setattr(manager_module, "EVERY_S", 0.02)
    path = tmp_path / "catalogue.yml"
    path.write_text("measures: {first: {}}")
    caplog.set_level(logging.INFO)

    async def use(store: Store, redis: Any) -> None:
        catalogue = in_use(store, path)
        await catalogue.begin()
        metrics, letters = worker_metrics(), Topic()
        letters.up = True
        tools = Tools(
            store=store, policy=BASE, decoders={s: Decoder(s, added.ACCEPTS) for s in Stream}, partitions=1,
            topics={TOPIC: Stream.MEASURE}, letters=letters, clock=Clock(), metrics=metrics, max_unflushed=1000,
            catalogue=catalogue,
        )  # fmt: skip
        reader, manager = Lists({0: sessions("first", "second") * 20}), PartitionManager(tools)
        manager.assign(reader.assigned, reader)
        watching = asyncio.create_task(manager.watch_catalogue())

        async def total() -> dict[str, int]:
            raw = (await store.documents(0)).get("c")
            return {n: v for n, v in msgspec.json.decode(raw)["windows"][TOTAL].items() if v} if raw else {}

        async def read(first: int, second: int) -> None:
            wanted = {k: v for k, v in (("first", first), ("second", second)) if v}
            await reader.read_until(manager, lambda: is_equal(total, wanted))

        await read(20, 0)
        path.write_text("measures: {first: {}, second: {level: 5}}")
        await until_async(lambda: bool(catalogue.problem), "the broken file to be told")
        await asyncio.sleep(0.3)  # In which it would be told again, if it were.
        assert len([r for r in caplog.records if "the last good version stays in use" in r.message]) == 1
        assert metrics.registry.get_sample_value("pacewatch_worker_catalogue_problem") == 1
        epoch = int(await redis.hget(layout.meta(0), layout.EPOCH))
        path.write_text("measures: {first: {}, second: {}}")
        await until_async(lambda: not catalogue.problem, "the good file to be used")
        reader.append(0, sessions("second", "first", "second"))
        await read(21, 2)
        assert int(await redis.hget(layout.meta(0), layout.EPOCH)) > epoch
        assert metrics.registry.get_sample_value("pacewatch_worker_catalogue_problem") == 0
        assert int(await redis.hget(layout.meta(0), layout.MEASURES)) == mark_of(added.catalogue(path.read_text()))
        assert "2 measures and 0 KPIs beside the core's are in use; partitions are taken anew" in caplog.text
        watching.cancel()
        await manager.hand_over()

    with_store(redis_url, use)


async def is_equal(found: Any, wanted: dict[str, int]) -> bool:
    """Whether it is so by now."""
    return bool(await found() == wanted)
