"""The demo's display loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from rich.console import Console
from rich.live import Live

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Unreachable
from kpis.settings.shared import Settings
from monitors.read.reader import BadLayout, Reader, connect
from pacewatch.demo import goal_pace as demo_pace
from pacewatch.demo import screen as demo_screen
from pacewatch.demo.fake_slack import FakeSlack
from pacewatch.terminal import say

_REFRESH_S = 0.25
_LINES_EVERY_S = 5.0
_PREFERRED = ("1h", "5m")


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Shows the numbers until cancelled.

    Attributes:
        settings: where Redis is.
        slack: what was told.
        metrics_url: the monitor's ``/metrics``.
        started: when the demo began, on :func:`kpis.runtime.clock.monotonic`.
        write: takes plain lines; stdout, or stderr when stdout is for the JSON.
        console: a terminal for the live table; None for plain lines.
    """

    settings: Settings
    slack: FakeSlack
    metrics_url: str
    started: float
    write: Callable[[str], None]
    console: Console | None

    async def run(self) -> None:
        """Read and show, again and again."""
        redis = connect(self.settings)
        reader = Reader(redis, self.settings.redis_address, self.settings.the_clock)
        live = Live(console=self.console, auto_refresh=False) if self.console else None
        try:
            async with aiohttp.ClientSession() as session:
                if live is not None:
                    live.start()
                await self._loop(reader, session, live)
        finally:
            if live is not None:
                live.stop()
            await redis.aclose()

    async def _loop(self, reader: Reader, session: aiohttp.ClientSession, live: Live | None) -> None:
        first, said = True, 0.0
        while True:
            try:
                snapshot = await reader.read()
            except (BadLayout, Unreachable):
                await asyncio.sleep(_REFRESH_S)
                continue
            window = next((w for w in _PREFERRED if w in snapshot.layout.windows), snapshot.layout.windows[0])
            pace = await demo_pace.fetch(session, self.metrics_url)
            shown = demo_screen.rows(snapshot, pace, window)
            if first and snapshot.series:
                first = False
                say(f"first KPI row after {monotonic() - self.started:.1f} s")
            if live is not None:
                live.update(
                    demo_screen.screen(
                        shown,
                        self.slack.messages,
                        window=window,
                        currency=snapshot.layout.currency,
                        as_of_ms=snapshot.as_of_ms,
                        url=self.metrics_url,
                    ),
                    refresh=True,
                )
            elif snapshot.series and monotonic() - said >= _LINES_EVERY_S:
                said = monotonic()
                for line in demo_screen.lines(shown, window, snapshot.as_of_ms):
                    self.write(line)
            await asyncio.sleep(_REFRESH_S)
