"""Watches over serving: a launch, a pause, an evening, a surge, each by a small past."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpis.measures import TOTALS, ZERO, Row, add
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.goals.subject import WATCHES, Watch, Watched
from monitors.goals.values import OPEN, Campaign, Flight, TotalGoal
from monitors.habits.heard import first_heard, nothing_heard
from monitors.pacing.judge import judge
from monitors.pacing.silence import LAUNCH_MS
from monitors.pacing.verdict import Direction, Observed, Reason, Status, Verdict, VerdictPolicy
from tests.kit.flows import seen
from tests.kit.monitor_fakes import row

POLICY = VerdictPolicy()
FLIGHT = Flight(0, 30 * DAY_MS, "UTC")
IMPRESSIONS = TotalGoal(TOTALS["impressions"], 3_000_000, OPEN, OPEN)
SERVING, EVENINGS, SURGE = Watch(Watched.SERVING), Watch(Watched.EVENINGS), Watch(Watched.SURGE)
BUSY = row(1000, 20, 1, 1_000_000)
"""A quarter hour."""


def campaign(goal: TotalGoal = IMPRESSIONS, flight: Flight = FLIGHT) -> Campaign:
    """One with a goal for impressions."""
    return Campaign("c1", "c1", flight, (goal,))


def watched(
    rows: list[Row],
    at_ms: int,
    of: Campaign | None = None,
    armed_ms: int = 0,
    *,
    watch: Watch = SERVING,
    step_ms: float = MINUTE_MS,
) -> Verdict:
    """A watch's verdict after some quarter hours, by a monitor that looked from a moment on and knows the steps."""
    one = of or campaign()
    sight = seen(one.flight, rows, at_ms)
    assert sight.past is not None
    heard = first_heard(sight.to_date, sight.past, sight.open_quarters, at_ms)
    heard = replace(heard, armed_ms=armed_ms, step_ms=(step_ms,) * len(ZERO))
    return judge(one, watch, sight.of(watch, heard, None), POLICY, at_ms)


def days(count: int, quarter: Row = BUSY) -> list[Row]:
    """Whole days that flow."""
    return [quarter] * (96 * count)


@pytest.mark.parametrize(("after_ms", "reason"), [(-1, Reason.ARMED), (0, Reason.NOTHING_SERVED)])
@pytest.mark.parametrize("armed_ms", [0, 5 * HOUR_MS])
def test_a_launch_has_a_deadline_from_the_flights_start_or_from_the_first_look(
    after_ms: int, reason: Reason, armed_ms: int
) -> None:
    at_ms = armed_ms + LAUNCH_MS + after_ms
    found = watched([], at_ms, armed_ms=armed_ms)
    assert (found.reason, found.since_ms) == (reason, None if reason is Reason.ARMED else 0)
    assert found.status is (Status.NO_DATA if reason is Reason.ARMED else Status.CRITICAL)
    never = judge(campaign(), SERVING, Observed(ZERO, None, None, 0, heard=nothing_heard(armed_ms)), POLICY, at_ms)
    assert (never.reason, never.status, never.direction) == (found.reason, found.status, found.direction)


def test_a_launch_that_should_have_brought_hardly_anything_is_given_more_time() -> None:
    small = campaign(replace(IMPRESSIONS, target=3000))
    assert watched([], HOUR_MS, small).reason is Reason.ARMED
    assert watched([], 2 * HOUR_MS, small).reason is Reason.NOTHING_SERVED


@pytest.mark.parametrize("bought", [row(0, 3), row(0, 0, 0, 500)])
def test_a_first_click_or_spend_is_a_launch_too(bought: Row) -> None:
    assert watched([bought], 10 * MINUTE_MS).reason is not Reason.NOTHING_SERVED
    assert watched([bought] * 4, LAUNCH_MS + 30 * MINUTE_MS).reason is Reason.FLOWING


def test_what_serves_flows() -> None:
    for at_ms in (HOUR_MS, DAY_MS + 7 * MINUTE_MS, 5 * DAY_MS + 3 * HOUR_MS):
        found = watched(days(6), at_ms)
        assert (found.status, found.reason, found.direction) == (Status.ON_PACE, Reason.FLOWING, None)


def test_what_stops_is_quiet_first_then_not_serving_since_its_last_quarter_hour() -> None:
    stopped = 3 * DAY_MS + 10 * HOUR_MS
    rows = days(3) + [BUSY] * 40
    told = {minute: watched(rows, stopped + minute * MINUTE_MS) for minute in range(1, 30)}
    quiet = [minute for minute, one in told.items() if one.reason is Reason.QUIET]
    dark = [minute for minute, one in told.items() if one.reason is Reason.NOT_SERVING]
    assert quiet
    # 0.4 % of 96,000 a day, at half of 4,000 an hour.
    assert (quiet[-1], dark[0]) == (11, 12)
    assert dark == list(range(dark[0], 30))
    worst = told[29]
    assert (worst.status, worst.direction, worst.since_ms) == (Status.CRITICAL, Direction.UNDER, stopped)
    assert (worst.actual, worst.expected) == (0, round(29 * 2000 / 60))


def test_an_alert_that_was_told_does_not_end_while_it_is_quiet() -> None:
    rows, stopped = days(3) + [BUSY] * 40, 3 * DAY_MS + 10 * HOUR_MS
    found = watched(rows, stopped + 10 * MINUTE_MS)
    assert (found.status, found.reason, found.recovered) == (Status.ON_PACE, Reason.QUIET, Status.CRITICAL)
    assert watched(rows, stopped).recovered is Status.ON_PACE


@pytest.mark.parametrize("step_min", [15, 30])
def test_what_comes_in_reports_is_missed_when_two_and_a_half_of_its_steps_bring_nothing(step_min: int) -> None:
    rows, stopped = days(3) + [BUSY] * 40, 3 * DAY_MS + 10 * HOUR_MS
    due = stopped + 5 * step_min * MINUTE_MS // 2
    step_ms = float(step_min * MINUTE_MS)
    assert watched(rows, stopped + step_min * MINUTE_MS, step_ms=step_ms).reason is Reason.FLOWING
    assert watched(rows, due - MINUTE_MS, step_ms=step_ms).reason is Reason.QUIET
    assert watched(rows, due, step_ms=step_ms).reason is Reason.NOT_SERVING


def test_a_first_day_is_given_three_hours() -> None:
    rows, stopped = [BUSY] * 40, 10 * HOUR_MS
    assert watched(rows, stopped + 3 * HOUR_MS - MINUTE_MS).reason is Reason.QUIET
    assert watched(rows, stopped + 3 * HOUR_MS).reason is Reason.NOT_SERVING


def test_nothing_is_expected_of_a_night_that_was_not_seen() -> None:
    rows = [row()] * 40 + [BUSY] * 56 + [row()] * 48
    for hour in range(1, 11):
        assert watched(rows, DAY_MS + hour * HOUR_MS).status is Status.ON_PACE
    assert watched(rows, DAY_MS + 10 * HOUR_MS + 12 * MINUTE_MS).reason is Reason.NOT_SERVING


def test_a_night_of_hardly_anything_is_no_outage() -> None:
    night = [row(1)] + [row()] * 31
    rows = (night + [BUSY] * 64) * 3 + night
    for quarter in range(1, 32):
        assert watched(rows, 3 * DAY_MS + quarter * QUARTER_MS).status is Status.ON_PACE
    assert watched([*rows, *[row()] * 8], 3 * DAY_MS + 8 * HOUR_MS + 30 * MINUTE_MS).reason is Reason.NOT_SERVING


@pytest.mark.parametrize(
    ("count", "pauses", "minutes"), [(5, (1, 3), 169), (5, (1,), 12), (2, (1,), 270)], ids=["twice", "once", "young"]
)
def test_a_pause_by_habit_is_waited_for_a_quarter_as_long_again_and_twice_as_long_while_little_is_known(
    count: int, pauses: tuple[int, ...], minutes: int
) -> None:
    rows = days(count)
    for day in pauses:
        rows[day * 96 + 30 : day * 96 + 38] = [row()] * 8
    stopped = count * DAY_MS
    assert watched(rows, stopped + (minutes - 1) * MINUTE_MS).reason is Reason.QUIET
    assert watched(rows, stopped + minutes * MINUTE_MS).reason is Reason.NOT_SERVING


def evenings(stops: set[int], count: int = 6) -> list[Row]:
    """Days of which some end at 20:00."""
    return [row() if day in stops and q >= 80 else BUSY for day in range(count) for q in range(96)]


def test_who_stopped_yesterday_evening_may_have_spent_its_day_again_which_is_no_outage() -> None:
    night = 5 * DAY_MS + 22 * HOUR_MS
    found = watched(evenings({4}, 5) + [BUSY] * 80, night)
    assert (found.status, found.reason, found.since_ms) == (
        Status.ON_PACE,
        Reason.DAILY_BUDGET,
        5 * DAY_MS + 20 * HOUR_MS,
    )
    morning = watched(evenings({4}, 5) + [BUSY] * 20, 5 * DAY_MS + 8 * HOUR_MS)
    assert (morning.status, morning.reason) == (Status.CRITICAL, Reason.NOT_SERVING)
    other = watched(evenings({3}, 5) + [BUSY] * 80, night)
    assert (other.status, other.reason) == (Status.CRITICAL, Reason.NOT_SERVING)


def test_evenings_are_told_from_the_second_that_stops() -> None:
    once = watched(evenings({4}, 5) + [BUSY] * 40, 5 * DAY_MS + 10 * HOUR_MS, watch=EVENINGS)
    assert (once.status, once.reason) == (Status.ON_PACE, Reason.FLOWING)
    second = watched(evenings({4}, 5) + [BUSY] * 80, 5 * DAY_MS + 22 * HOUR_MS, watch=EVENINGS)
    assert (second.status, second.reason, second.direction, second.since_ms) == (
        Status.WARNING,
        Reason.DAILY_BUDGET,
        Direction.UNDER,
        5 * DAY_MS + 20 * HOUR_MS,
    )


def test_who_stops_every_evening_has_too_small_a_day_also_while_it_serves() -> None:
    rows, at_ms = evenings({3, 4}, 5) + [BUSY] * 40, 5 * DAY_MS + 10 * HOUR_MS
    found = watched(rows, at_ms, watch=EVENINGS)
    assert (found.status, found.reason, found.since_ms) == (Status.WARNING, Reason.DAILY_BUDGET, None)
    serving = watched(rows, at_ms)
    assert (serving.status, serving.reason) == (Status.ON_PACE, Reason.FLOWING)


def test_evenings_that_stop_are_over_after_a_whole_day_and_not_before() -> None:
    ten = 5 * DAY_MS + 10 * HOUR_MS
    over = watched(evenings({2, 3}, 5) + [BUSY] * 40, ten, watch=EVENINGS)
    assert (over.status, over.reason, over.recovered) == (Status.ON_PACE, Reason.FLOWING, Status.ON_PACE)
    held = watched(evenings({4}, 5) + [BUSY] * 40, ten, watch=EVENINGS)
    assert (held.status, held.recovered) == (Status.ON_PACE, Status.CRITICAL)


@pytest.mark.parametrize(("served", "reason"), [(4800, Reason.FLOWING), (4801, Reason.SURGE)])
def test_a_quarter_hour_beyond_the_busiest_hour_is_a_surge(served: int, reason: Reason) -> None:
    rows, at_ms = [*days(2), BUSY, row(served, 20), BUSY], 2 * DAY_MS + 40 * MINUTE_MS
    found = watched(rows, at_ms, watch=SURGE)
    assert found.reason is reason
    if reason is Reason.SURGE:
        assert (found.status, found.direction) == (Status.WARNING, Direction.OVER)
        assert (found.actual, found.expected, found.since_ms) == (served, 1000, 2 * DAY_MS + QUARTER_MS)
    serving = watched(rows, at_ms)
    assert (serving.status, serving.reason) == (Status.ON_PACE, Reason.FLOWING)


def test_a_surge_of_a_handful_or_on_a_first_day_is_none() -> None:
    for rows, at_ms in (([*days(2, row(2)), row(30)], 2 * DAY_MS), ([BUSY] * 40 + [row(9000)], 10 * HOUR_MS)):
        found = watched(rows, at_ms + MINUTE_MS, watch=SURGE)
        assert (found.status, found.reason) == (Status.NO_DATA, Reason.TOO_EARLY)


def test_an_outage_is_not_told_before_the_flight_or_after_it() -> None:
    late = Flight(5 * DAY_MS, 6 * DAY_MS, "UTC")
    assert watched(days(4), 5 * DAY_MS - 1, campaign(flight=late)).reason is Reason.NOT_STARTED
    assert watched(days(4), 6 * DAY_MS, campaign(flight=late)).reason is Reason.FLIGHT_ENDED
    assert watched(days(4), 5 * DAY_MS + MINUTE_MS, campaign(flight=late)).status is not Status.CRITICAL


def test_what_came_before_the_flight_is_its_rhythm_and_the_flight_counts_from_its_start() -> None:
    later = Flight(5 * DAY_MS, 9 * DAY_MS, "UTC")
    rows = [*days(5), BUSY]
    assert watched(rows, 5 * DAY_MS + 30 * MINUTE_MS, campaign(flight=later)).since_ms == 5 * DAY_MS + QUARTER_MS


def test_what_shows_serving_best_is_what_the_flight_has() -> None:
    """Impressions were counted before it, in it clicks are."""
    later = campaign(flight=Flight(5 * DAY_MS, 9 * DAY_MS, "UTC"))
    assert watched([*days(5), *[row(0, 20)] * 20], 5 * DAY_MS + 4 * HOUR_MS, later).reason is Reason.FLOWING


def test_a_late_conversion_in_a_flight_makes_no_outage_of_the_time_before_it() -> None:
    later = campaign(flight=Flight(5 * DAY_MS, 9 * DAY_MS, "UTC"))
    rows = [*days(4), *[row()] * 96, row(0, 0, 1)]
    assert watched(rows, 5 * DAY_MS + 3 * MINUTE_MS, later).status is Status.ON_PACE
    assert watched(rows, 5 * DAY_MS + 10 * MINUTE_MS, later).since_ms == 5 * DAY_MS


def test_without_a_past_nothing_is_said() -> None:
    found = judge(campaign(), SERVING, Observed(add([BUSY]), None, HOUR_MS, 0), POLICY, HOUR_MS)
    assert (found.status, found.reason) == (Status.NO_DATA, Reason.TOO_EARLY)


@pytest.mark.parametrize("of", [watch.of for watch in WATCHES if watch.of is not Watched.SERVING])
def test_only_serving_is_watched_where_no_event_has_ever_come(of: Watched) -> None:
    nothing = Observed(ZERO, None, None, 0, heard=nothing_heard(0))
    assert judge(campaign(), Watch(of), nothing, POLICY, DAY_MS).reason is Reason.NO_CLOCK
    assert judge(campaign(), SERVING, nothing, POLICY, DAY_MS).reason is Reason.NOTHING_SERVED
    assert judge(campaign(), SERVING, nothing, POLICY, FLIGHT.end_ms).reason is not Reason.NOTHING_SERVED
