"""Series keys go both ways for any campaign id."""

from hypothesis import given
from hypothesis import strategies as st

from kpis.series import DIMENSIONS, escape, is_campaign, key, split

NAMES = st.text(min_size=1, max_size=40)


@given(NAMES, st.lists(st.tuples(st.sampled_from(DIMENSIONS), NAMES), max_size=3))
def test_a_key_gives_back_what_it_was_made_of(campaign: str, breakdown: list[tuple[str, str]]) -> None:
    """Even when ids hold the key's own separators."""
    made = key(campaign, breakdown)
    assert split(made) == (campaign, tuple(breakdown))
    assert is_campaign(made) == (not breakdown)


@given(NAMES)
def test_escaping_leaves_no_separator_and_no_control_character(name: str) -> None:
    """So a hostile id cannot pass for another series or break a line."""
    assert not set(escape(name)) & set("|=\x00\n\r\x7f")


def test_plain_keys_read_as_the_design_writes_them() -> None:
    """Outside scripts rely on this form."""
    assert key("c42", [("channel", "search")]) == "c42|channel=search"
