"""What flushes say of themselves decides what is read: named documents only when no flush is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.read.changes import Changed, Mark, Why, mark_of, since

READ = Mark(7, 3)


def entry(epoch: int, seq: int, *series: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """What a flush wrote to the stream of changes."""
    return f"{epoch}-{seq}".encode(), {b"s": b"\n".join(series)}


def test_the_series_of_all_flushes_since_are_read() -> None:
    entries = [entry(7, 4, b"a", b"b"), entry(7, 5), entry(7, 6, b"b", b"c|channel=x")]
    assert since(READ, Mark(7, 6), entries) == Changed(Why.CHANGED, frozenset({b"a", b"b", b"c|channel=x"}))
    assert since(READ, Mark(7, 4), entries).series == {b"a", b"b"}, "a flush that came meanwhile is read next"


def test_without_a_new_flush_nothing_is_read() -> None:
    assert since(READ, READ, []) == Changed(Why.SAME)


@pytest.mark.parametrize(
    ("read", "now", "entries", "why"),
    [
        (None, READ, [], Why.FIRST),
        (READ, None, [], Why.FIRST),
        (READ, Mark(8, 3), [], Why.TAKEN),
        (READ, Mark(8, 4), [entry(8, 4)], Why.TAKEN),
        (READ, Mark(7, 2), [], Why.WENT_BACK),
        (READ, Mark(7, 5), [entry(7, 5)], Why.MISSED),
        (READ, Mark(7, 5), [entry(7, 4), entry(7, 6)], Why.MISSED),
        (READ, Mark(7, 10**18), [entry(7, 4)], Why.MISSED),
        (READ, Mark(7, 5), [entry(7, 4, b"a"), (b"7-5", {b"many": b"1"})], Why.TOO_MANY),
    ],
)
def test_everything_is_read_when_anything_could_be_missing(
    read: Mark | None, now: Mark | None, entries: list[tuple[bytes, dict[bytes, bytes]]], why: Why
) -> None:
    found = since(read, now, entries)
    assert (found, found.reads_all) == (Changed(why), True)


@given(st.dictionaries(st.sampled_from([b"epoch", b"seq"]), st.binary(max_size=5000)))
def test_no_bytes_make_a_mark_fail(meta: dict[bytes, bytes]) -> None:
    mark_of(meta)


def test_a_mark_is_read_from_meta_and_absent_when_a_number_is() -> None:
    assert mark_of({b"epoch": b"7", b"seq": b"3"}) == READ
    assert mark_of({b"epoch": b"7"}) is None
    assert mark_of({b"epoch": b"7", b"seq": b"9" * 5000}) is None
