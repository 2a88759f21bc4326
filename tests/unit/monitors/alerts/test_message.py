"""Messages: complete, escaped, and within Slack's limits whatever the names are."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, Row
from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, Transition, step
from monitors.alerts.notifiers.slack import FIELD_LIMIT, HEADER_LIMIT, TEXT_LIMIT, Message, escape, render
from monitors.alerts.sentences import headline
from monitors.goals import Band, Bound, Campaign, Flight, Goal, RatioGoal, Scope, TotalGoal
from monitors.pacing.judge import judge
from monitors.pacing.verdict import Observed, Status, VerdictPolicy
from tests.kit.monitor_fakes import DAY, MIDNIGHT, NOON, row

FLIGHT = Flight(MIDNIGHT, MIDNIGHT + DAY, "Europe/Berlin")
SPEND = TotalGoal(TOTALS["spend"], 1_000_000_000, Band(0.9, 1.1), Band(0.75, 1.25))
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")
CPA = RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, 20.0, 25.0, "1h")


def told(
    goal: Goal, to_date: Row, window: Row | None = None, *, name: str = "Launch", campaign: str = "c42", told: str = ""
) -> Message:
    """The message that observed numbers lead to, at half of a day's flight."""
    return render(alert(goal, to_date, window, name=name, campaign=campaign, told=told), "https://pace.example/?a=1&b")


def alert(
    goal: Goal, to_date: Row, window: Row | None = None, *, name: str = "Launch", campaign: str = "c42", told: str = ""
) -> Alert:
    """The same as a value."""
    whose = Campaign(campaign, name, FLIGHT, (goal,))
    verdict = judge(whose, goal, Observed(to_date, window, NOON, 0), VerdictPolicy(), NOON)
    before = AlertState(Status(told)) if told else AlertState()
    transition = step(before, verdict, LifecyclePolicy(), NOON)
    return alert_of(Assessment(whose, goal, verdict, transition.after), transition, "EUR", "key", "1")


def test_a_message_about_a_total_says_all_that_on_call_needs() -> None:
    assert told(SPEND, row(spend=300_000_000)).text.splitlines() == [
        ":red_circle: Launch: spend is critical (under): 300 of the 500 EUR expected by now",
        "Status: on pace → critical",
        "Actual: 300.00 EUR",
        "Expected: 500.00 EUR of 1,000.00 EUR",
        "Actual / expected: 60%",
        "Threshold: warning &lt; 450.00 EUR, critical &lt; 375.00 EUR",
        "Projection: 600.00 EUR",
        "Required per day: 1,400.00 EUR",
        "Campaign: c42, as of 2026-11-22 13:00 CET",
    ]


@pytest.mark.parametrize(
    ("scope", "account", "last"),
    [
        (Scope.ACCOUNT, "Acme <x>", "Account: Acme &lt;x&gt;, as of 2026-11-22 13:00 CET"),
        (Scope.PORTFOLIO, "", "Portfolio: Everything, as of 2026-11-22 13:00 CET"),
    ],
)
def test_a_message_about_campaigns_together_says_whose_they_are(scope: Scope, account: str, last: str) -> None:
    one = alert(SPEND, row(spend=300_000_000), name="Everything", campaign="portfolio=")
    found = render(msgspec.structs.replace(one, scope=scope, account=account))
    assert found.text.startswith(":red_circle: Everything: spend is critical (under): 300 of the 500 EUR")
    assert found.text.splitlines()[-1] == last
    assert found.blocks[-1]["elements"][0]["text"].startswith(last.partition(":")[0])


def test_overspending_names_the_upper_thresholds() -> None:
    text = told(SPEND, row(spend=700_000_000)).text
    assert "spend is critical (over)" in text
    assert "Threshold: warning &gt; 550.00 EUR, critical &gt; 625.00 EUR" in text


def test_a_message_about_a_ratio_says_bound_and_value() -> None:
    text = told(CTR, row(), row(100_000, 1_800)).text
    assert "Launch: CTR (1h) is warning (under)" in text
    assert "Actual: 1.800%" in text
    assert "Expected: at least 2.000%" in text
    assert "Threshold: warning &lt; 2.000%, critical &lt; 1.500%" in text


def test_spend_without_any_conversion_is_told_in_words() -> None:
    text = told(CPA, row(), row(clicks=999, spend=500_000_000)).text
    assert "Actual: none" in text
    assert "nothing came of it" in text


def test_a_recovery_says_from_what_to_what() -> None:
    text = told(SPEND, row(spend=500_000_000), told="critical").text
    assert text.startswith(":large_green_circle: Launch: spend is back on pace")
    assert "Status: critical → on pace" in text


def test_what_slack_gives_a_meaning_is_escaped() -> None:
    message = told(SPEND, row(), name="<!channel> & <https://x|y>", campaign="<@U1>")
    assert "<!channel>" not in message.text
    assert "&lt;!channel&gt; &amp; &lt;https://x|y&gt;" in message.text
    assert escape("&lt;") == "&amp;lt;"
    mrkdwn = [f["text"] for f in message.blocks[1]["fields"]] + [message.blocks[2]["elements"][0]["text"]]
    assert not [text for text in mrkdwn if "<@" in text]
    assert "<https://pace.example/?a=1&amp;b|Pacewatch>" in mrkdwn[-1]


@given(st.text(max_size=400), st.text(min_size=1, max_size=400))
def test_any_names_stay_within_slacks_limits(name: str, campaign: str) -> None:
    message = told(SPEND, row(), name=name, campaign=campaign)
    header, section, context = message.blocks
    assert 1 <= len(header["text"]["text"]) <= HEADER_LIMIT
    assert len(section["fields"]) <= 10
    assert all(len(f["text"]) <= FIELD_LIMIT for f in section["fields"])
    assert len(context["elements"][0]["text"]) <= FIELD_LIMIT
    assert len(message.text) <= TEXT_LIMIT
    assert "\n" not in headline(alert(SPEND, row(), name=name, campaign=campaign))


def test_an_ended_flight_is_told_as_final() -> None:
    whose = Campaign("c42", "Launch", FLIGHT, (SPEND,))
    end = FLIGHT.end_ms
    verdict = judge(whose, SPEND, Observed(row(spend=500_000_000), None, end, 0), VerdictPolicy(), end)
    transition = step(AlertState(), verdict, LifecyclePolicy(), end)
    assert transition.change is Change.FIRED
    text = render(alert_of(Assessment(whose, SPEND, verdict, transition.after), transition, "EUR", "key", "1")).text
    assert "Launch: spend ended critical (under)" in text
    assert "Expected: 1,000.00 EUR of 1,000.00 EUR" in text
    assert "Required per day" not in text


def test_an_untold_step_needs_no_message_but_can_be_rendered() -> None:
    """Rendering depends on values only, so that a preview of any state is possible."""
    whose = Campaign("c42", "Launch", FLIGHT, (SPEND,))
    verdict = judge(whose, SPEND, Observed(row(), None, None, 0), VerdictPolicy(), NOON)
    still = Transition(AlertState(), AlertState(), Change.HELD)
    one = Assessment(whose, SPEND, verdict, AlertState())
    assert "as of never" in render(alert_of(one, still, "EUR", "key", "1")).text
