"""How late a feed is by habit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpis.arrays import Int64s
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from streams.state.lateness import BOUNDS_MS, PROMPT_MS, Arrivals, Lateness

NOW = 1_795_348_800_000
AGES = st.integers(-5 * MINUTE_MS, 40 * DAY_MS) | st.integers(0, 5 * MINUTE_MS)
FINENESS = 2 ** (1 / 8) * 1.0001
"""How far apart the bounds of a bucket are; they are whole milliseconds."""


def ages(*found: int) -> Int64s:
    """Event times of these ages."""
    return NOW - np.array(found, np.int64)


def feed(age_ms: int, each_ms: int, count: int, lateness: Lateness, at_ms: int = NOW) -> int:
    """Count so many single events of this age, so far apart; answers when the last one came."""
    for _ in range(count):
        at_ms += each_ms
        lateness.count(np.array([at_ms - age_ms], np.int64), at_ms)
    return at_ms


@example([PROMPT_MS] * 21)
@example([2 * HOUR_MS] * 21)
@given(st.lists(AGES, min_size=21, max_size=200))
def test_nine_of_ten_events_are_no_later_and_hardly_less_would_not_do(found: list[int]) -> None:
    lateness = Lateness()
    lateness.count(ages(*found), NOW)
    told = lateness.late_ms
    longest = int(BOUNDS_MS[-1])
    ordered = sorted(min(max(age, 0), longest) for age in found)
    quantile = ordered[math.ceil(0.9 * len(found)) - 1]
    assert told is not None
    if quantile < PROMPT_MS:
        assert told == 0
    else:
        assert quantile <= told <= min(quantile * FINENESS + 1, longest)


@given(st.lists(st.tuples(st.lists(AGES, max_size=30), st.integers(0, DAY_MS)), max_size=5))
def test_what_is_stored_is_loaded_again_and_reads_as_one_number(chunks: list[tuple[list[int], int]]) -> None:
    """A number, because an older monitor takes each field of the meta hash for one."""
    lateness = Lateness()
    for found, later in chunks:
        lateness.count(ages(*found), NOW + later)
    again = Lateness(lateness.stored)
    assert again.stored == lateness.stored
    assert (again.late_ms is None) == (lateness.late_ms is None)
    assert int(lateness.stored.encode()) >= 0


@given(st.text() | st.from_regex(r"[0-9_]{0,40}", fullmatch=True))
def test_what_was_not_stored_by_it_is_begun_anew(stored: str) -> None:
    """Whatever lies in Redis."""
    lateness = Lateness(stored)
    lateness.count(ages(0), NOW)
    assert lateness.late_ms is not None


@pytest.mark.parametrize(("each_ms", "before"), [(100, 1000), (HOUR_MS, 50), (HOUR_MS, 1), (HOUR_MS, 0)])
def test_one_event_that_comes_hours_late_in_a_prompt_feed_changes_nothing(each_ms: int, before: int) -> None:
    """Not even where events are rare, or where it is the first of all."""
    lateness = Lateness()
    at = feed(500, each_ms, before, lateness)
    at = feed(5 * HOUR_MS, each_ms, 1, lateness, at)
    assert lateness.late_ms == 0
    feed(500, each_ms, 100, lateness, at)
    assert lateness.late_ms == 0


def test_a_feed_that_is_always_late_is_known_from_its_third_event_on() -> None:
    lateness = Lateness()
    assert lateness.late_ms is None
    at = feed(2 * HOUR_MS, 5 * HOUR_MS, 3, lateness)
    told = lateness.late_ms or 0
    assert 2 * HOUR_MS <= told <= 2 * HOUR_MS * FINENESS
    feed(2 * HOUR_MS, 5 * HOUR_MS, 1, lateness, at + 10 * DAY_MS)
    assert lateness.late_ms == told, "silence says nothing"


def test_what_is_known_of_a_feed_is_not_forgotten_over_a_silent_month() -> None:
    lateness = Lateness()
    at = feed(2 * HOUR_MS, 100, 1000, lateness)
    feed(0, 30 * DAY_MS, 1, lateness, at)
    assert (lateness.late_ms or 0) >= 2 * HOUR_MS


def test_a_feed_that_became_prompt_is_prompt_again_in_four_hours() -> None:
    lateness = Lateness()
    at = feed(2 * HOUR_MS, MINUTE_MS, 2000, lateness)
    at = feed(0, MINUTE_MS, 180, lateness, at)
    assert (lateness.late_ms or 0) > HOUR_MS, "one of eight events that are remembered is from before"
    feed(0, MINUTE_MS, 60, lateness, at)
    assert lateness.late_ms == 0


def test_a_feed_that_became_late_is_late_within_minutes() -> None:
    lateness = Lateness()
    at = feed(0, MINUTE_MS, 2000, lateness)
    feed(2 * HOUR_MS, MINUTE_MS, 15, lateness, at)
    assert (lateness.late_ms or 0) >= 2 * HOUR_MS


def test_repeats_and_events_that_are_sent_again_say_nothing_of_the_feed() -> None:
    times = np.array([5, 6, 7, 8], np.int64)
    found = Arrivals.of(times, np.array([True, True, False, True]), {0: b"resent"})
    assert (found.latest_ms, found.times.tolist()) == (8, [6, 8])
    assert Arrivals.of(times, None, {}).times.tolist() == [5, 6, 7, 8]
    assert Arrivals.of(times[:0], None, {}).latest_ms == 0


def test_chunks_that_are_counted_in_parts_count_as_one() -> None:
    none, one, two = (Arrivals.of(ages(*found), None, ()) for found in ((), (3,), (1, 9)))
    whole = none.and_then(one).and_then(none)
    both = whole.and_then(two)
    assert (whole.latest_ms, both.latest_ms) == (NOW - 3, NOW - 1)
    assert both.times.tolist() == ages(3, 1, 9).tolist()
