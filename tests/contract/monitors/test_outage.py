"""An outage is one message: a monitor's cycles over a real Redis, minute by minute, and one that is started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.measures import pack
from kpis.runtime.clock import Clock
from kpis.times import MINUTE_MS, QUARTER_MS, day_of
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.outbox import TOLD, Outbox
from monitors.board.board import Board, BoardPolicy
from monitors.cycle import Cycle
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.goals.reload import GoalsSource
from monitors.pacing.verdict import Status
from monitors.read.decoding import PER_DAY
from monitors.read.reader import Reader
from tests.kit.monitor_fakes import DAY, MIDNIGHT, NOON, Seed, row
from tests.kit.redis_server import redis_server

CAMPAIGNS = [f"c{number}" for number in range(6)]
POLICY = CyclePolicy()
GOALS = "campaigns:\n" + "".join(
    f"  - campaign: {name}\n"
    "    flight: {start: 2026-11-20, end: 2026-11-30, timezone: UTC}\n"
    "    goals:\n"
    "      - {total: impressions, target: 1440000}\n"
    "      - {ratio: ctr, at_least: 0.015, window: 1h}\n"
    for name in CAMPAIGNS
)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes pass in milliseconds here: what is known must be in Redis when the monitor is started anew."""
    monkeypatch.setattr("monitors.gathering.KEEP_EVERY_S", 0.0)


@dataclass(frozen=True)
class SetClock(Clock):
    """Shows what it is set to."""

    shown: list[int] = field(default_factory=lambda: [NOON])

    def now_ms(self) -> int:
        """What it was set to."""
        return self.shown[0]


class Outage:
    """A worker that writes what it is told to each minute, and the monitor that looks at it then."""

    def __init__(self, redis: Redis, goals: Path) -> None:
        self.redis, self.goals, self.seed, self.clock = redis, goals, Seed(redis), SetClock()
        self.came = [0, 0]
        goals.write_text(GOALS)

    async def begin(self) -> None:
        """Two usual days, and a monitor."""
        await self.redis.flushall()
        await self.seed.layout()
        each = pack(row(1500, 30, 3, 1_500_000))
        for day in (MIDNIGHT - 2 * DAY, MIDNIGHT - DAY, MIDNIGHT):
            last = PER_DAY if day < MIDNIGHT else (NOON - MIDNIGHT) // QUARTER_MS
            for name in CAMPAIGNS:
                key = layout.history(0, name, day_of(day))
                await self.redis.hset(key, mapping={str(quarter): each for quarter in range(last)})
        self.start()

    def start(self) -> None:
        """The monitor anew: nothing is known but what is in Redis."""
        outbox = Outbox(self.redis, "test", "one", 600_000)
        self.cycle = Cycle(Reader(self.redis, "test", self.clock), outbox, GoalsSource(self.goals), self.clock, POLICY)

    async def minutes(self, count: int, *, impressions: int = 100, clicks: int = 2, counts: bool = True) -> list[str]:
        """Some minutes of it; gives what was told then."""
        for _ in range(count):
            before = self.clock.shown[0]
            now = self.clock.shown[0] = before + MINUTE_MS
            if before % QUARTER_MS == 0:
                self.came = [0, 0]
            if counts:
                self.came = [self.came[0] + impressions, self.came[1] + clicks]
                each = row(self.came[0], self.came[1], self.came[1] // 10, self.came[0] * 1000)
                for name in CAMPAIGNS if any(self.came) else ():
                    await self.seed.history(0, name, before, each)
                for partition in range(2):
                    await self.seed.meta(partition, now)
            await self.cycle.cycle()
        told = [msgspec.json.decode(raw) for raw in await self.redis.lrange(TOLD, 0, -1)]
        await self.redis.delete(TOLD)
        return [f"{one['campaign']} {one['goal']} {one['change']} {one['reason']}" for one in told]


def test_an_outage_is_one_message_whoever_looks_and_whatever_it_is(server: int, tmp_path: Path) -> None:
    """Producers stall, the monitor is started anew in it; then clicks stall; then the worker is away for an hour."""

    async def run() -> None:
        async with Redis(port=server) as redis:
            one = Outage(redis, tmp_path / "goals.yml")
            await one.begin()
            assert await one.minutes(60) == []
            assert await one.minutes(20, impressions=0, clicks=0) == ["all |watch:pipeline fired nothing_comes"]
            one.start()
            assert await one.minutes(40, impressions=0, clicks=0) == []
            assert await one.minutes(20) == ["all |watch:pipeline resolved flowing"]
            assert await one.minutes(60, clicks=0) == ["all |watch:click_stream fired stream_silent"]
            assert await one.minutes(60) == ["all |watch:click_stream resolved flowing"]
            assert await one.minutes(60, counts=False) == ["all |watch:pipeline fired pipeline_late"]
            one.start()
            assert await one.minutes(60) == ["all |watch:pipeline resolved flowing"]

    asyncio.run(run())


def test_the_board_and_the_metrics_say_what_it_is(server: int, tmp_path: Path) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            one = Outage(redis, tmp_path / "goals.yml")
            await one.begin()
            await one.minutes(60)
            board = Board("b", BoardPolicy())
            exporter = Exporter(ExportPolicy())
            board.update(one.cycle.view, one.clock.now_ms(), 0.0)
            assert not board.summary.notices
            assert 'pacewatch_common_cause{cause="click_stream"} 0' in exporter.text(one.cycle.view, Format.PLAIN)
            await one.minutes(20, clicks=0)
            board.update(one.cycle.view, one.clock.now_ms(), 1.0)
            assert board.summary.notices == (
                "No clicks have come since 13:00 (UTC) of any campaign: goals that need them wait.",
            )
            assert [watch.id for watch in board.summary.common if watch.status is Status.CRITICAL] == [
                "watch:click_stream"
            ]
            assert set(board.feed.rows) == set(CAMPAIGNS)
            text = exporter.text(one.cycle.view, Format.PLAIN)
            assert 'pacewatch_common_cause{cause="click_stream"} 1' in text
            assert 'pacewatch_common_cause_campaigns{cause="click_stream"} 6' in text

    asyncio.run(run())
