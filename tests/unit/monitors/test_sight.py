"""What is seen of a campaign, now and as of an earlier moment; and from where each goal looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, WIDTH, Row, Stream, add
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.goals.subject import Subject, Watch, Watched
from monitors.goals.values import OPEN, Bound, Campaign, Flight, Period, RatioGoal, TotalGoal
from monitors.pacing.verdict import Status
from monitors.read.past import of_quarters
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight, periods_of
from monitors.vantage import LATE_MS, Vantage
from tests.kit.flows import array, between, seen
from tests.kit.monitor_fakes import row

START = 20 * DAY_MS + 5 * HOUR_MS
FLIGHT = Flight(START, START + 30 * DAY_MS, "UTC")
ROWS = st.lists(st.tuples(*[st.integers(-3, 9)] * WIDTH), min_size=1, max_size=120)


@settings(max_examples=60)
@given(ROWS, st.data())
def test_what_was_to_be_seen_at_an_earlier_moment_is_what_was_seen_then(rows: list[Row], data: st.DataObject) -> None:
    """Down to the quarter hour: to date, windows, past and open quarters are those of the quarters before."""
    now = START + (len(rows) - 1) * QUARTER_MS + data.draw(st.integers(0, QUARTER_MS - 1))
    begin = START + data.draw(st.integers(0, len(rows) - 1)) * QUARTER_MS
    flight = replace(FLIGHT, start_ms=begin)
    at_ms = data.draw(st.integers(begin, now))
    today = seen(flight, rows, now, START)
    found = replace(today, periods={Period.DAY: today.to_date}).until(at_ms)
    end = at_ms - at_ms % QUARTER_MS
    if end < today.recent_ms:
        assert found is None
        return
    assert found is not None
    known = rows[: (end - START) // QUARTER_MS]
    past = of_quarters(START, array(known))
    assert (found.as_of_ms, found.late_ms) == (end, now - end)
    assert found.to_date == found.periods[Period.DAY] == between(known, begin, end, START)
    assert found.open_quarters == tuple(known[len(past.hours) * 4 :])
    assert found.past is not None
    assert np.array_equal(found.past.hours, past.hours)
    assert np.array_equal(found.past.busy, past.busy)
    assert found.windows == {
        "1h": between(known, end - HOUR_MS, end, START),
        "24h": between(known, max(end - DAY_MS, today.recent_ms), end, START),
    }


def test_an_earlier_moment_that_is_not_known_any_more_gives_nothing() -> None:
    now = START + 5 * DAY_MS
    today = seen(FLIGHT, [row(1)] * 480, now, START)
    assert today.until(today.recent_ms - 1) is None
    assert today.until(today.recent_ms) is not None
    assert replace(today, past=None).until(now) is None
    assert replace(today, as_of_ms=None).until(now) is None
    assert replace(today, recent=today.recent[:0]).until(now) is None


def test_what_is_computed_of_an_earlier_past_is_computed_once() -> None:
    now = START + 2 * DAY_MS
    today = seen(FLIGHT, [row(1)] * 200, now, START)
    first, second = today.until(now - 3 * HOUR_MS), today.until(now - 3 * HOUR_MS + 5 * MINUTE_MS)
    assert first is not None
    assert second is not None
    assert first.past is second.past
    same = today.until(now)
    assert same is not None
    assert same.past is today.past


def test_each_goal_is_judged_from_its_window_or_its_period() -> None:
    today = replace(
        seen(FLIGHT, [row(1)] * 200, START + DAY_MS, START), windows={"1h": row(7), "24h": None},
        periods={Period.DAY: row(3)},
    )  # fmt: skip
    ratio = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.01, 0.005, "1h")
    total = TotalGoal(TOTALS["clicks"], 5, OPEN, OPEN)
    assert (today.of(ratio, None, Status.WARNING).window, today.of(ratio, None, Status.WARNING).has_window) == (
        row(7),
        True,
    )
    assert today.of(ratio, None, Status.WARNING).proven is Status.WARNING
    unknown = today.of(replace(ratio, window="5m"), None, None)
    assert (unknown.window, unknown.has_window) == (None, False)
    assert today.of(replace(ratio, window="24h"), None, None).has_window
    assert today.of(total, None, None).to_date == today.to_date
    assert today.of(replace(total, per=Period.DAY), None, None).to_date == row(3)
    assert today.of(replace(total, per=Period.WEEK), None, None).to_date == row()
    assert today.open_hour == add(today.open_quarters)


# The watermark of each stream, how far behind now; None before its first event.
NOW = START + 3 * DAY_MS + 10 * HOUR_MS + 7 * MINUTE_MS
SPEND, CLICKS = TotalGoal(TOTALS["spend"], 1000, OPEN, OPEN), TotalGoal(TOTALS["clicks"], 1000, OPEN, OPEN)
CPC = RatioGoal(BY_NAME["cpc"], Bound.AT_MOST, 1.0, 2.0, "1h")


def standing(behind: dict[Stream, int | None]) -> Sight:
    """A campaign whose streams stand like that."""
    streams = {
        stream: StreamHealth(NOW if ms is None else NOW - ms, None if ms is None else NOW - ms, 0)
        for stream, ms in behind.items()
    }
    return seen(FLIGHT, [row(9, 3, 1, 5, 7)] * 400, NOW, START, streams)


ON_TIME: dict[Stream, int | None] = dict.fromkeys(Stream, 0)


@pytest.mark.parametrize("goal", [SPEND, CLICKS, CPC, Watch(Watched.SPEND)])
def test_while_all_streams_are_on_time_every_goal_looks_from_now(goal: Subject) -> None:
    today = standing({**ON_TIME, Stream.SPEND: LATE_MS})
    assert Vantage(today, FLIGHT).of(goal) is today
    unknown = standing({})
    assert Vantage(unknown, FLIGHT).of(goal) is unknown
    nothing = standing(dict.fromkeys(Stream))
    assert Vantage(nothing, FLIGHT).of(goal) is nothing


@pytest.mark.parametrize(
    ("goal", "is_late"),
    [(SPEND, True), (CPC, True), (CLICKS, False), (Watch(Watched.SPEND), True), (Watch(Watched.SERVING), False)],
)
def test_a_goal_looks_from_where_the_latest_stream_it_needs_is(goal: Subject, *, is_late: bool) -> None:
    late_ms = HOUR_MS + 40 * MINUTE_MS
    today = standing({**ON_TIME, Stream.SPEND: late_ms})
    found = Vantage(today, FLIGHT).of(goal)
    assert isinstance(found, Sight)
    end = NOW - late_ms - (NOW - late_ms) % QUARTER_MS
    assert (found.as_of_ms, found.late_ms) == ((end, NOW - end) if is_late else (NOW, 0))
    assert (found is today) is not is_late


def test_of_two_late_streams_the_later_one_counts_and_goals_share_the_look() -> None:
    today = standing({**ON_TIME, Stream.SPEND: HOUR_MS, Stream.CLICK: 3 * HOUR_MS})
    vantage = Vantage(today, FLIGHT)
    both, clicks = vantage.of(CPC), vantage.of(CLICKS)
    assert both is clicks
    assert isinstance(both, Sight)
    assert both.late_ms == pytest.approx(3 * HOUR_MS, abs=QUARTER_MS)


def test_a_goal_waits_for_a_stream_that_never_came_and_a_watch_does_not() -> None:
    today = standing({**ON_TIME, Stream.CLICK: None})
    vantage = Vantage(today, FLIGHT)
    assert vantage.of(CPC) is vantage.of(CLICKS) is Stream.CLICK
    assert vantage.of(Watch(Watched.CLICKS)) is today
    assert vantage.of(TotalGoal(TOTALS["impressions"], 1, OPEN, OPEN)) is today


def test_spend_that_comes_with_impressions_waits_for_no_stream_of_its_own() -> None:
    today = standing({**ON_TIME, Stream.SPEND: None})
    assert Vantage(today, FLIGHT).of(SPEND) is today


def test_further_back_than_is_known_there_is_only_now() -> None:
    today = standing({**ON_TIME, Stream.SPEND: 3 * DAY_MS})
    assert Vantage(today, FLIGHT).of(SPEND) is today


@pytest.mark.parametrize(("per", "waits"), [(Period.DAY, True), (Period.WEEK, False), (Period.FLIGHT, False)])
def test_a_day_is_judged_when_the_streams_it_needs_have_reached_it(per: Period, *, waits: bool) -> None:
    """What came of late of yesterday is not known of today's sum. It is 10:07 in New York, and 15:07 in Abidjan."""
    today, goal = standing({**ON_TIME, Stream.SPEND: 11 * HOUR_MS}), replace(SPEND, per=per)
    assert (Vantage(today, replace(FLIGHT, timezone="America/New_York")).of(goal) is Stream.SPEND) is waits
    assert isinstance(Vantage(today, replace(FLIGHT, timezone="Africa/Abidjan")).of(goal), Sight)
    sooner = standing({**ON_TIME, Stream.SPEND: 10 * HOUR_MS})
    assert isinstance(Vantage(sooner, replace(FLIGHT, timezone="America/New_York")).of(goal), Sight)


def test_periods_are_those_that_goals_ask_for() -> None:
    goals = (SPEND, CPC, replace(SPEND, per=Period.DAY), replace(CLICKS, per=Period.DAY))
    found = periods_of(Campaign("c", "c", FLIGHT, goals), NOW)
    assert list(found) == [Period.DAY]
    assert found[Period.DAY].start_ms == NOW - NOW % DAY_MS
