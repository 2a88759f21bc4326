"""Measures that are added, defined anew and removed under a worker's state and a monitor, at a real Redis.

No KPI divides what came since by what came before, no alert comes of it, and none ends by it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from kpis.catalogue import Value
from kpis.contract import layout
from kpis.contract.published import Layout
from kpis.measures import Stream
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime import watched_file
from kpis.runtime.clock import Clock, monotonic
from kpis.times import MINUTE_MS
from kpis.windows import TOTAL, parse_windows
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.outbox import TOLD, Outbox
from monitors.cycle import Cycle
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.goals.reload import GoalsSource
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.read.reader import Reader, to_json
from monitors.words.phrases import case_of, phrase
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store.catalogue_in_use import CatalogueInUse
from streams.store.load import load
from streams.store.store import Store
from tests.kit import added
from tests.kit.monitor_fakes import HOUR, MIDNIGHT
from tests.kit.redis_server import redis_server

WINDOWS = ("5m", "1h")
POLICY = PartitionPolicy(parse_windows("5m,1h"), SeriesPolicy((), 1000), frozenset(), 48)
START = MIDNIGHT + 10 * HOUR
EACH_MINUTE = 60
NOTHING = "title: nothing yet\n"
KPI = "kpis: {share2: {formula: clicks2 / clicks, unit: share, meaning: A share.}}\n"
ALL = "measures: {clicks2: {stream: clicks}}\n" + KPI
MOBILE = "measures: {clicks2: {stream: clicks, where: {device: mobile}}}\n" + KPI
NO_GOALS = """
campaigns:
  - campaign: c1
    flight: {start: 2026-11-22, end: 2026-11-24, timezone: UTC}
    goals: [{total: impressions, target: 1000}]
"""
GOALS = """
campaigns:
  - campaign: c1
    flight: {start: 2026-11-22, end: 2026-11-24, timezone: UTC}
    goals:
      - {ratio: share2, at_least: 0.5, window: 5m}
      - {total: clicks2, target: 1000000}
"""


@dataclass(frozen=True)
class Shown(Clock):
    """A clock that shows what it is told to."""

    at: list[int] = field(default_factory=lambda: [START])

    def now_ms(self) -> int:
        return self.at[0]


class Live:
    """A worker's state of one partition and a monitor, minute by minute, with the same two files."""

    def __init__(self, redis: Redis, directory: Path) -> None:
        self.redis: Any = redis
        self.clock = Shown()
        self.files = directory / "catalogue.yml", directory / "goals.yml"
        self.write(NOTHING, NO_GOALS)
        catalogue, goals = self.files
        self.store = Store(redis, "test", 40, 48)
        self.counted = CatalogueInUse(CatalogueSource(catalogue), self.store, added.ACCEPTS, self.clock)
        self.goals = GoalsSource(goals, catalogue)
        self.reader = Reader(redis, "test", self.clock)
        outbox = Outbox(redis, "test", "one", 600_000)
        self.cycle = Cycle(self.reader, outbox, self.goals, self.clock, CyclePolicy())
        self.number = 0

    def write(self, catalogue: str, goals: str) -> None:
        """Both files."""
        for path, text in zip(self.files, (catalogue, goals), strict=True):
            path.write_text(text)

    async def begin(self) -> None:
        """As a worker that starts."""
        await self.store.publish_layout(Layout(1, "USD", WINDOWS, 40))
        await self.counted.begin()
        await self.take()

    async def take(self) -> None:
        """Take the partition (anew)."""
        self.lease = await self.store.take(0, 0)
        plan = await self.counted.plan()
        self.decoders = self.counted.decoders(plan)
        self.state: Partition = await load(self.store, self.lease, replace(POLICY, plan=plan), self.clock.now_ms())

    async def change(self, catalogue: str, goals: str = GOALS) -> None:
        """Both read another file."""
        self.write(catalogue, goals)
        is_new = False
        # A file is read once it was the same at two looks.
        for _ in range(3):
            self.goals.refresh(monotonic())
            if await self.counted.refresh():
                await self.take()
                is_new = True
        assert is_new

    async def minutes(self, count: int, mobile: int = EACH_MINUTE) -> None:
        """So many minutes with as many clicks in each, some of them mobile; the monitor looks after each."""
        for _ in range(count):
            self.clock.at[0] += MINUTE_MS
            now_ms, events = self.clock.now_ms(), []
            for n in range(EACH_MINUTE):
                self.number += 1
                device = "mobile" if n < mobile else "desktop"
                events.append({"event_id": str(self.number), "ts": now_ms, "campaign_id": "c1", "device": device})
            batch = self.decoders[Stream.CLICK].decode([msgspec.json.encode(one) for one in events], now_ms)
            numbers = self.state.register(batch)
            self.state.adopt(await self.store.totals(0, self.state.fresh))
            self.state.add(batch, numbers, Stream.CLICK, self.number, records=len(events), now_ms=now_ms)
            self.state.tick(now_ms)
            await self.store.write(self.lease, self.state.take_flush({layout.CAUGHT_UP: 1, layout.CLOCK: now_ms}))
            await self.cycle.cycle()

    def kpi(self) -> dict[str, Value]:
        """The KPI in each window, as all that show it read it."""
        assert self.cycle.view.snapshot is not None
        found = to_json(self.cycle.view.snapshot)["c1"]
        return {window: values["share2"] for window, values in found.items()}

    def samples(self) -> list[str]:
        """The windows that metrics have it in."""
        text = Exporter(ExportPolicy()).text(self.cycle.view, Format.PLAIN)
        return [line for line in text.splitlines() if line.startswith("pacewatch_kpi{")]

    def verdict(self, goal: str = "share2") -> Verdict:
        """What is said of a goal."""
        return next(one.verdict for one in self.cycle.view.assessments if one.goal.id.startswith(goal))

    def says(self, goal: str = "share2") -> str:
        """It in words."""
        one = next(one for one in self.cycle.view.assessments if one.goal.id.startswith(goal))
        return phrase(case_of(one.campaign, one.goal, one.verdict, "USD"))

    async def told(self) -> list[tuple[str, str]]:
        """Goals and changes that people were told of so far."""
        found = [json.loads(raw) for raw in await self.redis.lrange(TOLD, 0, -1)]
        names = [(one["goal"].partition("|")[2].partition(":")[0], one["change"]) for one in found]
        return [one for one in names if one[0] in {"share2", "clicks2"}]


Scenario = Callable[[Live], Awaitable[None]]


@pytest.fixture
def live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Live], Awaitable[None]]], None]]:
    monkeypatch.setattr(watched_file, "EVERY_S", 0.0)

    def run(scenario: Scenario) -> None:
        async def go() -> None:
            async with Redis(port=port) as redis:
                here = Live(redis, tmp_path)
                await here.begin()
                await scenario(here)

        asyncio.run(go())

    with redis_server() as port:
        yield run


def test_a_measure_that_is_added_gives_no_kpi_and_no_alert_until_its_window_is_whole(live: Any) -> None:
    async def scenario(here: Live) -> None:
        await here.minutes(70)
        await here.change(ALL)
        for _ in range(4):
            await here.minutes(1)
            assert here.kpi() == {"5m": None, "1h": None, "24h": None, TOTAL: None}
            assert (here.verdict().status, here.verdict().reason) == (Status.NO_DATA, Reason.PARTLY_COUNTED)
            assert here.samples() == []
        assert here.says() == "counted since 11:10 (UTC); its window is whole at 11:15 (UTC)"
        await here.minutes(1)
        assert here.kpi() == {"5m": 1.0, "1h": None, "24h": None, TOTAL: None}
        assert here.verdict().status is Status.ON_PACE
        assert here.says("clicks2") == "counted since 11:10 (UTC), which is not all of its time"
        await here.minutes(60)
        assert here.kpi() == {"5m": 1.0, "1h": 1.0, "24h": None, TOTAL: None}
        assert await here.told() == []
        assert here.verdict("clicks2").reason is Reason.PARTLY_COUNTED

    live(scenario)


def test_a_measure_that_is_defined_anew_leaves_what_was_told_until_its_window_is_whole(live: Any) -> None:
    """And back again: what was not counted between is no part of any value."""

    async def scenario(here: Live) -> None:
        here.write(MOBILE, GOALS)
        await here.change(MOBILE)
        await here.minutes(30, mobile=20)
        raised = await here.told()
        assert raised[0][1] == "fired"
        await here.change(ALL)
        await here.minutes(4, mobile=20)
        assert (here.verdict().reason, here.kpi()["5m"]) == (Reason.PARTLY_COUNTED, None)
        assert await here.told() == raised
        await here.change(MOBILE)
        await here.minutes(4, mobile=20)
        assert (here.verdict().reason, here.kpi()["5m"]) == (Reason.PARTLY_COUNTED, None)
        assert await here.told() == raised
        await here.minutes(10, mobile=40)
        assert here.kpi()["5m"] == pytest.approx(40 / 60)
        assert [change for _, change in await here.told()][-1] == "resolved"

    live(scenario)


def test_a_measure_that_is_removed_is_no_fall_to_zero(live: Any) -> None:
    """The last good goals are judged by the last good catalogue, of which workers count no more."""

    async def scenario(here: Live) -> None:
        await here.change(MOBILE)
        await here.minutes(30)
        assert here.kpi()["5m"] == 1.0
        await here.change(NOTHING)
        assert here.goals.problem != ""
        await here.minutes(90)
        assert (here.verdict().status, here.verdict().reason) == (Status.NO_DATA, Reason.PARTLY_COUNTED)
        assert here.says() == "no worker counts what it is made of"
        assert here.kpi() == {"5m": None, "1h": None, "24h": None, TOTAL: None}
        assert await here.told() == []
        await here.change(MOBILE)
        await here.minutes(7, mobile=29)
        assert here.kpi() == {"5m": 29 / 60, "1h": None, "24h": None, TOTAL: None}
        # Of so few a little below the bound is chance; the clicks of between are no evidence.
        assert (here.verdict().status, here.verdict().reason) == (Status.ON_PACE, Reason.NOT_PROVEN)
        assert await here.told() == []

    live(scenario)


def test_what_is_counted_from_the_beginning_is_right_in_total_too(live: Any, tmp_path: Path) -> None:
    """A Redis that holds nothing: all there will ever be is counted."""

    async def scenario(here: Live) -> None:
        await here.redis.flushall()
        again = Live(here.redis, tmp_path)
        again.write(ALL, GOALS)
        again.counted = CatalogueInUse(CatalogueSource(again.files[0]), again.store, added.ACCEPTS, again.clock)
        await again.begin()
        for _ in range(3):
            again.goals.refresh(monotonic())
        await again.minutes(3)
        assert again.kpi() == {"5m": 1.0, "1h": 1.0, "24h": 1.0, TOTAL: 1.0}
        assert again.verdict().reason is not Reason.PARTLY_COUNTED

    live(scenario)
