"""Goals of accounts and of the portfolio in a file: which campaigns they are of, when, and every error by line."""

from __future__ import annotations

from textwrap import dedent

import pytest

from kpis.times import DAY_MS
from monitors.goals import Campaign, InvalidGoals, Period, Scope, TotalGoal
from monitors.goals.file import parse
from monitors.goals.subject import subjects_of

FILE = """\
accounts:
  Acme:
    owner: Ada
    slack_channel: "#acme"
    tags: [retail]
    timezone: Europe/Berlin
    goals:
      - {ratio: ctr, at_least: 0.02}
    together:
      goals:
        - {total: spend}
        - {total: clicks, target: 900, per: day}
        - {ratio: cpc, at_most: 0.5}
      mutes: [{from: 2026-11-24T00:00, to: 2026-11-24T06:00, why: a move}]
      milestones: [50%, 2026-11-27T09:00]
  Bolt:
    together:
      flight: {start: 2026-11-25, end: 2026-11-26, timezone: UTC}
      campaigns: [c]
      goals: [{total: spend, target: 7, curve: back_loaded}]
campaigns:
  - campaign: a
    account: Acme
    flight: {start: 2026-11-23T00:00, end: 2026-11-30T00:00}
    goals: [{total: spend, target: 700}]
  - campaign: b
    account: Acme
    flight: {start: 2026-11-25T00:00, end: 2026-12-02T00:00}
    goals: [{total: spend, target: 100, per: day}]
  - campaign: c
    account: Bolt
    flight: {start: 2026-11-23, end: 2026-11-30, timezone: UTC}
    goals: [{total: spend, target: 70}]
portfolio:
  name: Everything
  owner: Eve
  flight: {start: 2026-11-24, end: 2026-11-26, timezone: UTC}
  goals: [{total: spend}]
"""


def parents(text: str = FILE) -> dict[str, Campaign]:
    """The parents of a file by what they are called."""
    return {one.campaign: one for one in parse(dedent(text), "x").parents}


def problems(text: str) -> list[tuple[int, str]]:
    """The lines and texts of what is wrong with a file."""
    try:
        parse(text, "x")
    except InvalidGoals as e:
        return [(p.line, p.text) for p in e.problems]
    return []


def targets(parent: Campaign) -> dict[str, float]:
    """What it is meant to reach."""
    return {goal.id: goal.target for goal in parent.goals}


def test_an_account_together_is_all_of_its_campaigns_from_the_first_start_to_the_last_end() -> None:
    found, a, b = parents()["account=Acme"], *parse(FILE, "x").campaigns[:2]
    assert (found.scope, found.name, found.account) == (Scope.ACCOUNT, "Account Acme", "Acme")
    assert (found.owner, found.slack_channel, found.tags) == ("Ada", "#acme", ("retail",))
    assert found.members == ("a", "b")
    assert (found.flight.start_ms, found.flight.end_ms) == (a.flight.start_ms, b.flight.end_ms)
    assert found.flight.timezone == "Europe/Berlin"
    assert [mute.why for mute in found.mutes] == ["a move"]
    assert found.milestones[1].at_ms == a.flight.start_ms + 4 * DAY_MS + 9 * 3_600_000


def test_what_an_account_gives_each_campaign_is_no_goal_of_all_together_and_the_other_way_round() -> None:
    found = parse(FILE, "x")
    assert [goal.id for goal in found.parents[0].goals] == ["spend", "clicks:day", "cpc:at_most:1h"]
    assert [goal.id for goal in found.campaigns[0].goals] == ["spend", "ctr:at_least:1h"]


def test_a_sum_is_what_the_campaigns_plan_within_the_flight_and_a_number_is_that_number() -> None:
    found = parents()
    assert targets(found["account=Acme"])["spend"] == (700 + 7 * 100) * 1_000_000
    assert targets(found["account=Bolt"]) == {"spend": 7_000_000}
    # Two days: 2/7 of 700 and of 70, and of b, whose first day begins an hour before midnight UTC, 25 hours.
    assert targets(found["portfolio="])["spend"] == pytest.approx((200 + 20 + 100 + 100 / 24) * 1_000_000, abs=2)


def test_the_portfolio_is_all_campaigns_of_the_file_each_once() -> None:
    found = parents()["portfolio="]
    assert (found.scope, found.name, found.owner, found.account) == (Scope.PORTFOLIO, "Everything", "Eve", "")
    assert found.members == ("a", "b", "c")


def test_a_parent_has_no_watches_for_its_campaigns_have_them() -> None:
    found = parents()["account=Acme"]
    assert tuple(subjects_of(found)) == found.goals


def test_a_goal_without_a_curve_of_its_own_is_spread_as_its_campaigns_are() -> None:
    found = parents()
    (spend,) = (g for g in found["account=Acme"].goals if isinstance(g, TotalGoal) and g.per is Period.FLIGHT)
    factors = [factor for _, factor in spend.curve.dates]
    assert [round(factor / factors[0], 6) for factor in factors] == [1, 1, 2, 2, 2, 2, 2, 1, 1]
    (written,) = found["account=Bolt"].goals
    assert isinstance(written, TotalGoal)
    assert str(written.curve.shape) == "back_loaded"


def test_a_file_without_parents_has_none_and_parents_move_with_all_else() -> None:
    assert parse(FILE, "x").shifted(DAY_MS).shifted(-DAY_MS) == parse(FILE, "x")
    moved = parse(FILE, "x").shifted(DAY_MS).parents[0]
    assert moved.flight.start_ms == parents()["account=Acme"].flight.start_ms + DAY_MS
    alone = FILE[FILE.index("campaigns:\n  - campaign: a") : FILE.index("portfolio:")]
    text = "accounts: {Acme: {timezone: Europe/Berlin}}\n" + alone
    assert parse(text, "x").parents == ()


HOSTILE = ["account=x", "a|b=c", "%3D", "portfolio=", "ü n", "__other__"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_an_account_makes_the_key_of_a_campaign(name: str) -> None:
    text = FILE.replace("Acme", repr(name))
    found = parse(text, "x")
    (parent,) = (one for one in found.parents if one.account == name)
    assert parent.campaign == f"account={name}"
    assert "|" not in parent.series
    assert parent.series not in {one.series for one in found.campaigns}


def test_an_account_that_is_called_like_a_campaign_is_another_thing() -> None:
    found = parse(FILE.replace("Acme", "a"), "x")
    assert found.parents[0].series != found.campaigns[0].series
    assert found.parents[0].name == "Account a"


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("- {total: spend}", "- {total: impressions}", 11, "campaign 'a' (and 1 more) has no target for impressions"),
        ("- {total: spend}", "- {total: spend, per: week}", 11, "a sum is for the whole flight"),
        ("- {total: spend}", "- {total: spend, target: summ}", 11, "must be a number"),
        ("- {total: spend}", "- {total: spend, target: 0}", 11, "must be above 0"),
        ("- {ratio: cpc, at_most: 0.5}", "- {ratio: cpc}", 13, "a ratio needs either"),
        ("- {ratio: cpc, at_most: 0.5}", "- {total: spend, target: 1}", 13, "is given twice"),
        ("clicks, target: 900, per: day", "clicks, target: 900, curve: {days: sun, dates: {2026-11-29: 0}}", 12,
         "nothing is ever expected"),
        ("    together:\n      goals", "    together:\n      gaols", 10, "did you mean goals?"),
        ("to: 2026-11-24T06:00", "to: 2026-11-24T00:00", 14, "to is not after from"),
        ("milestones: [50%, 2026-11-27T09:00]", "milestones: [50%, 2026-12-27T09:00]", 15, "not within the flight"),
        ("campaigns: [c]", "campaigns: [c, c]", 19, "campaign 'c' is given twice"),
        ("campaigns: [c]", "campaigns: [a]", 19, "'a' is none of its campaigns; known: c"),
        ("campaigns: [c]", "campaigns: []", 19, "the list is empty"),
        ("account: Bolt", "account: Blot", 18, "no campaign of the file is of this account"),
        ("  flight: {start: 2026-11-24, end: 2026-11-26, timezone: UTC}\n", "", 35,
         "its campaigns are in several time zones (Europe/Berlin, UTC)"),
        ("start: 2026-11-24, end: 2026-11-26", "start: 2027-11-24, end: 2027-11-26", 38,
         "of its campaigns' targets 0 is due in its flight"),
        ("  flight: {start: 2026-11-24, end: 2026-11-26, timezone: UTC}\n",
         "  flight: {start: 2026-11-24, end: 2026-11-26}\n", 37, "a local time needs a timezone"),
        ("campaign: c\n", "campaign: account=Acme\n", 30, "what goals of an account or the portfolio are called"),
        ("portfolio:", "portfolios:", 34, "did you mean portfolio?"),
    ],
)  # fmt: skip
def test_every_error_is_named_at_its_line(old: str, new: str, line: int, expected: str) -> None:
    assert old in FILE
    text = FILE.replace(old, new)
    if "account=Acme" in new:
        text = text.replace("campaigns: [c]", "campaigns: [account=Acme]")
    found = problems(text)
    assert [said for at, said in found if at == line and expected in said], found


def test_a_flight_of_more_than_400_days_has_to_be_given() -> None:
    text = FILE.replace("end: 2026-12-02T00:00", "end: 2027-12-29T00:00").replace(
        "flight: {start: 2026-11-25T00:00", "flight: {start: 2026-11-24T00:00"
    )
    assert problems(text) == [(10, "its campaigns' flights span more than 400 days: give it a flight")]
