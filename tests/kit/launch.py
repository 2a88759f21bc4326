"""Campaigns as a worker would have written them, and the monitor that shows them: what the board is looked at with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from kpis.series import key
from kpis.times import QUARTER_MS
from tests.kit.monitor_fakes import DAY, HOUR, Seed, row
from tests.kit.system import System


def aside(work: Coroutine[Any, Any, None]) -> None:
    """Run something beside Playwright, which has an event loop in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


class Launch:
    """Campaigns as a worker would have written them, and the monitor that shows them."""

    def __init__(self, port: int, directory: Path) -> None:
        self.port = port
        self.start = int(time.time() * 1000) // DAY * DAY - DAY
        self.now = int(time.time() * 1000)
        self.system = System("127.0.0.1:1", f"redis://127.0.0.1:{port}/0", directory)
        self.url = f"http://127.0.0.1:{self.system.port}"

    def goals(self, *campaigns: tuple[str, str]) -> None:
        """A goals file: each campaign should spend 3,000 in three days, and is judged at once; (id, name)."""
        day = [
            datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")
            for ms in (self.start, self.start + 3 * DAY)
        ]
        lines = ["campaigns:"]
        for campaign, name in campaigns:
            lines += [
                f"  - campaign: {campaign!r}",
                f"    name: {name!r}",
                f"    flight: {{start: {day[0]}, end: {day[1]}, timezone: UTC}}",
                "    goals: [{total: spend, target: 3000, rule: threshold}, {ratio: ctr, at_least: 0.01, window: 1h}]",
            ]
        file = self.system.directory / "goals.yaml"
        file.write_text("\n".join(lines) + "\n")
        self.system.settings["GOALS"] = str(file)

    def put(self, spends: dict[str, float], extra: int = 0) -> None:
        """Campaigns by how much of their expectation they spent; ``extra`` further ones without goals."""
        aside(self._put(spends, extra))

    def put_dark(self, campaign: str) -> None:
        """A campaign whose spend feed comes two hours late, and that nothing was served of for six hours."""
        aside(self._put_dark(campaign))

    async def _put_dark(self, campaign: str) -> None:
        await self._put({campaign: 1}, 0)
        async with Redis(port=self.port) as redis:
            seed = Seed(redis)
            quarters = range(self.start, self.now, QUARTER_MS)
            dark = sum(at > self.now - 6 * HOUR for at in quarters)
            for at in quarters[-dark:]:
                await seed.history(0, key(campaign), at, row())
            for number in range(2):
                late = {"clock:ads.spend": self.now - 2 * HOUR, "late:ads.spend": 2 * HOUR}
                await seed.meta(number, self.now, **{name.replace(":", "__"): ms for name, ms in late.items()})

    async def _put(self, spends: dict[str, float], extra: int) -> None:
        async with Redis(port=self.port) as redis:
            seed = Seed(redis)
            await seed.layout()
            self.now = int(time.time() * 1000)
            for number in range(2):
                await seed.meta(number, self.now)
            for campaign, part in spends.items():
                spent = int(3_000_000_000 * part * (self.now - self.start) / (3 * DAY))
                counts = row(impressions=1_234_567, clicks=24_690, conversions=100, spend=spent, revenue=2 * spent)
                await seed.series(0, key(campaign), self.now, {"1m": row(100), "1h": row(8_000, 160), "total": counts})
                await seed.series(
                    0, key(campaign, [("channel", "search")]), self.now, {"1h": row(10), "total": row(900, 9)}
                )
                *quarters, begun = range(self.start, self.now, QUARTER_MS)
                last, count = row(100, 2, 1, 1, 1), len(quarters)
                await seed.history(0, key(campaign), begun, last)
                rest = [total - late for total, late in zip(counts, last, strict=True)]
                for number, at in enumerate(quarters):
                    own = [n * (number + 1) // count - n * number // count for n in rest]
                    await seed.history(0, key(campaign), at, tuple(own))
            for number in range(extra):
                counts = row(number, number // 50, 0, number * 1000)
                await seed.series(1, f"x{number:04}", self.now, {"1m": row(number), "1h": counts, "total": counts})
