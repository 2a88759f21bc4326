"""Sums of wagers: the highest of them says enough only where it must."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from monitors.pacing.wagers import is_mean_over, mean_of

WAGERS = st.lists(st.floats(-1e9, 30), min_size=1, max_size=9)


@given(WAGERS, st.floats(-5, 25))
@example([7.0] * 7, 7.0)
@example([7.0, -1e9], 6.999999)
def test_a_mean_is_over_a_threshold_when_it_is_however_it_is_told(wagers: list[float], threshold: float) -> None:
    assert is_mean_over(wagers, threshold) is (mean_of(wagers) >= threshold)
    assert is_mean_over(wagers, mean_of(wagers))
