"""Pace, curves and intervals: arithmetic that must hold for any numbers."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.goals import Flight
from monitors.goals.curves import even
from monitors.pacing.intervals import wilson
from monitors.pacing.pace import pace

DAY = 86_400_000
FLIGHTS = st.builds(
    lambda start, span: Flight(start, start + span, "UTC"), st.integers(0, 2**41), st.integers(60_000, 400 * DAY)
)
AMOUNTS = st.integers(0, 10**15)
TARGETS = st.integers(1, 10**15)


def test_half_of_the_budget_at_half_time_is_exactly_on_pace() -> None:
    found = pace(500, 1000, Flight(0, DAY, "UTC"), even, DAY // 2)
    assert (found.expected, found.ratio, found.projected, found.required_per_day) == (500, 1.0, 1000, 1000)


def test_under_delivery_projects_below_the_target_and_requires_more() -> None:
    found = pace(300, 1000, Flight(0, DAY, "UTC"), even, DAY // 2)
    assert (found.ratio, found.projected, found.required_per_day) == (0.6, 600, 1400)


def test_a_reached_target_requires_nothing_more() -> None:
    assert pace(1200, 1000, Flight(0, DAY, "UTC"), even, DAY // 2).required_per_day == 0


def test_at_the_end_the_expectation_is_the_target_itself() -> None:
    found = pace(999, 1000, Flight(0, DAY, "UTC"), even, DAY)
    assert (found.expected, found.ratio, found.projected, found.required_per_day) == (1000, 0.999, 999, None)


def test_before_the_start_nothing_is_expected_and_nothing_divided_by_zero() -> None:
    found = pace(5, 1000, Flight(DAY, 2 * DAY, "UTC"), even, 0)
    assert (found.expected, found.ratio, found.projected) == (0, None, None)


@given(FLIGHTS, st.integers(-DAY, 500 * DAY), st.integers(0, DAY))
def test_the_even_curve_never_falls_and_stays_between_0_and_1(flight: Flight, after: int, later: int) -> None:
    at = flight.start_ms + after
    assert 0 <= even(flight, at) <= even(flight, at + later) <= 1
    assert even(flight, flight.start_ms) == 0
    assert even(flight, flight.end_ms) == 1


@given(FLIGHTS, AMOUNTS, TARGETS, st.floats(0.001, 1))
def test_projection_and_pace_say_the_same(flight: Flight, actual: int, target: int, part: float) -> None:
    """Projected / target equals the pace ratio, up to the rounding of the projection to an integer."""
    found = pace(actual, target, flight, even, flight.start_ms + max(1, int(flight.span_ms * part)))
    assert found.ratio is not None
    assert found.projected is not None
    assert found.actual == actual
    assert isclose(found.projected / target, found.ratio, rel_tol=1e-9, abs_tol=1 / target)


@given(FLIGHTS, AMOUNTS, TARGETS, st.floats(0, 0.999))
def test_the_required_rate_reaches_the_target_and_no_lower_one_does(
    flight: Flight, actual: int, target: int, part: float
) -> None:
    at = flight.start_ms + int(flight.span_ms * part)
    found = pace(actual, target, flight, even, at)
    rate, left = found.required_per_day, flight.end_ms - at
    assert rate is not None
    assert actual * DAY + rate * left >= target * DAY
    assert rate == 0 or actual * DAY + (rate - 1) * left < target * DAY


@given(FLIGHTS, AMOUNTS, st.integers(0, 10**12), TARGETS, st.integers(0, 400 * DAY))
def test_more_delivered_never_paces_lower(flight: Flight, actual: int, more: int, target: int, after: int) -> None:
    less = pace(actual, target, flight, even, flight.start_ms + after)
    greater = pace(actual + more, target, flight, even, flight.start_ms + after)
    assert (less.ratio is None) == (greater.ratio is None)
    assert less.ratio is None or greater.ratio is None or greater.ratio >= less.ratio


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Published values: Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (z of 95 %).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials, 1.959964)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.integers(-100, 10**9), st.integers(-5, 10**9), st.floats(0.5, 5))
def test_wilson_holds_the_proportion_and_stays_between_0_and_1(successes: int, trials: int, z: float) -> None:
    low, high = wilson(successes, trials, z)
    assert 0 <= low <= high <= 1
    if 0 <= successes <= trials and trials > 0:
        assert low <= successes / trials + 1e-12
        assert high >= successes / trials - 1e-12
