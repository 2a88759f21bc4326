"""The deployment's clock, and the real time of what it shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.runtime.clock import Clock

AT = 1_795_348_800_000


@pytest.mark.parametrize(
    ("clock", "shown_ms", "real_ms"),
    [
        (Clock(), AT, AT),
        (Clock(1.0, AT, AT + 500), AT + 1_000, AT + 1_500),
        (Clock(60.0, AT, 0), AT + 60_000, 1_000),
        (Clock(60.0, AT, AT), AT - 60_000, AT - 1_000),
        (Clock(0.5, 0, AT), 1_000, AT + 2_000),
    ],
)
def test_what_a_clock_shows_is_a_real_instant(clock: Clock, shown_ms: int, real_ms: int) -> None:
    assert clock.real_ms(shown_ms) == real_ms


@given(st.floats(0.1, 10_000), st.integers(0, AT), st.integers(0, AT), st.integers(0, AT))
def test_later_on_the_clock_is_later_in_truth(rate: float, origin_ms: int, at_ms: int, shown_ms: int) -> None:
    clock = Clock(rate, origin_ms, at_ms)
    assert clock.real_ms(shown_ms) <= clock.real_ms(shown_ms + 1)
    assert abs(clock.real_seconds(shown_ms - origin_ms) - (clock.real_ms(shown_ms) - at_ms) / 1000) <= 0.001
