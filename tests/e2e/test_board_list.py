"""The list of campaigns in a real Chromium: what its head, tiles, groups, address, log and wall say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import faults, page
from tests.e2e.test_board import DESK, PHONE, browser, launch, names, opened, ready
from tests.kit.http_client import Client, basic
from tests.kit.launch import Launch, aside
from tests.kit.monitor_fakes import Seed
from tests.kit.processes import until
from tests.kit.redis_server import free_port, redis_server

__all__ = ["browser", "launch"]

WALL: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}}
SCREENS = [{"width": 3840, "height": 2160}, {"width": 1080, "height": 1920}]
WHO: dict[str, Any] = {"http_credentials": {"username": "ana", "password": "hunter2"}}
ROWS = "#board tbody tr[data-id]"
BROKEN_WORDS = """() => {
    const found = [], words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = words.nextNode());) for (const word of node.data.matchAll(/[\\p{L}\\p{N}.,%]+/gu)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) found.push(word[0]);
    }
    return found;
}"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('header *, #tiles *, #wall *, #wall-foot *')]
    .filter((one) => one.checkVisibility() && [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
CUT = "() => document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
def half(launch: Launch) -> Launch:
    """Two that miss, one that does not, one without a goal."""
    launch.goals(("c10", "Run 10"), ("c2", "Run 2"), ("fine", "Fine"))
    launch.put({"c10": 0.6, "c2": 0.6, "fine": 1}, extra=1)
    return launch


def _silence(port: int, at_ms: int) -> None:
    """No worker has written since."""
    from redis.asyncio import Redis

    async def write() -> None:
        async with Redis(port=port) as redis:
            for number in range(2):
                await Seed(redis).meta(number, at_ms)

    aside(write())


def test_the_head_follows_what_happens_and_names_the_zone(browser: Browser, tmp_path: Path) -> None:
    """Live, no worker writes, Redis away, live once more: of one page that stays open."""
    port = free_port()
    made_launch = Launch(port, tmp_path)
    context = browser.new_context(**DESK, timezone_id="Asia/Kolkata")
    made = context.new_page()
    live = made.locator("#live")
    try:
        with redis_server(port):
            made_launch.put({"c": 1})
            ready(made_launch)
            opened(made, made_launch)
            expect(made.locator("#age")).to_have_text(re.compile(r"as of [\d-]{10} [\d:]{8} GMT\+5:30, \d+ s ago"))
            _silence(port, made_launch.now - 600_000)
            expect(live).to_contain_text("✕ no worker writes (10 min)")
            expect(made.locator("#notices")).to_contain_text("No worker has written for 10 min")
        expect(live).to_have_text("✕ Redis away")
        expect(made.locator("#notices")).to_contain_text("does not answer")
        # After a while no number is better than an old one.
        expect(made.locator("#tiles .spent b")).to_have_text("–", timeout=30_000)
        with redis_server(port):
            made_launch.put({"c": 1})
            expect(live).to_have_text("● live", timeout=30_000)
            expect(made.locator("#tiles .spent b")).to_contain_text("EUR")
    finally:
        context.close()
        made_launch.system.stop()


def test_a_page_that_hears_nothing_any_more_does_not_say_live(browser: Browser, half: Launch) -> None:
    """As behind a proxy that keeps a connection whose monitor is gone, or after a laptop has slept."""
    ready(half)
    with page(browser, **DESK) as made:
        made.clock.install()
        opened(made, half)
        made.evaluate("Date.now = ((was) => () => was() + 60_000)(Date.now)")
        made.clock.run_for(1_100)
        expect(made.locator("#live")).to_have_text("✕ not connected")


def test_tiles_say_how_all_of_it_stands_and_filter(browser: Browser, half: Launch) -> None:
    ready(half)
    with page(browser, **DESK) as made:
        opened(made, half)
        expect(made.locator("#tiles .critical b")).to_have_text("2")
        expect(made.locator("#tiles .risk b")).to_contain_text(re.compile(r"[\d,.]+ EUR"))
        expect(made.locator("#tiles .spent")).to_contain_text(re.compile(r"[1-9][\d,.]* EUR since midnight UTC"))
        made.locator("#tiles .critical").click()
        expect(made.locator(ROWS)).to_have_count(2)
        assert made.title().startswith("▲2 ")
        assert "status=critical" in made.url


def test_what_is_shown_is_in_the_address_and_the_back_button_goes_back(browser: Browser, half: Launch) -> None:
    ready(half)
    with page(browser, **DESK) as made:
        opened(made, half)
        expect(made.locator(ROWS)).to_have_count(3)
        made.locator("#order").select_option("name")
        assert names(made) == ["Fine", "Run 2", "Run 10"], "as people count"
        made.locator("#statuses button.on_pace").click()
        expect(made.locator(ROWS)).to_have_count(1)
        made.go_back()
        expect(made.locator(ROWS)).to_have_count(3)
        expect(made.locator("#order")).to_have_value("name")
        made.go_back()
        expect(made.locator("#order")).to_have_value("worst")
        made.locator("#find").fill("run")
        expect(made.locator(ROWS)).to_have_count(2)
        shared = made.url
        opened(made, half, "/?sort=constructor&status=%3Cb%3E&group=__proto__")
        expect(made.locator(ROWS)).to_have_count(3)
        made.goto(shared)
        expect(made.locator("#find")).to_have_value("run")
        expect(made.locator(ROWS)).to_have_count(2)


def test_what_has_no_goal_is_folded_away_until_it_is_looked_for(browser: Browser, half: Launch) -> None:
    ready(half)
    with page(browser, **DESK) as made:
        opened(made, half)
        head = made.locator("tr.group button")
        expect(head).to_have_attribute("aria-expanded", "false")
        expect(made.locator(ROWS)).to_have_count(3)
        head.click()
        expect(made.locator(ROWS)).to_have_count(4)
        assert "all=1" in made.url
        head.click()
        made.locator("#find").fill("x0000")
        expect(made.locator(ROWS)).to_have_count(1)


def test_campaigns_are_grouped_by_account_and_by_channel(browser: Browser, half: Launch) -> None:
    half.system.settings["EXPORT_BREAKDOWNS"] = "true"
    goals = Path(half.system.settings["GOALS"])
    goals.write_text(goals.read_text().replace("    name: 'Run", "    account: Acme\n    name: 'Run"))
    ready(half)
    with page(browser, **DESK) as made:
        opened(made, half, "/?group=account")
        heads = made.locator("tr.group")
        expect(heads).to_have_count(2)
        expect(heads.first).to_contain_text("Acme 2 campaigns · ▲ Critical 2")
        expect(heads.nth(1)).to_contain_text("No account 2 campaigns")
        heads.first.get_by_role("button").click()
        expect(made.locator(ROWS)).to_have_count(2)
        made.locator("#group").select_option("channel")
        expect(heads.first).to_contain_text("search 3 campaigns")
        expect(heads.nth(1)).to_contain_text("No channel known")
        assert faults(made) == []


def test_alerts_are_acknowledged_and_muted_from_the_page_and_the_log_survives_a_restart(
    browser: Browser, half: Launch
) -> None:
    half.system.settings |= {"HTTP_USER": "ana", "HTTP_PASSWORD": "hunter2"}
    half.system.monitor()
    client = Client(half.system.port)
    until(lambda: '"campaigns":[{' in client.ask("/api/campaigns", basic("ana", "hunter2")).text, "the board")
    with page(browser, **DESK, **WHO) as made:
        opened(made, half)
        made.get_by_role("button", name="Acknowledge Run 2").click()
        assert faults(made) == []
        made.locator("#act-note").fill("budget <b>moved</b>")
        made.keyboard.press("Enter")
        expect(made.locator("#act")).not_to_be_visible()
        expect(made.locator("tr[data-id=c2]")).to_contain_text("acknowledged by ana")
        expect(made.locator("#changes li").first).to_contain_text("ana acknowledged Run 2 spend: “budget <b>moved</b>”")
        made.get_by_role("button", name="Mute Run 10").click()
        made.keyboard.press("Escape")
        expect(made.locator("#mutes")).not_to_be_visible()
        made.get_by_role("button", name="Mute Run 10").click()
        made.locator("#act-for").select_option("86400")
        made.locator("#act-by").fill("bo")
        made.locator("#act-do").click()
        expect(made.locator("#mutes li")).to_contain_text("by bo")
        expect(made.locator("tr[data-id=c10]")).to_contain_text("muted")
    half.system.stop()
    half.system.monitor()
    until(lambda: '"told":"critical"' in client.ask("/api/campaigns", basic("ana", "hunter2")).text, "the board")
    with page(browser, **DESK, **WHO) as made:
        opened(made, half)
        expect(made.locator("#changes")).to_contain_text("Run 10 spend: on pace → ▲ Critical under")
        expect(made.locator("#changes")).to_contain_text("bo muted Run 10")
        made.locator("#mutes button").click()
        made.locator("#act-do").click()
        expect(made.locator("#mutes")).not_to_be_visible()
        expect(made.locator("#changes li").first).to_contain_text("ana unmuted Run 10")


def test_where_everybody_reads_there_is_nothing_to_act_with(browser: Browser, half: Launch) -> None:
    ready(half)
    with page(browser, **DESK) as made:
        opened(made, half)
        expect(made.locator("#changes li")).to_have_count(2)
        assert made.locator(".row-acts, #act").count() == 0


@pytest.fixture
def crowd(launch: Launch) -> Launch:
    """More than one page of the wall, with names of all lengths."""
    many = [(f"c{n}", f"Launch {n} of a campaign whose name goes on and on" if n % 2 else f"L{n}") for n in range(12)]
    launch.goals(*many)
    launch.put({name: 0.5 + n / 16 for n, (name, _) in enumerate(many)}, extra=1)
    ready(launch)
    return launch


def test_the_wall_is_read_from_two_metres_never_scrolls_and_goes_through_its_pages(
    browser: Browser, crowd: Launch
) -> None:
    """Letters of 26 pixels on a screen of 1080 lines are half a centimetre high on one of a metre's width."""
    with page(browser, **WALL) as made:
        made.clock.install()
        opened(made, crowd, "/?wall=1")
        cards, foot = made.locator("#wall li"), made.locator("#wall-foot span")
        expect(cards).to_have_count(9)
        expect(foot).to_have_text("Page 1 of 2")
        assert made.evaluate(SMALLEST) >= 26
        assert not made.evaluate(CUT)
        assert _narrow(made) == []
        assert faults(made) == []
        made.clock.run_for(13_000)
        expect(foot).to_have_text("Page 2 of 2")
        expect(cards).to_have_count(3)
        made.locator("#wall-hold").click()
        made.clock.run_for(30_000)
        expect(foot).to_have_text("Page 2 of 2, held")
        made.keyboard.press("ArrowLeft")
        made.clock.run_for(1_100)
        expect(foot).to_have_text("Page 1 of 2, held")
        made.keyboard.press("Escape")
        expect(made.locator("#board")).to_be_visible()
        assert made.url == f"{crowd.url}/"


@pytest.mark.parametrize("screen", SCREENS, ids=["large", "upright"])
def test_the_wall_fits_other_screens_too(browser: Browser, crowd: Launch, screen: dict[str, int]) -> None:
    with page(browser, viewport=screen) as made:
        opened(made, crowd, "/?wall=1")
        expect(made.locator("#wall li").first).to_be_visible()
        assert not made.evaluate(CUT)
        assert made.evaluate(SMALLEST) >= 26


def test_no_word_is_broken_on_a_phone_and_nothing_is_cut_off(browser: Browser, crowd: Launch) -> None:
    with page(browser, **PHONE) as made:
        opened(made, crowd)
        expect(made.locator("#changes li").first).to_be_visible()
        assert made.evaluate(BROKEN_WORDS) == []
        assert not made.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert _narrow(made) == []


def _narrow(made: Page) -> list[str]:
    """Figures of tiles that do not fit."""
    every = "[...document.querySelectorAll('.tile b')]"
    found: list[str] = made.evaluate(f"{every}.filter((b) => b.scrollWidth > b.clientWidth).map((b) => b.textContent)")
    return found
