"""When each measure last grew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import WIDTH, ZERO, Row, add
from kpis.times import HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.habits.heard import Heard, first_heard, nothing_heard
from monitors.read.past import nothing_yet, of_quarters, open_quarters
from tests.kit.flows import array
from tests.kit.monitor_fakes import NOON, row

ROWS = st.lists(st.tuples(*[st.sampled_from([0, 0, 0, 1, 5])] * WIDTH), min_size=1, max_size=40)
START = NOON - 12 * HOUR_MS


def first(rows: list[Row], at_ms: int) -> Heard:
    """What a first look at quarter hours knows."""
    past = of_quarters(START, array(rows[: (at_ms - START) // HOUR_MS * 4]))
    return first_heard(add(rows), past, open_quarters(START, array(rows), past, at_ms), at_ms)


@given(ROWS, st.integers(0, QUARTER_MS - 1))
def test_a_first_look_knows_the_quarter_hour_of_the_last_event(rows: list[Row], into_ms: int) -> None:
    """Of what never came: the first whole hour that had anything of the campaign, else the hour it is in."""
    at_ms = START + (len(rows) - 1) * QUARTER_MS + into_ms
    found = first(rows, at_ms)
    whole = rows[: (at_ms - START) // HOUR_MS * 4]
    begun = next((n for n, one in enumerate(whole) if any(one)), None)
    for column in range(WIDTH):
        last = max((n for n, one in enumerate(rows) if one[column]), default=None)
        if last is None:
            of_hour = START + begun * QUARTER_MS if begun is not None else at_ms
            assert found.since_ms[column] == of_hour - of_hour % HOUR_MS
        else:
            assert found.since_ms[column] == min(START + (last + 1) * QUARTER_MS, at_ms)
    assert (found.total, found.armed_ms) == (add(rows), at_ms)


@given(ROWS, st.integers(0, QUARTER_MS - 1))
def test_what_came_since_is_what_came_in_later_quarter_hours_or_in_the_rest_of_that_hour(
    rows: list[Row], into_ms: int
) -> None:
    """Within an hour that is past it may be a little more: hours are all that is kept of it.

    Of the quarter hour that goes on all counts as heard: what is known of it is not in which order it came.
    """
    at_ms = START + (len(rows) - 1) * QUARTER_MS + into_ms
    found = first(rows, at_ms)
    for column in range(WIDTH):
        later = -(-(found.since_ms[column] - START) // QUARTER_MS)
        whole = -(-later // 4) * 4 if later * QUARTER_MS + START <= at_ms - at_ms % HOUR_MS else later
        exact, least = add(rows[:later]), add(rows[: max(whole, later)])
        assert all(a <= then <= b for a, then, b in zip(exact, found.then[column], least, strict=True))


@given(st.lists(st.tuples(st.tuples(*[st.sampled_from([0, 0, 1])] * WIDTH), st.integers(1, 5)), max_size=15))
def test_later_looks_know_when_each_measure_changed(looks: list[tuple[Row, int]]) -> None:
    held, at_ms, total = first([ZERO], START), START, ZERO
    since, then = list(held.since_ms), list(held.then)
    for gained, minutes in looks:
        at_ms, total = at_ms + minutes * MINUTE_MS, add([total, gained])
        held = held.after(total, at_ms)
        for column in range(WIDTH):
            if gained[column]:
                since[column], then[column] = at_ms, total
    assert (held.since_ms, held.then, held.total) == (tuple(since), tuple(then), total)
    assert held.armed_ms == START


def test_a_correction_is_something_that_came_too() -> None:
    held = nothing_heard(START).after(row(spend=50), START + 1).after(row(spend=20), START + 2)
    assert held.since_ms == (START, START, START, START + 2, START)


def test_a_look_at_nothing_new_is_the_same() -> None:
    held = nothing_heard(START).after(row(5), START + 1)
    assert held.after(row(5), START + 9) is held


def test_before_anything_came_it_counts_from_the_first_look() -> None:
    held = nothing_heard(START)
    assert (held.total, held.since_ms, held.then, held.armed_ms) == (ZERO, (START,) * WIDTH, (ZERO,) * WIDTH, START)
    assert first_heard(ZERO, nothing_yet(NOON), (), NOON + 5).since_ms == (NOON,) * WIDTH


def test_large_counts_of_two_weeks_are_added_exactly() -> None:
    """Sums of hours beyond what 24 bits hold."""
    rows = [row(100_003, 1)] * 8 + [row(100_003)] * (4 * 300)
    found = first(rows, START + len(rows) * QUARTER_MS)
    assert found.then[1][0] == 100_003 * 8
