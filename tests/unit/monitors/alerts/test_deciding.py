"""Verdicts become transitions as people are told of them: quiet, acknowledged, repeated; in any sequence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kpis.times import HOUR_MS, MINUTE_MS
from monitors.alerts.deciding import Circumstances, TellingPolicy, decide
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, Transition, step
from monitors.alerts.muting import within_mutes
from monitors.alerts.quieting import QuietPolicy
from monitors.alerts.stored import NOTHING_HELD, Held, decode_held, encode_held
from monitors.pacing.verdict import Direction, Status, Verdict
from tests.unit.monitors.alerts.test_lifecycle import seen
from tests.unit.monitors.alerts.test_muting import CAMPAIGN, GOAL

LOUD = TellingPolicy(quiet=QuietPolicy(most_sends=10**6))
LEVELS = (Status.ON_PACE, Status.WARNING, Status.CRITICAL)
OK, WARNING, CRITICAL = map(seen, LEVELS)
Look = tuple[int, Verdict, bool, bool]
"""When, what is seen, whether the campaign is muted, whether someone takes care of the alert."""


class Told:
    """One goal, look by look, restarted between any two."""

    def __init__(self, policy: TellingPolicy) -> None:
        self.policy = policy
        self.held = NOTHING_HELD
        self.sent: list[tuple[int, Change, Status, Status]] = []

    def look(self, now: int, verdict: Verdict, *, muted: bool = False, taken: bool = False) -> Transition:
        """One look; what it sends is noted, as :mod:`monitors.telling` does."""
        verdict = replace(verdict, as_of_ms=now)
        around = Circumstances(now, muted, taken)
        found = decide(CAMPAIGN, GOAL, verdict, self.held, self.policy, around=around)
        sends = self.held.sends
        if found.change.is_told and found.is_sent:
            self.sent.append((now, found.change, *found.statuses))
            sends = (*sends, (now, found.after.told))
        kept = self.policy.quiet.kept(sends, now)
        self.held = decode_held(encode_held(Held(found.after, sends=kept), CAMPAIGN.flight))
        return found

    def changes(self) -> list[Change]:
        """What was sent, in short."""
        return [change for _, change, _, _ in self.sent]


@st.composite
def looks(draw: st.DrawFn) -> list[Look]:
    """Any sequence; a recovery is never easier than a miss."""
    found: list[Look] = []
    now = 0
    for _ in range(draw(st.integers(0, 40))):
        now += draw(st.sampled_from([1, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS]))
        level = draw(st.integers(0, 2))
        direction = draw(st.sampled_from([Direction.UNDER, Direction.OVER]))
        verdict = seen(LEVELS[level], LEVELS[draw(st.integers(level, 2))], direction)
        if draw(st.integers(0, 5)) == 0:
            verdict = seen(draw(st.sampled_from([Status.HOLD, Status.NO_DATA])))
        found.append((now, verdict, draw(st.booleans()), draw(st.booleans())))
    return found


@given(looks(), st.sampled_from([0, HOUR_MS]))
def test_where_nothing_is_quiet_it_decides_as_lifecycle_and_mutes_do(path: list[Look], for_ms: int) -> None:
    told, state = Told(TellingPolicy(LifecyclePolicy(for_ms), LOUD.quiet)), AlertState()
    for now, verdict, muted, _ in path:
        at = replace(verdict, as_of_ms=now)
        expected = within_mutes(step(state, at, LifecyclePolicy(for_ms), now), at, is_quiet=muted)
        assert told.look(now, verdict, muted=muted) == expected
        state = expected.after


@given(looks(), st.integers(1, 3))
def test_an_alert_is_sent_so_often_an_hour_but_for_ends_and_what_is_newly_critical(path: list[Look], most: int) -> None:
    """And no miss that people know of is left standing when it is over."""
    told = Told(TellingPolicy(quiet=QuietPolicy(most_sends=most)))
    known = Status.ON_PACE
    for now, verdict, muted, taken in path:
        before = len(told.sent)
        found = told.look(now, verdict, muted=muted, taken=taken)
        for at, _, was, after in told.sent[before:]:
            assert was is known
            known = found.after.told
            late = [one for one in told.sent[:before] if one[0] > at - HOUR_MS]
            is_news = after is Status.CRITICAL and Status.CRITICAL not in {one[3] for one in late}
            assert len(late) < most or not after.is_miss or is_news
            assert not (muted and after.is_miss), "in a mute only ends are sent"
        assert known is Status.ON_PACE or found.after.is_firing, "an end is sent at once"
        if verdict.status is Status.CRITICAL and not muted and known is not Status.CRITICAL and not taken:
            assert any(s is Status.CRITICAL for at, s in told.held.sends if at > now - HOUR_MS), "a critical is told"


def test_a_goal_that_flaps_is_told_with_its_end_and_then_what_still_stands_in_an_hour() -> None:
    told = Told(TellingPolicy())
    for minute in range(0, 40, 2):
        told.look(minute * MINUTE_MS, WARNING)
        told.look((minute + 1) * MINUTE_MS, OK)
    assert told.changes() == [Change.FIRED, Change.RESOLVED]
    told.look(41 * MINUTE_MS, WARNING)
    assert told.held.state.told is Status.WARNING, "the board shows it"
    told.look(50 * MINUTE_MS, CRITICAL)
    assert told.changes() == [Change.FIRED, Change.RESOLVED, Change.FIRED], "that it is critical is news"
    assert told.sent[-1][2:] == (Status.ON_PACE, Status.CRITICAL)
    told.look(51 * MINUTE_MS, OK)
    assert told.changes()[-1] is Change.RESOLVED


def test_an_acknowledged_miss_sends_what_is_worse_and_its_end() -> None:
    told = Told(LOUD)
    told.look(0, CRITICAL)
    for now, verdict in ((1, WARNING), (2, CRITICAL), (3, WARNING), (4, OK)):
        told.look(now, verdict, taken=True)
    assert told.changes() == [Change.FIRED, Change.RESOLVED]
    assert told.sent[-1][2:] == (Status.CRITICAL, Status.ON_PACE)
    worse = Told(LOUD)
    worse.look(0, WARNING)
    worse.look(1, CRITICAL, taken=True)
    assert worse.changes() == [Change.FIRED, Change.WORSENED]


def test_a_miss_that_stands_is_repeated_unless_someone_takes_care_or_the_numbers_do_not_show_it() -> None:
    policy = TellingPolicy(quiet=QuietPolicy(repeat_ms=2 * HOUR_MS))
    near = seen(Status.ON_PACE, recovered=Status.CRITICAL)
    told = Told(policy)
    told.look(0, CRITICAL)
    for hour in (1, 2, 3, 4):
        told.look(hour * HOUR_MS, CRITICAL)
    assert [(at // HOUR_MS, change) for at, change, _, _ in told.sent] == [
        (0, Change.FIRED), (2, Change.REPEATED), (4, Change.REPEATED),
    ]  # fmt: skip
    assert told.sent[-1][2:] == (Status.CRITICAL, Status.CRITICAL)
    told.look(6 * HOUR_MS, CRITICAL, taken=True)
    told.look(6 * HOUR_MS, CRITICAL, muted=True)
    told.look(6 * HOUR_MS, seen(Status.HOLD))
    told.look(6 * HOUR_MS, near)
    assert len(told.sent) == 3, "nobody is told of a miss beside numbers that meet their bound"
    told.look(6 * HOUR_MS, CRITICAL)
    assert len(told.sent) == 4
