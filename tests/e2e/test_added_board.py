"""A board that is open in a browser while the catalogue file changes: it loads itself again, with the new columns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.browser.chromium import chromium, faults, page
from tests.contract.monitors.test_catalogue_follow import HEAD, MORE, environment, has, monitor, seeded
from tests.kit.monitor_fakes import until
from tests.kit.redis_server import redis_server
from tests.kit.wide_seed import CATALOGUE


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


def test_an_open_page_shows_what_is_added_by_itself(port: int, tmp_path: Path) -> None:
    async def run() -> None:
        env = environment(port, tmp_path)
        (tmp_path / "goals.yml").write_text(HEAD)
        (tmp_path / "catalogue.yml").write_text("title: nothing yet\n")
        async with Redis(port=port) as redis:
            await seeded(redis)
            async with monitor(env, tmp_path / "log") as base:
                await until(lambda: has(base, "pacewatch_spend{campaign=c1,currency=EUR}", 20))
                await asyncio.to_thread(look, base, tmp_path)

    asyncio.run(run())


def look(base: str, directory: Path) -> None:
    """What a person sees."""
    with chromium() as browser, page(browser) as made:
        made.goto(base)
        made.wait_for_selector("#live.up")
        assert made.locator("th[data-sort=roi]").count() == 0
        (directory / "catalogue.yml").write_text(CATALOGUE)
        (directory / "goals.yml").write_text(HEAD + MORE)
        made.wait_for_selector("th[data-sort=roi] button", timeout=20_000)
        cell = made.wait_for_selector("td[data-label='Roi 1h']")
        assert cell is not None
        assert cell.inner_text() == "-1.00"
        made.click("th[data-sort=hours] button")
        made.goto(f"{base}/campaign?id=c1")
        made.wait_for_selector("[aria-label=Windows] table")
        text = made.inner_text("[aria-label=Windows] table")
        for head in ("Visits", "Hours, hours", "Cost per visit", "Frequency"):
            assert head in text
        assert faults(made) == []
