"""A fold happens whole or not at all: what an error left half changed is never written."""

from __future__ import annotations

from typing import Any

import pytest

from kpis.measures import Stream
from kpis.runtime.errors import VoidState
from kpis.windows import parse_windows
from streams.state import overflow, partition
from streams.state.added import intake
from streams.state.deduplicator import Deduplicator
from streams.state.early import EarlyEvents
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.quarters import UnwrittenQuarters
from streams.state.registry import Registry, SeriesPolicy
from streams.state.ring import Ring
from tests.kit.model import Fact, batch_of

NOW, DAY = 1_700_000_000_000, 86_400_000
POLICY = PartitionPolicy(parse_windows("1m"), SeriesPolicy((("channel",),), 100), frozenset({Stream.CLICK}), 24)


def count(state: Partition, at: int = NOW) -> None:
    """Count one click of now and one of last week, and move the clock."""
    facts = [Fact(Stream.CLICK, time, "c", "x", 1, 5) for time in (at, at - 7 * DAY)]
    batch = batch_of(facts, Stream.CLICK)
    batch.digests = [at.to_bytes(8, "big"), (at + 1).to_bytes(8, "big")]
    numbers = state.register(batch)
    state.adopt({})
    assert state.overflowing(batch, numbers) == []
    state.add(batch, numbers, "ads.clicks", at, records=2, now_ms=at, letters=[b"letter"])
    state.tick(at)


def count_and_flush(state: Partition) -> None:
    """Count what moves panes out of every window, and write it."""
    count(state, NOW + DAY)
    state.take_flush({})


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (Deduplicator, "accept"), (Registry, "signs"), (Registry, "columns"), (intake, "of_batch"),
        (EarlyEvents, "put"), (Ring, "leaving"), (Ring, "advance"), (EarlyEvents, "due"), (Ring, "add"),
        (UnwrittenQuarters, "add"), (UnwrittenQuarters, "keep"), (Ring, "take_dirty"), (UnwrittenQuarters, "take"),
        (EarlyEvents, "store"), (partition, "documents"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("late", [False, True])
def test_a_state_that_met_an_error_gives_no_flush(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, late: bool
) -> None:
    """Whichever step it was in, before or after its work was done; and nothing that comes later makes it good again."""
    state, work = Partition(0, POLICY), getattr(where, name)
    count(state)
    state.take_flush({})

    def fail(*args: Any, **named: Any) -> Any:
        if late:
            work(*args, **named)
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(where, name, fail)
        with pytest.raises(ZeroDivisionError):
            count_and_flush(state)
    for again in range(2):
        assert state.is_void
        with pytest.raises(VoidState):
            state.take_flush({})
        count(state, NOW + DAY + 1000 * (again + 1))


@pytest.mark.parametrize(("where", "name"), [(Registry, "_place_of"), (intake, "amounts"), (Deduplicator, "known")])
def test_what_is_looked_at_first_may_fail_and_nothing_has_changed(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    """The chunk counts whole when it comes again."""
    state, expected = Partition(0, POLICY), Partition(0, POLICY)

    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(overflow, "_NEAR", -1.0)
    with monkeypatch.context() as broken:
        broken.setattr(where, name, fail)
        with pytest.raises(ZeroDivisionError):
            count(state)
    assert not state.is_void
    assert not state.pending
    count(state)
    count(expected)
    assert state.take_flush({}).documents == expected.take_flush({}).documents
    assert state.counters == expected.counters
