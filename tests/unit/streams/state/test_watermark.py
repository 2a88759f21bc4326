"""The watermark."""

from hypothesis import given
from hypothesis import strategies as st

from streams.state.watermark import Basis, Progress, Reading, StreamReading, read, read_stream

TIMES = st.integers(0, 10_000)
TOPICS = st.lists(st.builds(Progress, st.sampled_from([True, False, None]), st.none() | TIMES), max_size=4)


def test_a_partition_that_read_everything_is_judged_as_of_now() -> None:
    """So that a quiet campaign decays."""
    assert read(500, 900, [Progress(False, 100), Progress(False, None)]) == Reading(900, Basis.NOW)


def test_a_partition_that_is_behind_is_judged_as_of_the_time_it_reached() -> None:
    """The slowest topic that is behind sets it, those read to their end do not."""
    topics = [Progress(True, 700), Progress(True, 600), Progress(False, 300)]
    assert read(500, 900, topics) == Reading(600, Basis.REACHED)


def test_the_clock_waits_until_every_end_is_known() -> None:
    """Right after a start nothing says yet whether a topic is behind."""
    assert read(500, 900, [Progress(None, 800), Progress(False, 1)]) == Reading(500, Basis.HELD)
    assert read(None, 900, [Progress(True, None)]) == Reading(None, Basis.HELD)


def test_an_event_from_the_future_does_not_push_the_clock_past_now() -> None:
    """Events may lie five minutes ahead; the clock may not."""
    assert read(500, 900, [Progress(True, 1200)]) == Reading(900, Basis.REACHED)


@given(st.none() | TIMES, TIMES, TOPICS)
def test_the_clock_never_goes_back_and_never_passes_now_on_its_own(
    previous: int | None, now: int, topics: list[Progress]
) -> None:
    """Whatever topics report."""
    at = read(previous, now, topics).at_ms
    if previous is not None:
        assert at is not None
        assert previous <= at <= max(previous, now)
    elif at is not None:
        assert at <= now


@given(
    st.builds(StreamReading, st.none() | TIMES, TIMES), TIMES,
    st.builds(Progress, st.sampled_from([True, False, None]), st.none() | TIMES), TIMES,
)  # fmt: skip
def test_a_stream_goes_back_by_no_more_than_its_feed_is_later_than_was_known(
    previous: StreamReading, now: int, topic: Progress, late: int
) -> None:
    """And never passes what its feed can have brought."""
    found = read_stream(previous, now, topic, late)
    assert found.late_ms == late
    if previous.at_ms is None:
        assert found.at_ms is None or found.at_ms <= now - late
    else:
        floor = previous.at_ms - max(0, late - previous.late_ms)
        assert found.at_ms is not None
        assert floor <= found.at_ms <= max(floor, now - late)


def test_a_stream_that_is_behind_is_complete_to_the_time_it_reached_and_no_later_than_its_habit() -> None:
    new = StreamReading(None, 0)
    assert read_stream(new, 900, Progress(True, 300), 100).at_ms == 300
    assert read_stream(new, 900, Progress(True, 850), 100).at_ms == 800
    assert read_stream(new, 900, Progress(False, 300), 100).at_ms == 800
    assert read_stream(new, 900, Progress(True, None), 100).at_ms is None
    assert read_stream(new, 900, Progress(None, 300), 100).at_ms is None
