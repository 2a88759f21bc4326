"""How often a worker flushes."""

from hypothesis import given
from hypothesis import strategies as st

from streams.rhythm import FlushRhythm


@given(st.floats(0.01, 60), st.floats(0, 100))
def test_flushing_takes_at_most_its_share_until_the_pause_is_at_its_longest(interval: float, took: float) -> None:
    """And the pause is never shorter than asked."""
    rhythm = FlushRhythm(interval)
    pause = rhythm.pause_s(took)
    assert interval <= pause <= max(interval, rhythm.longest_s)
    assert took / (took + pause) <= rhythm.share * 1.001 or pause >= rhythm.longest_s


def test_a_cheap_flush_keeps_to_the_interval() -> None:
    """So few series are as fresh as asked."""
    assert FlushRhythm(0.25).pause_s(0.01) == 0.25
