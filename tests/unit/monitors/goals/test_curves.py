"""Curves: what is expected by a moment, against a count of every minute as local clocks show it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from math import exp
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.goals import Flight
from monitors.goals.curves import NAMED, curve_of, even, fraction, fractions, is_empty, weights
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.spread.week import both, days_of, hours_of, part_of, week_of
from monitors.pacing.pace import pace

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago")
WEEKDAYS = (0, 1, 2, 3, 4)
ALL_DAY = ((0, 1440),)


def ms(text: str, zone: str = "UTC") -> int:
    """Epoch milliseconds of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def served(hours: str, days: str = "mon-sun") -> tuple[tuple[int, float], ...]:
    """A week that weighs 1 in some hours of some days, else nothing."""
    return week_of(((days_of(days), hours_of(hours), 1.0),), outside=0.0)


def by_minutes(spec: CurveSpec, flight: Flight, at_ms: int) -> float:
    """A curve without lag as a sum over minutes, each asked for its local time; the flight begins on a minute."""
    zone, done, total = ZoneInfo(flight.timezone), 0.0, 0.0
    first, slope = spec.shape.line
    for minute in range(flight.start_ms, flight.end_ms, MINUTE_MS):
        local = datetime.fromtimestamp(minute / 1000, zone)
        of_week = local.weekday() * 1440 + local.hour * 60 + local.minute
        weight = next((w for start, w in reversed(spec.week) if start <= of_week), 1.0)
        weight *= dict(spec.dates).get(local.date(), 1.0)
        until = min(minute + MINUTE_MS, flight.end_ms)
        x = ((minute + until) / 2 - flight.start_ms) / flight.span_ms
        total += weight * (until - minute) * (first + slope * x)
        if minute < at_ms:
            middle = ((minute + min(until, at_ms)) / 2 - flight.start_ms) / flight.span_ms
            done += weight * (min(until, at_ms) - minute) * (first + slope * middle)
    return done / total


WEEKS = st.lists(st.tuples(st.integers(1, 10_079), st.sampled_from((0.0, 0.25, 1.0, 3.0))), max_size=6).map(
    lambda runs: ((0, 1.0), *sorted(dict(runs).items()))
)
FLIGHTS = st.builds(
    lambda zone, start, minutes: Flight(start * MINUTE_MS, (start + minutes) * MINUTE_MS, zone),
    st.sampled_from(ZONES),
    st.integers(ms("2026-01-01T00:00") // MINUTE_MS, ms("2027-01-01T00:00") // MINUTE_MS),
    st.sampled_from((1, 59, 60, 25 * 60, 9 * 1440, 400 * 1440)),
)
SPECS = st.builds(
    CurveSpec,
    shape=st.sampled_from(Shape),
    week=st.one_of(st.just(()), WEEKS),
    dates=st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2027, 6, 1)), st.sampled_from((0.0, 0.5, 4.0))), max_size=3
    ).map(lambda days: tuple(sorted(dict(days).items()))),
    lag_ms=st.sampled_from((0, 0, MINUTE_MS, 3 * HOUR_MS, 3 * DAY_MS, 90 * DAY_MS)),
)


@settings(max_examples=300)
@given(SPECS, FLIGHTS, st.lists(st.floats(0, 1), max_size=20))
def test_every_curve_goes_from_0_to_1_and_never_falls(spec: CurveSpec, flight: Flight, where: list[float]) -> None:
    inside = sorted({flight.start_ms + int(x * flight.span_ms) + step for x in where for step in (0, 1, 2)})
    ways = [fraction(spec, flight, at) for at in inside]
    assert all(0 <= way <= 1 for way in ways)
    assert all(before <= after for before, after in pairwise(ways))
    assert [fraction(spec, flight, at) for at in (flight.start_ms - 1, flight.start_ms)] == [0, 0]
    assert [fraction(spec, flight, at) for at in (flight.end_ms, flight.end_ms + 1)] == [1, 1]
    assert fraction(spec, flight, flight.end_ms - 1) <= 1


@settings(max_examples=40)
@given(spec=SPECS, flight=FLIGHTS, where=st.lists(st.floats(-0.1, 1.1), min_size=1, max_size=30))
def test_many_moments_at_once_are_to_the_last_bit_those_one_by_one(
    spec: CurveSpec, flight: Flight, where: list[float]
) -> None:
    times = np.array([flight.start_ms + round(x * flight.span_ms) for x in where], np.int64)
    assert fractions(spec, flight, times).tolist() == [fraction(spec, flight, at_ms) for at_ms in times.tolist()]


@settings(max_examples=40, deadline=None)
@given(SPECS, FLIGHTS, st.floats(0, 1))
def test_a_curve_is_the_sum_of_its_minutes(spec: CurveSpec, flight: Flight, x: float) -> None:
    spec = CurveSpec(spec.shape, week=spec.week, dates=spec.dates)
    flight = Flight(flight.start_ms, min(flight.end_ms, flight.start_ms + 9 * DAY_MS), flight.timezone)
    if not is_empty(spec, flight):
        at_ms = flight.start_ms + int(x * flight.span_ms)
        assert fraction(spec, flight, at_ms) == pytest.approx(by_minutes(spec, flight, at_ms), abs=1e-9)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("day", ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"])
def test_days_of_23_and_25_hours_are_exact_in_every_minute(zone: str, day: str) -> None:
    start = ms(f"{day}T00:00", zone)
    end = ms(f"{date.fromisoformat(day).replace(day=int(day[-2:]) + 1)}T00:00", zone)
    flight = Flight(start, end, zone)
    spec = CurveSpec(week=week_of(((tuple(range(7)), hours_of("01:00-04:30"), 3.0),), outside=1.0))
    for at_ms in range(start, end, 7 * MINUTE_MS):
        assert fraction(spec, flight, at_ms) == pytest.approx(by_minutes(spec, flight, at_ms), abs=1e-9)
    hours, shares = weights(spec, flight)
    assert len(hours) == (end - start) // HOUR_MS
    assert shares.sum() == pytest.approx(1)


def test_hours_that_clocks_show_twice_count_twice_and_skipped_ones_not_at_all() -> None:
    """02:00 to 03:00 in Berlin: two hours on 25 October, none on 29 March."""
    night = CurveSpec(week=served("02:00-04:00"))
    autumn = Flight(ms("2026-10-25T00:00", "Europe/Berlin"), ms("2026-10-26T00:00", "Europe/Berlin"), "Europe/Berlin")
    assert fraction(night, autumn, ms("2026-10-25T01:00")) == pytest.approx(1 / 3)
    assert fraction(night, autumn, ms("2026-10-25T02:00")) == pytest.approx(2 / 3)
    spring = Flight(ms("2026-03-29T00:00", "Europe/Berlin"), ms("2026-03-30T00:00", "Europe/Berlin"), "Europe/Berlin")
    assert fraction(night, spring, ms("2026-03-29T01:00")) == 0
    assert fraction(night, spring, ms("2026-03-29T02:00")) == 1


def test_nothing_is_expected_outside_of_serving_hours() -> None:
    flight = Flight(ms("2026-11-23T00:00"), ms("2026-11-30T00:00"), "UTC")
    spec = CurveSpec(week=served("08:00-22:00", "mon-fri"))
    assert fraction(spec, flight, ms("2026-11-23T08:00")) == 0
    assert fraction(spec, flight, ms("2026-11-23T15:00")) == pytest.approx(0.1)
    assert fraction(spec, flight, ms("2026-11-23T22:00")) == fraction(spec, flight, ms("2026-11-24T08:00"))
    assert fraction(spec, flight, ms("2026-11-27T22:00")) == 1


def test_a_loaded_curve_is_what_its_formula_says() -> None:
    flight = Flight(0, 1000, "UTC")
    assert fraction(NAMED["front_loaded"], flight, 500) == 1.5 * 0.5 - 0.5 * 0.25
    assert fraction(NAMED["back_loaded"], flight, 500) == 0.5 * 0.5 + 0.5 * 0.25
    assert [fraction(NAMED["even"], flight, at) for at in range(1001)] == [even(flight, at) for at in range(1001)]


def test_a_date_gets_its_factor_from_local_midnight_to_local_midnight() -> None:
    zone = "America/New_York"
    flight = Flight(ms("2026-11-23T00:00", zone), ms("2026-11-30T00:00", zone), zone)
    spec = CurveSpec(dates=((date(2026, 11, 27), 3.0),))
    friday = [fraction(spec, flight, ms(f"2026-11-{day}T00:00", zone)) for day in (27, 28)]
    assert friday == pytest.approx([4 / 9, 7 / 9])


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(Shape),
    st.sampled_from((20 * MINUTE_MS, 5 * HOUR_MS, 3 * DAY_MS, 80 * DAY_MS)),
    st.booleans(),
    st.floats(0.01, 1),
)
def test_a_lag_is_a_convolution_with_an_exponential_kernel(shape: Shape, lag_ms: int, parted: bool, x: float) -> None:
    flight = Flight(ms("2026-11-23T00:00"), ms("2026-11-26T00:00"), "UTC")
    spec = CurveSpec(shape, week=served("08:00-20:00") if parted else (), lag_ms=lag_ms)
    step = MINUTE_MS
    middles = np.arange(flight.start_ms, flight.end_ms, step) + step / 2
    first, slope = shape.line
    density = first + slope * (middles - flight.start_ms) / flight.span_ms
    if parted:
        density = np.where((middles % DAY_MS >= 8 * HOUR_MS) & (middles % DAY_MS < 20 * HOUR_MS), density, 0)

    def outcomes(at_ms: float) -> float:
        return float((density * np.clip(1 - np.exp(-(at_ms - middles) / lag_ms), 0, None)).sum())

    at_ms = flight.start_ms + int(x * flight.span_ms)
    assert fraction(spec, flight, at_ms) == pytest.approx(outcomes(at_ms) / outcomes(flight.end_ms), abs=2e-4)


def test_a_lag_of_a_constant_is_the_known_formula() -> None:
    flight, tau = Flight(0, 10 * DAY_MS, "UTC"), 3.0
    spec = CurveSpec(lag_ms=3 * DAY_MS)

    def formula(days: float) -> float:
        return days - tau * (1 - exp(-days / tau))

    for day in range(11):
        assert fraction(spec, flight, day * DAY_MS) == pytest.approx(formula(day) / formula(10), abs=1e-12)


@given(SPECS, FLIGHTS, st.floats(0.05, 0.999))
def test_who_delivers_as_the_curve_says_is_on_pace_and_projected_to_reach_the_target(
    spec: CurveSpec, flight: Flight, x: float
) -> None:
    target, at_ms = 10**15, flight.start_ms + int(x * flight.span_ms)
    found = pace(round(target * fraction(spec, flight, at_ms)), target, flight, curve_of(spec), at_ms)
    if found.fraction > 1e-6:
        assert found.ratio == pytest.approx(1, abs=1e-8)
        assert found.projected == pytest.approx(target, rel=1e-8)


def test_a_curve_that_weighs_nothing_says_so_and_is_spread_by_its_shape() -> None:
    weekend = Flight(ms("2026-11-28T00:00"), ms("2026-11-30T00:00"), "UTC")
    spec = CurveSpec(week=served("00:00-24:00", "mon-fri"))
    assert is_empty(spec, weekend)
    assert fraction(spec, weekend, ms("2026-11-29T00:00")) == pytest.approx(0.5)
    assert not is_empty(CurveSpec(), weekend)


@given(SPECS, FLIGHTS)
def test_the_shares_of_local_hours_add_up_to_the_target(spec: CurveSpec, flight: Flight) -> None:
    hours, shares = weights(spec, flight)
    assert hours[0] == flight.start_ms
    assert hours[-1] < flight.end_ms
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1)
    local = [datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(flight.timezone)) for at in hours[1:].tolist()]
    assert {at.minute for at in local} <= {0, 30}


def test_ten_thousand_flights_are_kept_within_bounds() -> None:
    from monitors.goals.curves import _Kept

    kept = _Kept(1000)
    spec = CurveSpec(week=served("08:00-22:00"))
    first = kept.of(spec, Flight(0, 7 * DAY_MS, "UTC"))
    assert kept.of(spec, Flight(0, 7 * DAY_MS, "UTC")) is first
    for i in range(1, 500):
        kept.of(spec, Flight(i * HOUR_MS, i * HOUR_MS + 7 * DAY_MS, "UTC"))
    assert kept._points <= 1000
    assert kept.of(spec, Flight(0, 7 * DAY_MS, "UTC")) is not first


@pytest.mark.parametrize(
    ("text", "days", "hours"),
    [
        ("mon-fri", WEEKDAYS, ALL_DAY),
        ("sat, sun", (5, 6), ALL_DAY),
        ("fri-mon", (0, 4, 5, 6), ALL_DAY),
        ("Mon-Fri 18:00-22:00", WEEKDAYS, ((1080, 1320),)),
        ("22:00-02:00", tuple(range(7)), ((1320, 1560),)),
        ("wed 06:00-10:00, 16:00-24:00", (2,), ((360, 600), (960, 1440))),
    ],
)
def test_parts_of_the_week_are_read(text: str, days: tuple[int, ...], hours: tuple[tuple[int, int], ...]) -> None:
    assert part_of(text) == (days, hours)


def test_hours_past_midnight_belong_to_the_day_they_began_on_even_from_sunday_to_monday() -> None:
    week = week_of((((6,), hours_of("22:00-02:00"), 2.0),), outside=1.0)
    assert week == ((0, 2.0), (120, 1.0), (6 * 1440 + 1320, 2.0))


@given(WEEKS, WEEKS, st.integers(0, 10_079))
def test_two_weeks_are_multiplied_minute_by_minute(
    a: tuple[tuple[int, float], ...], b: tuple[tuple[int, float], ...], minute: int
) -> None:
    def at(week: tuple[tuple[int, float], ...]) -> float:
        return next((w for start, w in reversed(week) if start <= minute), 1.0)

    assert at(both(a, b)) == at(a) * at(b)


def test_a_curve_says_what_it_is_in_a_few_words() -> None:
    assert CurveSpec().label == "even"
    assert CurveSpec(learned=True).label == "learned"
    spec = CurveSpec(Shape.FRONT_LOADED, week=served("08:00-22:00"), lag_ms=36 * HOUR_MS)
    assert spec.label == "front_loaded, by hours, lag 36h"
