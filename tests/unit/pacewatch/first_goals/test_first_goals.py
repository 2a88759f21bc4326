"""``pacewatch init``: goals are guessed from history with slack, every file passes the check, none is overwritten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kpis.arrays import Int64s
from kpis.measures import INDEX, WIDTH
from kpis.runtime.errors import Misconfigured
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from kpis.units import MICROS
from monitors.goals.file import parse
from monitors.goals.values import Period, RatioGoal, TotalGoal
from pacewatch.first_goals.command import write_new
from pacewatch.first_goals.draft import draft, template
from pacewatch.first_goals.guess import AHEAD_DAYS, Guess, guess, rounded
from tests.kit.monitor_fakes import NOON

MIDNIGHT = NOON - NOON % DAY_MS
KEPT = 40
FIRST = MIDNIGHT - (KEPT - 1) * DAY_MS


def history(*, spend: float = 0, impressions: int = 0, clicks: int = 0, since_ms: int, until_ms: int = NOON) -> Int64s:
    """Quarter hours of the days that are kept; so much in each from a moment up to another."""
    found = np.zeros((KEPT * 96, WIDTH), np.int64)
    first, last = ((ms - FIRST) // QUARTER_MS for ms in (since_ms, until_ms))
    row = {"spend_micros": int(spend * MICROS), "impressions": impressions, "clicks": clicks}
    for name, value in row.items():
        found[first:last, INDEX[name]] = value
    return found


def guessed(quarters: Int64s, now_ms: int = NOON) -> Guess:
    """The guess of a campaign that runs."""
    found = guess("c", FIRST, quarters, now_ms)
    assert found is not None
    return found


def test_a_daily_total_is_the_mean_of_whole_days_and_the_flight_begins_with_the_first_events() -> None:
    since = MIDNIGHT - 5 * DAY_MS + 6 * HOUR_MS
    one = guessed(history(spend=1, impressions=1000, clicks=20, since_ms=since))
    assert (one.start_ms, one.is_older, one.end_ms) == (since, False, MIDNIGHT + (1 + AHEAD_DAYS) * DAY_MS)
    assert one.total is not None
    # Neither the first day, which is not whole, nor today counts.
    assert (one.total.name, one.total.target, one.total.band, one.total.days) == ("spend", 96, 0.25, 4)


def test_days_that_differ_much_give_a_wider_band() -> None:
    quarters = history(spend=1, since_ms=MIDNIGHT - 6 * DAY_MS)
    quarters[-3 * 96 : -2 * 96] *= 2
    one = guessed(quarters).total
    assert one is not None
    assert 0.25 < one.band <= 0.45


def test_less_than_a_day_is_made_one_and_what_is_older_than_history_is_said_to_be() -> None:
    young = guessed(history(spend=1, since_ms=NOON - 6 * HOUR_MS))
    assert young.total is not None
    assert (young.total.target, young.total.days, young.start_ms) == (96, 0, NOON - 6 * HOUR_MS)
    old = guessed(history(spend=1, since_ms=FIRST))
    assert (old.is_older, old.start_ms) == (True, FIRST)


def test_without_spend_impressions_are_the_goal_and_without_any_there_is_none() -> None:
    named = guessed(history(impressions=10, since_ms=MIDNIGHT - 3 * DAY_MS)).total
    assert named is not None
    assert (named.name, named.target) == ("impressions", 960)
    quarters = np.zeros((KEPT * 96, WIDTH), np.int64)
    quarters[-96:, INDEX["conversions"]] = 1
    assert guessed(quarters).total is None


def test_ratios_have_slack_on_their_bad_side_and_enough_behind_them() -> None:
    rates = {r.kpi.name: r for r in guessed(history(spend=1, impressions=100, clicks=2, since_ms=FIRST)).ratios}
    assert set(rates) == {"ctr", "cpc"}
    assert (rates["ctr"].was, rates["ctr"].bound) == (0.02, 0.015)
    assert (rates["cpc"].was, rates["cpc"].bound) == (0.5, 0.62)
    few = guessed(history(spend=1, impressions=1, clicks=1, since_ms=NOON - HOUR_MS, until_ms=NOON - QUARTER_MS))
    assert few.ratios == ()


def test_a_campaign_that_has_been_silent_for_two_days_has_no_goals() -> None:
    assert guess("c", FIRST, history(spend=1, since_ms=FIRST, until_ms=MIDNIGHT - 2 * DAY_MS), NOON) is None
    assert guess("c", FIRST, history(since_ms=FIRST), NOON) is None
    assert guess("c", FIRST, history(spend=1, since_ms=FIRST, until_ms=MIDNIGHT - DAY_MS + HOUR_MS), NOON) is not None


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.5, 1200), (0.01834, 0.018), (0.0000123, 0.000012), (99.6, 100), (0, 0)]
)
def test_targets_have_two_digits(value: float, shown: float) -> None:
    assert rounded(value) == pytest.approx(shown)


@pytest.mark.parametrize(
    "name",
    ["c42", "123", "on", "null", "a: b", "#x", "'", '"', "{a}", "ümläut", "x" * 200, "a\tb", "\u202e", "-", "~", " "],
)
def test_whatever_a_campaign_is_called_the_file_passes_the_check_and_names_it_or_says_that_it_cannot(name: str) -> None:
    quarters = history(spend=1, impressions=1000, clicks=30, since_ms=MIDNIGHT - 4 * DAY_MS)
    guesses = [one for c in ("good", name) if (one := guess(c, FIRST, quarters, NOON)) is not None]
    text, count = draft(guesses, "EUR", ["one is left out."])
    named = [c.campaign for c in parse(text, "f").campaigns]
    assert len(named) == count
    assert named == ["good", name] or (named == ["good"] and "a goals file cannot name it" in text)


def test_the_file_says_what_was_guessed_of_each() -> None:
    quarters = history(spend=1, impressions=1000, clicks=30, since_ms=MIDNIGHT - 4 * DAY_MS)
    text, _ = draft([guessed(quarters)], "EUR", [])
    (campaign,) = parse(text, "f").campaigns
    total, ctr, cpc = campaign.goals
    assert isinstance(total, TotalGoal)
    assert (total.per, total.target) == (Period.DAY, 96 * MICROS)
    assert isinstance(ctr, RatioGoal)
    assert (ctr.window, cpc.id.split(":")[0]) == ("24h", "cpc")
    for said in ("A day's spend, in EUR: the mean of 3 whole days", "CTR was 3.00%", "End: not known"):
        assert said in text
    both, count = draft([guessed(quarters), replace(guessed(quarters), total=None, ratios=())], "EUR", [])
    assert (count, len(parse(both, "f").campaigns)) == (1, 1)
    assert "# c is left out: too few ad events were counted" in both


def test_the_example_for_an_empty_system_passes_the_check() -> None:
    (campaign,) = parse(template("2026-11-22", "2026-11-29"), "f").campaigns
    assert (campaign.campaign, len(campaign.goals)) == ("my-campaign", 3)


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "goals.yml"
    mine.write_text("mine")
    with pytest.raises(Misconfigured, match="stays as it is"):
        write_new(mine, "theirs")
    assert mine.read_text() == "mine"
    with pytest.raises(Misconfigured, match=str(tmp_path / "none" / "goals.yml")):
        write_new(tmp_path / "none" / "goals.yml", "x")
