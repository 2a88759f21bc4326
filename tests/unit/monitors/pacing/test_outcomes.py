"""Watches over what comes of other events: clicks, conversions, spend."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, ZERO, Row, add
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.goals.subject import Watch, Watched
from monitors.goals.values import OPEN, Bound, Campaign, Flight, Goal, RatioGoal, TotalGoal
from monitors.habits.heard import Heard, first_heard, nothing_heard
from monitors.pacing.hush import FLOWING, NOTHING_KNOWN, Hush
from monitors.pacing.outcomes import outcome, uncharged
from monitors.pacing.verdict import Observed, Reason, Status
from tests.kit.flows import seen
from tests.kit.monitor_fakes import row

FLIGHT = Flight(0, 30 * DAY_MS, "UTC")
CVR = RatioGoal(BY_NAME["cvr"], Bound.AT_LEAST, 0.01, 0.005, "24h")
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.01, 0.005, "24h")
CLICKS, CONVERSIONS = Watch(Watched.CLICKS), Watch(Watched.CONVERSIONS)
ANY = TotalGoal(TOTALS["clicks"], 1000, OPEN, OPEN)


def listened(rows: list[Row]) -> Heard:
    """What a monitor has heard that looked at the end of each quarter hour."""
    heard, total = nothing_heard(0), ZERO
    for number, one in enumerate(rows):
        total = add([total, one])
        heard = heard.after(total, (number + 1) * QUARTER_MS - 1)
    return heard


def found_of(watch: Watch, rows: list[Row], goal: Goal = ANY, heard: Heard | None = None) -> Hush:
    """What a watch finds after some quarter hours, at a first look where nobody says what was heard before."""
    at_ms = len(rows) * QUARTER_MS - 1
    campaign = Campaign("c1", "c1", FLIGHT, (goal,))
    sight = seen(FLIGHT, rows, at_ms)
    assert sight.past is not None
    heard = heard or first_heard(sight.to_date, sight.past, sight.open_quarters, at_ms)
    return outcome(campaign, watch, sight.of(watch, heard, None), sight.past, heard=heard, at_ms=at_ms)


def first_silent(watch: Watch, known: list[Row], then: Row) -> int:
    """After how many quarter hours without an outcome it is told."""
    return next((n for n in range(1, 96) if found_of(watch, known + [then] * n).reason is Reason.SILENT), 96)


@pytest.mark.parametrize(
    ("watch", "usual", "then"),
    [(CLICKS, row(1000, 10), row(1000)), (CONVERSIONS, row(10_000, 1000, 10), row(10_000, 1000))],
)
def test_no_outcomes_of_what_goes_on_are_told_when_chance_cannot_explain_it(
    watch: Watch, usual: Row, then: Row
) -> None:
    """960 a day, once in a thousand days: 13.8 must be missing, the rate known exactly; two quarter hours miss 20."""
    known = [usual] * (96 * 3)
    assert found_of(watch, known) == FLOWING
    assert found_of(watch, [*known, tuple(3 * n // 10 for n in then)]) == FLOWING
    assert found_of(watch, [*known, then]).reason is Reason.QUIET
    told = found_of(watch, known + [then] * 2)
    assert (told.status, told.reason, told.since_ms) == (Status.CRITICAL, Reason.SILENT, 3 * DAY_MS)
    assert told.expected == pytest.approx(20, rel=0.02)


def test_what_is_rare_is_told_by_less_proof_a_day() -> None:
    """Of ten a day each is dear: 6.5 missing is proof, as it is told once in 67 days."""
    known = [row(0, 100, n % 10 == 0) for n in range(96 * 7)]
    assert 66 <= first_silent(CONVERSIONS, known, row(0, 100)) <= 80


def test_a_rate_known_from_few_is_given_more_time() -> None:
    few = [row(0, 100, n % 12 == 0) for n in range(72)]
    assert first_silent(CONVERSIONS, few, row(0, 100)) > first_silent(CONVERSIONS, few * 9, row(0, 100))


def test_nothing_is_silent_while_what_it_comes_of_stands_still() -> None:
    known = [row(1000, 10)] * (96 * 3)
    assert found_of(CLICKS, known + [row()] * 40) == FLOWING


def test_gaps_by_habit_are_no_silence() -> None:
    """Conversions that come all at once: those of eight hours, of which 3,100 clicks have passed without any."""
    known = ([row(0, 100)] * 31 + [row(0, 100, 32)]) * 12
    clicks = [row(0, 100)] * 48
    reasons = [found_of(CONVERSIONS, known + clicks[:n], heard=listened(known + clicks[:n])).reason for n in range(49)]
    assert found_of(CONVERSIONS, known + clicks[:24]).reason is Reason.SILENT
    assert reasons.index(Reason.SILENT) > 32


def test_two_hundred_clicks_without_a_conversion_at_one_percent_are_no_alert() -> None:
    assert found_of(CONVERSIONS, [row(0, 20)] * 10, CVR) == NOTHING_KNOWN
    assert found_of(CONVERSIONS, [row(0, 20)] * 15, CVR).reason is Reason.QUIET
    assert found_of(CONVERSIONS, [row(0, 20)] * 26, CVR).status is Status.ON_PACE
    told = found_of(CONVERSIONS, [row(0, 20)] * 27, CVR)
    assert (told.status, told.reason) == (Status.CRITICAL, Reason.SILENT)
    assert told.expected == pytest.approx(5.4)


@pytest.mark.parametrize(
    "goal",
    [ANY, CTR, replace(CVR, bound=Bound.AT_MOST), RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, 1.0, 2.0, "24h")],
)
def test_before_a_rate_is_known_only_a_goal_for_it_says_what_to_expect(goal: Goal) -> None:
    assert found_of(CONVERSIONS, [row(0, 1000)] * 20, goal) == NOTHING_KNOWN


def test_one_conversion_says_that_tracking_works() -> None:
    assert found_of(CONVERSIONS, [row(0, 1000, 1)] + [row(0, 1000)] * 20, CVR) == NOTHING_KNOWN


def test_of_two_goals_for_a_rate_the_lower_one_is_what_to_expect() -> None:
    campaign = Campaign("c1", "c1", FLIGHT, (CVR, replace(CVR, limit=0.001, window="1h")))
    rows = [row(0, 1000)] * 2
    sight = seen(FLIGHT, rows, HOUR_MS // 2 - 1)
    assert sight.past is not None
    heard = first_heard(sight.to_date, sight.past, sight.open_quarters, HOUR_MS // 2 - 1)
    at_ms = HOUR_MS // 2 - 1
    found = outcome(campaign, CONVERSIONS, sight.of(CONVERSIONS, heard, None), sight.past, heard=heard, at_ms=at_ms)
    assert found == NOTHING_KNOWN


def charged(rows: list[Row], at_ms: int) -> Hush:
    """What the watch over spend finds."""
    sight = seen(FLIGHT, rows, at_ms)
    assert sight.past is not None
    heard = first_heard(sight.to_date, sight.past, sight.open_quarters, at_ms)
    return uncharged(sight.of(Watch(Watched.SPEND), heard, None), sight.past, heard, at_ms)


@pytest.mark.parametrize(
    ("every", "quiet_at", "told_at"), [(1, 1, 3), (2, 2, 6), (4, 4, 12), (96, 96, 288)], ids=["15m", "30m", "1h", "1d"]
)
def test_spend_is_missed_after_three_times_as_long_as_it_takes(every: int, quiet_at: int, told_at: int) -> None:
    rows = [row(100, spend=1_000_000 if n % every == every - 1 else 0) for n in range(96 * (10 if every > 4 else 3))]
    end = len(rows) * QUARTER_MS
    rows += [row(100)] * 300
    reasons = [charged(rows, end + n * QUARTER_MS).reason for n in range(290)]
    known = 7 * 96 // every
    if known < 8:
        assert set(reasons) == {Reason.TOO_EARLY}
        return
    assert reasons.index(Reason.QUIET) == quiet_at
    assert reasons.index(Reason.SILENT) == told_at
    assert charged(rows, end + told_at * QUARTER_MS).since_ms == end


def test_spend_that_stands_still_with_serving_is_no_matter_of_spend() -> None:
    rows = [row(100, spend=1_000_000)] * 96 + [row()] * 96
    assert charged(rows, 2 * DAY_MS - 1) == FLOWING


def test_a_single_longer_break_of_charging_is_no_habit() -> None:
    rows = [row(100, spend=1_000_000)] * 192
    rows[50:70] = [row(100)] * 20
    assert charged(rows + [row(100)] * 4, 2 * DAY_MS + 45 * MINUTE_MS).reason is Reason.SILENT


def test_spend_that_came_a_few_times_only_has_no_rhythm_yet() -> None:
    rows = [row(100, spend=1)] * 7 + [row(100)] * 90
    assert charged(rows, len(rows) * QUARTER_MS - 1) == NOTHING_KNOWN
    assert charged([row(100, spend=1), *rows], len(rows) * QUARTER_MS).reason is Reason.SILENT


@given(
    st.lists(st.tuples(*[st.integers(-50, 50)] * 5), min_size=1, max_size=30),
    st.lists(st.tuples(*[st.integers(-50, 50)] * 5), max_size=30),
)
def test_corrections_and_looks_back_in_time_never_stop_it(rows: list[Row], later: list[Row]) -> None:
    """A watch as of an earlier moment than what was heard last, over numbers that may be below zero."""
    at_ms = len(rows) * QUARTER_MS - 1
    sight = seen(FLIGHT, rows, at_ms)
    assert sight.past is not None
    heard = first_heard(sight.to_date, sight.past, sight.open_quarters, at_ms).after(add([*rows, *later]), at_ms + 1)
    for watch in (CLICKS, CONVERSIONS):
        for goal in (CVR, CTR):
            observed: Observed = sight.of(watch, heard, None)
            found = outcome(
                Campaign("c1", "c1", FLIGHT, (goal,)), watch, observed, sight.past, heard=heard, at_ms=at_ms
            )
            assert found.status in {Status.ON_PACE, Status.CRITICAL, Status.NO_DATA}


@pytest.mark.parametrize(("silent_s", "status"), [(15, Status.ON_PACE), (59, Status.ON_PACE), (60, Status.CRITICAL)])
def test_what_a_broker_holds_back_for_some_seconds_is_no_silence_however_much_it_is(
    silent_s: int, status: Status
) -> None:
    """A worker takes a topic for read while its broker does not answer for 15 s; others bring what clicks come of."""
    known = [row(1_000_000, 30_000)] * (96 * 3)
    heard, campaign = listened(known), Campaign("c1", "c1", FLIGHT, (ANY,))
    from_ms = len(known) * QUARTER_MS - 1
    sight, total = seen(FLIGHT, known, from_ms), heard.total
    for second in range(1, silent_s + 1):
        total = add([total, row(1_000)])
        heard = heard.after(total, from_ms + second * 1000)
    assert sight.past is not None
    at_ms = from_ms + silent_s * 1000
    found = outcome(campaign, CLICKS, sight.of(CLICKS, heard, None), sight.past, heard=heard, at_ms=at_ms)
    assert found.status is status
    assert found.since_ms == from_ms, "it is seen"


def test_of_a_late_feed_silence_is_as_long_as_nothing_came_of_it() -> None:
    """It is judged as of its own time, which lies before the look that saw it come last."""
    known = [row(1_000_000, 30_000)] * (96 * 3)
    heard, campaign = listened(known), Campaign("c1", "c1", FLIGHT, (ANY,))
    at_ms = len(known) * QUARTER_MS - 1
    for minute in range(1, 4):
        heard = heard.after(add([heard.total, row(60_000)]), at_ms + minute * MINUTE_MS)
    sight = replace(seen(FLIGHT, known, at_ms), late_ms=3 * MINUTE_MS)
    assert sight.past is not None
    found = outcome(campaign, CLICKS, sight.of(CLICKS, heard, None), sight.past, heard=heard, at_ms=at_ms)
    assert found.reason is Reason.SILENT
