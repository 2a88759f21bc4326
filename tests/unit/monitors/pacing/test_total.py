"""Totals on their way: where they end, what changed, what is no matter, and days, weeks and months of a flight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kpis.arrays import Floats
from kpis.measures import TOTALS, Row
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from monitors.goals.periods import period_at
from monitors.goals.spread.spec import CurveSpec
from monitors.goals.values import Band, Campaign, Flight, Period, Rule, TotalGoal
from monitors.pacing.judge import judge
from monitors.pacing.verdict import Direction, Reason, Status, Verdict, VerdictPolicy
from tests.kit.flows import between, seen
from tests.kit.monitor_fakes import row

POLICY = VerdictPolicy()
DAYS = 10
FLIGHT = Flight(0, DAYS * DAY_MS, "UTC")
GOAL = TotalGoal(TOTALS["impressions"], 960_000, Band(0.9, 1.1), Band(0.75, 1.25))
"""A thousand a quarter hour."""


def quarters(factors: Floats) -> list[Row]:
    """Quarter hours with so much of what they should bring."""
    return [row(round(1000 * factor)) for factor in factors.tolist()]


def steady(hours: int, factor: float = 1.0, *, scatter: float = 0.1, seed: int = 1) -> Floats:
    """Hours that scatter, in quarters."""
    rng = np.random.default_rng(seed)
    return np.repeat(factor * rng.lognormal(-(scatter**2) / 2, scatter, hours), 4)


def judged(factors: Floats, goal: TotalGoal = GOAL, flight: Flight = FLIGHT) -> Verdict:
    """The verdict after some quarter hours of the flight."""
    rows, at_ms = quarters(factors), len(factors) * QUARTER_MS
    sight = seen(flight, rows, at_ms)
    if goal.per is not Period.FLIGHT:
        part = period_at(flight, goal.per, at_ms)
        sight = replace(sight, periods={goal.per: between(rows, part.start_ms, at_ms + 1)})
    return judge(Campaign("c1", "c1", flight, (goal,)), goal, sight.of(goal, None, None), POLICY, at_ms)


@pytest.mark.parametrize(
    ("factor", "status", "direction"),
    [
        (1.0, Status.ON_PACE, None),
        (0.85, Status.WARNING, Direction.UNDER),
        (0.6, Status.CRITICAL, Direction.UNDER),
        (1.17, Status.WARNING, Direction.OVER),
        (1.5, Status.CRITICAL, Direction.OVER),
    ],
)
def test_a_flight_is_judged_by_where_it_will_end(factor: float, status: Status, direction: Direction | None) -> None:
    found = judged(steady(120, factor))
    assert (found.status, found.recovered) == (status, status)
    assert found.reason is (Reason.WITHIN if status is Status.ON_PACE else Reason.PROJECTED)
    assert found.projected == pytest.approx(factor * GOAL.target, rel=0.03)
    assert found.interval is not None
    assert found.interval[0] < (found.projected or 0) < found.interval[1]
    assert direction is None or found.direction is direction


def test_a_miss_is_as_bad_as_its_interval_shows_though_no_more_is_proven() -> None:
    """At 1.7 of its plan after two wild days, no more than a miss is proven: nine of ten cases are critical."""
    found = judged(steady(58, 1.7, scatter=0.5))
    assert found.interval is not None
    assert found.interval[0] > 1.25 * GOAL.target
    assert (found.status, found.proven, found.recovered) == (Status.CRITICAL, Status.WARNING, Status.CRITICAL)


def test_a_critical_miss_eases_when_where_it_will_end_is_back_and_not_an_end_of_its_interval() -> None:
    """At 1.3, one end of the interval lies in the critical band; at 1.17 all of it does."""
    near = judged(steady(120, 1.3, scatter=0.3))
    assert near.interval is not None
    assert near.interval[0] < 1.25 * GOAL.target < (near.projected or 0)
    assert (near.status, near.proven, near.recovered) == (Status.WARNING, Status.WARNING, Status.CRITICAL)
    back = judged(steady(120, 1.17))
    assert (back.status, back.recovered) == (Status.WARNING, Status.WARNING)


def test_what_is_not_certain_yet_is_not_told() -> None:
    """Of a wild flight at 0.85, two days prove nothing; of a calm one they do."""
    assert judged(steady(50, 0.85, scatter=0.8)).reason in {Reason.NOT_PROVEN, Reason.WITHIN}
    assert judged(steady(50, 0.8, scatter=0.02)).status is Status.WARNING


def test_more_than_the_whole_flight_should_bring_is_exceeded_at_once_and_for_good() -> None:
    found = judged(np.concatenate([steady(120, 2.3, scatter=0.01), np.zeros(96)]))
    assert (found.proven, found.reason, found.direction) == (Status.WARNING, Reason.EXCEEDED, Direction.OVER)
    more = judged(np.concatenate([steady(120, 2.6, scatter=0.01), np.zeros(96)]))
    assert (more.status, more.reason, more.recovered) == (Status.CRITICAL, Reason.EXCEEDED, Status.CRITICAL)
    assert judged(steady(120, 2.1, scatter=0.01)).reason is Reason.PROJECTED
    # The worst of what is found counts: it will be far more still.
    worse = judged(steady(120, 2.3, scatter=0.01))
    assert (worse.status, worse.reason) == (Status.CRITICAL, Reason.PROJECTED)


@pytest.mark.parametrize(("materiality", "reason"), [(0.03, Reason.PROJECTED), (0.3, Reason.IMMATERIAL)])
def test_a_miss_of_less_than_is_worth_a_message_is_immaterial(materiality: float, reason: Reason) -> None:
    found = judged(steady(120, 0.8, scatter=0.02), replace(GOAL, materiality=materiality))
    assert found.reason is reason
    assert found.status is (Status.WARNING if reason is Reason.PROJECTED else Status.ON_PACE)
    assert found.direction is Direction.UNDER


@pytest.mark.parametrize(("factor", "direction"), [(0.1, Direction.UNDER), (3.0, Direction.OVER)])
def test_a_change_is_told_before_the_projection_shows_it(factor: float, direction: Direction) -> None:
    found = judged(np.concatenate([steady(100), steady(6, factor)]))
    assert (found.reason, found.direction) == (Reason.CHANGED, direction)
    assert found.since_ms == pytest.approx(100 * HOUR_MS, abs=HOUR_MS)
    assert found.status is not Status.ON_PACE


def test_a_change_that_would_not_miss_the_target_is_not_told() -> None:
    """A flight that was ahead, and slows down for its last day."""
    found = judged(np.concatenate([steady(225, 1.04, scatter=0.02), steady(8, 0.3, scatter=0.02)]))
    assert (found.status, found.reason) == (Status.ON_PACE, Reason.WITHIN)


@pytest.mark.parametrize(
    ("hours", "factor", "status"),
    [
        (2, 3.5, Status.ON_PACE),
        (4, 3.5, Status.CRITICAL),
        (4, 2.5, Status.ON_PACE),
        (11, 0.25, Status.ON_PACE),
        (13, 0.25, Status.CRITICAL),
        (13, 0.4, Status.ON_PACE),
        (13, 1.0, Status.ON_PACE),
    ],
)
def test_on_a_first_day_only_what_no_days_shape_explains_is_told(hours: int, factor: float, status: Status) -> None:
    found = judged(steady(hours, factor, scatter=0.01))
    assert found.status is status
    assert found.interval is None
    if factor != 1.0:
        assert found.reason is (Reason.NOT_PROVEN if status is Status.ON_PACE else Reason.PROJECTED)


@pytest.mark.parametrize(
    ("hours", "factor", "status", "reason"),
    [
        (4, 0.0, Status.NO_DATA, Reason.TOO_EARLY),
        (6, 0.8, Status.WARNING, Reason.OUTSIDE),
        (6, 0.5, Status.CRITICAL, Reason.OUTSIDE),
        (6, 1.05, Status.ON_PACE, Reason.WITHIN),
    ],
)
def test_by_threshold_it_is_the_value_now_that_counts(
    hours: int, factor: float, status: Status, reason: Reason
) -> None:
    found = judged(steady(hours, factor, scatter=0.0), replace(GOAL, rule=Rule.THRESHOLD))
    assert (found.status, found.reason, found.interval) == (status, reason, None)


def test_a_miss_that_the_last_day_mends_is_recovering() -> None:
    """Judged by three days it will miss, by the last one it will not: no more than it is, no less than the last."""
    found = judged(np.concatenate([steady(150, 0.55, scatter=0.02), steady(24, 2.1, scatter=0.02)]))
    assert found.status in {Status.WARNING, Status.ON_PACE, Status.CRITICAL}
    assert found.projected is not None


def test_before_a_first_hour_it_is_too_early() -> None:
    assert judged(steady(1)[:2]).reason is Reason.TOO_EARLY


def daily(per: Period = Period.DAY, target: int = 96_000) -> TotalGoal:
    """A goal for each period."""
    return replace(GOAL, per=per, target=target)


@pytest.mark.parametrize(
    ("per", "target", "at_hours"), [(Period.DAY, 96_000, 5 * 24 + 12), (Period.WEEK, 576_000, 7 * 24 + 18)]
)
@pytest.mark.parametrize(("factor", "status"), [(1.0, Status.ON_PACE), (0.5, Status.CRITICAL), (1.6, Status.CRITICAL)])
def test_a_part_of_a_flight_is_judged_by_itself(
    per: Period, target: int, at_hours: int, factor: float, status: Status
) -> None:
    """1970 began on a Thursday: its second week begins on day 4, and has six days of the flight."""
    written = 672_000 if per is Period.WEEK else target
    found = judged(steady(at_hours, factor, scatter=0.03), daily(per, written))
    assert found.status is status
    assert found.projected == pytest.approx(factor * target, rel=0.08)
    assert found.target == target


def test_yesterday_is_no_matter_of_todays_budget() -> None:
    found = judged(np.concatenate([steady(96, 0.5), steady(12, 1.0, scatter=0.05)]), daily())
    assert found.actual == pytest.approx(48_000, rel=0.05)
    assert found.expected == 48_000


@pytest.mark.parametrize(("factor", "direction"), [(0.1, Direction.UNDER), (4.0, Direction.OVER)])
def test_a_change_within_a_day_is_told_as_what_that_day_would_bring(factor: float, direction: Direction) -> None:
    found = judged(np.concatenate([steady(126), steady(4, factor)]), daily())
    assert found.direction is direction
    assert found.status is Status.CRITICAL


def test_a_small_change_within_a_day_is_none_that_is_told() -> None:
    """Six hours at twice the usual, of a target four times as high as that: no miss by any measure but too little."""
    generous = replace(daily(target=150_000), warning=Band(None, 1.1), critical=Band(None, 1.25))
    found = judged(np.concatenate([steady(120 + 16, scatter=0.05), steady(6, 2.5, scatter=0.05)]), generous)
    assert found.status is Status.ON_PACE


def test_a_day_without_anything_due_is_not_judged() -> None:
    """1970-01-03 is a Saturday, on which this curve expects nothing."""
    weekdays = CurveSpec(week=((0, 1.0), (5 * 1440, 0.0)))
    found = judged(steady(60), replace(daily(), curve=weekdays))
    assert (found.status, found.reason) == (Status.NO_DATA, Reason.NOTHING_DUE)
    assert judged(steady(36), replace(daily(), curve=weekdays)).reason is not Reason.NOTHING_DUE
