"""Canaries are told from all other records by their value, and take none of anybody's data along."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.reasons import Reject
from streams.events.decode import Batch
from streams.partitions.canary import _VALUE, CanarySender, canary, take_canaries

NOW = 1_795_348_800_000


@dataclass
class Record:
    """What is looked at of a record."""

    value: bytes | None


def refused(*values: bytes | None) -> tuple[list[Record], Batch]:
    """A chunk of which every record is refused."""
    batch = Batch(Stream.IMPRESSION)
    batch.rejected = [(at, Reject.NOT_JSON) for at in range(len(values))]
    return [Record(value) for value in values], batch


def test_a_canary_is_no_refused_record_and_tells_when_it_was_sent() -> None:
    records, batch = refused(b"garbage", canary(NOW - 5), None, canary(NOW - 9))
    assert take_canaries(records, batch, NOW) == NOW - 5
    assert [at for at, _ in batch.rejected] == [0, 2]


def test_one_from_the_future_says_nothing_but_a_clock_may_be_a_little_ahead() -> None:
    records, batch = refused(canary(NOW + 3_600_000), canary(NOW + 1_000))
    assert take_canaries(records, batch, NOW) == NOW + 1_000
    assert batch.rejected == []


@pytest.mark.parametrize(
    "value",
    [
        b'{"pacewatch_canary":1,"campaign_id":"c1"}', b' {"pacewatch_canary":1}', b'{"pacewatch_canary":"1"}',
        b'{"pacewatch_canary":-1}', b'{"pacewatch_canary":1}\n', b'{"pacewatch_canary":1e3}',
        b'{"pacewatch_canary":' + b"1" * 16 + b"}",
    ],
)  # fmt: skip
def test_a_record_with_anything_else_in_it_stays_refused(value: bytes) -> None:
    records, batch = refused(value)
    assert take_canaries(records, batch, NOW) == 0
    assert len(batch.rejected) == 1


@given(st.lists(st.binary(max_size=60) | st.none() | st.integers(0, 10**14).map(canary), max_size=20))
def test_whatever_comes_all_that_is_no_canary_stays_refused_in_order(values: list[bytes | None]) -> None:
    records, batch = refused(*values)
    take_canaries(records, batch, NOW)
    kept = [values[at] for at, _ in batch.rejected]
    assert kept == [value for value in values if value is None or not _VALUE.fullmatch(value)]


def test_a_worker_that_sends_none_says_so_or_the_last_one_would_look_late_for_ever() -> None:
    def told(every_s: float, seen_ms: int) -> int | None:
        return CanarySender(None, "ads.impressions", every_s).told(seen_ms)

    assert (told(30, 0), told(30, NOW), told(0, 0), told(0, NOW)) == (None, NOW, 0, NOW)
