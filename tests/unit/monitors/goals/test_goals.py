"""The goals file: what it says is taken exactly, and every error is named with its line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS
from kpis.runtime.yaml_nodes import MAX_BYTES
from monitors import goals
from monitors.goals import Band, FileProblem, InvalidGoals, RatioGoal, TotalGoal
from monitors.goals.file import parse
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.values import Rule

GOOD = """\
campaigns:
  - campaign: 0042
    name: Spring launch
    flight: {start: 2026-11-22T00:00, end: 2026-11-29T00:00, timezone: Europe/Berlin}
    goals:
      - {total: spend, target: 5000.123456}
      - {total: conversions, target: 1_000, warning: [0.8, null]}
      - {ratio: ctr, at_least: 0.02}
      - {ratio: cpc, at_most: 0.80, window: 5m, critical: 1.00}
"""


def problems(text: str) -> tuple[FileProblem, ...]:
    """The problems of a goals file."""
    with pytest.raises(InvalidGoals) as error:
        parse(dedent(text), "goals.yaml")
    return error.value.problems


def one_goal(goal: str) -> str:
    """A file whose line 5 is the goal."""
    flight = "{start: 2026-11-22T00:00, end: 2026-11-29T00:00, timezone: UTC}"
    return f"campaigns:\n  - campaign: c1\n    flight: {flight}\n    goals:\n      - {goal}\n"


def one_flight(flight: str) -> str:
    """A file whose line 3 is the flight."""
    return f"campaigns:\n  - campaign: c1\n    flight: {flight}\n    goals:\n      - {{total: clicks, target: 1}}\n"


def utc(text: str) -> int:
    """Epoch milliseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def test_a_good_file_is_taken_exactly_as_written() -> None:
    (campaign,) = parse(GOOD, "goals.yaml").campaigns
    assert (campaign.campaign, campaign.name) == ("0042", "Spring launch")
    assert campaign.flight.start_ms == utc("2026-11-21T23:00")
    assert campaign.flight.end_ms == utc("2026-11-28T23:00")
    assert campaign.goals == (
        TotalGoal(TOTALS["spend"], 5_000_123_456, Band(0.9, 1.1), Band(0.75, 1.25)),
        TotalGoal(TOTALS["conversions"], 1000, Band(0.8, None), Band(0.75, None)),
        RatioGoal(BY_NAME["ctr"], goals.Bound.AT_LEAST, 0.02, 0.015, "1h"),
        RatioGoal(BY_NAME["cpc"], goals.Bound.AT_MOST, 0.8, 1.0, "5m"),
    )


def test_more_results_than_planned_are_no_miss_by_default_but_more_spend_is() -> None:
    found = parse(one_goal("{total: clicks, target: 1}") + "      - {total: spend, target: 1}\n", "x")
    clicks, spend = found.campaigns[0].goals
    assert (clicks.warning.high, clicks.critical.high) == (None, None)
    assert (spend.warning.high, spend.critical.high) == (1.1, 1.25)


def test_shifted_moves_every_flight_and_nothing_else() -> None:
    found = parse(GOOD, "x")
    moved = found.shifted(90_000)
    assert moved.campaigns[0].flight.start_ms == found.campaigns[0].flight.start_ms + 90_000
    assert moved.campaigns[0].flight.span_ms == found.campaigns[0].flight.span_ms
    assert moved.campaigns[0].goals == found.campaigns[0].goals
    assert moved.shifted(-90_000) == found


CURVED = """\
campaigns:
  - campaign: c1
    flight: {start: 2026-11-23T00:00, end: 2026-11-30T00:00, timezone: UTC}
    goals:
      - {total: clicks, target: 1, curve: front_loaded}
      - {total: spend, target: 1, curve: learned}
      - total: conversions
        target: 1
        curve:
          hours: 08:00-22:00
          days: mon-fri
          weights: {mon-fri 18:00-22:00: 2}
          dates: {2026-11-27: 3}
          shape: back_loaded
          lag: 3d
"""


FULL = """\
accounts:
  Acme: {owner: Ada, slack_channel: "#acme", tags: [x], timezone: UTC, goals: [{ratio: ctr, at_least: 0.02}]}
campaigns:
  - campaign: c1
    account: Acme
    flight: {start: 2026-11-23T00:00, end: 2026-11-30T00:00}
    mutes: [{from: 2026-11-24, to: 2026-11-25, why: night}]
    milestones: [50%, 2026-11-27]
    goals:
      - {total: spend, target: 5, per: day, platform: google, materiality: 0.1}
      - {total: clicks, target: 5, rule: threshold, for: 15m, patience: 1h}
"""


def test_curves_are_taken_as_written() -> None:
    clicks, spend, conversions = (goal for _, goal in parse(CURVED, "x"))
    assert isinstance(clicks, TotalGoal)
    assert isinstance(spend, TotalGoal)
    assert isinstance(conversions, TotalGoal)
    assert clicks.curve == CurveSpec(Shape.FRONT_LOADED)
    assert spend.curve == CurveSpec(learned=True)
    days = ((at * 1440, at) for at in range(5))
    week = [run for start, _ in days for run in ((start + 480, 1.0), (start + 1080, 2.0), (start + 1320, 0.0))]
    dates = ((date(2026, 11, 27), 3.0),)
    assert conversions.curve == CurveSpec(Shape.BACK_LOADED, False, ((0, 0.0), *week), dates, 3 * 86_400_000)


def test_when_a_miss_is_told_is_taken_as_written() -> None:
    text = one_goal("{total: clicks, target: 1, rule: threshold, for: 15m, materiality: 0.1, patience: 2h}")
    clicks, ctr = (goal for _, goal in parse(text + "      - {ratio: ctr, at_least: 0.02, patience: 90s}\n", "x"))
    assert (clicks.rule, clicks.for_ms, clicks.patience_ms) == (Rule.THRESHOLD, 900_000, 7_200_000)
    assert clicks.materiality == 0.1
    assert (ctr.rule, ctr.for_ms, ctr.patience_ms) == (Rule.EVIDENCE, 0, 90_000)


def test_a_curve_that_expects_nothing_in_its_flight_is_an_error_at_its_line() -> None:
    text = CURVED.replace("end: 2026-11-30", "end: 2026-11-24").replace("days: mon-fri", "days: sat")
    assert [(p.line, p.where) for p in problems(text)] == [(10, "campaigns[0].goals[2].curve")]


def test_every_error_of_a_broken_file_is_named_with_its_line() -> None:
    found = problems(
        """\
        campaigns:
          - campaign: c42
            nam: Spring launch
            flight: {start: 2026-11-22T00:00, end: 2026-11-21T00:00, timezone: UTC}
            goals:
              - {total: spent, target: 5}
              - {ratio: ctr, at_least: 2}
          - campaign: c42
            flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: Europe/Berln}
            goals: []
          - name: nobody
        """
    )
    told = [(p.line, p.text) for p in found]
    assert [line for line, _ in told] == [3, 4, 6, 7, 8, 9, 10, 11, 11, 11]
    assert "did you mean name?" in told[0][1]
    assert "did you mean spend?" in told[2][1]
    assert "already at line 2" in told[4][1]
    assert "did you mean Europe/Berlin?" in told[5][1]
    assert {t for line, t in told if line == 11} == {"campaign is missing", "flight is missing", "goals is missing"}


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("{total: spend, target: 5.1234567}", "at most 6 decimals"),
        ("{total: clicks, target: 1.5}", "whole number"),
        ("{total: clicks, target: .nan}", "must be a number"),
        ("{total: clicks, target: .inf}", "must be a number"),
        ("{total: clicks, target: 1e999}", "must be a number"),
        ("{total: clicks, target: 0}", "above 0"),
        ("{total: clicks, target: -5}", "above 0"),
        ("{total: clicks, target: 9999999999999}", "above 0 and at most"),
        ("{total: clicks, target: 12:30}", "must be a number"),
        ("{total: clicks, target: true}", "must be a number"),
        ("{total: clicks, target: [1]}", "must be one value, not a list"),
        ("{total: clicks, target: }", "is empty"),
        ("{total: clicks}", "target is missing"),
        ("{total: clicks, target: 1, target: 2}", "target is given twice"),
        ("{total: clicks, ratio: ctr, target: 1}", "either a total or a ratio"),
        ("{target: 1}", "needs total or ratio"),
        ("clicks", "must be a mapping"),
        ("{[total]: clicks, target: 1}", "plain text"),
        ("{total: clicks, target: 1, curve: evn}", "did you mean even?"),
        ("{total: clicks, target: 1, curve: {hours: 8-22}}", "must be hours such as 08:00-22:00"),
        ("{total: clicks, target: 1, curve: {hours: 08:00-24:30}}", "must be hours"),
        ("{total: clicks, target: 1, curve: {hours: 08:00-08:00}}", "all day is 00:00-24:00"),
        ("{total: clicks, target: 1, curve: {hours: }}", "is empty"),
        ("{total: clicks, target: 1, curve: {days: []}}", "must be one value, not a list"),
        ("{total: clicks, target: 1, curve: {days: mon-fry}}", "did you mean fri?"),
        ("{total: clicks, target: 1, curve: {weights: {sat-sun: -1}}}", "must be from 0 to 1000"),
        ("{total: clicks, target: 1, curve: {weights: {sat-son: 1}}}", "did you mean sun?"),
        ("{total: clicks, target: 1, curve: {weights: {}}}", "the mapping is empty"),
        ("{total: clicks, target: 1, curve: {weights: 2}}", "must be a mapping"),
        ("{total: clicks, target: 1, curve: {weights: {mon-sun: 0}}}", "no time of the flight weighs anything"),
        ("{total: clicks, target: 1, curve: {dates: {27.11.: 3}}}", "must be a date such as 2026-11-27"),
        ("{total: clicks, target: 1, curve: {dates: {2026-11-27T00:00: 3}}}", "must be a date"),
        ("{total: clicks, target: 1, curve: {shape: fron_loaded}}", "did you mean front_loaded?"),
        ("{total: clicks, target: 1, curve: {lag: 3}}", "must be a duration"),
        ("{total: clicks, target: 1, curve: {lag: 91d}}", "at most 90d"),
        ("{total: clicks, target: 1, curve: {lag: 3d, shape: learned}}", "holds their delay already"),
        ("{total: clicks, target: 1, curve: {}}", "the curve is empty"),
        ("{total: clicks, target: 1, curve: {hour: 08:00-22:00}}", "did you mean hours?"),
        ("{total: clicks, target: 1, per: dy}", "did you mean day?"),
        ("{total: spend, target: 1, per: day, platform: gogle}", "did you mean google?"),
        ("{total: spend, target: 1, platform: google}", "give it with total: spend and per: day"),
        ("{total: clicks, target: 1, per: day, platform: google}", "give it with total: spend and per: day"),
        ("{total: clicks, target: 1, per: day, curve: {lag: 3d}}", "give it with per: flight"),
        ("{total: clicks, target: 1, rule: thresold}", "did you mean threshold?"),
        ("{total: clicks, target: 1, for: 15m}", "for needs rule: threshold"),
        ("{ratio: ctr, at_least: 0.1, for: 15m}", "for needs rule: threshold"),
        ("{ratio: ctr, at_least: 0.1, materiality: 0.1}", "unknown key 'materiality'"),
        ("{total: clicks, target: 1, materiality: 3}", "must be from 0 to below 1"),
        ("{total: clicks, target: 1, patience: soon}", "must be a duration such as"),
        ("{total: clicks, target: 1, rule: threshold, for: 15 m}", "must be a duration such as"),
        ("{fo: 15m}", "did you mean for?"),
        ("{total: clicks, target: 1, curve: [even]}", "must be one value, not a list"),
        ("{total: clicks, target: 1, warning: [0.9]}", "must be a pair"),
        ("{total: clicks, target: 1, warning: 0.9}", "must be a pair"),
        ("{total: clicks, target: 1, warning: [null, null]}", "both sides are open"),
        ("{total: clicks, target: 1, warning: [1.1, 0.9]}", "lower side must be"),
        ("{total: clicks, target: 1, warning: [0.9, .inf]}", "must be a number"),
        ("{total: spend, target: 1, warning: [0.7, 1.1], critical: [0.8, 1.2]}", "outside of warning"),
        ("{total: spend, target: 1, warning: [0.7, null], critical: [0.6, 1.2]}", "outside of warning"),
        ("{ratio: ctrr, at_least: 0.1}", "did you mean ctr?"),
        ("{ratio: ctr}", "needs either at_least or at_most"),
        ("{ratio: ctr, at_least: 0.1, at_most: 0.2}", "not both"),
        ("{ratio: cpc, at_most: 1, critical: 0.9}", "above at_most"),
        ("{ratio: cpc, at_least: 1, critical: 1.1}", "below at_least"),
        ("{ratio: cpc, at_most: 1, window: 1x}", "not a window"),
        ("{ratio: cpc, at_most: 1, window: 7d}", "not between"),
        ("{ratio: cpc, at_most: 1, windw: 1h}", "did you mean window?"),
    ],
)
def test_a_wrong_goal_is_named_at_its_line(goal: str, expected: str) -> None:
    found = problems(one_goal(goal))
    assert [p for p in found if p.line == 5 and expected in p.text], found


@pytest.mark.parametrize(
    ("flight", "expected"),
    [
        ("{start: 2026-11-22T00:00, end: 2026-11-22T00:00, timezone: UTC}", "end is not after start"),
        ("{start: 2026-03-29T02:30, end: 2026-04-01T00:00, timezone: Europe/Berlin}", "does not exist"),
        ("{start: 2026-11-22T00:00, end: 2026-11-23T00:00}", "needs a timezone"),
        ("{start: 2026-11-22T25:00, end: 2026-11-23T00:00, timezone: UTC}", "must be a time"),
        ("{start: tomorrow, end: 2026-11-23T00:00, timezone: UTC}", "must be a time"),
        ("{start: 2026-11-22T00:00, end: 2028-11-23T00:00, timezone: UTC}", "at most 400 days"),
        ("{start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: ../etc/passwd}", "unknown timezone"),
        ("{start: 2026-11-22T00:00, timezone: UTC}", "end is missing"),
    ],
)
def test_a_wrong_flight_is_named_at_its_line(flight: str, expected: str) -> None:
    found = problems(one_flight(flight))
    assert [p for p in found if p.line == 3 and expected in p.text], found


def test_a_local_time_that_clocks_show_twice_means_the_first() -> None:
    text = one_flight("{start: 2026-10-25T02:30, end: 2026-10-26T00:00, timezone: Europe/Berlin}")
    assert parse(text, "x").campaigns[0].flight.start_ms == utc("2026-10-25T00:30")


def test_a_day_on_which_clocks_change_has_its_real_length() -> None:
    text = one_flight("{start: 2026-10-25T00:00, end: 2026-10-26T00:00, timezone: Europe/Berlin}")
    assert parse(text, "x").campaigns[0].flight.span_ms == 25 * 3_600_000


def test_a_time_with_an_offset_needs_no_timezone() -> None:
    text = one_flight('{start: "2026-11-22T00:00:00+02:00", end: 2026-11-23T00:00Z}')
    assert parse(text, "x").campaigns[0].flight.start_ms == utc("2026-11-21T22:00")


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "empty"),
        ("campaigns:\n  - {a: [1\n", 3, "not valid YAML"),
        ("campaigns:\n\t- x", 2, "not valid YAML"),
        ("a: 1\nb: \x00", 2, "not valid YAML"),
        ("campaigns: &a [*a]", 1, "not allowed"),
        ("campaigns: !!python/object/apply:os.system [ls]", 1, "tags"),
        ("campaigns:\n  " + "[" * 40 + "]" * 40, 2, "nested deeper"),
        ("campain: []", 1, "did you mean campaigns?"),
        ("- 1", 1, "must be a mapping"),
        ("campaigns: []", 1, "the list is empty"),
        ("campaigns: {}", 1, "must be a list"),
        ("? [1]\n: 2\ncampaigns: x", 1, "plain text"),
    ],
)
def test_a_file_that_is_no_goals_file_says_why_and_where(text: str, line: int, expected: str) -> None:
    found = problems(text)
    assert [p for p in found if p.line == line and expected in p.text], found


def test_a_missing_a_large_and_a_binary_file_are_problems_too(tmp_path: Path) -> None:
    path = tmp_path / "goals.yaml"
    with pytest.raises(InvalidGoals, match="cannot be read"):
        goals.load(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InvalidGoals, match="larger than"):
        goals.load(path)
    path.write_bytes(b"a: 1\nb: \xff")
    with pytest.raises(InvalidGoals, match=r"line 2.*not UTF-8"):
        goals.load(path)


def test_the_same_goal_twice_is_an_error() -> None:
    found = problems(one_goal("{total: clicks, target: 1}") + "      - {total: clicks, target: 2}\n")
    assert [(p.line, p.text) for p in found] == [(6, "the goal clicks is given twice for this campaign")]


def problems_or_none(text: str) -> tuple[FileProblem, ...]:
    """The problems of a text; none when it is a good file."""
    try:
        parse(text, "x")
    except InvalidGoals as e:
        return e.problems
    return ()


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_in_another_way(text: str) -> None:
    assert all(p.line >= 1 and p.column >= 1 and p.text for p in problems_or_none(text))


@settings(max_examples=400)
@given(
    st.sampled_from((GOOD, CURVED, FULL)),
    st.integers(0, 4000),
    st.sampled_from([*"{}[]:,-&*!#%'\"\n\t \x00", "null", "\n  "]),
)
def test_a_good_file_with_one_edit_is_read_or_refused_with_lines(good: str, at: int, edit: str) -> None:
    text = good[: at % len(good)] + edit + good[at % len(good) + 1 :]
    assert all(1 <= p.line <= text.count("\n") + 1 for p in problems_or_none(text))
