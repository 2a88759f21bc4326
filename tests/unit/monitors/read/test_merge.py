"""Series of all partitions are added before formulas, and a merge that follows changes equals one made anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpis.contract.published import Layout
from kpis.measures import Row
from monitors.read.merge import Merge, Part
from monitors.read.window_rows import WindowRows, only
from tests.kit.monitor_fakes import row

FOUND = Layout(3, "EUR", ("1m", "5m"), 40)
INT64 = st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 5)
SERIES = st.sampled_from(["a", "b", "a|channel=x"])
ROWS = st.dictionaries(st.sampled_from(["1m", "5m", "7d", "total"]), INT64, min_size=1).map(
    lambda rows: WindowRows.of(rows, rows.values())
)
HELD = st.dictionaries(SERIES, ROWS, max_size=3)


def whole(parts: list[dict[str, WindowRows]], found: Layout = FOUND) -> Merge:
    """A merge made anew."""
    made = Merge()
    made.merge(found, [Part(rows, ()) for rows in parts])
    return made


@given(st.lists(HELD, min_size=3, max_size=3))
def test_measures_of_all_partitions_are_added_and_unknown_windows_left_out(parts: list[dict[str, WindowRows]]) -> None:
    merged = whole(parts).series
    assert merged.keys() == {series for part in parts for series in part}
    for series, found in merged.items():
        own = {n: part[series] for n, part in enumerate(parts) if series in part}
        assert found.partitions == tuple(own)
        expected: dict[str, Row] = {}
        for window in ("1m", "5m", "total"):
            rows = [r[window] for r in own.values() if window in r]
            if rows:
                expected[window] = tuple(map(sum, zip(*rows, strict=True)))
        assert found.windows == expected


@given(st.lists(HELD, min_size=3, max_size=3), st.lists(st.tuples(st.integers(0, 2), HELD), max_size=5))
def test_a_merge_that_follows_changes_equals_one_made_anew(
    parts: list[dict[str, WindowRows]], changes: list[tuple[int, dict[str, WindowRows]]]
) -> None:
    merge = whole(parts)
    for number, after in changes:
        before, parts[number] = parts[number], after
        handed_out = merge.series
        kept = dict(handed_out)
        touched = [before.keys() | after.keys() if n == number else () for n in range(3)]
        merge.merge(FOUND, [Part(rows, t) for rows, t in zip(parts, touched, strict=True)])
        assert merge.series == whole(parts).series
        assert handed_out == kept, "a snapshot that was handed out does not change"


def test_other_windows_in_the_layout_show_at_once() -> None:
    rows = WindowRows.of(("1m", "5m", "total"), (row(1), row(5), row(9)))
    merge = whole([{"a": rows}, {}, {}])
    merge.merge(Layout(3, "EUR", ("5m",), 40), [Part({"a": rows}, ()), Part({}, ()), Part({}, ())])
    assert merge.series["a"].windows == {"5m": row(5), "total": row(9)}


@given(st.dictionaries(st.text(max_size=3), INT64, max_size=5))
def test_packed_rows_are_a_mapping_of_the_rows_they_were_made_of(rows: dict[str, Row]) -> None:
    packed = WindowRows.of(rows, rows.values())
    assert dict(packed) == rows
    assert "no window" not in packed
    assert only(packed, tuple(rows)) is packed
    assert only(packed, ("none", *sorted(rows))) == rows
