"""The demo's display loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.live import Live

from kpis.runtime.clock import monotonic
from kpis.settings.shared import Settings
from monitors.board.shapes import Campaigns
from monitors.read.reader import connect
from pacewatch.demo.course import Course
from pacewatch.demo.screen import Scene, screen
from pacewatch.demo.story import Story
from pacewatch.demo.sums.counted import done_with

_LOOK_S = 0.1
_SHOW_S = 0.25
_QUARTER = 0.25
_TIMEOUT = aiohttp.ClientTimeout(total=2)


@dataclass(slots=True)
class Onlooker:
    """Looks at the demo, and shows it where there is a terminal.

    Attributes:
        settings: where Redis is.
        address: of the board.
        course: how far the demo is.
        story: what happened.
        console: a terminal; None where only lines can be written.
    """

    settings: Settings
    address: str
    course: Course
    story: Story
    console: Console | None
    _board: Campaigns | None = None
    _has_row: bool = False
    _quarter: float = _QUARTER

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        redis = connect(self.settings)
        live = Live(console=self.console, screen=True, auto_refresh=False) if self.console else None
        try:
            async with aiohttp.ClientSession() as session:
                if live is not None:
                    live.start()
                await self._loop(redis, session, live)
        finally:
            if live is not None:
                live.stop()
            await redis.aclose()

    async def _loop(self, redis: Redis, session: aiohttp.ClientSession, live: Live | None) -> None:
        shown_s = 0.0
        while not self.course.is_over:
            await self._look(redis)
            if monotonic() - shown_s >= _SHOW_S:
                shown_s = monotonic()
                self._board = await fetch(session, self.address) or self._board
                self._say()
                if live is not None:
                    size = live.console.size
                    live.update(screen(self._scene(), size.width, size.height), refresh=True)
            await asyncio.sleep(_LOOK_S)

    async def _look(self, redis: Redis) -> None:
        sent = self.course.sent.handed
        try:
            counted = await done_with(redis, self.settings.partitions)
        except (RedisError, OSError):
            return
        self.course.waiting = max(sent - counted, 0)
        self.course.promptness.look(monotonic(), sent, counted)

    def _say(self) -> None:
        """What is worth a line beside what happens: the first KPI, and each quarter of the way."""
        if not self._has_row and self._board and any(row.total for row in self._board.campaigns):
            self._has_row = True
            self.story.note(f"first KPI row after {monotonic() - self.course.started_s:.1f} s")
        part = self.course.part(self.course.clock.now_ms())
        if self._quarter <= part < 1:
            self._quarter = part // _QUARTER * _QUARTER + _QUARTER
            if self.console is None:
                wait = f"{self.course.waiting:,} wait to be counted" if self.course.waiting else "all counted"
                self.story.note(f"{part:.0%} of it is past: {self.course.sent.acked:,} events sent, {wait}")

    def _scene(self) -> Scene:
        course, now_ms = self.course, self.course.clock.now_ms()
        is_timed = course.plan.rate is not None
        return Scene(
            what=course.plan.what,
            address=self.address,
            now_ms=now_ms,
            part=course.part(now_ms),
            left_s=max(course.clock.real_seconds(course.plan.ends_ms - now_ms), 0.0) if is_timed else None,
            sent=course.sent.handed,
            waiting=course.waiting,
            board=self._board,
            happenings=self.story.moments,
        )


async def fetch(session: aiohttp.ClientSession, address: str) -> Campaigns | None:
    """The launch board now; None while the monitor does not answer."""
    try:
        async with session.get(f"{address}api/campaigns", timeout=_TIMEOUT) as response:
            if response.status != 200:
                return None
            return msgspec.json.decode(await response.read(), type=Campaigns)
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        return None
