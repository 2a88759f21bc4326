"""Window settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.windows import Window, parse_window, parse_windows


def test_the_default_windows_are_cut_as_the_design_says() -> None:
    """60 panes up to an hour, quarter hours for a day."""
    assert [(w.name, w.panes, w.pane_ms) for w in parse_windows("1m,5m,1h,24h")] == [
        ("1m", 60, 1_000), ("5m", 60, 5_000), ("1h", 60, 60_000), ("24h", 96, 900_000),
    ]  # fmt: skip


def test_the_day_is_always_kept() -> None:
    """History is written from its panes."""
    assert [w.name for w in parse_windows("5m")] == ["5m", "24h"]


@pytest.mark.parametrize("text", ["", "5", "0m", "25h", "90s", "-1h", "61m", "1m30"])
def test_what_is_no_window_is_refused(text: str) -> None:
    """With a ValueError that names it."""
    with pytest.raises(ValueError, match="window"):
        parse_window(text)


def test_two_names_for_one_length_are_refused() -> None:
    """Their panes would be the same numbers twice."""
    with pytest.raises(ValueError, match="same length"):
        parse_windows("60m,1h")


@given(st.sampled_from(parse_windows("1m,5m,1h")), st.integers(0, 10**13), st.integers(-(10**8), 10**8))
def test_a_window_covers_between_one_pane_less_and_its_span(window: Window, now: int, age: int) -> None:
    """Everything younger than span minus a pane is inside, everything older than the span is out."""
    if 0 <= age <= window.span_ms - window.pane_ms:
        assert window.covers(now - age, now)
    if age >= window.span_ms:
        assert not window.covers(now - age, now)
