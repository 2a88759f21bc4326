"""The past of a campaign: whole hours of late, however they were read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpis.measures import WIDTH, Row, add
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from monitors.read.past import KEPT_HOURS, Past, hours_of_day, joined, nothing_yet, of_quarters, open_quarters
from tests.kit.flows import array
from tests.kit.monitor_fakes import NOON, row

START = NOON - 5 * DAY_MS
ROWS = st.lists(st.tuples(*[st.integers(-3, 9)] * WIDTH), max_size=60)


def same(one: Past, other: Past) -> bool:
    """Whether two pasts say the same."""
    return (
        one.start_ms == other.start_ms
        and np.array_equal(one.hours, other.hours)
        and np.array_equal(one.busy, other.busy)
    )


@given(ROWS)
def test_hours_are_the_sums_of_their_quarters_and_a_begun_hour_is_left_out(rows: list[Row]) -> None:
    past = of_quarters(START, array(rows))
    whole = len(rows) // 4
    assert past.hours.tolist() == [list(add(rows[4 * n : 4 * n + 4])) for n in range(whole)]
    assert past.busy.tolist() == [[value != 0 for value in quarter] for quarter in rows[: 4 * whole]]
    assert (past.start_ms, past.end_ms) == (START, START + whole * HOUR_MS)


@given(ROWS, st.lists(st.integers(0, 15), max_size=6), st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_a_past_is_the_same_however_it_was_read_and_how_far_reads_overlap(
    rows: list[Row], ends: list[int], overlaps: list[int]
) -> None:
    hours = len(rows) // 4
    past = nothing_yet(START)
    for end, overlap in zip(sorted(min(end, hours) for end in ends), overlaps, strict=False):
        first = max((past.end_ms - START) // HOUR_MS - overlap, 0)
        past = joined(past, START + first * HOUR_MS, array(rows[4 * first :]), START + end * HOUR_MS)
    done = (past.end_ms - START) // HOUR_MS
    past = joined(past, past.end_ms, array(rows[4 * done :]), START + hours * HOUR_MS)
    assert same(past, of_quarters(START, array(rows)))


def test_what_is_read_later_replaces_what_was_known_of_its_hours() -> None:
    known = of_quarters(START, array([row(1)] * 12))
    again = joined(known, START + HOUR_MS, array([row(5)] * 8), START + 3 * HOUR_MS)
    assert again.hours[:, 0].tolist() == [4, 20, 20]


def test_hours_that_nobody_read_are_empty() -> None:
    known = of_quarters(START, array([row(1)] * 4))
    later = joined(known, START + 3 * HOUR_MS, array([row(2)] * 4), START + 4 * HOUR_MS)
    assert later.hours[:, 0].tolist() == [4, 0, 0, 8]
    assert later.busy[:, 0].tolist() == [True] * 4 + [False] * 8 + [True] * 4


def test_quarters_from_before_a_past_make_it_begin_earlier() -> None:
    known = of_quarters(START + 2 * HOUR_MS, array([row(1)] * 4))
    longer = joined(known, START, array([row(2)] * 12), START + 3 * HOUR_MS)
    assert (longer.start_ms, longer.hours[:, 0].tolist()) == (START, [8, 8, 8])


@pytest.mark.parametrize("until", [-2, 0, 1, 3])
def test_nothing_after_the_moment_asked_for_is_past(until: int) -> None:
    known = of_quarters(START, array([row(1)] * 8))
    found = joined(known, START + 2 * HOUR_MS, array([row(2)] * 8), START + until * HOUR_MS + HOUR_MS - 1)
    assert found.end_ms == START + until * HOUR_MS
    assert found.hours[:, 0].tolist() == ([4] * 2 + [8] * 2)[: max(until, 0)]


@given(st.integers(KEPT_HOURS - 3, KEPT_HOURS + 30), st.integers(0, 40))
def test_only_two_weeks_are_kept_the_last_ones(count: int, split: int) -> None:
    rows = np.zeros((count * 4, WIDTH), np.int64)
    rows[:, 0] = np.arange(count * 4)
    once = of_quarters(START, rows)
    twice = joined(of_quarters(START, rows[: -4 * split or None]), once.end_ms - split * HOUR_MS,
                   rows[len(rows) - 4 * split :], once.end_ms)  # fmt: skip
    assert len(once.hours) == min(count, KEPT_HOURS)
    assert len(once.busy) == 4 * len(once.hours)
    assert once.end_ms == START + count * HOUR_MS
    assert same(once, twice)


@given(ROWS, st.integers(0, 59))
def test_past_and_open_quarters_together_are_all_there_is_up_to_a_moment(rows: list[Row], minute: int) -> None:
    at_ms = START + (len(rows) - 1) * QUARTER_MS + minute % 15 * 60_000
    past = joined(nothing_yet(START), START, array(rows), max(at_ms, START))
    rest = open_quarters(START, array(rows), past, at_ms)
    assert add([*(tuple(map(int, hour)) for hour in past.hours.tolist()), *rest]) == add(rows)
    assert len(rest) <= 4


def test_quarters_after_a_moment_are_not_open_yet() -> None:
    rows = array([row(n) for n in range(12)])
    past = of_quarters(START, rows[:4])
    assert open_quarters(START, rows, past, START + 7 * QUARTER_MS - 1) == (row(4), row(5), row(6))
    assert open_quarters(START, rows, past, START) == ()


def test_hours_since_a_moment_are_those_that_lie_wholly_after_it() -> None:
    past = of_quarters(START, array([row(1)] * 12))
    moments = (START - HOUR_MS, START, START + 1, START + HOUR_MS, START + 3 * HOUR_MS, START + 9 * HOUR_MS)
    assert [past.since(ms) for ms in moments] == [0, 0, 1, 1, 3, 3]


def test_what_is_computed_of_a_past_is_computed_once() -> None:
    past, made = nothing_yet(START), []
    for _ in range(2):
        assert past.once("a", lambda: made.append(1) or "made") == "made"  # type: ignore[func-returns-value]
    assert len(made) == 1


@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(0, 366),
)
@example("Europe/Berlin", 87)
@example("Europe/Berlin", 297)
def test_hours_of_the_day_are_local_and_at_most_an_hour_off_on_days_when_clocks_change(zone: str, day: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    found = hours_of_day(int(start.timestamp()) * 1000, 24, zone).tolist()
    right = [(start + timedelta(hours=n)).astimezone(ZoneInfo(zone)) for n in range(24)]
    offsets = {at.utcoffset() for at in right}
    apart = [min((a - b.hour) % 24, (b.hour - a) % 24) for a, b in zip(found, right, strict=True)]
    assert max(apart) <= (0 if len(offsets) == 1 else 1)
    assert apart[13:] == [0] * 11 or zone not in {"UTC", "Europe/Berlin"}
