"""A campaign's page in a real Chromium: charts, crosshair, keyboard, tables, and what people do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chromium import chromium, faults, page
from tests.kit.campaign_stage import Stage
from tests.kit.http_client import Client, basic
from tests.kit.processes import until
from tests.kit.redis_server import redis_server

DESK: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}, "timezone_id": "America/New_York"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {**DESK, "color_scheme": "dark"}
USER, PASSWORD = "ana", "hunter2"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """For those who only look."""
    with redis_server() as port:
        made = Stage(port, tmp_path_factory.mktemp("stage"))
        made.put()
        made.ready()
        yield made
        made.system.stop()


def opened(made: Page, stage: Stage, campaign: str) -> Page:
    """The page, once its charts are drawn."""
    made.goto(f"{stage.url}/campaign?id={quote(campaign, safe='')}")
    expect(made.locator("#trends canvas")).to_have_count(4, timeout=30_000)
    return made


def chart(made: Page, title: str) -> Locator:
    """One chart."""
    return made.locator("figure.chart", has=made.get_by_role("heading", name=title, exact=True))


def verdict(made: Page, label: str) -> Locator:
    """A goal."""
    return made.locator(".verdict", has=made.locator(".head strong", has_text=label))


def reading(made: Page, title: str) -> str:
    """What a chart says of what is pointed at."""
    return chart(made, title).locator(".reading").inner_text()


LOOKS = [
    ("spring", DESK),
    ("spring", DARK),
    ("spring", PHONE),
    ("young", DESK),
    ("plain", PHONE),
    ("account=Acme", PHONE),
]


@pytest.mark.parametrize(("campaign", "options"), LOOKS)
def test_axe_finds_no_fault_and_nothing_scrolls_sideways(
    browser: Browser, stage: Stage, campaign: str, options: dict[str, Any]
) -> None:
    with page(browser, **options) as made:
        opened(made, stage, campaign)
        for summary in made.locator("summary").all():
            summary.click()
        assert faults(made) == []
        assert made.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def test_a_campaign_shows_its_pace_with_a_cone_its_kpis_with_goals_and_why(browser: Browser, stage: Stage) -> None:
    with page(browser, **DESK) as made:
        opened(made, stage, "spring")
        spend = chart(made, "Pace of spend, EUR")
        expect(spend.locator(".key")).to_contain_text("where it ends in nine of ten cases")
        found = json.loads(stage.system.get("/api/campaign?id=spring")[1])
        cone = next(line for line in found["lines"] if line["goal"] == "spend")["cone"]
        low, high = (f"{cone[-1][name] / 1e6:,.2f}" for name in ("low", "high"))
        expect(spend.locator(".plot")).to_have_attribute("aria-label", re.compile(f"between {low} EUR and {high} EUR"))
        expect(chart(made, "CTR").locator(".key")).to_contain_text("goal: at least 2.00%, judged over 1h")
        expect(chart(made, "CPC, EUR").locator(".key")).to_contain_text("95%: chance alone with so few clicks")
        expect(made.locator("section", has_text="First conversion").first).to_contain_text("in the first quarter hour")
        goal = verdict(made, "spend")
        goal.locator("summary").click()
        expect(goal.locator("dl")).to_contain_text("Projection")
        expect(made.locator("#changes")).to_contain_text("spend is")
        made.get_by_text("more: CPM").click()
        expect(chart(made, "CPM, EUR").locator("canvas")).to_be_visible()


def test_one_crosshair_reads_all_charts_at_the_same_time(browser: Browser, stage: Stage) -> None:
    with page(browser, **DESK) as made:
        opened(made, stage, "spring")
        over = chart(made, "CTR").locator(".u-over")
        over.scroll_into_view_if_needed()
        box = over.bounding_box()
        assert box is not None
        before = reading(made, "CTR")
        made.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
        expect(chart(made, "CTR").locator(".reading")).not_to_have_text(before)
        times = [reading(made, title).partition(": ")[0] for title in ("CTR", "CPC, EUR", "CVR", "ROAS")]
        assert len(set(times)) == 1
        assert len(times[0]) > len("Sat 28 Nov 12:00")
        day = times[0].split()[1]
        assert reading(made, "Pace of spend, EUR").startswith(f"{day} "), "the pace charts follow, on their own scale"
        made.mouse.move(5, 5)
        expect(chart(made, "CTR").locator(".reading")).to_have_text(before)


def test_by_keyboard_a_chart_is_read_step_by_step_and_as_a_table(browser: Browser, stage: Stage) -> None:
    found = json.loads(stage.system.get("/api/campaign/trends?id=spring&range=week")[1])
    ctr = next(line for line in found["series"] if line["name"] == "ctr")
    with page(browser, **DESK) as made:
        opened(made, stage, "spring")
        figure = chart(made, "CTR")
        figure.locator(".plot").focus()
        made.keyboard.press("Home")
        expect(figure.locator(".reading")).to_contain_text(f"{ctr['values'][0]:.2%}")
        made.keyboard.press("ArrowRight")
        expect(figure.locator(".reading")).to_contain_text(f"{ctr['values'][1]:.2%}")
        expect(figure.locator(".reading")).to_have_attribute("aria-live", "polite")
        made.keyboard.press("Tab")
        expect(figure.locator("summary")).to_be_focused()
        made.keyboard.press("Enter")
        rows = figure.locator("tbody tr")
        expect(rows).to_have_count(len([value for value in ctr["values"] if value is not None]))
        last = rows.last.locator("td").all_inner_texts()
        assert last[:3] == [f"{value:.2%}" for value in (ctr["values"][0], ctr["low"][0], ctr["high"][0])]


def test_times_are_the_campaigns_whatever_the_readers_zone_and_a_range_stays_in_the_address(
    browser: Browser, stage: Stage
) -> None:
    with page(browser, **DESK) as made:
        opened(made, stage, "spring")
        expect(made.locator("#trends .note").first).to_contain_text("By hours, times of Europe/Berlin.")
        made.get_by_role("button", name="40 days").click()
        expect(made.locator("#trends .note").first).to_contain_text("By days")
        assert "range=all" in made.url
        made.reload()
        expect(made.get_by_role("button", name="40 days")).to_have_attribute("aria-pressed", "true")
        begins = made.evaluate(
            "new Intl.DateTimeFormat('en-GB', {timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit', "
            f"day: 'numeric', month: 'short'}}).format({stage.start}).replace(',', '')"
        )
        expect(made.locator("#changes li", has_text="The flight begins.")).to_contain_text(begins)


def test_an_hour_of_data_shows_its_quarter_hours_and_the_way_so_far(browser: Browser, stage: Stage) -> None:
    with page(browser, **DESK) as made:
        opened(made, stage, "young")
        expect(made.get_by_role("button", name="To date")).to_have_attribute("aria-pressed", "true")
        expect(made.get_by_role("button", name="24 hours")).to_have_attribute("aria-pressed", "true")
        chart(made, "CTR").locator("summary").click()
        rows = chart(made, "CTR").locator("tbody tr")
        expect(rows.first).to_be_visible()
        assert 4 <= rows.count() <= 6
        expect(verdict(made, "spend")).to_contain_text("oo early to judge")


def test_a_campaign_without_goals_has_charts_and_says_that_nothing_is_judged(browser: Browser, stage: Stage) -> None:
    with page(browser, **DESK) as made:
        opened(made, stage, "plain")
        expect(made.locator("#campaign")).to_contain_text("so nothing of it is judged")
        expect(made.locator("#paces")).to_be_hidden()
        expect(made.locator("#acts")).to_be_hidden()


def test_an_account_adds_up_its_campaigns(browser: Browser, stage: Stage) -> None:
    parts = [json.loads(stage.system.get(f"/api/campaign/trends?id={one}&range=all")[1]) for one in ("spring", "young")]
    whole = json.loads(stage.system.get(f"/api/campaign/trends?id={quote('account=Acme')}&range=all")[1])

    def impressions(found: Any) -> int:
        return int(sum(next(line for line in found["series"] if line["name"] == "impressions")["values"]))

    assert impressions(whole) == sum(map(impressions, parts)) > 0
    with page(browser, **DESK) as made:
        opened(made, stage, "account=Acme")
        expect(made.locator("#campaign")).to_contain_text("What its campaigns add")


def test_a_range_that_is_none_is_refused_and_a_page_that_asks_for_one_shows_another(
    browser: Browser, stage: Stage
) -> None:
    status, said = stage.system.get("/api/campaign/trends?id=spring&range=year")
    assert (status, json.loads(said)["error"]) == (400, "range is one of day, week, all")
    assert stage.system.get("/api/campaign/trends?id=nobody")[0] == 404


def test_before_the_first_event_the_page_says_so(browser: Browser, tmp_path: Path) -> None:
    with redis_server() as port:
        stage = Stage(port, tmp_path)
        stage.put_layout()
        stage.system.monitor()
        until(lambda: '"campaigns":[{' in stage.system.get("/api/campaigns")[1], "the board to have campaigns")
        with page(browser, **DESK) as made:
            made.goto(f"{stage.url}/campaign?id=spring")
            expect(made.locator("#trends")).to_contain_text("No event was counted yet.")
            expect(made.locator("#campaign")).to_contain_text("once the flight has begun")
            assert faults(made) == []
        stage.system.stop()


def test_whoever_has_the_password_acknowledges_and_mutes_and_takes_both_back(browser: Browser, tmp_path: Path) -> None:
    with redis_server() as port:
        stage = Stage(port, tmp_path)
        stage.system.settings |= {"HTTP_USER": USER, "HTTP_PASSWORD": PASSWORD}
        stage.put()
        stage.system.monitor()
        client = Client(stage.system.port)
        until(lambda: '"told":"critical"' in client.ask("/api/campaigns", basic(USER, PASSWORD)).text, "an alert")
        with page(browser, **DESK, http_credentials={"username": USER, "password": PASSWORD}) as made:
            opened(made, stage, "spring")
            acts = made.locator("#acts")
            acts.get_by_text("Acknowledge", exact=True).first.click()
            form = acts.locator(".form").first
            form.get_by_label("By").fill("ben")
            form.get_by_label("Note").fill("<b>budget</b> raised")
            form.get_by_role("button", name="Acknowledge").click()
            expect(acts).to_contain_text("ben takes care of spend since")
            expect(acts).to_contain_text("<b>budget</b> raised")
            expect(made.locator("#changes")).to_contain_text("ben takes care of it: <b>budget</b> raised")
            acts.get_by_text("Mute", exact=True).first.click()
            form = acts.locator(".form").last
            form.get_by_label("Why").fill("landing page")
            form.get_by_role("button", name="Mute").click()
            expect(acts).to_contain_text(f"by {USER}: landing page")
            acts.get_by_role("button", name="Unmute").click()
            expect(acts).not_to_contain_text("landing page")
            while acts.get_by_role("button", name="Take back").count():
                left = acts.get_by_role("button", name="Take back").count()
                acts.get_by_role("button", name="Take back").first.click()
                expect(acts.get_by_role("button", name="Take back")).to_have_count(left - 1)
            expect(acts).to_contain_text("Nobody takes care of")
            assert faults(made) == []
        stage.system.stop()


def test_without_a_password_it_says_how_to_act(browser: Browser, stage: Stage) -> None:
    with page(browser, **DESK) as made:
        opened(made, stage, "spring")
        expect(made.locator("#acts")).to_contain_text("set PACEWATCH_HTTP_PASSWORD")
        expect(made.locator("#acts button")).to_have_count(0)
