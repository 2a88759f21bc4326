"""Cards: complete, escaped, and within Slack's limits whatever the names are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.times import DAY_MS, MINUTE_MS
from kpis.units import MICROS, Unit
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.links import DASHBOARD, LONGEST, PACE_PANEL, Links
from monitors.alerts.notifiers.slack.cards import ACKNOWLEDGE, MUTE, OPEN, Surroundings, render
from monitors.alerts.notifiers.slack.mrkdwn import escape, fitted, length, listed
from monitors.alerts.notifiers.slack.webhook import posted
from monitors.alerts.sentences import NO_NAME, facts, headline
from monitors.pacing.verdict import Direction, Reason, Status
from tests.kit.block_kit import is_fit
from tests.kit.monitor_fakes import NOON
from tests.kit.slack_samples import (
    CHECK_IN,
    CORRECTED,
    CRITICAL,
    ENDED,
    KINDS,
    LINKS,
    REPEATED,
    RESOLVED,
    SILENT,
    WARNING,
    an_alert,
    as_message,
    as_text,
    outage,
)

ROOT = Path(__file__).parents[5]
HOSTILE = (
    "<!channel>", "<@U123ABC>", "<https://evil.example|click>", "a & b", "`code`", "*bold* _it_ ~no~", "\u202egnirps",
    "x" * 10_000, "   ", "\u200b", "", "a\nb\r\n\tc", "&lt;!here&gt;", "<!subteam^S123ABC>", "😀" * 200, "%7C|%00",
)  # fmt: skip
"""Names that somebody may give a campaign."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message_is_one_that_slack_takes(kind: str) -> None:
    is_fit(as_message(KINDS[kind]))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("alert", [WARNING, CRITICAL, SILENT, RESOLVED, CHECK_IN], ids=lambda a: a.id)
def test_a_hostile_name_pings_nobody_and_breaks_nothing(alert: Outgoing, name: str) -> None:
    made = msgspec.structs.replace(alert, name=name, campaign=name or "c", account=name, owner=name[:100])
    message = posted([made], LINKS, 5)
    said = json.dumps(message.attachments) + message.text
    is_fit(message)
    assert "<!channel>" not in said
    assert "<https://evil" not in said
    if name != made.owner or not name.startswith(("<@U", "<!subteam")):
        assert "<@" not in said
    for part in (message.text, *(block["text"]["text"] for block in message.blocks if "text" in block)):
        assert part.strip()


@given(st.text(max_size=300), st.text(min_size=1, max_size=300), st.text(max_size=100), st.booleans())
def test_any_names_stay_within_slacks_limits(name: str, campaign: str, owner: str, watch: bool) -> None:
    alert = msgspec.structs.replace(SILENT if watch else WARNING, name=name, campaign=campaign, owner=owner)
    is_fit(render(alert, LINKS, Surroundings("card", NOON, ("someone takes care of it",))))
    is_fit(posted([alert, WARNING], LINKS, 5))
    is_fit(posted([*outage(5), alert], LINKS, 5))


@given(st.text(max_size=100), st.integers(1, 60))
def test_what_is_cut_is_never_cut_within_an_entity(text: str, limit: int) -> None:
    found = fitted(text, limit)
    assert length(found) <= limit
    assert found == escape(text) or found.endswith("…")
    whole = found.removesuffix("…") if found != escape(text) else found
    assert any(escape(text[:n]) == whole for n in range(len(text) + 1))


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=50), max_size=100), st.integers(0, 9))
def test_lines_that_do_not_fit_are_counted(lines: list[str], more: int) -> None:
    shown = listed([escape(line) for line in lines], 500, more).split("\n")
    last = shown[-1]
    left = int(last.split()[1].replace(",", "")) if last.startswith("and ") and last.endswith(" more") else 0
    kept = len(shown) - bool(left) if shown != [""] else min(len(lines), 1)
    assert left + kept == len(lines) + more or not any(lines)


def test_a_card_says_all_that_on_call_needs() -> None:
    shown = as_text(as_message((WARNING,))).splitlines()
    assert shown == [
        ":large_yellow_circle: Spring launch: spend is warning (under): "
        "will end at 8,200 (7,900 to 8,600) of 10,000 EUR",
        "*Status*: on pace → warning",
        "*Actual*: 4,100 EUR",
        "*Expected*: 5,000 EUR by now, of 10,000 EUR",
        "*Actual / expected*: 82%",
        "*Threshold at the end*: warning &lt; 9,000 EUR, critical &lt; 7,500 EUR",
        "*Projection*: 8,200 (7,900 to 8,600) of 10,000 EUR, in nine of ten cases",
        "*At stake*: 1,800 EUR less than planned",
        "*Needed*: 1,967 EUR a day until 25 November 13:00 (CET)",
        "*Why:* what was counted so far, and the curve of its target, put its end outside the band",
        "*Next step:* see on its page which channel fell behind; raise bids or budget, or widen what it may buy",
        "`c42` · Acme · owner: @ana · as of 2026-11-22 13:00 CET · <https://pace.example/campaign?id=c42|Board> · "
        "<https://grafana.example/d/pacewatch-launch?var-account=%24__all&amp;var-campaign=c42&amp;var-goal=spend"
        "&amp;viewPanel=7&amp;from=1795327200000&amp;to=1795352400000|Grafana>",
    ]


@pytest.mark.parametrize(
    ("alert", "bar", "mark"),
    [
        (WARNING, "#f79009", ":large_yellow_circle:"),
        (CRITICAL, "#d92d20", ":red_circle:"),
        (RESOLVED, "#12a150", ":large_green_circle:"),
        (ENDED, "#98a2b3", "Spring launch"),
    ],
)
def test_bar_and_mark_tell_how_bad_it_is(alert: Alert, bar: str, mark: str) -> None:
    message = render(alert)
    assert message.attachments[0]["color"] == bar
    assert message.text.startswith(mark)


def test_with_twenty_minutes_left_nobody_is_told_what_a_day_must_bring() -> None:
    last = an_alert(ends_ms=NOON + 20 * MINUTE_MS, actual=8_506 * MICROS, required_per_day=107_549_960_000)
    assert ("Needed", "1,494 EUR in the last 20 min") in facts(last)
    assert "a day" not in str(facts(last))
    over = an_alert(
        direction=Direction.OVER, actual=9_000 * MICROS, ends_ms=NOON + 2 * DAY_MS, required_per_day=5 * 10**8
    )
    assert ("Left", "500 EUR a day until 24 November 13:00 (CET)") in facts(over)


@pytest.mark.parametrize(
    ("unit", "actual", "limit", "said"),
    [
        (Unit.CURRENCY, 0.1926, 0.8, "0.19 EUR, should be at most 0.80 EUR"),
        (Unit.CURRENCY, 0.8004, 0.8, "0.8004 EUR, should be at most 0.8000 EUR"),
        (Unit.CURRENCY, 0.0041, 0.0025, "0.0041 EUR, should be at most 0.0025 EUR"),
        (Unit.CURRENCY, 1_234.5, 900.0, "1,234 EUR, should be at most 900 EUR"),
        (Unit.PROPORTION, 0.018, 0.02, "1.80%, should be at most 2.00%"),
        (Unit.RATIO, 3.14159, 3, "3.14, should be at most 3.00"),
    ],
)
def test_a_kpi_is_as_exact_as_its_bound(unit: Unit, actual: float, limit: float, said: str) -> None:
    alert = msgspec.structs.replace(CRITICAL, unit=unit, actual=actual, expected=limit, target=limit)
    assert headline(alert).endswith(said)


def test_what_is_at_stake_is_what_the_end_will_miss() -> None:
    def stake(**changes: Any) -> str:
        return dict(facts(an_alert(**changes))).get("At stake", "")

    assert stake() == "1,800 EUR less than planned"
    assert stake(projected=12_345 * MICROS, direction=Direction.OVER) == "2,300 EUR more than planned"
    assert stake(reason=Reason.FLIGHT_ENDED, actual=9_000 * MICROS, projected=None) == "1,000 EUR less than planned"
    assert stake(unit=Unit.EVENTS, target=10_000, projected=4_321) == "5,700 less than planned"
    assert stake(projected=None) == ""
    assert stake(change=Change.RESOLVED, after=Status.ON_PACE) == "", "nothing is any more"


def test_what_is_well_again_says_why_only_if_that_is_known() -> None:
    assert "*Why:* late events or refunds changed what had been counted" in as_text(render(CORRECTED))
    assert "*Why:*" not in as_text(render(RESOLVED))
    assert "*Needed*" not in as_text(render(RESOLVED))
    assert "still critical" in as_text(render(REPEATED))


def test_an_owner_is_called_only_by_an_id_of_slack_and_only_for_what_is_to_be_done() -> None:
    called = render(an_alert(owner="<@U0123ABC>"))
    assert called.text.endswith(" <@U0123ABC>")
    assert "owner: <@U0123ABC>" in as_text(called)
    assert render(an_alert(owner="<!subteam^S0123>")).text.endswith(" <!subteam^S0123>")
    well = an_alert(owner="<@U0123ABC>", change=Change.RESOLVED, after=Status.ON_PACE)
    assert "<@U0123ABC>" not in render(well).text
    for owner in ("<!channel>", "<!here>", "<@U0123ABC> <!channel>", "@ana", "<@U0123ABC>\n"):
        assert "<" not in render(an_alert(owner=owner)).text


def test_buttons_are_there_only_with_a_card_to_press_them_on_and_a_miss() -> None:
    def buttons(alert: Alert, card: str, links: Links = LINKS) -> list[str]:
        blocks = render(alert, links, Surroundings(card)).blocks
        return [one["action_id"] for block in blocks if block["type"] == "actions" for one in block["elements"]]

    assert buttons(WARNING, "k1") == [ACKNOWLEDGE, MUTE, OPEN]
    assert buttons(WARNING, "k1", Links()) == [ACKNOWLEDGE, MUTE]
    assert buttons(WARNING, "") == []
    assert buttons(RESOLVED, "k1") == []
    assert buttons(msgspec.structs.replace(WARNING, campaign=""), "k1") == [ACKNOWLEDGE, OPEN], "nothing to mute"


def test_links_lead_to_the_page_of_the_campaign_and_the_panel_of_the_goal() -> None:
    links = Links("https://pace.example/", "https://grafana.example/")
    assert links.of_campaign("a/b|c&d") == "https://pace.example/campaign?id=a%2Fb%7Cc%26d"
    assert links.of_campaign("") == "https://pace.example/"
    assert links.of_campaign("x" * 3_000) == "", f"longer than {LONGEST}"
    panel = links.of_panel("c42", "c42|ctr:at_least:1h", None, NOON)
    assert f"/d/{DASHBOARD}?" in panel
    assert "var-campaign=c42&var-goal=ctr%3Aat_least%3A1h" in panel
    assert "viewPanel" not in links.of_panel("c42", "c42|watch:serving", NOON, NOON)
    assert Links().of_panel("c42", "c42|spend", None, NOON) == Links().of_campaign("c42") == ""


def test_the_dashboard_has_the_panel_and_the_variables_that_links_name() -> None:
    board = json.loads((ROOT / "grafana/dashboards/launch.json").read_text())
    assert board["uid"] == DASHBOARD
    assert [panel["title"] for panel in board["panels"] if panel.get("id") == PACE_PANEL] == ["Pace line: $goal"]
    assert {"account", "campaign", "goal"} <= {one["name"] for one in board["templating"]["list"]}


def test_what_has_no_name_is_called_by_its_id_or_said_to_have_none() -> None:
    assert headline(an_alert(name="  ")).startswith("c42: ")
    assert headline(an_alert(name="\u200b", campaign="\u202e")).startswith(f"{NO_NAME}: ")
