"""The launch board in a real Chromium, from a real monitor on a real Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import chromium, faults, page
from tests.kit.http_client import Client, basic
from tests.kit.launch import Launch
from tests.kit.processes import until
from tests.kit.redis_server import redis_server

SCRIPT = "<script>document.title='escaped'</script><img src=x onerror=alert(1)>"
DESK: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    with redis_server() as port:
        made = Launch(port, tmp_path)
        yield made
        made.system.stop()


def opened(made: Page, launch: Launch, path: str = "/", *, state: str = "● live") -> Page:
    """The page, once its head says so."""
    made.goto(launch.url + path)
    expect(made.locator("#live")).to_contain_text(state)
    return made


def ready(launch: Launch) -> None:
    """Wait until the monitor has read Redis and the board shows it."""
    launch.system.monitor()
    until(lambda: '"campaigns":[{' in launch.system.get("/api/campaigns")[1], "the board to have campaigns")


def names(made: Page) -> list[str]:
    """The campaigns on the page, from above."""
    return made.locator("#board tbody th a").all_inner_texts()


@pytest.mark.parametrize("options", [DESK, {**DESK, "color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
@pytest.mark.parametrize("path", ["/", "/campaign?id=late", "/api/docs", "/scopes", "/scope?id=portfolio%3D"])
def test_axe_finds_no_fault(browser: Browser, launch: Launch, options: dict[str, Any], path: str) -> None:
    launch.goals(("late", "Late"), ("fine", "Fine"), ("over", "Over"))
    launch.put({"late": 0.6, "fine": 1, "over": 1.2}, extra=3)
    ready(launch)
    with page(browser, **options) as made:
        if path == "/api/docs":
            made.goto(launch.url + path)
            made.locator("#docs h2").first.wait_for()
        elif path.startswith("/scope"):
            made.goto(launch.url + path)
            made.locator("section td.number").first.wait_for()
        else:
            opened(made, launch, path)
            made.locator("#board tbody svg.pace, #paces canvas").first.wait_for()
        assert faults(made) == []
        assert made.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def test_the_worst_campaign_is_first_and_says_why(browser: Browser, launch: Launch) -> None:
    launch.goals(("fine", "Fine"), ("late", "Late launch"))
    launch.put({"fine": 1, "late": 0.6}, extra=1)
    ready(launch)
    with page(browser, **DESK) as made:
        opened(made, launch)
        expect(made.locator("#board tbody tr[data-id]")).to_have_count(2)
        assert names(made) == ["Late launch", "Fine"]
        made.locator("tr.group button").click()
        expect(made.locator("#board tbody tr[data-id]")).to_have_count(3)
        assert names(made)[-1] == "x0000"
        first = made.locator("#board tbody tr").first
        expect(first).to_contain_text("Critical")
        expect(first).to_contain_text("spend under")
        expect(first).to_contain_text("60%")
        expect(made.locator("#changes")).to_contain_text("Late launch spend: on pace → ▲ Critical under")


@pytest.mark.parametrize(
    "options", [{**DESK, "viewport": {"width": 1280, "height": 900}}, PHONE], ids=["desk", "phone"]
)
def test_what_is_silent_is_a_line_of_its_own_and_a_late_stream_is_said(
    browser: Browser, launch: Launch, options: dict[str, Any]
) -> None:
    launch.goals(("dark", "Gone dark"))
    launch.put_dark("dark")
    ready(launch)
    with page(browser, **options) as made:
        opened(made, launch)
        first = made.locator("#board tbody tr").first
        expect(first).to_contain_text("Critical")
        expect(first.locator("p.watch").first).to_contain_text("▲ serving: nothing served since")
        expect(first).to_contain_text("explains it")
        expect(first).not_to_contain_text("0 of 0")
        expect(made.locator("#notices")).to_have_text("The stream of spend comes 2 h 00 min late by habit.")
        assert made.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        assert faults(made) == []
        made.locator("#board tbody a").first.click()
        expect(made.locator("#campaign section", has_text="Watches")).to_contain_text("serving: nothing served since")
        assert made.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        assert faults(made) == []


def test_it_works_by_keyboard_alone(browser: Browser, launch: Launch) -> None:
    launch.goals(("fine", "Fine"), ("late", "Late"))
    launch.put({"fine": 1, "late": 0.6}, extra=2)
    ready(launch)
    with page(browser, **DESK) as made:
        opened(made, launch)
        expect(made.locator("#board tbody tr[data-id]")).to_have_count(2)
        made.locator("tr.group button").focus()
        made.keyboard.press("Enter")
        expect(made.locator("tr.group button")).to_be_focused()
        made.keyboard.press("/")
        made.keyboard.type("x0")
        expect(made.locator("#board tbody tr[data-id]")).to_have_count(2)
        made.keyboard.press("Escape")
        expect(made.locator("#board tbody tr[data-id]")).to_have_count(4)
        made.locator("#statuses button.critical").focus()
        made.keyboard.press("Enter")
        expect(made.locator("#board tbody tr[data-id]")).to_have_count(1)
        made.keyboard.press("Enter")
        made.locator("th[data-sort=spend] button").focus()
        made.keyboard.press("Enter")
        expect(made.locator("th[data-sort=spend]")).to_have_attribute("aria-sort", "descending")
        assert names(made)[0] == "Fine"
        made.locator("#board tbody a").first.focus()
        made.keyboard.press("Enter")
        expect(made.locator("h1")).to_have_text("Fine")


def test_a_name_that_is_a_script_stays_text(browser: Browser, launch: Launch) -> None:
    """On the list, on its own page, in what the server sends and in what scripts draw; its id and its name."""
    launch.goals((SCRIPT, SCRIPT))
    launch.put({SCRIPT: 0.6, '"><b>x': 1})
    ready(launch)
    assert SCRIPT not in launch.system.get("/")[1]
    with page(browser, **DESK) as made:
        opened(made, launch)
        expect(made.locator("#board tbody tr")).to_have_count(2)
        assert SCRIPT in names(made)
        made.locator("#board tbody a", has_text="script").click()
        expect(made.locator("#paces canvas").first).to_be_visible()
        assert made.locator("h1").inner_text() == SCRIPT
        assert made.title() == f"{SCRIPT} · Pacewatch"
        assert made.locator("main img, main script, main b").count() == 0


def test_what_changes_in_redis_shows_without_a_reload(browser: Browser, launch: Launch) -> None:
    launch.goals(("c", "Spring"))
    launch.put({"c": 1}, extra=1)
    ready(launch)
    with page(browser, **DESK) as made:
        opened(made, launch)
        expect(made.locator("#board tbody tr").first).to_contain_text("On pace")
        made.evaluate("window.stayed = true")
        launch.put({"c": 0.5, "new": 1}, extra=1)
        expect(made.locator("#board tbody tr").first).to_contain_text("Critical")
        expect(made.locator("tr.group")).to_contain_text("Without a goal 2 campaigns")
        assert made.evaluate("window.stayed")


def test_a_monitor_that_goes_away_is_said_and_one_that_comes_back_is_found(browser: Browser, launch: Launch) -> None:
    launch.put({"c": 1})
    ready(launch)
    context = browser.new_context(**DESK)
    made = context.new_page()
    opened(made, launch)
    launch.system.stop()
    expect(made.locator("#live")).to_have_text("✕ not connected")
    expect(made.locator("#notices")).to_contain_text("No connection to the monitor")
    ready(launch)
    expect(made.locator("#live")).to_have_text("● live", timeout=30_000)
    expect(made.locator("#notices")).not_to_contain_text("No connection")
    context.close()


def test_old_data_is_said_to_be_old_and_pace_is_on_hold(browser: Browser, launch: Launch) -> None:
    launch.goals(("c", "Spring"))
    launch.system.settings["MAX_LAG_S"] = "1"
    launch.put({"c": 0.5})
    until(lambda: time.time() * 1000 > launch.now + 1500, "the data to be old")
    ready(launch)
    with page(browser, **DESK) as made:
        opened(made, launch, state="◐ behind")
        expect(made.locator("#notices")).to_contain_text("behind: pace is on hold")
        expect(made.locator("#board tbody tr")).to_contain_text("On hold")


def test_two_thousand_campaigns_come_in_as_the_reader_scrolls(browser: Browser, launch: Launch) -> None:
    launch.put({}, extra=2_000)
    ready(launch)
    with page(browser, **DESK) as made:
        opened(made, launch)
        expect(made.locator("#count")).to_have_text("2000 of 2000 campaigns, the first 100")
        made.locator("#more").scroll_into_view_if_needed()
        expect(made.locator("#board tbody tr").nth(150)).to_be_attached()
        made.locator("#find").fill("x1999")
        expect(made.locator("#board tbody tr")).to_have_count(1)


def test_empty_states_say_what_to_do(browser: Browser, launch: Launch) -> None:
    launch.system.monitor()
    with page(browser, **DESK) as made:
        opened(made, launch, state="✕ no worker writes")
        expect(made.locator("#notices")).to_contain_text("no worker")
        expect(made.locator("#next li").first).to_contain_text("pacewatch worker")
        launch.put({})
        expect(made.locator("#live")).to_have_text("● live")
        expect(made.locator("#more")).to_contain_text("No campaigns yet")
        expect(made.locator("#next li").first).to_contain_text("pacewatch replay")
        launch.put({"c": 1})
        expect(made.locator("#next li")).to_have_count(1)
        expect(made.locator("#next")).to_contain_text("PACEWATCH_GOALS")


def test_a_password_lets_the_whole_board_in_and_nobody_without_it(browser: Browser, launch: Launch) -> None:
    """Pages, files, the API and the events that follow; also a password that Basic must write in UTF-8."""
    user, password = "leser", "pässwört 密"
    launch.system.settings |= {"HTTP_USER": user, "HTTP_PASSWORD": password}
    launch.goals(("c", "Spring"))
    launch.put({"c": 1})
    launch.system.monitor()
    client = Client(launch.system.port)
    until(lambda: '"campaigns":[{' in client.ask("/api/campaigns", basic(user, password)).text, "the board")
    with page(browser, **DESK, http_credentials={"username": user, "password": password}) as made:
        opened(made, launch)
        expect(made.locator("#board tbody tr")).to_contain_text("On pace")
        launch.put({"c": 0.5})
        expect(made.locator("#board tbody tr")).to_contain_text("Critical")
        made.locator("#board tbody a").click()
        expect(made.locator("h1")).to_have_text("Spring")
        expect(made.locator("#paces canvas").first).to_be_visible()
    refused: list[dict[str, Any]] = [{}, {"http_credentials": {"username": user, "password": "pässwort"}}]
    for wrong in refused:
        context = browser.new_context(**DESK, **wrong)
        reply = context.request.get(launch.url)
        assert (reply.status, "Spring" in reply.text()) == (401, False)
        context.close()


def test_a_campaigns_page_shows_breakdowns_that_the_monitor_does_not_export(browser: Browser, launch: Launch) -> None:
    launch.put({"c": 1, "d": 1})
    assert "EXPORT_BREAKDOWNS" not in launch.system.settings
    ready(launch)
    with page(browser, **DESK) as made:
        opened(made, launch, "/campaign?id=c")
        shown = made.locator("#campaign tr", has_text="channel=search")
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text("900")
        expect(made.locator("#campaign")).not_to_contain_text("Breakdowns cannot be read")
