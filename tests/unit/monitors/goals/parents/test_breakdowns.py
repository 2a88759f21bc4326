"""Goals of breakdowns in a file: which parts of which campaigns they are of, when, and every error by line."""

from __future__ import annotations

import pytest

from kpis.times import DAY_MS
from monitors.goals import Campaign, InvalidGoals, Scope, TotalGoal
from monitors.goals.all_goals import accounts_of, breakdowns_of
from monitors.goals.file import parse
from monitors.goals.subject import key_of, subjects_of

CAMPAIGNS = """\
campaigns:
  - campaign: a|1
    account: Acme
    flight: {start: 2026-11-23, end: 2026-11-30, timezone: UTC}
    goals: [{total: spend, target: 700, curve: front_loaded}]
  - campaign: b
    account: Acme
    flight: {start: 2026-11-25, end: 2026-12-02, timezone: UTC}
    goals: [{total: spend, target: 100}]
  - campaign: c
    flight: {start: 2026-11-25, end: 2026-11-28, timezone: UTC}
    goals: [{total: spend, target: 100}]
"""
FILE = (
    CAMPAIGNS
    + """\
breakdowns:
  - breakdown: channel=paid search
    owner: Ada
    milestones: [50%]
    goals: [{total: spend, target: 70}, {ratio: cpc, at_most: 0.5}]
  - {breakdown: channel=paid search, account: Acme, goals: [{total: clicks, target: 9, per: day}]}
  - breakdown: ad_group=x=y|z
    name: Brand words
    campaigns: [c, b]
    flight: {start: 2026-11-26, end: 2026-11-27, timezone: Europe/Berlin}
    goals: [{total: spend, target: 5, curve: back_loaded}]
"""
)


def parents(text: str = FILE) -> list[Campaign]:
    """The parents of a file."""
    return list(parse(text, "x").parents)


def problems(breakdowns: str) -> list[tuple[int, str]]:
    """The lines, from where breakdowns begin, and texts of what is wrong with them."""
    with pytest.raises(InvalidGoals) as caught:
        parse(f"{CAMPAIGNS}breakdowns:\n{breakdowns}", "x")
    first = CAMPAIGNS.count("\n") + 1
    return [(p.line - first, p.text) for p in caught.value.problems]


def test_a_channel_is_that_part_of_all_campaigns_of_the_file_or_of_an_account_or_of_some() -> None:
    everywhere, of_acme, some = parents()
    assert everywhere.members == ("a%7C1|channel=paid search", "b|channel=paid search", "c|channel=paid search")
    assert of_acme.members == everywhere.members[:2]
    assert some.members == ("c|ad_group=x%3Dy%7Cz", "b|ad_group=x%3Dy%7Cz")
    assert [(one.name, one.scope, one.value, one.account) for one in (everywhere, of_acme, some)] == [
        ("Channel paid search", Scope.CHANNEL, "paid search", ""),
        ("Channel paid search of Acme", Scope.CHANNEL, "paid search", "Acme"),
        ("Brand words", Scope.AD_GROUP, "x=y|z", ""),
    ]
    assert of_acme.own == ("account=Acme|channel=paid search",), "what is of the account itself is by channel too"
    assert some.own == (), "not of an account of which only some campaigns are meant"
    assert (everywhere.owner, len(everywhere.milestones), everywhere.is_parent) == ("Ada", 1, True)
    assert breakdowns_of(parse(FILE, "x")) == {*everywhere.members, *some.members}
    assert accounts_of(parse(FILE, "x")) == {"a%7C1": "Acme", "b": "Acme"}


def test_each_has_a_key_of_its_own_that_a_goals_name_can_follow() -> None:
    found = parents()
    keys = {key_of(one, goal) for one in found for goal in one.goals}
    assert {key.rpartition("|")[0] for key in keys} == {one.series for one in found}
    assert [one.campaign for one in found] == [
        "channel=paid search", "account+channel=Acme|paid search", "ad_group=x=y|z",
    ]  # fmt: skip


def test_it_runs_as_long_as_its_campaigns_unless_it_says_so_and_spreads_by_its_own_curve() -> None:
    """The campaigns' targets are of all that they do: nothing of them is taken over."""
    everywhere, _, some = parents()
    assert everywhere.flight.span_ms == 9 * DAY_MS
    assert some.flight.timezone == "Europe/Berlin"
    curves = [goal.curve.label for one in (everywhere, some) for goal in one.goals if isinstance(goal, TotalGoal)]
    assert curves == ["even", "back_loaded"]
    assert tuple(subjects_of(everywhere)) == everywhere.goals, "watches are of whole campaigns"


@pytest.mark.parametrize(
    ("breakdowns", "line", "said"),
    [
        ("  - {breakdown: chanel=x, goals: [{total: spend, target: 5}]}", 1, "did you mean channel?"),
        ("  - {breakdown: channel=, goals: [{total: spend, target: 5}]}", 1, "such as channel=search"),
        ("  - {breakdown: search, goals: [{total: spend, target: 5}]}", 1, "such as channel=search"),
        ("  - {breakdown: account=Acme, goals: [{total: spend, target: 5}]}", 1, "together of that account"),
        ("  - {breakdown: device=x, goals: [{total: spend}]}", 1, "target is missing"),
        ("  - {breakdown: device=x, goals: [{total: spend, target: sum}]}", 1, "must be a number"),
        ("  - {breakdown: device=x}", 1, "goals is missing"),
        ("  - {breakdown: device=x, goals: []}", 1, "the list is empty"),
        (
            "  - breakdown: device=x\n    campaigns: [d]\n    goals: [{total: spend, target: 5}]",
            2,
            "none of its campaigns",
        ),
        ("  - breakdown: device=x\n    account: Bolt\n    goals: [{total: spend, target: 5}]", 2, "of account 'Bolt'"),
        (
            "  - {breakdown: device=x, goals: [{total: spend, target: 5}]}\n"
            "  - {breakdown: device=x, campaigns: [b], goals: [{total: spend, target: 5}]}",
            2,
            "'device=x' is given twice",
        ),
    ],
)
def test_what_is_wrong_is_said_by_its_line(breakdowns: str, line: int, said: str) -> None:
    ((at, text),) = problems(breakdowns)
    assert at == line
    assert said in text
