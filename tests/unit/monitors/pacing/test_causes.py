"""One cause, one alert: what explains what; and which streams each subject needs."""

from __future__ import annotations

from itertools import product

import pytest

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, Stream
from monitors.goals.subject import WATCHES, Subject, Watch, Watched
from monitors.goals.values import OPEN, Bound, RatioGoal, TotalGoal
from monitors.pacing.causes import explained, waiting
from monitors.pacing.needs import streams_of
from monitors.pacing.verdict import Direction, Reason, Status, Verdict

GOALS: dict[str, Subject] = {
    **{title: TotalGoal(measure, 1000, OPEN, OPEN) for title, measure in TOTALS.items()},
    **{name: RatioGoal(kpi, Bound.AT_LEAST, 1.0, 0.5, "1h") for name, kpi in BY_NAME.items()},
    **{f"watch {watch.of}": watch for watch in WATCHES},
}
HANGS: dict[Watched, set[str]] = {
    Watched.SERVING: GOALS.keys() - {"watch serving", "watch evenings", "watch surge"},
    Watched.CLICKS: {"clicks", "conversions", "revenue", "ctr", "cpc", "cpa", "cvr", "roas", "aov"}
    | {"watch conversions", "watch spend"},
    Watched.CONVERSIONS: {"conversions", "revenue", "cpa", "cvr", "roas", "aov"},
    Watched.SPEND: {"spend", "cpc", "cpm", "cpa", "roas"},
    Watched.EVENINGS: set(),
    Watched.SURGE: set(),
}
"""What waits while something stands still; evenings are never a cause, and a surge is none that stands still."""
STREAM = {
    Watched.SERVING: "impression", Watched.CLICKS: "click", Watched.CONVERSIONS: "conversion", Watched.SPEND: "spend"
}  # fmt: skip


def verdict(
    goal: Subject, status: Status, reason: Reason, direction: Direction = Direction.UNDER, since_ms: int | None = 7
) -> Verdict:
    """A verdict on it."""
    return (
        Verdict.withheld(status, reason, goal, 0).because(direction, since_ms or 0)
        if since_ms
        else Verdict.withheld(status, reason, goal, 0)
    )


def miss(goal: Subject, direction: Direction = Direction.UNDER) -> Verdict:
    """One that would be told."""
    return verdict(goal, Status.CRITICAL, Reason.PROJECTED, direction)


def beside(cause: Verdict, watched: Watched, name: str, direction: Direction = Direction.UNDER) -> Verdict:
    """What becomes of a miss beside a watch's verdict."""
    goal = GOALS[name]
    judged = [(goal, miss(goal, direction)), (Watch(watched), cause)]
    (same, found), (_, kept) = explained(judged)
    assert same is goal
    if goal != Watch(watched):
        assert kept == cause or watched is not Watched.SERVING
    return found


STILL = [
    (Watched.SERVING, Reason.NOT_SERVING),
    (Watched.SERVING, Reason.NOTHING_SERVED),
    (Watched.CLICKS, Reason.SILENT),
    (Watched.CONVERSIONS, Reason.SILENT),
    (Watched.SPEND, Reason.SILENT),
]


@pytest.mark.parametrize(("cause", "name"), list(product(STILL, GOALS)))
def test_what_stands_still_explains_all_that_hangs_on_it_and_nothing_else(
    cause: tuple[Watched, Reason], name: str
) -> None:
    watched, reason = cause
    found = beside(verdict(Watch(watched), Status.CRITICAL, reason), watched, name)
    if name in HANGS[watched]:
        assert (found.status, found.recovered, found.reason) == (Status.HOLD, Status.HOLD, Reason.EXPLAINED)
    else:
        assert found == miss(GOALS[name])


@pytest.mark.parametrize(("watched", "name"), list(product(sorted(HANGS.keys() - {Watched.SURGE}), GOALS)))
def test_what_may_stand_still_makes_wait_what_hangs_on_it(watched: Watched, name: str) -> None:
    found = beside(verdict(Watch(watched), Status.ON_PACE, Reason.QUIET), watched, name)
    if name in HANGS[watched]:
        assert (found.status, found.reason, found.waits_for) == (Status.HOLD, Reason.AWAITS_STREAM, STREAM[watched])
    else:
        assert (found, found.waits_for) == (miss(GOALS[name]), "")


@pytest.mark.parametrize(("direction", "name"), list(product(Direction, GOALS)))
def test_a_surge_explains_every_miss_of_goals_and_none_of_watches(direction: Direction, name: str) -> None:
    cause = verdict(Watch(Watched.SURGE), Status.WARNING, Reason.SURGE, Direction.OVER)
    found = beside(cause, Watched.SURGE, name, direction)
    assert found.reason is (Reason.PROJECTED if isinstance(GOALS[name], Watch) else Reason.EXPLAINED)


@pytest.mark.parametrize("name", GOALS)
def test_a_surge_holds_nothing_that_is_on_pace(name: str) -> None:
    goal, watch = GOALS[name], Watch(Watched.SURGE)
    fine = verdict(goal, Status.ON_PACE, Reason.WITHIN)
    cause = verdict(watch, Status.WARNING, Reason.SURGE, Direction.OVER)
    assert explained([(goal, fine), (watch, cause)])[0][1] == fine


@pytest.mark.parametrize("name", GOALS)
def test_a_days_budget_that_has_run_out_explains_and_the_habit_of_it_does_not(name: str) -> None:
    out = verdict(Watch(Watched.SERVING), Status.ON_PACE, Reason.DAILY_BUDGET)
    found = beside(out, Watched.SERVING, name)
    assert found.reason is (Reason.EXPLAINED if name in HANGS[Watched.SERVING] else Reason.PROJECTED)
    habit = verdict(Watch(Watched.EVENINGS), Status.WARNING, Reason.DAILY_BUDGET)
    assert beside(habit, Watched.EVENINGS, name) == miss(GOALS[name])


@pytest.mark.parametrize("reason", [Reason.FLOWING, Reason.ARMED, Reason.TOO_EARLY, Reason.FLIGHT_ENDED])
def test_what_is_not_wrong_explains_nothing(reason: Reason) -> None:
    for watched, name in product([watch.of for watch in WATCHES], GOALS):
        assert beside(verdict(Watch(watched), Status.ON_PACE, reason), watched, name) == miss(GOALS[name])


@pytest.mark.parametrize("status", [Status.NO_DATA, Status.HOLD])
def test_what_is_not_judged_is_left_as_it_is(status: Status) -> None:
    goal, watch = GOALS["clicks"], Watch(Watched.SERVING)
    held = verdict(goal, status, Reason.TOO_EARLY)
    assert explained([(goal, held), (watch, verdict(watch, Status.CRITICAL, Reason.NOT_SERVING))])[0][1] == held


def test_order_is_kept_and_a_cause_is_found_wherever_it_stands() -> None:
    watch, goals = Watch(Watched.SERVING), [GOALS["spend"], GOALS["ctr"]]
    cause = (watch, verdict(watch, Status.CRITICAL, Reason.NOT_SERVING))
    for place in range(3):
        judged = [(goal, miss(goal)) for goal in goals]
        judged.insert(place, cause)
        found = explained(judged)
        assert [goal for goal, _ in found] == [goal for goal, _ in judged]
        assert [one.reason for goal, one in found if goal is not watch] == [Reason.EXPLAINED] * 2
        assert found[place][1] == cause[1]


def test_who_waits_for_a_stream_that_never_came_says_which() -> None:
    found = waiting(GOALS["cpa"], Stream.SPEND, 9)
    assert (found.status, found.recovered, found.waits_for, found.as_of_ms) == (Status.HOLD, Status.HOLD, "spend", 9)


IMP, C, V, S = Stream.IMPRESSION, Stream.CLICK, Stream.CONVERSION, Stream.SPEND
ALL = frozenset(Stream)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("impressions", {IMP}), ("clicks", {C}), ("conversions", {V}), ("revenue", {V}), ("spend", {S}),
        ("ctr", {IMP, C}), ("cpc", {S, C}), ("cpm", {S, IMP}), ("cpa", {S, V}), ("cvr", {C, V}), ("roas", {V, S}),
        ("aov", {V}), ("watch serving", {IMP}), ("watch clicks", {IMP, C}), ("watch conversions", {C, V}),
        ("watch spend", {IMP, S}),
    ],
)  # fmt: skip
def test_each_subject_needs_the_streams_that_bring_its_measures(name: str, needed: set[Stream]) -> None:
    assert streams_of(GOALS[name], ALL) == needed


@pytest.mark.parametrize(
    ("alive", "needed"), [({IMP, C, V}, {IMP, C}), ({IMP}, {IMP}), ({C, S}, {S}), ({V}, {S}), (set(), {S}), ({S}, {S})]
)
def test_money_that_comes_with_what_is_bought_needs_those_streams(alive: set[Stream], needed: set[Stream]) -> None:
    assert streams_of(GOALS["spend"], alive) == needed
