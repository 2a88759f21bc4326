"""What lies in Redis is read exactly, and what should not lie there is counted and left out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.contract.documents import document
from kpis.contract.published import BadLayout, Layout, read_layout
from kpis.measures import Row
from monitors.read.decoding import Problems, read_document, read_meta, read_series
from monitors.read.snapshot import PartitionHealth, ReadProblem, SeriesRows, Snapshot, to_json
from tests.kit.monitor_fakes import row

LAYOUT = {b"partitions": b"2", b"currency": b"EUR", b"windows": b"5m,1m,24h", b"history_days": b"40"}
FOUND = Layout(2, "EUR", ("1m", "5m", "24h"), 40)
ROWS = st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 5)


@given(ROWS, ROWS)
def test_the_workers_own_documents_come_back_exactly(window: Row, total: Row) -> None:
    problems: Problems = Counter()
    found = read_document(document(5, {"5m": window, "total": total}), problems)
    assert dict(found or {}) == {"5m": window, "total": total}
    assert not problems


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"{}",
        b"\xff\xfe",
        b'{"windows": []}',
        b'{"windows": {"5m": 3}}',
        b'{"windows": {"5m": {"clicks": "3"}}}',
        b'{"windows": {"5m": {"clicks": 3.5}}}',
        b'{"windows": {"5m": {"clicks": null}}}',
        b'{"windows": {"5m": {"clicks": NaN}}}',
        b"[" * 100_000,
    ],
)
def test_a_document_that_is_none_is_counted_and_left_out(raw: bytes) -> None:
    problems: Problems = Counter()
    assert read_document(raw, problems) is None
    assert problems == {ReadProblem.BAD_DOCUMENT: 1}


@given(st.binary(max_size=100), st.dictionaries(st.binary(max_size=20), st.binary(max_size=20)))
def test_no_bytes_make_reading_fail(raw: bytes, fields: dict[bytes, bytes]) -> None:
    problems: Problems = Counter()
    read_document(raw, problems)
    read_series(raw, problems)
    read_meta(0, fields, problems)


def test_a_document_whose_numbers_pass_64_bits_is_counted_and_left_out() -> None:
    problems: Problems = Counter()
    assert read_document(b'{"windows": {"5m": {"clicks": 9223372036854775808}}}', problems) is None
    assert problems == {ReadProblem.BAD_DOCUMENT: 1}


def test_a_document_from_before_a_measure_was_added_has_zero_for_it() -> None:
    assert dict(read_document(b'{"windows": {"5m": {"clicks": 3}}}', Counter()) or {}) == {"5m": row(clicks=3)}


def test_the_layout_is_read_with_its_windows_shortest_first() -> None:
    assert read_layout(LAYOUT) == FOUND


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({b"partitions": b"0"}, "out of range"),
        ({b"partitions": b"1000000000"}, "out of range"),
        ({b"partitions": b"x"}, "not what a worker writes"),
        ({b"windows": b"7y"}, "not what a worker writes"),
        ({b"currency": b"\xff"}, "not what a worker writes"),
        ({b"history_days": b"-1"}, "out of range"),
    ],
)
def test_a_layout_that_cannot_be_used_is_one_clear_error(change: dict[bytes, bytes], message: str) -> None:
    with pytest.raises(BadLayout, match=message):
        read_layout(LAYOUT | change)


def test_a_missing_layout_says_that_no_worker_ran() -> None:
    with pytest.raises(BadLayout, match="no worker has started"):
        read_layout({})
    with pytest.raises(BadLayout, match="lacks the field currency"):
        read_layout({k: v for k, v in LAYOUT.items() if k != b"currency"})


def test_meta_gives_clock_lag_and_counters_and_counts_what_is_no_number() -> None:
    problems: Problems = Counter()
    raw = {
        b"epoch": b"17", b"seq": b"3", b"clock": b"1000", b"caught_up": b"0", b"flushed_at": b"1001",
        b"lag:ads.clicks": b"5", b"offset:ads.clicks": b"9", b"accepted:click": b"4",
        b"rejected:click:not_json": b"2", b"duplicate:click": b"x",
    }  # fmt: skip
    assert read_meta(3, raw, problems) == PartitionHealth(
        3, 1000, False, 1001, {"ads.clicks": 5}, {"accepted:click": 4, "rejected:click:not_json": 2}
    )
    assert problems == {ReadProblem.BAD_META: 1}


def snapshot() -> Snapshot:
    """Two campaigns, one with a breakdown; partition 1 behind partition 0."""
    series = {
        "c1": SeriesRows({"5m": row(10, 2), "total": row(100, 0)}, (0,)),
        "c1|channel=x": SeriesRows({"5m": row(1, 1)}, (0,)),
        "c10": SeriesRows({"total": row(7, 7)}, (0, 1)),
    }
    health = (PartitionHealth(0, 5000, counters={"accepted:click": 2}), PartitionHealth(1, 4000))
    return Snapshot(FOUND, 6000, health, series, {})


def test_json_holds_every_series_window_and_value_and_null_where_there_is_none() -> None:
    found = to_json(snapshot())
    assert list(found) == ["c1", "c1|channel=x", "c10"]
    assert found["c1"]["5m"]["ctr"] == 0.2
    assert found["c1"]["total"]["cpc"] is None
    assert found["c1"]["total"]["impressions"] == 100


def test_json_of_one_campaign_has_its_breakdowns_and_no_campaign_with_a_longer_name() -> None:
    assert list(to_json(snapshot(), campaign="c1")) == ["c1", "c1|channel=x"]
    assert list(to_json(snapshot(), window="5m")["c1"]) == ["5m"]
    assert to_json(snapshot(), campaign="c1|channel=x") == {}


def test_numbers_are_as_of_the_slowest_partition_that_holds_them() -> None:
    found = snapshot()
    assert found.as_of_ms == 4000
    assert (found.as_of("c1"), found.as_of("c10"), found.as_of("unknown")) == (5000, 4000, 4000)
