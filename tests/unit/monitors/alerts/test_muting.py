"""What people are sent, for any sequence of verdicts and mutes, with a restart between any two steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS
from kpis.times import DAY_MS, HOUR_MS
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, Transition, step
from monitors.alerts.muting import is_said_by_another, within_mutes
from monitors.alerts.stored import Held, decode_held, encode_held
from monitors.goals import Band, Bound, Campaign, Flight, RatioGoal, TotalGoal
from monitors.goals.values import Period, Rule
from monitors.pacing.verdict import Direction, Reason, Status, Verdict
from tests.unit.monitors.alerts.test_lifecycle import seen

GOAL = TotalGoal(TOTALS["spend"], 100, Band(0.9, 1.1), Band(0.75, 1.25))
CAMPAIGN = Campaign("c1", "c1", Flight(0, 10**12, "UTC"), (GOAL,))
OK, WARNING, CRITICAL = seen(Status.ON_PACE), seen(Status.WARNING), seen(Status.CRITICAL)
CLOSED = structs.replace(seen(Status.NO_DATA), reason=Reason.FLIGHT_CLOSED)
Step = tuple[int, Verdict, bool]


def moved(state: AlertState, verdict: Verdict, at_ms: int, *, is_muted: bool, for_ms: int = 0) -> Transition:
    """One step, mutes and all."""
    return within_mutes(step(state, verdict, LifecyclePolicy(for_ms), at_ms), verdict, is_quiet=is_muted)


def sent(*path: tuple[Verdict, bool]) -> list[tuple[Change, Status, Status]]:
    """What people are sent: changes, from and to, for verdicts and whether the campaign is muted then."""
    state, found = AlertState(), []
    for at, (verdict, is_muted) in enumerate(path):
        transition = moved(state, verdict, at, is_muted=is_muted)
        state = transition.after
        if transition.change.is_told and transition.is_sent:
            found.append((transition.change, *transition.statuses))
    return found


FIRED = (Change.FIRED, Status.ON_PACE, Status.CRITICAL)
RESOLVED = (Change.RESOLVED, Status.CRITICAL, Status.ON_PACE)


def test_what_fires_in_a_mute_is_sent_once_when_the_mute_is_over() -> None:
    assert sent((CRITICAL, True), (CRITICAL, True)) == []
    assert sent((CRITICAL, True), (CRITICAL, False), (CRITICAL, False)) == [FIRED]


def test_of_what_fires_and_resolves_in_a_mute_nothing_is_sent() -> None:
    assert sent((CRITICAL, True), (OK, True), (OK, False)) == []
    assert sent((CRITICAL, True), (OK, False)) == [], "nor when it gets better as the mute ends"


def test_a_miss_that_people_know_resolves_at_once_also_in_a_mute() -> None:
    assert sent((CRITICAL, False), (OK, True), (OK, False)) == [FIRED, RESOLVED]
    assert sent((CRITICAL, False), (CLOSED, True)) == [FIRED, (Change.ENDED, Status.CRITICAL, Status.NO_DATA)]


def test_what_becomes_worse_in_a_mute_and_better_again_is_not_sent() -> None:
    warned = (Change.FIRED, Status.ON_PACE, Status.WARNING)
    assert sent((WARNING, False), (CRITICAL, True), (WARNING, True), (WARNING, False)) == [warned]
    worse = (Change.WORSENED, Status.WARNING, Status.CRITICAL)
    assert sent((WARNING, False), (CRITICAL, True), (CRITICAL, False)) == [warned, worse]


def test_several_changes_in_a_mute_are_one_when_it_is_over() -> None:
    over = structs.replace(CRITICAL, direction=Direction.OVER)
    assert sent((CRITICAL, False), (WARNING, True), (WARNING, False))[1:] == [
        (Change.EASED, Status.CRITICAL, Status.WARNING)
    ]
    assert sent((CRITICAL, False), (OK, True), (over, True), (over, False)) == [FIRED, RESOLVED, FIRED]
    assert sent((CRITICAL, False), (over, True), (over, False))[1:] == [
        (Change.TURNED, Status.CRITICAL, Status.CRITICAL)
    ]


def test_what_waits_for_the_end_of_a_mute_waits_for_a_look_that_shows_it() -> None:
    """Nobody is told of a miss beside numbers that are old, or meet their bound by now."""
    held, near = seen(Status.HOLD), seen(Status.ON_PACE, recovered=Status.CRITICAL)
    assert sent((CRITICAL, True), (held, False), (near, False)) == []
    assert sent((CRITICAL, True), (held, False), (near, False), (CRITICAL, False)) == [FIRED]


IMPRESSIONS, DAILY = replace(GOAL, total=TOTALS["impressions"]), replace(GOAL, per=Period.DAY)
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")


def ending(part: float, status: Status = Status.CRITICAL, direction: Direction = Direction.OVER) -> Verdict:
    """The verdict on a total that ends at a part of its target of 100."""
    return structs.replace(seen(status, direction=direction), projected=round(100 * part), target=100)


def known(
    status: Status = Status.CRITICAL, direction: Direction = Direction.OVER, sent: Status | None = None
) -> AlertState:
    """What people are told of it, and were sent."""
    return AlertState(status, direction, 0, sent=sent)


@pytest.mark.parametrize(
    ("verdict", "other", "state", "is_said"),
    [
        (ending(2.4), ending(2.7), known(), True),
        (ending(2.9), ending(2.7), known(), True),
        (ending(3.0), ending(2.7), known(), False),
        (ending(0.5, direction=Direction.UNDER), ending(0.55, direction=Direction.UNDER), known(), False),
        (
            ending(0.5, direction=Direction.UNDER),
            ending(0.55, direction=Direction.UNDER),
            known(direction=Direction.UNDER),
            True,
        ),
        (
            ending(0.45, direction=Direction.UNDER),
            ending(0.55, direction=Direction.UNDER),
            known(direction=Direction.UNDER),
            False,
        ),
        (ending(2.4), ending(2.7), known(Status.WARNING), False),
        (ending(1.2, Status.WARNING), ending(2.7), known(), True),
        (ending(2.4), ending(2.7), AlertState(), False),
        (ending(2.4), ending(2.7), known(sent=Status.ON_PACE), False),
        (ending(2.4), structs.replace(ending(2.7), projected=None), known(), False),
        (ending(2.4), structs.replace(ending(2.7), projected=0), known(), False),
    ],
)
def test_a_total_is_said_by_another_that_people_were_sent_if_that_says_all_of_it(
    verdict: Verdict, other: Verdict, state: AlertState, is_said: bool
) -> None:
    """The same side, no worse, and in its band but for the other; whichever of the two is written first."""
    assert is_said_by_another(IMPRESSIONS, verdict, [(GOAL, other, state)]) is is_said
    mine = (IMPRESSIONS, verdict, AlertState())
    assert is_said_by_another(IMPRESSIONS, verdict, [mine, (GOAL, other, state)]) is is_said


def test_nothing_but_totals_of_the_same_period_say_each_other_and_a_plain_threshold_is_always_sent() -> None:
    spend = (GOAL, ending(2.7), known())
    assert not is_said_by_another(GOAL, ending(2.4), [spend]), "nor does one say itself"
    assert not is_said_by_another(DAILY, ending(2.4), [spend])
    assert not is_said_by_another(CTR, ending(2.4), [spend])
    assert not is_said_by_another(IMPRESSIONS, ending(2.4), [(CTR, ending(2.7), known())])
    assert not is_said_by_another(replace(IMPRESSIONS, rule=Rule.THRESHOLD), ending(2.4), [spend])
    assert is_said_by_another(IMPRESSIONS, ending(2.4), [spend])


@st.composite
def paths(draw: st.DrawFn) -> list[Step]:
    """Times, verdicts whose recovery is never easier than their miss, and mutes."""
    found: list[Step] = []
    at = 0
    for _ in range(draw(st.integers(0, 30))):
        at += draw(st.sampled_from([0, 1, HOUR_MS, DAY_MS]))
        level = draw(st.integers(0, 2))
        direction = draw(st.sampled_from([None, Direction.UNDER, Direction.OVER]))
        levels = (Status.ON_PACE, Status.WARNING, Status.CRITICAL)
        verdict = seen(levels[level], levels[draw(st.integers(level, 2))], direction)
        if draw(st.integers(0, 3)) == 0:
            verdict = seen(draw(st.sampled_from([Status.HOLD, Status.NO_DATA])))
        found.append((at, verdict, draw(st.booleans())))
    return found


@given(paths(), st.sampled_from([0, HOUR_MS]))
def test_what_people_know_is_what_they_were_sent_and_no_miss_is_left_without_an_end(
    path: list[Step], for_ms: int
) -> None:
    """Each message goes on from the last one; one look never tells twice; what is over is never left standing."""
    state, known = AlertState(), Status.ON_PACE
    last = path[-1][0] + 1 if path else 0
    for at, verdict, is_muted in [*path, (last, CLOSED, path[-1][2] if path else False)]:
        transition = moved(state, verdict, at, is_muted=is_muted, for_ms=for_ms)
        state = transition.after
        if transition.change.is_told and transition.is_sent:
            assert transition.statuses[0] is known
            known = state.told
        assert state.known[0] is known
        assert known is Status.ON_PACE or state.is_firing, "an end is sent at once"
        if not is_muted and verdict.status in {Status.WARNING, Status.CRITICAL}:
            assert known is state.told, "without a mute people know what is told"
        again = moved(state, verdict, at, is_muted=is_muted, for_ms=for_ms)
        assert not again.change.is_told
    assert (state.told, known) == (Status.ON_PACE, Status.ON_PACE)


@given(paths(), st.sampled_from([0, HOUR_MS]))
def test_a_restart_between_any_two_steps_changes_no_decision(path: list[Step], for_ms: int) -> None:
    alert = b'{"id":"x"}'
    kept = restarted = AlertState()
    for at, verdict, is_muted in path:
        held = decode_held(encode_held(Held(restarted, raw=alert), CAMPAIGN.flight))
        assert (held.flight_start_ms, held.flight_end_ms) == (0, 10**12)
        assert held.raw == (alert if restarted.is_firing else None)
        one = moved(kept, verdict, at, is_muted=is_muted, for_ms=for_ms)
        other = moved(held.state, verdict, at, is_muted=is_muted, for_ms=for_ms)
        assert one == other
        kept, restarted = one.after, other.after


def test_a_state_that_an_older_version_stored_is_read() -> None:
    raw = (
        b'{"told":"critical","direction":"under","since_ms":5,"waiting":null,"waiting_since_ms":null,"flight_end_ms":9}'
    )
    held = decode_held(raw)
    assert held.state == AlertState(Status.CRITICAL, Direction.UNDER, 5)
    assert (held.flight_start_ms, held.flight_end_ms, held.alert) == (None, 9, None)
    assert held.state.known == (Status.CRITICAL, Direction.UNDER), "what it told it sent"
