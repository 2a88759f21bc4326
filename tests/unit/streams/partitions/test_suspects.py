"""Halving finds every culprit, and nothing else, whatever chunks reading makes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.partitions.suspects import Suspects

TOPIC = "ads.clicks"
END = 60


def attempt(suspects: Suspects, culprits: set[int], start: int, end: int) -> int | None:
    """Count a chunk as the worker does; None when it went well, else the offset counting goes back to."""
    at = start
    while at < end:
        stop = suspects.stop_at(TOPIC, at, end)
        assert at < stop <= end
        if any(o in culprits and (TOPIC, o) not in suspects.culprits for o in range(at, stop)):
            suspects.failed(TOPIC, at, stop, "KeyError")
            return start
        suspects.passed(TOPIC, stop)
        at = stop
    return None


@given(st.sets(st.integers(0, END - 1), max_size=8), st.lists(st.integers(1, 40), min_size=1), st.integers(0, 3))
def test_exactly_the_culprits_are_found_in_bounded_tries(culprits: set[int], sizes: list[int], back: int) -> None:
    """Also when each failure goes back some chunks, to what Redis holds, and chunks are cut anew."""
    suspects, at, stored, tries, turn = Suspects(), 0, 0, 0, 0
    while at < END:
        end = min(END, at + sizes[turn % len(sizes)])
        turn += 1
        if attempt(suspects, culprits, at, end) is None:
            at = end
            if turn % (back + 1) == 0:
                stored = at
                suspects.stored({TOPIC: stored})
        else:
            at = stored
            tries += 1
        # Each failure halves a range or names a culprit; a chunk is of 40 offsets at most.
        assert tries <= 8 * (len(culprits) + 1)
    suspects.stored({TOPIC: END})
    assert not suspects.culprits
    assert (tries == 0) is (not culprits)


@given(st.sets(st.integers(0, 20), max_size=5))
def test_culprits_are_remembered_until_redis_holds_what_is_beyond_them(culprits: set[int]) -> None:
    """A chunk may be read again until then."""
    suspects = Suspects()
    for offset in culprits:
        suspects.failed(TOPIC, offset, offset + 1, "KeyError")
    suspects.stored({TOPIC: 10, "ads.spend": 99})
    assert set(suspects.culprits) == {(TOPIC, o) for o in culprits if o >= 10}


def test_what_a_failed_flush_covered_is_doubted_until_it_is_stored() -> None:
    """By topic, up to the offset that was counted."""
    suspects = Suspects()
    suspects.doubt({TOPIC: 10})
    assert suspects.doubts(TOPIC, 9)
    assert not suspects.doubts(TOPIC, 10)
    assert not suspects.doubts("ads.spend", 0)
    suspects.stored({TOPIC: 9})
    assert suspects.doubts(TOPIC, 9)
    suspects.stored({TOPIC: 10})
    assert not suspects.doubts(TOPIC, 9)
