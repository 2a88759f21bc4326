"""Budgets per period: the parts of a flight lie side by side, end at local midnights, and share the target fairly."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.measures import TOTALS
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.goals import Band, Flight, TotalGoal
from monitors.goals.file import parse
from monitors.goals.periods import period_at, target_of
from monitors.goals.platforms import PLATFORMS
from monitors.goals.spread.spec import CurveSpec
from monitors.goals.spread.week import week_of
from monitors.goals.values import Period

PARTS = st.sampled_from((Period.DAY, Period.WEEK, Period.MONTH))
START = int(datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp()) * 1000
FLIGHTS = st.builds(
    lambda zone, start, minutes: Flight(START + start * MINUTE_MS, START + (start + minutes) * MINUTE_MS, zone),
    st.sampled_from(sorted(available_timezones())),
    st.integers(0, 10 * 365 * 1440),
    st.sampled_from((1, 61, 1440, 10 * 1440, 400 * 1440)),
)


def ms(text: str, zone: str) -> int:
    """Epoch milliseconds of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def a(zone: str, start: str, end: str) -> Flight:
    """A flight."""
    return Flight(ms(start, zone), ms(end, zone), zone)


def spend(per: Period, target: int = 1000) -> TotalGoal:
    """A goal for spend in each period."""
    return TotalGoal(TOTALS["spend"], target, Band(0.9, 1.1), Band(0.75, 1.25), per=per)


@settings(max_examples=200, deadline=None)
@given(FLIGHTS, PARTS, st.floats(0, 1))
def test_the_period_of_a_moment_contains_it_and_begins_and_ends_at_a_local_midnight(
    flight: Flight, per: Period, x: float
) -> None:
    at_ms = flight.start_ms + min(int(x * flight.span_ms), flight.span_ms - 1)
    part = period_at(flight, per, at_ms)
    assert flight.start_ms <= part.start_ms <= at_ms < part.end_ms <= flight.end_ms
    zone = ZoneInfo(flight.timezone)
    if part.start_ms > flight.start_ms:
        first, before = (datetime.fromtimestamp(at / 1000, zone) for at in (part.start_ms, part.start_ms - 1))
        assert first.date() > before.date()
        assert {Period.WEEK: first.weekday() == 0, Period.MONTH: first.day == 1, Period.DAY: True}[per]
    assert period_at(flight, per, part.start_ms) == period_at(flight, per, part.end_ms - 1) == part


@settings(max_examples=60, deadline=None)
@given(FLIGHTS, PARTS)
def test_the_periods_of_a_flight_lie_side_by_side(flight: Flight, per: Period) -> None:
    at_ms, parts = flight.start_ms, 0
    while at_ms < flight.end_ms:
        part = period_at(flight, per, at_ms)
        assert part.start_ms == at_ms
        at_ms, parts = part.end_ms, parts + 1
    assert at_ms == flight.end_ms
    assert parts <= flight.span_ms // DAY_MS + 2


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/Santiago", "2026-09-06", 23),  # the clocks skip its midnight
        ("UTC", "2026-03-29", 24),
    ],
)
def test_a_day_is_as_long_as_clocks_make_it_and_has_its_whole_target(zone: str, day: str, hours: int) -> None:
    flight = Flight(ms("2026-01-01T00:00", zone), ms("2027-01-01T00:00", zone), zone)
    part = period_at(flight, Period.DAY, ms(f"{day}T12:00", zone))
    assert part.span_ms == hours * HOUR_MS
    assert target_of(spend(Period.DAY), flight, part.start_ms) == 1000


def test_weeks_begin_on_monday_and_cut_ones_have_their_share() -> None:
    flight = a("Europe/Berlin", "2026-11-25T12:00", "2026-12-09T00:00")
    zone = ZoneInfo("Europe/Berlin")
    parts = [
        period_at(flight, Period.WEEK, ms(f"2026-{day}T13:00", "Europe/Berlin")) for day in ("11-26", "12-01", "12-08")
    ]
    assert [datetime.fromtimestamp(p.start_ms / 1000, zone).isoformat()[:16] for p in parts] == [
        "2026-11-25T12:00", "2026-11-30T00:00", "2026-12-07T00:00",
    ]  # fmt: skip
    goal = spend(Period.WEEK, 7000)
    assert [target_of(goal, flight, p.start_ms) for p in parts] == [4500, 7000, 2000]


def test_months_have_their_own_lengths() -> None:
    flight = a("UTC", "2026-01-16T00:00", "2026-04-01T00:00")
    goal = spend(Period.MONTH, 31_000)
    found = [target_of(goal, flight, ms(f"2026-{month}-20T00:00", "UTC")) for month in ("01", "02", "03")]
    assert found == [16_000, 31_000, 31_000]
    assert period_at(flight, Period.MONTH, ms("2026-02-20T00:00", "UTC")).span_ms == 28 * DAY_MS


def test_before_and_after_the_flight_the_first_and_the_last_period_count() -> None:
    flight = a("UTC", "2026-01-16T06:00", "2026-01-18T12:00")
    assert period_at(flight, Period.DAY, 0) == period_at(flight, Period.DAY, flight.start_ms)
    assert period_at(flight, Period.DAY, 2**42) == period_at(flight, Period.DAY, flight.end_ms - 1)
    assert period_at(flight, Period.FLIGHT, 0) == flight
    assert target_of(spend(Period.FLIGHT), flight, 0) == 1000
    assert target_of(spend(Period.DAY), flight, 2**42) == 500


def test_a_day_on_which_nothing_is_served_has_no_target() -> None:
    flight = a("UTC", "2026-11-23T00:00", "2026-11-30T00:00")
    weekdays = week_of((((0, 1, 2, 3, 4), ((0, 1440),), 1.0),), outside=0.0)
    goal = TotalGoal(TOTALS["spend"], 100, Band(0.9, 1.1), Band(0.75, 1.25), CurveSpec(week=weekdays), Period.DAY)
    days = [date(2026, 11, 23) + timedelta(days=i) for i in range(7)]
    assert [target_of(goal, flight, ms(f"{day}T12:00", "UTC")) for day in days] == [100] * 5 + [0, 0]


def goals_of(*written: str) -> list[TotalGoal]:
    """The goals of a file."""
    flight = "{start: 2026-11-23, end: 2026-11-30, timezone: UTC}"
    text = f"campaigns:\n  - campaign: c\n    flight: {flight}\n    goals:\n"
    found = parse(text + "".join(f"      - {goal}\n" for goal in written), "x")
    return [goal for _, goal in found if isinstance(goal, TotalGoal)]


def test_a_measure_may_have_goals_for_several_periods() -> None:
    found = goals_of(
        "{total: spend, target: 7}", "{total: spend, target: 1, per: day}", "{total: clicks, target: 9, per: week}"
    )
    assert [(goal.id, goal.label) for goal in found] == [
        ("spend", "spend"), ("spend:day", "spend a day"), ("clicks:week", "clicks a week"),
    ]  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_platform_may_spend_on_a_day_is_no_miss(platform: str) -> None:
    (goal,) = goals_of(f"{{total: spend, target: 1, per: day, platform: {platform}}}")
    most = PLATFORMS[platform].daily
    assert most in goal.warning
    assert most * 1.01 not in goal.warning
    assert most * 1.2 in goal.critical
    assert most * 1.3 not in goal.critical
    assert goal.warning.low == 0.9


def test_bands_that_are_written_go_before_a_platform_s() -> None:
    (goal,) = goals_of("{total: spend, target: 1, per: day, platform: google, warning: [0.8, 1.5]}")
    assert (goal.warning, goal.critical) == (Band(0.8, 1.5), Band(0.75, 2.5))
