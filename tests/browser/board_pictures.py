"""``python -m tests.browser.board_pictures`` writes the pictures of the board anew: docs/board.png and docs/board/.

Campaigns are made up; the monitor, Redis and the browser are real. It takes two minutes: the last minutes of a campaign
are drawn as they pass. Names of pictures after it make only these.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sin
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from redis.asyncio import Redis

from kpis.series import key
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from tests.browser.chromium import chromium
from tests.kit.launch import Launch, aside
from tests.kit.monitor_fakes import Seed, row
from tests.kit.pictures import smaller
from tests.kit.processes import until
from tests.kit.redis_server import redis_server

ROOT = Path(__file__).parents[2] / "docs"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DARK: dict[str, Any] = {**DESKTOP, "color_scheme": "dark"}
WALL: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark"}
SMALL: dict[str, Any] = {"viewport": {"width": 1200, "height": 520}}
LOOKS: dict[str, tuple[dict[str, Any], str, str]] = {
    "desktop": (DESKTOP, "/", "full"),
    "phone": (PHONE, "/", "full"),
    "dark": (DARK, "/?group=account", "full"),
    "wall": (WALL, "/?wall=1", "full"),
    "redis-away": (SMALL, "/", "away"),
    "no-worker": (SMALL, "/", "silent"),
    "empty": (SMALL, "/", "empty"),
}
BEATS, BEAT_S = 9, 10.5
"""The last minutes of a campaign have a point each ten seconds."""


@dataclass(frozen=True, slots=True)
class Show:
    """A campaign: what it spent, as a part of what it should have by now; what people click; whether it has goals."""

    id: str
    name: str
    account: str
    part: float
    ctr: float = 0.024
    channel: str = "search"
    has_goals: bool = True
    budget: int = 30_000


SHOWS = (
    Show("acme-2", "Acme, spring sneakers", "Acme", 0.61, channel="social"),
    Show("acme-10", "Acme, store openings", "Acme", 0.99),
    Show("acme-11", "Acme, members only", "Acme", 1.31, budget=9_000),
    Show("blau-1", "Blau Energie, Wechselwochen", "Blau Energie", 0.83, budget=52_000),
    Show("blau-3", "Blau Energie, Wärmepumpe", "Blau Energie", 1.01, ctr=0.009, channel="video"),
    Show("kino-7", "Kinowelt, premiere night", "Kinowelt", 1.02, channel="video", budget=18_000),
    Show("kino-8", "Kinowelt, family weekend", "Kinowelt", 0.97, channel="social", budget=7_500),
    Show("nord-1", "Nordlicht Reisen, last minute", "Nordlicht Reisen", 1.04, budget=40_000),
    Show("test-pixel", "test-pixel", "", 0.2, has_goals=False),
    Show("old-brand-2024", "old-brand-2024", "", 0.1, has_goals=False),
)


class LaunchDay(Launch):
    """A day with everything that the board shows: what goes well and what does not, and a launch that is to come."""

    def write_goals(self) -> None:
        """The goals file."""
        lines = ["campaigns:"]
        for show in (one for one in SHOWS if one.has_goals):
            lines += self._goals_of(show, self.start, self.start + 3 * DAY_MS)
        soon = self.now // HOUR_MS * HOUR_MS + 3 * HOUR_MS
        late = Show("nord-2", "Nordlicht Reisen, northern lights", "Nordlicht Reisen", 0)
        lines += self._goals_of(late, soon, soon + 7 * DAY_MS)
        file = self.system.directory / "goals.yaml"
        file.write_text("\n".join(lines) + "\n")
        self.system.settings |= {"GOALS": str(file), "EXPORT_BREAKDOWNS": "true"}

    def _goals_of(self, show: Show, start_ms: int, end_ms: int) -> list[str]:
        start, end = (datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M") for ms in (start_ms, end_ms))
        return [
            f"  - campaign: {show.id}",
            f"    name: {show.name!r}",
            f"    account: {show.account!r}",
            f"    flight: {{start: {start}, end: {end}, timezone: UTC}}",
            f"    goals: [{{total: spend, target: {show.budget}, rule: threshold}},"
            " {ratio: ctr, at_least: 0.015, window: 1h}]",
        ]

    def show(self, beat: int = 0, *, is_first: bool = True) -> None:
        """Write all of it as of now; ``beat`` moves the last minutes on."""
        aside(self._show(beat, is_first=is_first))

    def fall_silent(self) -> None:
        """As if the workers had died some minutes ago."""
        aside(self._fall_silent())

    async def _fall_silent(self) -> None:
        async with Redis(port=self.port) as redis:
            for number in range(2):
                await Seed(redis).meta(number, self.now - 7 * 60_000)

    async def _show(self, beat: int, *, is_first: bool) -> None:
        async with Redis(port=self.port) as redis:
            seed = Seed(redis)
            await seed.layout()
            self.now = int(time.time() * 1000)
            for number in range(2):
                await seed.meta(number, self.now)
            for number, one in enumerate(SHOWS):
                await self._write(seed, number, one, beat, is_first=is_first)

    async def _write(self, seed: Seed, number: int, one: Show, beat: int, *, is_first: bool) -> None:
        passed = (self.now - self.start) / (3 * DAY_MS)
        spent = int(one.budget * 1_000_000 * one.part * passed)
        quarters = range(self.start, self.now, QUARTER_MS)
        seen = spent // 7_500
        counts = row(seen, int(seen * one.ctr), int(seen * one.ctr / 25), spent, int(spent * (1.4 + number / 5)))
        a_minute = int(seen / (len(quarters) * 15) * (1 + 0.35 * sin(number + beat / 1.7)))
        hour = row(*(int(value / len(quarters) * 4) for value in counts))
        windows = {"1m": row(a_minute, int(a_minute * one.ctr)), "1h": hour, "total": counts}
        await seed.series(0, key(one.id), self.now, windows)
        await seed.series(0, key(one.id, [("channel", one.channel)]), self.now, {"1h": hour, "total": counts})
        each = row(*(value // len(quarters) for value in counts))
        if is_first:
            for at in quarters[:-1]:
                await seed.history(0, key(one.id), at, each)
        passed_of_it = (self.now - quarters[-1]) / QUARTER_MS
        await seed.history(0, key(one.id), quarters[-1], row(*(int(value * passed_of_it) for value in each)))


@contextmanager
def shown(what: str) -> Iterator[tuple[LaunchDay, ExitStack]]:
    """A monitor that shows all of it, or nothing; with what ends its Redis."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as redis:
        day = LaunchDay(redis.enter_context(redis_server()), Path(directory))
        day.system.settings |= {"HTTP_USER": "ana", "HTTP_PASSWORD": "pictures"}
        if what != "empty":
            day.write_goals()
            day.show()
        day.system.monitor()
        try:
            if what == "full":
                for beat in range(BEATS):
                    time.sleep(BEAT_S)
                    day.show(beat, is_first=False)
            yield day, redis
        finally:
            day.system.stop()


def picture(browser: Browser, day: LaunchDay, name: str, redis: ExitStack) -> bytes:
    """One picture of what is there now."""
    options, path, what = LOOKS[name]
    context = browser.new_context(**options, http_credentials={"username": "ana", "password": "pictures"})
    page = context.new_page()
    page.goto(day.url + path)
    if what != "empty":
        expect(page.locator("#live")).to_have_text("● live")
        expect(page.locator("#tiles .spent b")).to_contain_text("EUR")
    if what == "full":
        _care(page)
    if what == "away":
        redis.close()
        expect(page.locator("#live")).to_have_text("✕ Redis away")
    if what == "silent":
        day.fall_silent()
        expect(page.locator("#live")).to_contain_text("no worker writes")
    until(lambda: page.locator("#changes li").count() > 0 or "wall" in path, "what people were told")
    shot = page.screenshot(full_page=name in {"desktop", "dark"})
    context.close()
    return smaller(shot)


def _care(page: Page) -> None:
    """Somebody takes care of one alert, and mutes another campaign: once, whichever picture comes first."""
    origin = page.url.partition("?")[0].rstrip("/")
    for campaign, path, more in (("acme-2", "acknowledge", {}), ("acme-11", "mute", {"for_s": 7200})):
        row_now = page.request.get(f"{origin}/api/campaign?id={campaign}").json()["campaign"]
        if (path == "mute" and row_now["is_muted"]) or row_now["goals"][0]["acknowledged_by"]:
            continue
        body = {"campaign": campaign, **more}
        assert page.request.post(f"{origin}/api/alerts/{path}", data=body).ok
    if "wall" not in page.url:
        expect(page.locator("#mutes li")).to_have_count(1)


def main(names: list[str]) -> int:
    """Write the pictures."""
    wanted = names or list(LOOKS)
    (ROOT / "board").mkdir(exist_ok=True)
    with chromium() as browser:
        for what in dict.fromkeys(LOOKS[name][2] for name in wanted):
            with shown(what) as (day, redis):
                for name in (one for one in wanted if LOOKS[one][2] == what):
                    if what == "full":
                        day.show(BEATS, is_first=False)
                    file = ROOT / "board.png" if name == "desktop" else ROOT / "board" / f"{name}.png"
                    file.write_bytes(picture(browser, day, name, redis))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
