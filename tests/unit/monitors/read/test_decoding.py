"""A day of history: what the worker writes is read at once, what it never would is counted and the rest still read."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import WIDTH, pack
from monitors.read.decoding import PER_DAY, Problems, no_quarters, read_day
from monitors.read.snapshot import ReadProblem

ROW = st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * WIDTH)


@given(st.dictionaries(st.integers(0, PER_DAY - 1), ROW, min_size=1))
def test_each_quarter_hour_is_where_it_belongs(rows: dict[int, tuple[int, ...]]) -> None:
    problems: Problems = Counter()
    found = read_day({str(n).encode(): pack(row) for n, row in rows.items()}, problems)
    assert {n: tuple(found[n].tolist()) for n in rows} == rows
    assert not np.delete(found, list(rows), axis=0).any()
    assert not problems


@given(st.dictionaries(st.integers(0, PER_DAY - 1), ROW, min_size=2), st.integers(1, WIDTH - 1))
def test_rows_of_before_a_measure_was_appended_stand_beside_those_of_now(
    rows: dict[int, tuple[int, ...]], width: int
) -> None:
    older = min(rows)
    raw = {str(n).encode(): pack(row[:width] if n == older else row) for n, row in rows.items()}
    found = read_day(raw, Counter())
    assert tuple(found[older].tolist()) == rows[older][:width] + (0,) * (WIDTH - width)
    assert all(tuple(found[n].tolist()) == row for n, row in rows.items() if n != older)


def test_what_is_no_quarter_hour_is_counted_and_the_others_are_read() -> None:
    problems: Problems = Counter()
    row = tuple(range(WIDTH))
    found = read_day({b"5": pack(row), b"96": pack(row), b"-1": pack(row), b"x": pack(row), b"6": b"short"}, problems)
    assert problems == {ReadProblem.BAD_HISTORY: 4}
    assert tuple(found[5].tolist()) == row
    assert found.sum() == sum(row)


def test_a_day_without_anything_and_a_key_of_another_type_have_no_quarter_hours() -> None:
    problems: Problems = Counter()
    assert read_day({}, problems) is no_quarters(WIDTH)
    assert not problems
    assert read_day(None, problems) is no_quarters(WIDTH)
    assert problems == {ReadProblem.BAD_KEY: 1}
