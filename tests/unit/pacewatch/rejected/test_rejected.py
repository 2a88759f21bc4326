"""What the ``rejected`` commands decide, without any server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.reasons import CURABLE, Reject
from kpis.runtime.errors import Misconfigured
from kpis.settings.shared import Settings
from pacewatch.rejected.cli import wanted
from pacewatch.rejected.listing import SHOWN, Listing, printable
from pacewatch.rejected.reading import Found, Wanted
from pacewatch.rejected.resend import Fate, ResendPlan
from streams.dead_letters.letters import DeadLetter

PLACES = {"ads.clicks": 4}


def found(reason: str = "unknown_currency", topic: str = "ads.clicks", partition: int = 0, at_ms: int = 5) -> Found:
    """A letter."""
    return Found(DeadLetter(b"v", b"k", (), reason, topic, partition, 7), at_ms)


@pytest.mark.parametrize(
    ("letter", "sent_before", "plan", "fate"),
    [
        (found(), False, ResendPlan(Wanted()), Fate.SENT),
        (found(), True, ResendPlan(Wanted()), Fate.BEFORE),
        (found(), True, ResendPlan(Wanted(), again=True), Fate.SENT),
        (found("not_json"), False, ResendPlan(Wanted()), Fate.HOPELESS),
        (found("not_json"), False, ResendPlan(Wanted(frozenset({"not_json"}))), Fate.SENT),
        (found("of a later version"), False, ResendPlan(Wanted()), Fate.HOPELESS),
        (Found(found().letter.cut(0), 5), False, ResendPlan(Wanted(), again=True), Fate.TRUNCATED),
        # Whoever may write to the dead letter topic may not write elsewhere by it.
        (found(topic="payments"), False, ResendPlan(Wanted()), Fate.HOMELESS),
        (found(partition=4), False, ResendPlan(Wanted()), Fate.HOMELESS),
        (found(partition=-1), False, ResendPlan(Wanted()), Fate.HOMELESS),
    ],
)
def test_what_becomes_of_a_letter(letter: Found, sent_before: bool, plan: ResendPlan, fate: Fate) -> None:
    assert plan.fate(letter, sent_before, PLACES) is fate


def test_letters_are_chosen_by_reason_topic_and_time() -> None:
    assert Wanted().takes(found())
    assert not Wanted(frozenset({"empty"})).takes(found())
    assert not Wanted(topic="ads.spend").takes(found())
    assert Wanted(topic="ads.clicks", since_ms=5).takes(found())
    assert not Wanted(since_ms=6).takes(found())


@given(st.none() | st.binary() | st.text(min_size=SHOWN).map(str.encode))
def test_what_is_shown_does_nothing_to_a_terminal_and_is_bounded(raw: bytes | None) -> None:
    shown = printable(raw)
    assert (shown is None) == (raw is None)
    assert (shown or "").isprintable()
    # The longest escape of one character is ten characters long.
    assert len(shown or "") <= 10 * SHOWN + 3


def test_a_listing_counts_all_and_keeps_the_newest_samples_whatever_partition_they_are_of() -> None:
    listing = Listing(2)
    for at_ms in range(5):
        listing.add(found(at_ms=at_ms), at_ms < 2)
    listing.add(Found(found("empty").letter.cut(0), -1), False)
    at = ("unknown_currency", "ads.clicks")
    assert (listing.letters[at], listing.again[at], listing.truncated["empty", "ads.clicks"]) == (5, 2, 1)
    assert [s.at_ms for s in listing.samples] == [3, 4]
    listing.add(found(at_ms=4, partition=1), False)
    assert [(s.at_ms, s.partition) for s in listing.samples] == [(4, 0), (4, 1)]
    none = Listing(0)
    none.add(found(), False)
    assert (none.samples, none.letters.total()) == ([], 1)


@pytest.mark.parametrize("options", [(["nothing"], None, None), (None, "payments", None), (None, None, "yesterday")])
def test_an_option_that_cannot_be_used_is_refused(options: tuple[list[str] | None, str | None, str | None]) -> None:
    with pytest.raises(Misconfigured):
        wanted(Settings.load(), *options)


def test_only_what_settings_or_time_can_cure_is_sent_without_being_named() -> None:
    assert frozenset({Reject.UNKNOWN_CURRENCY, Reject.UNKNOWN_MEASURE, Reject.TOO_FAR_AHEAD, Reject.TOO_OLD}) == CURABLE
