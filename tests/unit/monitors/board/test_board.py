"""The launch board's pure parts: rows, what changed since when, the last minutes, status changes, the terminal."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kpis.catalogue import BY_NAME
from kpis.contract.published import Layout
from kpis.measures import TOTALS, Stream
from kpis.runtime.printable import blanked
from kpis.series import key
from kpis.times import DAY_MS, QUARTER_MS
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.status_changes import KEPT, RecentChanges
from monitors.board.board import Board, BoardPolicy
from monitors.board.campaign_page.detail import detail, history_of, pace_line
from monitors.board.campaign_page.detail_shapes import Point
from monitors.board.campaign_rows import campaign_row, worst_first
from monitors.board.http import openapi
from monitors.board.http.pages import board_page, campaign_page
from monitors.board.overview.notices import streams
from monitors.board.pulse import EVERY_S, POINTS, Pulses, drawn
from monitors.board.watching import shown_of
from monitors.goals.subject import Watch, Watched
from monitors.goals.values import Band, Bound, Campaign, Flight, Period, RatioGoal, TotalGoal
from monitors.pacing.verdict import Direction, Reason, Status, Verdict
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, StreamHealth
from monitors.view import View
from pacewatch.top.screen import Choice, chosen, notices, sparkline
from tests.kit.monitor_fakes import HOUR, MIDNIGHT, NOON, WINDOWS, row

SPEND = TotalGoal(TOTALS["spend"], 1_000_000_000, Band(0.9, 1.1), Band(0.75, 1.25))
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")


def judged(campaign: str, status: Status, actual: int = 500_000_000, **more: Any) -> Assessment:
    """A spend goal of half a day, of which 500 are expected."""
    verdict = Verdict(
        status, status, Reason.OUTSIDE, Direction.UNDER, actual, 500_000_000, 1_000_000_000, actual / 500_000_000,
        2 * actual, 0, SPEND.warning, SPEND.critical, NOON,
    )  # fmt: skip
    flight = Flight(MIDNIGHT, MIDNIGHT + DAY_MS, "UTC")
    told = status if status.is_judgement else Status.ON_PACE
    state = AlertState(told, Direction.UNDER if told is not Status.ON_PACE else None, NOON)
    return Assessment(
        Campaign(campaign, campaign.title(), flight, (SPEND,)), SPEND, structs.replace(verdict, **more), state
    )


def view(
    *goals: Assessment, spends: dict[str, int] | None = None, clock: int = NOON, before: View | None = None
) -> View:
    """A view of these goals, and campaigns with so much spend, after another one."""
    series = {
        key(name): SeriesRows({"1m": row(60), "1h": row(1000, 10), "total": row(9000, 90, 1, spend)}, (0,))
        for name, spend in (spends or {}).items()
    }
    found = Snapshot(Layout(1, "EUR", WINDOWS, 40), clock, (PartitionHealth(0, clock),), series, {})
    changes = (before or View()).changes.after(goals, clock)
    return View(snapshot=found, assessments=goals, changes=changes, redis_up=True, problem="")


def board(shown: View, **policy: Any) -> Board:
    """A board that shows a view."""
    made = Board("run", BoardPolicy(**policy))
    made.update(shown, NOON, 0.0)
    return made


def test_the_worst_status_comes_first_then_the_most_money_at_risk() -> None:
    rows = [
        campaign_row(key(name), None, (judged(name, status, actual),), "1h", ("", 0))
        for name, status, actual in (
            ("fine", Status.ON_PACE, 500_000_000),
            ("held", Status.HOLD, 1),
            ("bad", Status.CRITICAL, 300_000_000),
            ("worse", Status.CRITICAL, 100_000_000),
            ("warned", Status.WARNING, 400_000_000),
        )
    ]
    rows.append(campaign_row("goalless", None, (), "1h", ("", 0)))
    assert [r.id for r in sorted(rows, key=worst_first)] == ["worse", "bad", "warned", "held", "fine", "goalless"]
    assert rows[3].risk_micros == 400_000_000
    assert rows[1].risk_micros == 0, "what is on hold is not known to be at risk"


def watched(campaign: str, of: Watched, status: Status, reason: Reason, **more: Any) -> Assessment:
    """A watch of the same campaign."""
    one, watch = judged(campaign, Status.ON_PACE), Watch(of)
    told = status if status.is_judgement else Status.ON_PACE
    verdict = structs.replace(Verdict.withheld(status, reason, watch, NOON), **more)
    return Assessment(one.campaign, watch, verdict, AlertState(told))


def dark(campaign: str) -> tuple[Assessment, ...]:
    """A campaign that nothing is served of any more: its goal, its clicks and its conversions wait."""
    held = structs.replace(judged(campaign, Status.HOLD).verdict, reason=Reason.EXPLAINED)
    return (
        replace(judged(campaign, Status.HOLD), verdict=held),
        watched(campaign, Watched.CLICKS, Status.HOLD, Reason.EXPLAINED),
        watched(campaign, Watched.CONVERSIONS, Status.HOLD, Reason.EXPLAINED),
        watched(campaign, Watched.SERVING, Status.CRITICAL, Reason.NOT_SERVING, since_ms=NOON - HOUR, expected=2_345),
    )


def test_watches_are_no_goals_and_those_with_something_to_say_are_shown() -> None:
    made = board(view(*dark("a"), spends={"a": 1}))
    found = made.feed.rows["a"]
    assert [goal.id for goal in found.goals] == ["spend"]
    assert (made.summary.goals, made.summary.statuses) == (1, {"critical": 1})
    assert [(w.label, w.says) for w in shown_of(found)] == [
        ("serving", "nothing served since 11:00 (UTC); at least 2,300 events should have come since"),
        ("clicks, conversions", "waits: what else is wrong explains it"),
    ]
    assert "nothing served since 11:00" in board_page(made)
    assert "0 of 0" not in board_page(made)


def test_a_campaign_is_as_bad_as_its_worst_watch_and_no_better_for_one_that_is_well() -> None:
    well = watched("a", Watched.SERVING, Status.ON_PACE, Reason.FLOWING)
    early = watched("a", Watched.CLICKS, Status.NO_DATA, Reason.TOO_EARLY)
    surge = watched("a", Watched.SERVING, Status.WARNING, Reason.SURGE, since_ms=NOON, actual=9, expected=1)
    for status, watch, expected in (
        (Status.NO_DATA, well, Status.NO_DATA),
        (Status.ON_PACE, early, Status.ON_PACE),
        (Status.ON_PACE, surge, Status.WARNING),
        (Status.CRITICAL, surge, Status.CRITICAL),
    ):
        found = campaign_row("a", None, (judged("a", status), watch), "1h", ("", 0))
        assert found.status is expected
        assert [w.shown for w in found.watches] == [watch is surge]


def test_old_data_holds_every_watch_and_is_said_once_for_all() -> None:
    stale = watched("a", Watched.SERVING, Status.HOLD, Reason.STALE_DATA)
    assert shown_of(campaign_row("a", None, (judged("a", Status.HOLD), stale), "1h", ("", 0))) == []
    told = replace(stale, state=AlertState(Status.CRITICAL))
    assert len(shown_of(campaign_row("a", None, (judged("a", Status.HOLD), told), "1h", ("", 0)))) == 1
    quiet = watched("a", Watched.SERVING, Status.ON_PACE, Reason.QUIET, since_ms=NOON - HOUR)
    assert len(shown_of(campaign_row("a", None, (judged("a", Status.ON_PACE), quiet), "1h", ("", 0)))) == 1


def test_a_dark_campaign_comes_before_one_with_money_at_risk() -> None:
    rows = [campaign_row("risky", None, (judged("risky", Status.CRITICAL, 1),), "1h", ("", 0))]
    rows.append(campaign_row("dark", None, dark("dark"), "1h", ("", 0)))
    assert [row.id for row in sorted(rows, key=worst_first)] == ["dark", "risky"]


def test_what_a_watch_says_anew_is_sent_and_what_only_grows_is_not() -> None:
    made = board(view(*dark("a"), spends={"a": 1}))
    *held, silent = dark("a")

    def sent(expected: int) -> list[str]:
        grown = replace(silent, verdict=structs.replace(silent.verdict, expected=expected))
        return [r.id for r in made.update(view(*held, grown, spends={"a": 1}), NOON, 1).campaigns]

    assert (sent(2_346), sent(2_400)) == ([], ["a"])


def test_a_stream_that_is_late_by_less_than_numbers_may_be_old_is_not_worth_a_line() -> None:
    """On a fast clock each stream is: what takes a moment is minutes of it."""
    found = view(judged("a", Status.ON_PACE), spends={"a": 1}).snapshot
    assert found is not None
    health = StreamHealth(NOON - HOUR, NOON, HOUR)
    late = replace(found, partitions=(PartitionHealth(0, NOON, streams={Stream.SPEND: health}),))
    assert [one.says for one in streams(late, HOUR + 1)] == [""]
    assert [one.says for one in streams(late, HOUR)] == ["The stream of spend comes 1 h 00 min late by habit."]


@pytest.mark.parametrize(
    ("health", "behind", "says"),
    [
        (StreamHealth(NOON, NOON, 0), False, ""),
        (StreamHealth(NOON - 2 * HOUR, NOON, 2 * HOUR), False, "The stream of spend comes 2 h 00 min late by habit."),
        (StreamHealth(NOON - HOUR, NOON - HOUR, 0), True, "The stream of spend is 1 h 00 min behind."),
        (
            StreamHealth(NOON - 3 * HOUR, NOON, 2 * HOUR),
            True,
            "The stream of spend is 3 h 00 min behind, 2 h 00 min of it by habit.",
        ),
    ],
)
def test_a_stream_that_is_late_or_behind_is_said(health: StreamHealth, behind: bool, says: str) -> None:
    shown = view(judged("a", Status.ON_PACE), spends={"a": 1})
    assert shown.snapshot is not None
    parts = (PartitionHealth(0, NOON, streams={Stream.SPEND: health, Stream.CLICK: StreamHealth(NOON)}),)
    made = board(replace(shown, snapshot=replace(shown.snapshot, partitions=parts)))
    spend = next(s for s in made.summary.streams if s.name == "spend")
    assert (spend.is_behind, spend.says) == (behind, says)
    assert (spend.complete_to_ms, spend.reached_ms, spend.late_ms) == (
        health.watermark_ms, health.reached_ms, health.late_ms,
    )  # fmt: skip
    assert notices(made.summary) == ([says] if says else [])
    assert [s.name for s in made.summary.streams] == ["click", "spend"], "of those that the worker tells of"


def test_only_rows_that_read_differently_are_sent() -> None:
    spends = {"a": 1, "b": 2}
    made = board(view(judged("a", Status.ON_PACE), spends=spends))
    same = made.update(view(judged("a", Status.ON_PACE, expected=500_000_100), spends=spends), NOON, 0.5)
    assert [r.id for r in same.campaigns] == []
    changed = made.update(view(judged("a", Status.WARNING), spends=spends, before=made.view), NOON, 1.0)
    assert [r.id for r in changed.campaigns] == ["a"]
    assert [c.after for c in changed.changes] == [Status.WARNING]
    gone = made.update(view(judged("a", Status.WARNING), spends={"a": 1}, before=made.view), NOON, 1.5)
    assert (gone.gone, gone.changes) == (["b"], [])


def test_a_client_that_comes_back_gets_what_it_missed() -> None:
    made = board(view(judged("a", Status.ON_PACE), spends={"a": 1, "b": 2, "c": 3}))
    left_at = made.feed.id
    made.update(view(judged("a", Status.WARNING), spends={"a": 1, "b": 2, "c": 3}), NOON, 1)
    made.update(view(judged("a", Status.WARNING), spends={"a": 1, "c": 3}), NOON, 1)
    missed = made.missed(left_at)
    assert missed is not None
    assert ([r.id for r in missed.campaigns], missed.gone) == (["a"], ["b"])
    now = made.missed(made.feed.id)
    assert now is not None
    assert (now.campaigns, now.gone) == ([], [])


@pytest.mark.parametrize("sent", ["", "other-1", "run-", "run-9", "run--1", "run-x", "run-" + "1" * 5000, "run-٣"])
def test_an_id_that_means_nothing_here_has_the_client_begin_anew(sent: str) -> None:
    assert board(view(spends={"a": 1})).missed(sent) is None


def test_more_campaigns_than_the_board_shows_leave_out_those_that_spent_least_and_say_so() -> None:
    made = board(view(judged("poor", Status.ON_PACE), spends={"poor": 0, "rich": 9, "mid": 5}), max_campaigns=2)
    assert sorted(made.feed.rows) == ["poor", "rich"]
    assert (made.summary.campaigns, made.summary.shown) == (3, 2)


def test_the_pulse_is_drawn_relative_to_its_greatest_and_nothing_above_zero_looks_like_zero() -> None:
    assert drawn(deque([0, 1, 1000])) == ("01z", 1000)
    assert drawn(deque([0, 0])) == ("00", 0)
    assert sparkline("01z") == " ▁█"


def test_the_trail_takes_a_point_every_ten_seconds_and_keeps_ten_minutes() -> None:
    trail = Pulses()
    taken = [trail.add({"a": n}, n * EVERY_S / 2) for n in range(4 * POINTS)]
    assert taken[:4] == [True, False, True, False]
    assert len(trail.of("a")[0]) == POINTS
    trail.add({"b": 1}, 1e9)
    assert trail.of("a") == ("", 0), "what is gone is forgotten"


def test_status_changes_are_bounded_and_the_newest_is_first() -> None:
    told = RecentChanges()
    for n in range(KEPT):
        told = told.after([judged("a", Status.WARNING if n % 2 else Status.CRITICAL)], NOON + n)
    told = told.after([judged("b", Status.ON_PACE)], NOON)
    told = told.after([judged("b", Status.CRITICAL)], NOON)
    assert len(told.newest()) == KEPT
    assert told.since(KEPT - 1) == told.newest()[1::-1]
    assert (told.newest()[0].campaign, told.newest()[0].before) == ("b", Status.ON_PACE)
    assert len(told.newest("b")) == 1


def test_the_pace_line_ends_at_the_actual_total_and_runs_along_the_curve() -> None:
    quarters = {MIDNIGHT + n * QUARTER_MS: row(spend=10_000_000) for n in range(48)}
    line = pace_line(judged("a", Status.ON_PACE), quarters, NOON)
    assert line is not None
    here = next(p for p in line.points if p.at_ms == NOON)
    assert (here.actual, here.expected) == (480_000_000, 500_000_000)
    hour = next(p for p in line.points if p.at_ms == MIDNIGHT + HOUR)
    assert hour.actual == 40_000_000
    assert (line.points[-1].at_ms, line.points[-1].expected) == (MIDNIGHT + DAY_MS, 1_000_000_000)
    assert pace_line(replace(judged("a", Status.ON_PACE), goal=CTR), quarters, NOON) is None


def test_the_pace_line_of_a_daily_budget_is_of_the_day() -> None:
    one = judged("a", Status.ON_PACE)
    flight = Flight(MIDNIGHT - 3 * DAY_MS, MIDNIGHT + DAY_MS, "UTC")
    daily = replace(one, campaign=replace(one.campaign, flight=flight), goal=replace(SPEND, per=Period.DAY))
    quarters = {MIDNIGHT + n * QUARTER_MS: row(spend=10_000_000) for n in range(-96, 48)}
    line = pace_line(daily, quarters, NOON)
    assert line is not None
    assert line.points[0] == Point(MIDNIGHT, 0, 0)
    here = next(p for p in line.points if p.at_ms == NOON)
    assert (here.actual, here.expected) == (480_000_000, 500_000_000)
    assert line.points[-1].expected == SPEND.target


def test_a_pace_line_of_a_long_flight_is_thinned_out() -> None:
    one = judged("a", Status.ON_PACE)
    long = replace(one, campaign=replace(one.campaign, flight=Flight(MIDNIGHT, MIDNIGHT + 400 * DAY_MS, "UTC")))
    line = pace_line(long, {MIDNIGHT: row(spend=5)}, NOON)
    assert line is not None
    assert len(line.points) < 250


def test_history_is_only_asked_for_where_it_reaches_back() -> None:
    made = board(view(judged("a", Status.ON_PACE), spends={"a": 1}))
    mine = made.feed.rows["a"]
    query = history_of(made, mine, NOON)
    assert query is not None
    assert (query.start_ms, query.end_ms) == (MIDNIGHT, NOON + 1)
    assert history_of(made, mine, NOON + 60 * DAY_MS) is None
    assert history_of(made, mine, MIDNIGHT - 1) is None
    assert detail(made, mine).lines == []


def test_no_name_becomes_markup_in_what_the_server_sends() -> None:
    name = "<script>alert(1)</script>\"'&"
    made = board(view(judged(name, Status.CRITICAL), spends={name: 1}))
    for page in (board_page(made), campaign_page(made, made.feed.rows[name])):
        assert "<script>" not in page.lower().replace('<script type="module"', "")
        assert "&lt;script&gt;" in page.lower()


def test_every_answer_is_what_the_openapi_document_says() -> None:
    document = msgspec.json.decode(openapi.document())
    schemas = document["components"]["schemas"]
    made = board(view(judged("a", Status.WARNING), spends={"a": 1}))
    row_now = msgspec.to_builtins(made.campaigns())["campaigns"][0]
    assert set(schemas["CampaignNow"]["properties"]) == set(row_now)
    named = {part["schema"]["$ref"].rsplit("/", 1)[1] for part in _contents(document)}
    assert named <= set(schemas)


def _responses(path: dict[str, Any]) -> list[dict[str, Any]]:
    return [response for method in path.values() for response in method["responses"].values()]


def _contents(document: dict[str, Any]) -> list[dict[str, Any]]:
    answers = [r for path in document["paths"].values() for r in _responses(path)]
    return [content for answer in answers for content in answer["content"].values()]


def test_keys_sort_and_filter_the_terminal() -> None:
    made = board(view(judged("b", Status.CRITICAL), spends={"a": 5, "b": 1}))
    rows = made.campaigns().campaigns
    assert [r.id for r in chosen(rows, Choice())] == ["b", "a"]
    assert [r.id for r in chosen(rows, Choice().pressed("s"))] == ["a", "b"]
    typed = Choice()
    for pressed in "/xA\x7f\x7fa\r":
        typed = typed.pressed(pressed)
    assert (typed.find, typed.typing) == ("a", False)
    assert [r.id for r in chosen(rows, typed)] == ["a"]
    assert typed.pressed("\x1b").find == ""
    assert Choice(typing=True).pressed("q").find == "q", "while typing, q is a letter"


def test_a_name_cannot_command_the_terminal() -> None:
    assert blanked("a\x1b[2Jb\x9bc\n") == "a [2Jb c "
