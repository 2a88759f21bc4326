"""How often a worker flushes."""

from hypothesis import given
from hypothesis import strategies as st

from streams.partitions.flush_interval import FlushInterval


@given(st.floats(0.01, 60), st.floats(0, 100), st.booleans())
def test_flushing_takes_at_most_its_share_until_the_pause_is_at_its_longest(
    interval: float, took: float, behind: bool
) -> None:
    """And the pause is never shorter than asked."""
    rhythm = FlushInterval(interval)
    longest = rhythm.longest_behind_s if behind else rhythm.longest_s
    pause = rhythm.pause_s(took, behind=behind)
    assert interval <= pause <= max(interval, longest)
    assert took / (took + pause) <= rhythm.share * 1.001 or pause >= longest


def test_a_cheap_flush_keeps_to_the_interval() -> None:
    """So few series are as fresh as asked."""
    assert FlushInterval(0.25).pause_s(0.01, behind=True) == 0.25
