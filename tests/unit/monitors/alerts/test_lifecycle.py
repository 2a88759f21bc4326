"""The life of an alert, step by step and for any sequence of verdicts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kpis.measures import TOTALS
from kpis.times import DAY_MS
from monitors.alerts.deciding import Circumstances, TellingPolicy, decide
from monitors.alerts.lifecycle import AlertPhase, AlertState, Change, LifecyclePolicy, step
from monitors.alerts.stored import NOTHING_HELD, Held, decode_held, encode_held
from monitors.goals import Band, Campaign, Flight, TotalGoal
from monitors.goals.subject import WATCHES
from monitors.pacing.verdict import Direction, Reason, Status, Verdict

GOAL = TotalGoal(TOTALS["spend"], 100, Band(0.9, 1.1), Band(0.75, 1.25))
LEVELS = (Status.ON_PACE, Status.WARNING, Status.CRITICAL)
AT_ONCE = LifecyclePolicy()
PATIENT = LifecyclePolicy(for_ms=1000)


def seen(status: Status, recovered: Status | None = None, direction: Direction | None = Direction.UNDER) -> Verdict:
    """A verdict of a status; without hysteresis unless told."""
    return Verdict(
        status, recovered or status, Reason.OUTSIDE, direction, 1, 1, 1, 1.0, 1, 1, GOAL.warning, GOAL.critical, 0
    )


def walk(policy: LifecyclePolicy, *verdicts: tuple[int, Verdict]) -> list[Change]:
    """The changes that verdicts at times make, from a fresh state."""
    state, changes = AlertState(), []
    for at, verdict in verdicts:
        transition = step(state, verdict, policy, at)
        state = transition.after
        changes.append(transition.change)
    return changes


def test_a_first_judgement_on_pace_is_not_told_and_a_first_miss_is() -> None:
    assert walk(AT_ONCE, (0, seen(Status.ON_PACE))) == [Change.NONE]
    assert walk(AT_ONCE, (0, seen(Status.WARNING))) == [Change.FIRED]


def test_each_change_of_status_is_one_change_and_the_same_status_none() -> None:
    path = [Status.WARNING, Status.WARNING, Status.CRITICAL, Status.CRITICAL, Status.WARNING, Status.ON_PACE]
    changes = walk(AT_ONCE, *((i, seen(s)) for i, s in enumerate(path)))
    assert changes == [Change.FIRED, Change.NONE, Change.WORSENED, Change.NONE, Change.EASED, Change.RESOLVED]


def test_a_miss_fires_as_bad_as_it_looks_and_becomes_worse_only_by_proof() -> None:
    """That the proof of the same numbers is complete later is no news; nor is what only looks worse now."""
    looks = structs.replace(seen(Status.CRITICAL), proven=Status.WARNING)
    warned = structs.replace(seen(Status.WARNING, Status.CRITICAL), proven=Status.WARNING)
    assert walk(AT_ONCE, (0, looks), (1, warned), (2, seen(Status.CRITICAL))) == [
        Change.FIRED, Change.NONE, Change.NONE,
    ]  # fmt: skip
    assert walk(AT_ONCE, (0, seen(Status.WARNING)), (1, looks), (2, seen(Status.CRITICAL))) == [
        Change.FIRED, Change.NONE, Change.WORSENED,
    ]  # fmt: skip
    assert step(AlertState(), looks, AT_ONCE, 0).after.told is Status.CRITICAL
    turned = structs.replace(looks, direction=Direction.OVER)
    found = step(AlertState(Status.WARNING, Direction.UNDER, 0), turned, AT_ONCE, 1)
    assert (found.change, found.after.told) == (Change.TURNED, Status.CRITICAL)


def test_a_value_on_the_threshold_does_not_alternate() -> None:
    """Back within the band but not within the narrowed one: the alert stays."""
    path = [seen(Status.WARNING), seen(Status.ON_PACE, recovered=Status.WARNING)] * 3
    assert walk(AT_ONCE, *enumerate(path)) == [Change.FIRED] + [Change.NONE] * 5


def test_a_critical_miss_that_is_back_on_its_bound_is_resolved_and_no_warning() -> None:
    """Whatever side of the bound it is on by a hair: nobody wants to hear of a warning over a goal that is met."""
    for side in (None, Direction.OVER, Direction.UNDER):
        back = seen(Status.ON_PACE, recovered=Status.WARNING, direction=side)
        path = ((0, seen(Status.CRITICAL)), (1, back), (2, back))
        assert walk(AT_ONCE, *path) == [Change.FIRED, Change.RESOLVED, Change.NONE]


def test_a_critical_miss_that_can_only_not_be_proven_any_more_is_eased() -> None:
    """Its value is still outside of the band: too few events are no recovery."""
    short = structs.replace(seen(Status.ON_PACE, recovered=Status.WARNING), reason=Reason.NOT_PROVEN, ratio=0.85)
    assert walk(AT_ONCE, (0, seen(Status.CRITICAL)), (1, short)) == [Change.FIRED, Change.EASED]


def test_a_miss_must_last_before_it_is_told() -> None:
    miss = seen(Status.WARNING)
    assert walk(PATIENT, (0, miss), (999, miss), (1000, miss)) == [Change.PENDING, Change.NONE, Change.FIRED]


def test_a_miss_that_goes_away_in_time_is_never_told() -> None:
    path = ((0, seen(Status.WARNING)), (500, seen(Status.ON_PACE)), (1500, seen(Status.WARNING)))
    assert walk(PATIENT, *path) == [Change.PENDING, Change.WITHDRAWN, Change.PENDING]


def test_a_miss_that_turns_to_the_other_side_is_told() -> None:
    over = seen(Status.CRITICAL, direction=Direction.OVER)
    assert walk(AT_ONCE, (0, seen(Status.CRITICAL)), (1, over), (2, over)) == [Change.FIRED, Change.TURNED, Change.NONE]


def test_verdicts_that_judge_nothing_change_nothing() -> None:
    firing = step(AlertState(), seen(Status.CRITICAL), AT_ONCE, 0).after
    for state in (firing, AlertState()):
        transition = step(state, seen(Status.HOLD), AT_ONCE, 10**9)
        assert (transition.after, transition.change) == (state, Change.HELD)
    transition = step(AlertState(), seen(Status.NO_DATA), AT_ONCE, 10**9)
    assert (transition.after, transition.change) == (AlertState(), Change.HELD)


def test_a_miss_that_is_not_judged_for_a_day_ends() -> None:
    """Any judgement in between begins the day anew; data that is too old does not end it."""
    none, held, miss = seen(Status.NO_DATA), seen(Status.HOLD), seen(Status.CRITICAL)
    path = ((0, miss), (1, none), (DAY_MS, none), (DAY_MS + 1, none), (DAY_MS + 2, none))
    assert walk(AT_ONCE, *path) == [Change.FIRED, Change.HELD, Change.HELD, Change.ENDED, Change.HELD]
    path = ((0, miss), (1, none), (DAY_MS, miss), (DAY_MS + 2, none), (3 * DAY_MS, held))
    assert walk(AT_ONCE, *path) == [Change.FIRED, Change.HELD, Change.NONE, Change.HELD, Change.HELD]


def test_a_miss_ends_with_its_flight() -> None:
    for reason in (Reason.FLIGHT_CLOSED, Reason.FLIGHT_ENDED):
        over = structs.replace(seen(Status.NO_DATA), reason=reason)
        assert walk(AT_ONCE, (0, seen(Status.WARNING)), (1, over), (2, over)) == [
            Change.FIRED, Change.ENDED, Change.HELD,
        ]  # fmt: skip
        assert walk(AT_ONCE, (0, seen(Status.ON_PACE)), (1, over)) == [Change.NONE, Change.HELD]


def test_a_goal_is_as_patient_as_the_most_patient_of_what_it_and_the_settings_say() -> None:
    patient = replace(GOAL, for_ms=5, patience_ms=7)
    assert [LifecyclePolicy(ms).of(patient).for_ms for ms in (0, 6, 9)] == [7, 7, 9]
    assert LifecyclePolicy(3).of(replace(GOAL, for_ms=5)) == LifecyclePolicy(5)
    assert LifecyclePolicy(3).of(WATCHES[0]) == LifecyclePolicy(3)


def test_phases_are_named_as_people_know_them() -> None:
    pending = step(AlertState(), seen(Status.WARNING), PATIENT, 0).after
    firing = step(pending, seen(Status.WARNING), PATIENT, 1000).after
    assert [s.phase for s in (AlertState(), pending, firing)] == [AlertPhase.OK, AlertPhase.PENDING, AlertPhase.FIRING]


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    """A verdict whose recovery is never easier than its miss."""
    level = draw(st.integers(0, 2))
    if draw(st.integers(0, 5)) == 0:
        return seen(draw(st.sampled_from([Status.HOLD, Status.NO_DATA])))
    recovered = LEVELS[draw(st.integers(level, 2))]
    return seen(LEVELS[level], recovered, draw(st.sampled_from([None, Direction.UNDER, Direction.OVER])))


@given(st.lists(st.tuples(st.integers(0, 2000), verdicts()), max_size=40), st.sampled_from([0, 1000]))
def test_what_is_told_is_exactly_what_changes(path: list[tuple[int, Verdict]], for_ms: int) -> None:
    """Told changes alter what people know, untold ones never do; nothing fires before its time."""
    state, now = AlertState(), 0
    for gap, verdict in path:
        now += gap
        transition = step(state, verdict, LifecyclePolicy(for_ms), now)
        before, after = transition.before, transition.after
        known = (before.told, before.direction) != (after.told, after.direction)
        assert before == state
        assert transition.change.is_told == known
        if transition.change is Change.FIRED:
            assert for_ms == 0 or (before.waiting_since_ms is not None and now - before.waiting_since_ms >= for_ms)
        if transition.change in {Change.NONE, Change.HELD}:
            assert (after.told, after.direction, after.since_ms) == (before.told, before.direction, before.since_ms)
        again = step(after, verdict, LifecyclePolicy(for_ms), now)
        assert not again.change.is_told, "the same verdict at the same time is never told twice"
        state = after


@given(st.lists(st.tuples(st.integers(0, 2000), verdicts()), max_size=10))
def test_a_state_comes_back_from_redis_as_it_went(path: list[tuple[int, Verdict]]) -> None:
    campaign = Campaign("c1", "c1", Flight(0, 10, "UTC"), (GOAL,))
    state = AlertState()
    for at, verdict in path:
        state = step(state, verdict, PATIENT, at).after
        assert decode_held(encode_held(Held(state), campaign.flight)).state == state


def test_a_state_of_an_earlier_flight_or_one_that_is_garbage_is_a_fresh_one() -> None:
    """What fires in one is ended first; what is over in it says nothing of the next flight."""
    first = Campaign("c1", "c1", Flight(0, 10, "UTC"), (GOAL,))
    second = Campaign("c1", "c1", Flight(10, 20, "UTC"), (GOAL,))
    firing = step(AlertState(), seen(Status.CRITICAL), AT_ONCE, 0).after
    held = decode_held(encode_held(Held(firing), first.flight))
    calm = Circumstances(10)
    assert (held.state, held.is_before(first.flight), held.is_before(second.flight)) == (firing, False, True)
    gone = decide(second, GOAL, seen(Status.CRITICAL), held, TellingPolicy(), around=calm)
    assert (gone.change, gone.after.told) == (Change.ENDED, Status.ON_PACE)
    over = decode_held(
        encode_held(Held(replace(gone.after, waiting=Status.CRITICAL, waiting_since_ms=1)), first.flight)
    )
    again = decide(second, GOAL, seen(Status.ON_PACE), over, TellingPolicy(), around=calm)
    assert again.before == AlertState()
    for raw in (b"", b"{}", b"\xff", b'{"told": "on fire"}', None):
        assert decode_held(raw) == NOTHING_HELD
        assert NOTHING_HELD.state == AlertState()
