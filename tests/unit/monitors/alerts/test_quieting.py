"""How often one alert is sent, and what is never held back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpis.times import HOUR_MS, MINUTE_MS
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.quieting import KEEP_SENDS, Quiet, QuietPolicy, Sends, is_due_again, quiet
from monitors.pacing.verdict import Status

POLICY = QuietPolicy()
OK, WARNING, CRITICAL = Status.ON_PACE, Status.WARNING, Status.CRITICAL


def why(known: Status, told: Status, sends: Sends, now_ms: int, *, muted: bool = False, taken: bool = False) -> Quiet:
    """Why a state is not sent now."""
    return quiet(known, told, sends, POLICY, now_ms, is_muted=muted, is_acknowledged=taken)


def test_the_third_message_in_an_hour_waits_and_goes_when_the_hour_is_over() -> None:
    sends: Sends = ((0, WARNING), (1, OK))
    assert why(OK, WARNING, sends[:1], 2) is Quiet.NOT
    assert why(OK, WARNING, sends, 2) is Quiet.FLAPPING
    assert why(OK, WARNING, sends, HOUR_MS) is Quiet.NOT


def test_what_is_newly_critical_is_sent_however_often_it_was_told_as_less_but_once() -> None:
    assert why(OK, CRITICAL, ((0, WARNING), (1, OK)), 2) is Quiet.NOT
    assert why(OK, CRITICAL, ((0, CRITICAL), (1, OK)), 2) is Quiet.FLAPPING
    assert why(OK, CRITICAL, ((0, CRITICAL), (1, OK)), HOUR_MS + 1) is Quiet.NOT


def test_what_someone_takes_care_of_is_sent_when_it_gets_worse_only() -> None:
    assert why(CRITICAL, WARNING, (), 0, taken=True) is Quiet.ACKNOWLEDGED
    assert why(CRITICAL, CRITICAL, (), 0, taken=True) is Quiet.ACKNOWLEDGED
    assert why(WARNING, CRITICAL, (), 0, taken=True) is Quiet.NOT
    assert why(CRITICAL, OK, (), 0, taken=True) is Quiet.NOT


def test_a_mute_holds_everything_back() -> None:
    assert why(OK, CRITICAL, (), 0, muted=True) is Quiet.MUTED


def test_a_miss_is_due_again_only_if_people_know_of_it_as_it_is() -> None:
    policy, firing = QuietPolicy(repeat_ms=HOUR_MS), AlertState(CRITICAL)
    assert is_due_again(firing, ((0, CRITICAL),), policy, HOUR_MS)
    assert not is_due_again(firing, ((0, CRITICAL),), policy, HOUR_MS - 1)
    assert not is_due_again(firing, ((0, CRITICAL),), POLICY, 10 * HOUR_MS), "never by default"
    assert not is_due_again(AlertState(CRITICAL, sent=WARNING), ((0, WARNING),), policy, HOUR_MS)
    assert not is_due_again(AlertState(), ((0, OK),), policy, HOUR_MS)
    assert not is_due_again(firing, (), policy, HOUR_MS), "an older version did not say when"


@given(st.lists(st.tuples(st.integers(0, 30 * MINUTE_MS), st.sampled_from([OK, WARNING, CRITICAL])), max_size=60))
def test_what_is_kept_of_sends_is_bounded_and_decides_as_all_of_them(path: list[tuple[int, Status]]) -> None:
    now = 0
    kept: Sends = ()
    everything: Sends = ()
    for gap, status in path:
        now += gap
        assert why(OK, status, kept, now) is why(OK, status, everything, now)
        everything = (*everything, (now, status))
        kept = POLICY.after(kept, status, now)
        assert len(kept) <= KEEP_SENDS
        assert kept[-1] == (now, status)
