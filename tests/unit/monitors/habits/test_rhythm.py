"""How events flow: what an hour of the day brings at the least, pauses, and evenings that stop."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.arrays import Int64s
from kpis.measures import WIDTH
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from monitors.habits.rhythm import Rhythm, expected_at_least, rhythm
from monitors.read.past import of_quarters

IMPRESSIONS = 0


def flowing(days: int, per_quarter: int = 100) -> Int64s:
    """Whole days in which each quarter hour brings the same impressions."""
    found = np.zeros((days * 96, WIDTH), np.int64)
    found[:, IMPRESSIONS] = per_quarter
    return found


def held(quarters: Int64s, timezone: str = "UTC", start_ms: int = 0) -> Rhythm:
    """The rhythm of impressions."""
    return rhythm(of_quarters(start_ms, quarters), IMPRESSIONS, timezone)


def ms(text: str, zone: str) -> int:
    """A local time as epoch milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def test_each_hour_of_the_day_brings_half_of_what_its_poor_days_brought() -> None:
    quarters = flowing(7)
    quarters[:, IMPRESSIONS] = np.tile(np.repeat(np.arange(1, 25) * 100, 4), 7)
    quarters[:96, IMPRESSIONS] = 0
    found = held(quarters)
    assert found.least == pytest.approx(np.arange(1, 25) * 200)
    assert found.busiest_hour == 9600
    assert found.hours == 6 * 24
    assert found.a_day == pytest.approx(24 * 25 * 200)


def test_one_poor_day_of_seven_does_not_lower_it_two_do() -> None:
    quarters = flowing(7)
    quarters[12 * 4 : 13 * 4] = 0
    assert held(quarters).least[12] > 150
    quarters[96 + 12 * 4 : 96 + 13 * 4] = 0
    assert held(quarters).least[12] < 150


def test_hours_of_the_day_that_were_not_seen_bring_a_quarter_of_the_last_hours() -> None:
    found = held(flowing(1)[:40])
    assert found.least[:10].tolist() == [200.0] * 10
    assert found.least[10:].tolist() == [100.0] * 14
    assert not held(flowing(0)).least.any()
    assert (held(flowing(0)).hours, held(flowing(0)).a_day) == (0, 0.0)


def test_only_the_last_week_is_a_habit() -> None:
    quarters = flowing(10)
    quarters[: 3 * 96] *= 9
    quarters[2 * 96 + 30 : 2 * 96 + 60] = 0
    quarters[96 + 30 : 96 + 60] = 0
    found = held(quarters)
    assert (found.busiest_hour, found.pause_ms, found.hours) == (400, 0, 168)


def test_a_pause_is_a_habit_when_it_came_twice_and_as_long_as_the_shorter_of_both() -> None:
    quarters = flowing(7)
    quarters[3 * 96 + 40 : 3 * 96 + 52] = 0
    assert held(quarters).pause_ms == 0
    quarters[5 * 96 + 70 : 5 * 96 + 75] = 0
    assert held(quarters).pause_ms == 5 * QUARTER_MS


def test_nights_in_which_little_comes_anyway_are_no_pauses() -> None:
    quarters = flowing(7, 1)
    for day in range(7):
        quarters[day * 96 + 8 : day * 96 + 14] = 0
    assert held(quarters).pause_ms == 0


def test_the_pause_that_goes_on_now_is_none_by_habit() -> None:
    quarters = flowing(7)
    quarters[2 * 96 + 40 : 2 * 96 + 44] = 0
    quarters[4 * 96 + 40 : 4 * 96 + 44] = 0
    quarters[-30:] = 0
    assert held(quarters).pause_ms == HOUR_MS


def stopping(evenings: set[int], days: int = 7) -> Int64s:
    """Days of which some serve nothing in their last three hours."""
    quarters = flowing(days)
    for day in evenings:
        quarters[(day + 1) * 96 - 12 : (day + 1) * 96] = 0
    return quarters


@pytest.mark.parametrize(
    ("evenings", "found"),
    [(set(), 0), ({6}, 1), ({5, 6}, 2), ({4, 5}, 0), ({4, 6}, 1), (set(range(7)), 7)],
)
def test_evening_stops_are_counted_back_from_yesterday_without_a_break(evenings: set[int], found: int) -> None:
    assert held(stopping(evenings)).evening_stops == found


def test_evenings_that_stop_are_no_pauses() -> None:
    assert held(stopping(set(range(7)))).pause_ms == 0


def test_today_does_not_count_before_it_is_over() -> None:
    quarters = np.concatenate([stopping({5, 6}), flowing(1)[:80]])
    quarters[-8:] = 0
    assert held(quarters).evening_stops == 2


def test_a_day_on_which_nothing_came_at_all_is_no_evening_stop() -> None:
    quarters = stopping({4, 5, 6})
    quarters[6 * 96 :] = 0
    assert held(quarters).evening_stops == 0


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("day", ["2026-03-30", "2026-10-26", "2026-11-02", "2026-07-15"])
def test_evenings_are_those_of_the_zone_also_after_clocks_changed(zone: str, day: str) -> None:
    """Clocks change on the days before: all evenings are found the same, also half and quarter hours beside UTC's."""
    end = ms(f"{day}T06:00", zone)
    end -= end % HOUR_MS
    start = end - 6 * DAY_MS
    quarters = flowing(6)
    for n in range(len(quarters)):
        local = datetime.fromtimestamp((start + n * QUARTER_MS) / 1000, ZoneInfo(zone))
        if local.hour >= 20:
            quarters[n] = 0
    found = held(quarters, zone, start)
    assert (found.evening_stops, found.pause_ms) == (6, 0)


def test_an_evening_elsewhere_is_a_pause_within_the_day() -> None:
    here, there = held(stopping({2, 6})), held(stopping({2, 6}), "Asia/Tokyo")
    assert (here.evening_stops, here.pause_ms) == (1, 0)
    assert there.evening_stops == 0
    assert held(stopping({2, 5}), "Asia/Tokyo").pause_ms == 3 * HOUR_MS


@given(st.integers(0, 3 * DAY_MS), st.integers(0, 3 * DAY_MS), st.integers(0, 3 * DAY_MS))
def test_what_should_come_adds_up_over_spans(first: int, second: int, third: int) -> None:
    quarters = flowing(7)
    quarters[:, IMPRESSIONS] = np.tile(np.repeat(np.arange(24) * 100, 4), 7)
    found = held(quarters)
    a, b, c = sorted((first, second, third))
    one, two, both = (expected_at_least(found, x, y, "UTC") for x, y in ((a, b), (b, c), (a, c)))
    assert one + two == pytest.approx(both)
    assert expected_at_least(found, 0, DAY_MS, "UTC") == pytest.approx(float(found.least.sum()))


def test_what_should_come_is_told_by_local_hours_and_parts_of_them() -> None:
    quarters = flowing(7)
    quarters[:, IMPRESSIONS] = np.tile(np.repeat(np.arange(24) * 100, 4), 7)
    found = held(quarters)
    at = ms("2026-07-15T10:30", "Asia/Tokyo")
    assert expected_at_least(found, at, at + HOUR_MS, "Asia/Tokyo") == pytest.approx(1000 + 1100)
    assert expected_at_least(found, at, at, "Asia/Tokyo") == 0
