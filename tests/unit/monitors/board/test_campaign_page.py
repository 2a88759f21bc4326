"""A campaign's page: its charts' series, the cone, the launch, evidence and timeline, as values."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from msgspec import structs

from kpis.catalogue import BY_NAME, CORE
from kpis.contract.published import Layout
from kpis.formula import parse_formula
from kpis.measures import MEASURES, WIDTH, Kind, Row
from kpis.times import DAY_MS, QUARTER_MS
from kpis.units import Unit
from monitors.alerts.alert import alert_of
from monitors.alerts.interventions import EVERY, Acknowledgement, Interventions, Silence
from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.alerts.stored import encode_alert
from monitors.board.board import Board
from monitors.board.campaign_page.campaign_story import story
from monitors.board.campaign_page.cones import cone_of
from monitors.board.campaign_page.detail import pace_line
from monitors.board.campaign_page.detail_shapes import CampaignStory, LaunchState, TimelineKind
from monitors.board.campaign_page.evidence_rows import evidence_of
from monitors.board.campaign_page.launch_steps import launch_steps
from monitors.board.campaign_page.time_series import interval_of, kpi_line, lines_of
from monitors.board.campaign_page.trend_shapes import CampaignTrends, IntervalKind, TrendRange
from monitors.board.campaign_page.trends import MOST_READS, steps_of, summed, trend_query, trends
from monitors.goals.parents.scope import Scope
from monitors.goals.subject import key_of
from monitors.goals.values import Campaign, Flight, Mute
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot
from monitors.view import View
from tests.kit.monitor_fakes import HOUR, MIDNIGHT, NOON, WINDOWS, row
from tests.unit.monitors.board.test_board import CTR, SPEND, board, judged, view
from tests.unit.monitors.board.test_board import dark as dark_campaign

FLIGHT = Flight(MIDNIGHT, MIDNIGHT + DAY_MS, "UTC")


def told(change: Change = Change.FIRED, at_ms: int = NOON, campaign: str = "a", *, is_sent: bool = True) -> bytes:
    """An alert as Redis keeps it."""
    one = judged(campaign, Status.CRITICAL)
    was, now = AlertState(Status.ON_PACE), AlertState(Status.CRITICAL, Direction.UNDER, at_ms)
    states = (now, was) if change is Change.CORRECTED else (was, now)
    alert = alert_of(one, Transition(*states, change, is_sent), "EUR", key_of(one.campaign, one.goal), "x")
    return encode_alert(structs.replace(alert, at_ms=at_ms))


def story_of(shown: View, quarters: dict[int, Row] | None = None, kept: list[bytes] | None = None) -> CampaignStory:
    """The story of campaign ``a``."""
    made = board(shown)
    return story(made, made.feed.rows["a"], quarters, kept)


def test_a_step_without_a_denominator_is_a_gap_and_not_zero() -> None:
    line = kpi_line(BY_NAME["ctr"], [row(1000, 20), row(), None, row(500)])
    assert line.values == [0.02, None, None, 0.0]
    assert [line.low[1], line.high[1], line.low[2], line.high[2]] == [None] * 4
    assert line.volume == [1000, 0, 0, 500]


def test_a_share_has_the_wilson_interval_of_its_counts() -> None:
    line = kpi_line(BY_NAME["ctr"], [row(1000, 20)])
    assert line.interval is IntervalKind.WILSON
    assert line.low == pytest.approx([0.01298], abs=1e-5)
    assert line.high == pytest.approx([0.03070], abs=1e-5)


def test_a_cost_has_the_band_of_its_events_and_a_return_a_wider_one_of_its_orders() -> None:
    """100 clicks scatter by (1 + 0.98 / 10)^2; of 100 orders, of which some bring far more, a quarter counts."""
    counts = row(10_000, 100, 100, 50_000_000, 200_000_000)
    cpc, roas = (kpi_line(BY_NAME[name], [counts]) for name in ("cpc", "roas"))
    assert cpc.values == [0.5]
    assert cpc.low == pytest.approx([0.5 / 1.098**2])
    assert cpc.high == pytest.approx([0.5 * 1.098**2])
    assert roas.high == pytest.approx([4 * 1.196**2])
    assert "clicks" in cpc.interval_says
    assert "conversions" in roas.interval_says
    assert kpi_line(BY_NAME["roas"], [row(10, 1, 0, 5)]).high == [None], "of nothing no multiple says how far it may be"


def test_a_formula_that_is_no_quotient_has_no_interval() -> None:
    profit = replace(BY_NAME["roas"], name="roi", formula=parse_formula("(revenue - spend) / spend", CORE.by_title))
    assert interval_of(profit) is IntervalKind.NONE
    assert kpi_line(profit, [row(spend=100, revenue=300)]).values == [2.0]


def test_headlines_come_first_with_goals_and_what_has_no_value_is_left_out() -> None:
    cpa = replace(CTR, kpi=BY_NAME["cpa"])
    asked = [replace(judged("a", Status.ON_PACE), goal=goal) for goal in (CTR, cpa)]
    lines = lines_of(CORE, [row(1000, 20, 0, 5_000_000)], asked)
    assert [line.name for line in lines if line.is_headline] == ["ctr", "cpc", "cpa", "cvr", "roas"]
    assert [(line.goals[0].limit, line.goals[0].window) for line in lines if line.goals] == [(0.02, "1h")] * 2
    assert "aov" not in {line.name for line in lines}
    spent = next(line for line in lines if line.name == "spend_micros")
    assert (spent.values, spent.unit) == ([5_000_000], Unit.MICROS)


def test_distinct_counts_have_no_line_for_quarter_hours_cannot_be_added() -> None:
    reach = replace(MEASURES[0], name="reach", column=WIDTH, kind=Kind.DISTINCT)
    known = {**CORE.by_title, "reach": reach}
    frequency = replace(BY_NAME["ctr"], name="frequency", formula=parse_formula("impressions / reach", known))
    catalogue = replace(CORE, measures=(*CORE.measures, reach), kpis=(*CORE.kpis, frequency))
    names = {line.name for line in lines_of(catalogue, [(*row(1000), 500)], [])}
    assert names.isdisjoint({"frequency", "reach"})
    assert "impressions" in names


def test_quarter_hours_become_steps_and_nothing_is_lost() -> None:
    quarters = {MIDNIGHT + n * QUARTER_MS: row(n + 1) for n in range(6)}
    starts = steps_of(TrendRange.WEEK, MIDNIGHT, MIDNIGHT + 2 * HOUR, "UTC")
    assert starts == [MIDNIGHT, MIDNIGHT + HOUR]
    assert [one[0] for one in summed(quarters, starts, WIDTH)] == [1 + 2 + 3 + 4, 5 + 6]


def test_hours_and_days_are_those_of_the_campaigns_clocks() -> None:
    half = steps_of(TrendRange.WEEK, MIDNIGHT, MIDNIGHT + HOUR, "Asia/Kolkata")
    assert half == [MIDNIGHT - HOUR // 2, MIDNIGHT + HOUR // 2]
    # Clocks in Berlin went back on 2026-10-25: that day has 25 hours.
    october = MIDNIGHT - 28 * DAY_MS - 2 * HOUR
    first, second, *_ = steps_of(TrendRange.ALL, october, MIDNIGHT, "Europe/Berlin")
    assert (first, second - first) == (october, 25 * HOUR)


def test_a_first_day_is_shown_by_quarter_hours_and_begins_with_the_first_event() -> None:
    made = board(view(judged("a", Status.ON_PACE), spends={"a": 1}))
    asked = trend_query(made, made.feed.rows["a"])
    assert (asked.range, asked.says) == (TrendRange.DAY, "")
    quarters = {MIDNIGHT + HOUR: row(100, 2), MIDNIGHT + HOUR + 2 * QUARTER_MS: row(100, 4)}
    found = trends(made, made.feed.rows["a"], asked, quarters, CORE)
    assert found.starts_ms[0] == MIDNIGHT + HOUR
    assert (found.end_ms, found.as_of_ms) == (NOON + 1, NOON)
    ctr = found.series[0]
    assert ctr.values[:3] == [0.02, None, 0.04]
    assert {len(ctr.values), len(ctr.low), len(ctr.high), len(ctr.volume)} == {len(found.starts_ms)}
    assert msgspec.json.decode(msgspec.json.encode(found), type=CampaignTrends) == found


def test_nothing_read_and_nothing_counted_are_told_apart() -> None:
    made = board(view(judged("a", Status.ON_PACE), spends={"a": 1}))
    asked = trend_query(made, made.feed.rows["a"], TrendRange.WEEK)
    away = trends(made, made.feed.rows["a"], asked, None, CORE)
    nothing = trends(made, made.feed.rows["a"], asked, {}, CORE)
    assert (away.says, nothing.says) == ("History cannot be read now.", "Nothing was counted in this time.")
    assert away.series == nothing.series == []
    empty = without_events()
    assert trend_query(empty, empty.feed.rows["a"]).says == "No event was counted yet."


def without_events() -> Board:
    """A board of a campaign that nothing was counted of, nor of any other."""
    found = Snapshot(Layout(1, "EUR", WINDOWS, 40), NOON, (PartitionHealth(0, None),), {}, {})
    return board(View(snapshot=found, assessments=(judged("a", Status.NO_DATA),), redis_up=True, problem=""))


def test_no_look_reads_more_than_forty_days_nor_more_hashes_than_are_affordable() -> None:
    made = board(view(judged("a", Status.ON_PACE), spends={"a": 1}))
    query = trend_query(made, made.feed.rows["a"], TrendRange.ALL).query
    assert query is not None
    assert 38 * DAY_MS < query.end_ms - query.start_ms <= 40 * DAY_MS
    assert (query.start_ms, query.end_ms) == (MIDNIGHT - 39 * DAY_MS, NOON + 1)
    members = tuple(f"c{number}" for number in range(MOST_READS // 10))
    parent = Campaign("account=A", "A", FLIGHT, (SPEND,), "A", scope=Scope.ACCOUNT, members=members)
    one = replace(judged("a", Status.ON_PACE), campaign=parent)
    rows = SeriesRows({"total": row(1)}, (0,))
    found = Snapshot(
        Layout(1, "EUR", WINDOWS, 40), NOON, (PartitionHealth(0, NOON),), {}, {}, parents={parent.series: rows}
    )
    together = board(View(snapshot=found, assessments=(one,), redis_up=True, problem=""))
    asked = trend_query(together, together.feed.rows["account=A"], TrendRange.ALL)
    assert asked.query is not None
    assert asked.query.end_ms - asked.query.start_ms <= 10 * DAY_MS
    assert asked.says == "Only 10 d are shown: it is 2,000 campaigns together."


def test_the_cone_begins_with_what_there_is_and_ends_where_the_verdict_says() -> None:
    one = judged("a", Status.WARNING, projected=900_000_000, interval=(800_000_000, 1_000_000_000))
    line = pace_line(one, {MIDNIGHT: row(spend=400_000_000)}, NOON)
    assert line is not None
    first, last = line.cone[0], line.cone[-1]
    assert (first.at_ms, first.projected, first.low, first.high) == (NOON, 400_000_000, 400_000_000, 400_000_000)
    assert (last.at_ms, last.projected, last.low, last.high) == (
        MIDNIGHT + DAY_MS, 900_000_000, 800_000_000, 1_000_000_000,
    )  # fmt: skip
    halfway = next(point for point in line.cone if point.at_ms == NOON + 6 * HOUR)
    assert (halfway.projected, halfway.low, halfway.high) == (650_000_000, 600_000_000, 700_000_000)


def test_a_verdict_that_knows_no_interval_has_a_line_and_one_that_knows_no_end_has_nothing() -> None:
    one, quarters = judged("a", Status.WARNING), {MIDNIGHT: row(spend=400_000_000)}
    line = pace_line(one, quarters, NOON)
    assert line is not None
    assert (line.cone[-1].projected, line.cone[-1].low) == (1_000_000_000, None)
    for known, as_of in ((None, NOON), (900_000_000, MIDNIGHT + DAY_MS)):
        other = judged("a", Status.WARNING, projected=known)
        drawn = pace_line(other, quarters, as_of)
        assert drawn is not None
        assert drawn.cone == cone_of(other, drawn) == ()


def test_of_a_long_flight_that_has_just_begun_the_first_hours_have_points_of_their_own() -> None:
    month = replace(judged("a", Status.ON_PACE).campaign, flight=Flight(MIDNIGHT, MIDNIGHT + 30 * DAY_MS, "UTC"))
    line = pace_line(replace(judged("a", Status.ON_PACE), campaign=month), {MIDNIGHT: row(spend=1)}, NOON)
    assert line is not None
    assert sum(point.at_ms <= NOON for point in line.points) == 49
    assert len(line.points) <= 205


def test_each_step_of_a_launch_is_told_to_the_quarter_hour_or_is_waited_for() -> None:
    campaign = judged("a", Status.ON_PACE).campaign
    quarters = {MIDNIGHT: row(100), MIDNIGHT + 2 * QUARTER_MS: row(100, 3)}
    steps = launch_steps(campaign, quarters, NOON)
    assert [(step.name, step.state, step.at_ms) for step in steps] == [
        ("armed", LaunchState.DONE, MIDNIGHT),
        ("impressions", LaunchState.DONE, MIDNIGHT),
        ("clicks", LaunchState.DONE, MIDNIGHT + 2 * QUARTER_MS),
        ("conversions", LaunchState.WAITING, None),
    ]
    assert (steps[2].says, steps[3].says) == ("30 min after the start", "none in 12 h 00 min")
    unknown = [step.state for step in launch_steps(campaign, None, NOON)]
    assert unknown == [LaunchState.DONE, *[LaunchState.UNKNOWN] * 3]
    before = launch_steps(campaign, None, MIDNIGHT - 1)
    assert {step.state for step in before} == {LaunchState.WAITING}
    assert launch_steps(None, quarters, NOON) == ()


def test_the_evidence_of_a_goal_is_words_and_numbers() -> None:
    late = judged(
        "a", Status.CRITICAL, actual=300_000_000, interval=(550_000_000, 650_000_000), reason=Reason.PROJECTED
    )
    ratio = replace(late, goal=CTR, verdict=structs.replace(
        late.verdict, status=Status.ON_PACE, reason=Reason.WITHIN, actual=0.025, expected=0.02, target=0.02, ratio=1.25,
        projected=None, interval=None, direction=Direction.OVER,
    ))  # fmt: skip
    found = evidence_of([ratio, late], {"1h": row(8_000, 200)}, "EUR")
    assert [one.goal for one in found] == ["spend", "ctr:at_least:1h"], "the worst first"
    facts = {fact.name: fact.value for fact in found[0].facts}
    assert facts["Actual"] == "300 EUR"
    assert facts["Expected"] == "500 EUR by now, of 1,000 EUR"
    assert facts["Projection"] == "600 (550 to 650) of 1,000 EUR, in nine of ten cases"
    assert facts["On pace"] == "90% to 110% of what is expected"
    assert found[0].says == "Will end at 600 (550 to 650) of 1,000 EUR"
    assert found[0].why
    assert found[0].next_step
    counted = {fact.name: fact.value for fact in found[1].facts}
    assert counted["Counted in 1h"] == "200 clicks of 8,000 impressions"
    assert counted["95 % interval (Wilson)"] == "2.18% to 2.87%"
    assert found[1].rule == "when what was counted proves it"


def test_a_watch_has_evidence_too() -> None:
    serving = next(one for one in evidence_of(dark_campaign("a"), {}, "EUR") if one.goal == "watch:serving")
    assert serving.is_watch
    assert {fact.name for fact in serving.facts} >= {"Since", "Should have come since"}


def test_the_timeline_is_what_redis_keeps_of_this_campaign_with_corrections_and_what_was_not_sent() -> None:
    kept = [told(at_ms=NOON - HOUR), told(Change.CORRECTED, NOON), told(campaign="b"), b"{broken", told(is_sent=False)]
    found = story_of(view(judged("a", Status.ON_PACE), spends={"a": 1}), {}, kept)
    shown = [(one.kind, one.at_ms, one.is_sent) for one in found.timeline]
    assert shown == [
        (TimelineKind.FLIGHT, MIDNIGHT + DAY_MS, True),
        (TimelineKind.CORRECTED, NOON, True),
        (TimelineKind.ALERT, NOON, False),
        (TimelineKind.ALERT, NOON - HOUR, True),
        (TimelineKind.FLIGHT, MIDNIGHT, True),
    ]
    assert found.timeline[1].says == "spend is on pace: what was counted has been corrected"
    assert found.timeline_read


def test_while_redis_is_away_the_timeline_is_what_this_monitor_saw_and_says_so() -> None:
    shown = view(judged("a", Status.CRITICAL), spends={"a": 1})
    away, both = story_of(shown, {}, None), story_of(shown, {}, [told(at_ms=NOON + 1000)])
    assert not away.timeline_read
    for found in (away, both):
        alerts = [one for one in found.timeline if one.kind is TimelineKind.ALERT]
        assert [(one.before, one.after, one.label) for one in alerts] == [(Status.ON_PACE, Status.CRITICAL, "spend")]


def test_acknowledgements_and_mutes_are_seen_with_who_until_when_and_what_can_be_taken_back() -> None:
    one = judged("a", Status.CRITICAL)
    planned = replace(one, campaign=replace(one.campaign, mutes=(Mute(NOON, NOON + HOUR, "freeze"),)))
    done = Interventions(
        {key_of(one.campaign, one.goal): Acknowledgement("ana", NOON, "budget raised")},
        {
            "a": Silence("a", NOON - 1, NOON + 1000, "ben", "landing page"),
            "*": Silence(EVERY, NOON - 2, NOON + 2000, "cy"),
            "b": Silence("b", NOON, NOON + 1000, "dan"),
            "old": Silence("a", NOON - 9, NOON, "eve"),
        },
    )
    found = story_of(replace(view(planned, spends={"a": 1}), done=done), {}, [])
    assert [(one.goal, one.by, one.note) for one in found.acknowledged] == [("spend", "ana", "budget raised")]
    assert [(mute.by, mute.why, mute.can_be_taken_back) for mute in found.mutes] == [
        ("cy", "", False), ("ben", "landing page", True), ("goals file", "freeze", False),
    ]  # fmt: skip
    kinds = [one.kind for one in found.timeline]
    assert kinds.count(TimelineKind.MUTED) == 4, "those that are over too"
    assert kinds.count(TimelineKind.ACKNOWLEDGED) == 1


def test_a_campaign_without_goals_has_no_launch_and_no_evidence() -> None:
    found = story_of(view(spends={"a": 1}))
    assert (found.launch, found.evidence, found.timeline, found.timezone) == ((), (), (), "UTC")
