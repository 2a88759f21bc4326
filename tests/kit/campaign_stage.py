"""Campaigns with a past, as a worker would have written them, and the monitor that shows them: for campaigns' pages."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from kpis.measures import Row
from kpis.series import key
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from tests.kit.monitor_fakes import Seed, row
from tests.kit.processes import until
from tests.kit.system import System

ZONE = "Europe/Berlin"


def written(ms: int) -> str:
    """A local time of a goals file."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")


class Stage:
    """Three campaigns: one of five days with goals and alerts, one that began an hour ago, one without goals.

    Args:
        port: of Redis.
        directory: where the goals file is.
    """

    def __init__(self, port: int, directory: Path) -> None:
        self.port = port
        self.now = int(time.time() * 1000)
        self.start = (self.now - 5 * DAY_MS) // QUARTER_MS * QUARTER_MS
        self.hour = (self.now - HOUR_MS) // QUARTER_MS * QUARTER_MS
        self.system = System("127.0.0.1:1", f"redis://127.0.0.1:{port}/0", directory)
        self.url = f"http://127.0.0.1:{self.system.port}"
        # What is written here grows older while a test looks at it.
        self.system.settings["MAX_LAG_S"] = "3600"
        self._goals()

    def _goals(self) -> None:
        flights = {"spring": (self.start, self.start + 10 * DAY_MS), "young": (self.hour, self.hour + 7 * DAY_MS)}
        lines = ["accounts:", "  Acme:", "    together:", "      goals: [{total: spend, target: 30000}]"]
        lines += ["campaigns:"]
        for campaign, (begin, end) in flights.items():
            lines += [
                f"  - campaign: {campaign}",
                f"    name: {campaign.title()} launch",
                "    account: Acme",
                f"    flight: {{start: {written(begin)}, end: {written(end)}, timezone: {ZONE}}}",
                "    goals:",
                "      - {total: spend, target: 20000}",
                "      - {total: conversions, target: 4000}",
                "      - {ratio: ctr, at_least: 0.02, window: 1h, rule: threshold}",
                "      - {ratio: cpc, at_most: 0.5, window: 1h}",
            ]
        file = self.system.directory / "goals.yaml"
        file.write_text("\n".join(lines) + "\n")
        self.system.settings["GOALS"] = str(file)

    def put(self) -> None:
        """Write what was counted."""
        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, self._put()).result()

    def put_layout(self) -> None:
        """Write what a worker writes before the first event."""

        async def write() -> None:
            async with Redis(port=self.port) as redis:
                await Seed(redis).layout()

        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, write()).result()

    async def _put(self) -> None:
        chance = random.Random(7)
        async with Redis(port=self.port) as redis:
            seed = Seed(redis)
            await seed.layout()
            for number in range(2):
                # The worker writes as long as anybody looks.
                await seed.meta(number, self.now, flushed_at=self.now + HOUR_MS)
            spring = [(at, _quarter(at, chance, 1 - 0.35 * (at > self.now - 12 * HOUR_MS))) for at in self._past(5)]
            young = [(at, _quarter(at, chance, 0.5)) for at in range(self.hour, self.now, QUARTER_MS)]
            plain = [(at, _quarter(at, chance, 0.3)) for at in self._past(30)]
            for name, past in (("spring", spring), ("young", young), ("plain", plain)):
                await self._series(seed, name, past)
                part = key(name, [("channel", "search")])
                await seed.series(0, part, self.now, {"1h": row(900, 9), "total": row(9_000, 90)})

    async def _series(self, seed: Seed, campaign: str, past: Sequence[tuple[int, Row]]) -> None:
        hour, day = (_sum([one for at, one in past if at > self.now - span]) for span in (HOUR_MS, DAY_MS))
        whole = _sum([one for _, one in past])
        windows = {"1m": row(100), "5m": row(500, 9), "1h": hour, "24h": day, "total": whole}
        await seed.series(0, key(campaign), self.now, windows)
        for at, one in past:
            await seed.history(0, key(campaign), at, one)

    def _past(self, days: int) -> range:
        begin = (self.now - days * DAY_MS) // QUARTER_MS * QUARTER_MS
        return range(max(begin, self.start) if days == 5 else begin, self.now, QUARTER_MS)

    def ready(self) -> None:
        """Start the monitor, and wait until the board shows what it read."""
        self.system.monitor()
        until(lambda: '"campaigns":[{' in self.system.get("/api/campaigns")[1], "the board to have campaigns")


def _quarter(at: int, chance: random.Random, level: float) -> Row:
    """A quarter hour of a day with a quiet night, a little different each time."""
    day = 0.6 + 0.5 * math.sin((at % DAY_MS) / DAY_MS * 2 * math.pi - 2)
    impressions = max(int(2_600 * level * day * chance.uniform(0.85, 1.15)), 5)
    clicks = sum(chance.random() < 0.021 - 0.004 * (level < 0.7) for _ in range(impressions))
    conversions = sum(chance.random() < 0.07 for _ in range(clicks))
    spend = int(clicks * chance.uniform(0.42, 0.55) * 1_000_000)
    return row(impressions, clicks, conversions, spend, int(conversions * chance.lognormvariate(3, 0.5) * 1_000_000))


def _sum(rows: Sequence[Row]) -> Row:
    return tuple(map(sum, zip(*rows, strict=True))) if rows else row()
