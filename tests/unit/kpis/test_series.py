"""Series keys go both ways for any campaign id."""

from hypothesis import given
from hypothesis import strategies as st

from kpis.series import (
    DIMENSIONS,
    PARENTS,
    SCOPES,
    escape,
    is_campaign,
    is_parent,
    key,
    of_parent,
    of_shown,
    parent_key,
    shown_id,
    split,
)

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


HOSTILE = st.sampled_from(
    ["account=", "%account=", "%%portfolio=", "portfolio=", "channel=", "account+channel=", "account", "%", "|", ""]
)


@given(HOSTILE, NAMES, HOSTILE, NAMES, st.sampled_from(PARENTS))
def test_no_campaign_passes_for_a_parent_by_its_key_or_by_what_people_call_it(
    first: str, campaign: str, second: str, name: str, level: str
) -> None:
    mine, theirs = key(first + campaign), parent_key(level, second + name)
    assert (is_parent(mine), is_parent(theirs)) == (False, True)
    assert shown_id(mine) != shown_id(theirs)
    assert (of_shown(shown_id(mine)), of_shown(shown_id(theirs))) == (mine, theirs)
    assert not is_parent(f"{mine}|account=x")


@given(HOSTILE, NAMES, HOSTILE, st.text(max_size=40), st.sampled_from(SCOPES))
def test_the_key_of_a_parent_gives_back_its_name_and_account_and_so_does_what_people_call_it(
    first: str, name: str, second: str, account: str, level: str
) -> None:
    made = parent_key(level, first + name, second + account if level in SCOPES[2:] else "")
    assert of_parent(made) == (level, first + name, second + account if level in SCOPES[2:] else "")
    assert is_campaign(made), "no separator, so that a goal's id can follow one"
    assert is_parent(made)
    assert of_shown(shown_id(made)) == made


def test_most_are_called_as_they_are() -> None:
    assert [shown_id(key(name)) for name in ("c42", "a=b", "%x")] == ["c42", "a=b", "%x"]
    assert (shown_id(parent_key("account", "A|b")), shown_id(parent_key("portfolio"))) == ("account=A|b", "portfolio=")
    assert shown_id(key("account=A")) == "%account=A"
    assert shown_id(parent_key("channel", "paid search", "A|b")) == "account+channel=A%7Cb|paid search"
