"""Totals stay inside 64 bits."""

import pytest

from streams.headroom import TotalOverflow
from streams.measures import Stream
from streams.partition import Partition, PartitionPolicy
from streams.registry import SeriesPolicy
from streams.windows import parse_windows
from tests.model import Fact, batch_of

POLICY = PartitionPolicy(parse_windows("1m"), SeriesPolicy((), 1000), frozenset(), 24)
LARGEST = 10**16


def fold(state: Partition, money: int, count: int, campaign: str = "c", stored: int = 0) -> None:
    """Count spend events of one campaign, whose spend in Redis is ``stored`` when it is new."""
    batch = batch_of([Fact(Stream.SPEND, 0, campaign, None, 0, money)] * count, Stream.SPEND)
    numbers = state.admit(batch)
    state.adopt({campaign: (0, 0, 0, stored, 0)})
    state.fold(batch, numbers, "ads.spend", 1, records=count, now_ms=0)


def test_a_total_that_would_wrap_around_stops_the_worker() -> None:
    """Before anything of the chunk is added."""
    state = Partition(0, POLICY)
    fold(state, LARGEST, 400)
    with pytest.raises(TotalOverflow, match="partition 0"):
        fold(state, LARGEST, 400)
    documents = state.take_flush({}).documents
    assert b'"spend_micros":4000000000000000000' in documents["c"]


def test_large_amounts_that_cancel_out_do_not_stop_it() -> None:
    """The bound is made exact before it is believed."""
    state = Partition(0, POLICY)
    for _ in range(20):
        fold(state, LARGEST, 200)
        fold(state, -LARGEST, 200)
    fold(state, LARGEST, 1)


def test_a_total_that_comes_back_from_redis_is_minded_too() -> None:
    """A series that was let go of has what it had, however little the others have."""
    state = Partition(0, POLICY)
    fold(state, LARGEST, 1)
    with pytest.raises(TotalOverflow):
        fold(state, LARGEST, 100, "back", stored=4 * 10**18)
    fold(state, LARGEST, 10, "back")
