"""What targets of campaigns add up to: exact for whole flights, by the curve for parts, and spread as they are."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import TOTALS
from kpis.times import DAY_MS, HOUR_MS
from monitors.goals.curves import fraction
from monitors.goals.parents.roll_up import curve_within, goal_of, target_within
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.values import OPEN, Campaign, Flight, Period, TotalGoal

SPEND, CLICKS = TOTALS["spend"], TOTALS["clicks"]


def begin(day: str, zone: str = "UTC") -> int:
    """A local midnight."""
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


START = begin("2026-11-23")


def campaign(name: str, start: int, days: float, *goals: TotalGoal, zone: str = "UTC") -> Campaign:
    """A campaign from so many days after START on."""
    first = START + start * DAY_MS
    return Campaign(name, name, Flight(first, first + round(days * DAY_MS), zone), goals)


def spends(target: int, curve: CurveSpec = CurveSpec(), per: Period = Period.FLIGHT) -> TotalGoal:  # noqa: B008
    """A goal for spend."""
    return TotalGoal(SPEND, target, OPEN, OPEN, curve, per)


def test_of_several_goals_for_a_total_that_for_the_longest_period_counts_and_no_other() -> None:
    day, month = spends(1, per=Period.DAY), spends(2, per=Period.MONTH)
    assert goal_of(campaign("a", 0, 7, day, month), SPEND) is month
    assert goal_of(campaign("a", 0, 7, day, month, spends(3)), SPEND) == spends(3)
    assert goal_of(campaign("a", 0, 7, day), CLICKS) is None
    assert target_within(campaign("a", 0, 7, day), CLICKS, Flight(0, 1, "UTC")) is None


def test_all_of_a_flight_is_all_of_its_target_to_the_micro() -> None:
    odd = 9_007_199_254_740_993
    one = campaign("a", 0, 7, spends(odd, CurveSpec(Shape.FRONT_LOADED)))
    assert target_within(one, SPEND, one.flight) == odd
    assert target_within(one, SPEND, Flight(0, 2 * START, "UTC")) == odd


FLIGHTS = st.tuples(st.integers(-10, 20), st.floats(0.1, 30, allow_nan=False))
CURVES = st.sampled_from([CurveSpec(), CurveSpec(Shape.FRONT_LOADED), CurveSpec(Shape.BACK_LOADED, learned=True)])


@given(FLIGHTS, st.integers(1, 10**12), CURVES, st.sampled_from(Period), st.lists(st.integers(-20, 60), min_size=1))
def test_parts_of_a_flight_add_up_to_all_of_it(
    flight: tuple[int, float], target: int, curve: CurveSpec, per: Period, cuts: list[int]
) -> None:
    one = campaign("a", *flight, spends(target, curve, per), zone="America/New_York")
    edges = sorted({START - 100 * DAY_MS, *(START + cut * DAY_MS for cut in cuts), START + 100 * DAY_MS})
    parts = [target_within(one, SPEND, Flight(a, b, "UTC")) for a, b in pairwise(edges)]
    whole = target_within(one, SPEND, Flight(edges[0], edges[-1], "UTC"))
    assert whole is not None
    assert all(part is not None and part >= 0 for part in parts)
    assert sum(part or 0 for part in parts) == pytest.approx(whole, abs=len(parts), rel=1e-9)


def test_a_budget_a_day_comes_to_as_many_as_the_flight_has_of_them() -> None:
    one = campaign("a", 0, 7, spends(100, per=Period.DAY))
    assert target_within(one, SPEND, one.flight) == 700
    assert target_within(one, SPEND, Flight(START + DAY_MS, START + 5 * DAY_MS // 2, "UTC")) == 150
    assert target_within(one, SPEND, Flight(START - DAY_MS, START, "UTC")) == 0


def test_campaigns_of_one_flight_and_one_curve_have_that_curve_together() -> None:
    shaped = CurveSpec(Shape.BACK_LOADED, learned=True, lag_ms=HOUR_MS)
    both = [campaign("a", 0, 7, spends(1, shaped)), campaign("b", 0, 7, spends(9, shaped))]
    assert curve_within(both, SPEND, both[0].flight) == shaped


@given(st.lists(st.tuples(FLIGHTS, st.integers(1000, 10**9), CURVES), min_size=1, max_size=4))
def test_together_they_expect_at_each_midnight_what_all_of_them_expect(
    found: list[tuple[tuple[int, float], int, CurveSpec]],
) -> None:
    all_of_them = [campaign(str(n), *flight, spends(target, curve)) for n, (flight, target, curve) in enumerate(found)]
    whole = Flight(START, START + 12 * DAY_MS + 5 * HOUR_MS, "UTC")
    due = sum(target_within(one, SPEND, whole) or 0 for one in all_of_them)
    spec = curve_within(all_of_them, SPEND, whole)
    if due < 100:
        return
    for day in range(14):
        at_ms = min(START + day * DAY_MS, whole.end_ms)
        upto = sum(target_within(one, SPEND, Flight(START, at_ms, "UTC")) or 0 for one in all_of_them) if day else 0
        assert due * fraction(spec, whole, at_ms) == pytest.approx(upto, abs=10, rel=1e-6)


def test_days_are_those_of_the_flights_zone_and_one_of_23_hours_counts_as_a_day() -> None:
    zone = "Europe/Berlin"
    first = begin("2026-03-28", zone)
    flight = Flight(first, begin("2026-03-31", zone), zone)
    daily = Campaign("a", "a", flight, (spends(100, per=Period.DAY),))
    assert target_within(daily, SPEND, flight) == 300
    factors = [factor for _, factor in curve_within([daily], SPEND, flight).dates]
    assert [round(factor, 3) for factor in factors] == [0.986, 1.029, 0.986]


def test_a_day_that_clocks_skip_as_a_whole_stops_nothing() -> None:
    """Samoa had no 30 December 2011."""
    zone = "Pacific/Apia"
    flight = Flight(begin("2011-12-28", zone), begin("2012-01-02", zone), zone)
    daily = Campaign("a", "a", flight, (spends(100, per=Period.DAY),))
    assert target_within(daily, SPEND, flight) == 400
    assert curve_within([daily], SPEND, flight) == CurveSpec()
