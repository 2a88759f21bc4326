"""The deployment's clock, and the real time of what it shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.runtime.clock import Clock, parse_clock

AT = 1_795_348_800_000


@pytest.mark.parametrize(
    ("clock", "shown_ms", "real_ms"),
    [
        (Clock(), AT, AT),
        (Clock(1.0, AT, AT + 500), AT + 1_000, AT + 1_500),
        (Clock(60.0, AT, 0), AT + 60_000, 1_000),
        (Clock(60.0, AT, AT), AT - 60_000, AT - 1_000),
        (Clock(0.5, 0, AT), 1_000, AT + 2_000),
        (Clock(60.0, AT, AT, AT + 60_000), AT + 30_000, AT + 500),
        (Clock(60.0, AT, AT, AT + 60_000), AT + 63_000, AT + 4_000),
    ],
)
def test_what_a_clock_shows_is_a_real_instant(clock: Clock, shown_ms: int, real_ms: int) -> None:
    assert clock.real_ms(shown_ms) == real_ms


@given(st.floats(0.1, 10_000), st.integers(0, AT), st.integers(0, AT), st.integers(0, AT))
def test_later_on_the_clock_is_later_in_truth(rate: float, origin_ms: int, at_ms: int, shown_ms: int) -> None:
    clock = Clock(rate, origin_ms, at_ms)
    assert clock.real_ms(shown_ms) <= clock.real_ms(shown_ms + 1)
    assert abs(clock.real_seconds(shown_ms - origin_ms) - (clock.real_ms(shown_ms) - at_ms) / 1000) <= 0.001


def test_a_clock_whose_haste_is_over_goes_on_as_the_wall_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(60.0, 1_000_000, AT, 1_060_000)
    shown = []
    for real_ms in (AT + 500, AT + 1_000, AT + 4_000):
        monkeypatch.setattr("kpis.runtime.clock.time.time_ns", lambda now=real_ms: now * 1_000_000)
        shown.append(clock.now_ms())
    assert shown == [1_030_000, 1_060_000, 1_063_000]


@pytest.mark.parametrize("clock", [Clock(), Clock(960.0, AT, 7), Clock(960.0, AT, 7, AT + 9)])
def test_a_clock_is_the_same_when_its_text_is_read(clock: Clock) -> None:
    assert parse_clock(clock.spec) == clock
