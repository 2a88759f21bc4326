"""What a campaign has besides goals, and what its account gives it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from kpis.times import DAY_MS, HOUR_MS
from monitors.goals import Campaign, FileProblem, InvalidGoals
from monitors.goals.all_goals import Goals
from monitors.goals.file import parse
from monitors.goals.subject import muted_at
from monitors.goals.values import Milestone, Mute, TotalGoal

FILE = """\
accounts:
  Acme:
    owner: Ada
    slack_channel: "#acme"
    tags: [retail]
    timezone: Europe/Berlin
    goals:
      - {ratio: ctr, at_least: 0.02}
      - {total: spend, target: 100, per: day, curve: {dates: {2026-11-27: 3}}}
campaigns:
  - campaign: a
    account: Acme
    flight: {start: 2026-11-23T00:00, end: 2026-11-30T00:00}
    goals:
      - {total: spend, target: 200, per: day}
      - {total: spend, target: 900}
    tags: [launch, search]
    owner: Bob
    slack_channel: C0123ABCD
    mutes:
      - {from: 2026-11-24T00:00, to: 2026-11-24T06:00, why: a planned outage}
      - {from: "2026-11-24T04:00+01:00", to: "2026-11-25T00:00+01:00", why: a second one}
    milestones: [10%, 50 %, 2026-11-27T09:00, 100%]
  - campaign: b
    account: Acme
    flight: {start: 2026-11-23T00:00, end: 2026-11-30T00:00, timezone: UTC}
  - campaign: c
    account: Nobody
    flight: {start: 2026-11-23T00:00, end: 2026-11-30T00:00, timezone: UTC}
    goals:
      - {total: clicks, target: 5}
"""


def problems(text: str) -> list[tuple[int, str]]:
    """The lines and texts of what is wrong with a file."""
    found: tuple[FileProblem, ...] = ()
    try:
        parse(dedent(text), "x")
    except InvalidGoals as e:
        found = e.problems
    return [(p.line, p.text) for p in found]


def campaigns(text: str = FILE) -> dict[str, Campaign]:
    """The campaigns of a file by their ids."""
    return {c.campaign: c for c in parse(text, "x").campaigns}


def test_a_campaign_has_what_it_says_before_what_its_account_says() -> None:
    a = campaigns()["a"]
    assert (a.owner, a.slack_channel, a.tags) == ("Bob", "C0123ABCD", ("launch", "search"))
    assert a.flight.timezone == "Europe/Berlin"
    assert [goal.id for goal in a.goals] == ["spend:day", "spend", "ctr:at_least:1h"]
    assert [goal.target for goal in a.goals if goal.id == "spend:day"] == [200_000_000]


def test_a_campaign_that_says_nothing_has_what_its_account_says_but_its_own_timezone() -> None:
    b = campaigns()["b"]
    assert (b.owner, b.slack_channel, b.tags, b.flight.timezone) == ("Ada", "#acme", ("retail",), "UTC")
    assert [goal.id for goal in b.goals] == ["ctr:at_least:1h", "spend:day"]


def test_an_account_need_not_be_described() -> None:
    c = campaigns()["c"]
    assert (c.account, c.owner, c.slack_channel, c.tags, c.mutes, c.milestones) == ("Nobody", "", "", (), (), ())


def test_mutes_are_from_until_and_the_first_one_counts() -> None:
    a = campaigns()["a"]
    midnight = a.flight.start_ms + DAY_MS
    assert a.mutes[0] == Mute(midnight, midnight + 6 * HOUR_MS, "a planned outage")
    found = [muted_at(a, midnight + hours * HOUR_MS) for hours in (-1, 0, 5, 6, 23, 24)]
    assert [mute and mute.why for mute in found] == [
        None, "a planned outage", "a planned outage", "a second one", "a second one", None,
    ]  # fmt: skip
    assert muted_at(campaigns()["c"], midnight) is None


def test_milestones_are_parts_of_the_flight_or_times() -> None:
    a = campaigns()["a"]
    start, span = a.flight.start_ms, a.flight.span_ms
    assert a.milestones == (
        Milestone(0.1), Milestone(0.5), Milestone(at_ms=start + 4 * DAY_MS + 9 * HOUR_MS), Milestone(1.0),
    )  # fmt: skip
    assert [m.moment(a.flight) - start for m in a.milestones] == [
        span // 10, span // 2, 4 * DAY_MS + 9 * HOUR_MS, span,
    ]  # fmt: skip


def test_moved_goals_have_all_their_times_moved() -> None:
    found = parse(FILE, "x")
    a, moved = found.campaigns[0], found.shifted(2 * DAY_MS + 5000).campaigns[0]
    assert moved.mutes[0].from_ms - a.mutes[0].from_ms == 2 * DAY_MS + 5000
    assert moved.milestones[:2] == a.milestones[:2]
    assert moved.milestones[2].moment(moved.flight) - a.milestones[2].moment(a.flight) == 2 * DAY_MS + 5000
    by_dates = [g for g in found.shifted(2 * DAY_MS + 5000).campaigns[1].goals if isinstance(g, TotalGoal)]
    assert [day.isoformat() for day, _ in by_dates[0].curve.dates] == ["2026-11-29"]
    assert found.shifted(7).shifted(-7) == found == Goals(found.campaigns)


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ('slack_channel: "#acme"', "slack_channel: #acme", 4, "write it in quotes"),
        ('slack_channel: "#acme"', "slack_channel: acme", 4, "must be a channel"),
        ('slack_channel: "#acme"', 'slack_channel: "#Acme"', 4, "must be a channel"),
        ("tags: [retail]", "tags: retail", 5, "must be a list"),
        ("tags: [retail]", "tags: [a, b, a]", 5, "the tag 'a' is given twice"),
        ("tags: [launch, search]", "tags: []", 17, "the list is empty"),
        ("    timezone: Europe/Berlin", "    timezone: Europe/Berln", 6, "did you mean Europe/Berlin?"),
        ("owner: Ada", "ownr: Ada", 3, "did you mean owner?"),
        ("{ratio: ctr, at_least: 0.02}", "{ratio: ctr, at_least: 2}", 8, "ctr is a share"),
        ("{ratio: ctr, at_least: 0.02}", "{total: spend, target: 2, per: day}", 9, "is given twice"),
        ("to: 2026-11-24T06:00", "to: 2026-11-24T00:00", 21, "to is not after from"),
        ("to: 2026-11-24T06:00", "til: 2026-11-24T00:00", 21, "to is missing"),
        (", why: a planned outage", "", 21, "why is missing"),
        ("50 %", "150%", 23, "must be above 0% and at most 100%"),
        ("50 %", "half", 23, "must be a part such as 25%, or a time"),
        ("2026-11-27T09:00", "2026-12-27T09:00", 23, "not within the flight"),
    ],
)
def test_every_error_is_named_at_its_line(old: str, new: str, line: int, expected: str) -> None:
    assert old in FILE
    found = problems(FILE.replace(old, new))
    assert [text for at, text in found if at == line and expected in text], found


def test_an_error_of_an_account_is_told_once() -> None:
    assert len(problems(FILE.replace("timezone: Europe/Berlin", "timezone: Nowhere/At/All"))) == 1
    assert len(problems(FILE.replace("at_least: 0.02", "at_least: two"))) == 1


def test_an_account_s_goal_that_expects_nothing_in_a_campaign_s_flight_is_named() -> None:
    text = FILE.replace("{dates: {2026-11-27: 3}}", "{days: mon-fri}")
    assert problems(text) == []
    weekend = text.replace(
        "start: 2026-11-23T00:00, end: 2026-11-30T00:00, timezone", "start: 2026-11-28, end: 2026-11-30, timezone", 1
    )
    assert problems(weekend) == [(9, "no time of the flight of campaign 'b' weighs anything")]


@pytest.mark.parametrize("goals", ["", "    goals:\n", "    goals: []\n"])
def test_a_campaign_needs_goals_of_its_own_or_of_its_account(goals: str) -> None:
    flight = "{start: 2026-11-23, end: 2026-11-30, timezone: UTC}"
    text = f"campaigns:\n  - campaign: a\n    account: Acme\n    flight: {flight}\n{goals}"
    assert len(problems(text)) == 1
    assert len(problems("accounts: {Acme: {owner: Ada}}\n" + text)) == 1


@pytest.mark.parametrize(
    "accounts", ["[]", "x", "{}", "{Acme: }", "{Acme: []}", "{Acme: {}, Acme: {}}", "{Acme: {goals: []}}"]
)
def test_accounts_that_are_none_are_an_error_at_their_line(accounts: str) -> None:
    text = FILE[FILE.index("campaigns:") :].replace("2026-11-30T00:00}", "2026-11-30T00:00, timezone: UTC}")
    text = text.replace("  - campaign: c\n", "    goals: [{total: clicks, target: 5}]\n  - campaign: c\n")
    assert [line for line, _ in problems(f"accounts: {accounts}\n{text}")] == [1]
