"""Events of quarter hours that left every window."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import INDEX, Row, Stream, unpack
from kpis.times import DAY_MS, QUARTER_MS
from kpis.windows import parse_windows
from streams.state.flush import Flush
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from tests.kit.model import Fact, Model, batch_of

NOW = 1_700_000_000_000
POLICY = PartitionPolicy(parse_windows("1m"), SeriesPolicy((("channel",),), 1000), frozenset(), 24)
FACTS = st.builds(
    Fact,
    st.sampled_from(Stream),
    st.sampled_from([NOW - 2 * DAY_MS, NOW - 2 * DAY_MS + QUARTER_MS, NOW - 3 * DAY_MS, NOW - 1]),
    st.sampled_from("ab"),
    st.sampled_from([None, "x"]),
    st.integers(-3, 1000),
    st.integers(-50, 10**9),
)


def fold(state: Partition, facts: Sequence[Fact], watermark_ms: int) -> None:
    """Count events, stream by stream, and move the clock."""
    for stream in Stream:
        batch = batch_of([f for f in facts if f.stream is stream], stream)
        numbers = state.register(batch)
        state.adopt({})
        state.add(batch, numbers, stream, 1, records=len(batch.times), now_ms=watermark_ms)
    state.tick(watermark_ms)


def written(flush: Flush) -> dict[tuple[str, int], Row]:
    """What the flush makes of history, where Redis held nothing."""
    rows = {place: unpack(row) for place, row in flush.history.items()} | dict(flush.late)
    assert len(rows) == len(flush.history) + len(flush.late), "each place is written once"
    return {place: row for place, row in rows.items() if any(row)}


@given(st.lists(st.lists(FACTS, max_size=8), max_size=4))
def test_all_late_events_of_a_flush_add_up_by_series_and_quarter_hour(chunks: list[list[Fact]]) -> None:
    """Of several chunks too."""
    state = Partition(0, POLICY)
    state.tick(NOW)
    for facts in chunks:
        fold(state, facts, NOW)
    expected = Model([f for facts in chunks for f in facts]).history(NOW)
    assert written(state.take_flush({})) == {place: row for place, row in expected.items() if any(row)}


def test_a_quarter_hour_in_memory_that_is_full_keeps_what_it_had_and_is_told() -> None:
    """Where it left the day before it was written."""
    state, then = Partition(0, POLICY), NOW - 2 * DAY_MS
    large = Fact(Stream.SPEND, then, "c", None, 0, 8 * 10**18)
    state.tick(then)
    fold(state, [large, replace(large, time=then - 5 * DAY_MS, money=-large.money)], then)
    state.tick(NOW)
    for _ in range(2):
        fold(state, [large, replace(large, time=NOW, money=-large.money)], NOW)
    flush = state.take_flush({})
    assert unpack(flush.history["c", then // QUARTER_MS])[INDEX["spend_micros"]] == large.money
    assert flush.history_full == 2
    assert state.take_flush({}).history_full == 0


@given(st.lists(FACTS, max_size=8), st.lists(FACTS, max_size=8))
def test_they_add_to_a_quarter_hour_that_left_the_day_before_it_was_written(
    before: list[Fact], after: list[Fact]
) -> None:
    """It is in memory alone: what they add to is not in Redis."""
    state = Partition(0, POLICY)
    state.tick(NOW - 2 * DAY_MS)
    fold(state, before, NOW - 2 * DAY_MS)
    fold(state, after, NOW)
    expected = Model([*before, *after]).history(NOW)
    assert written(state.take_flush({})) == {place: row for place, row in expected.items() if any(row)}
