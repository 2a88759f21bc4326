"""One alert for one cause: what follows from something that is wrong already waits until that is over.

A goal that cannot be met because nothing is served, clicked or tracked says nothing new. While it is not certain yet
whether a stream stands still or the campaign does, what hangs on it waits as well, so that no pace alert goes out on
numbers that are not all there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from kpis.measures import Measure, Stream
from monitors.goals.subject import Subject, Watch, Watched
from monitors.goals.values import RatioGoal
from monitors.pacing.verdict import Reason, Status, Verdict

Judged = tuple[Subject, Verdict]
Causes = Sequence[tuple[Watched, Verdict]]
"""Watches that say what others follow from."""

_NEEDS = {
    Watched.SERVING: frozenset({"impressions", "clicks", "conversions", "spend_micros", "revenue_micros"}),
    Watched.CLICKS: frozenset({"clicks", "conversions", "revenue_micros"}),
    Watched.CONVERSIONS: frozenset({"conversions", "revenue_micros"}),
    Watched.SPEND: frozenset({"spend_micros"}),
    Watched.EVENINGS: frozenset(),
    Watched.SURGE: frozenset({"impressions", "clicks", "conversions", "spend_micros", "revenue_micros"}),
}
"""The measures that stand still while what is watched does."""
BRINGS = {
    Watched.SERVING: Stream.IMPRESSION,
    Watched.CLICKS: Stream.CLICK,
    Watched.CONVERSIONS: Stream.CONVERSION,
    Watched.SPEND: Stream.SPEND,
    Watched.EVENINGS: Stream.IMPRESSION,
    Watched.SURGE: Stream.IMPRESSION,
}
"""The stream that brings what is watched."""
_MAIN = {
    Stream.IMPRESSION: "impressions",
    Stream.CLICK: "clicks",
    Stream.CONVERSION: "conversions",
    Stream.SPEND: "spend_micros",
}
_CAUSES_OF_SILENCE = frozenset({Watched.SERVING, Watched.CLICKS})
STANDS_STILL = frozenset({Reason.NOT_SERVING, Reason.NOTHING_SERVED, Reason.SILENT, Reason.QUIET, Reason.DAILY_BUDGET})


def explained(judged: Iterable[Judged], shared: Causes = ()) -> list[Judged]:
    """Verdicts in the same order; those that another one explains are held.

    Args:
        judged: all of one campaign's goals and watches with their verdicts.
        shared: of a parent, what is wrong :func:`in_all` of its members.
    """
    found = list(judged)
    causes = [*causes_of(found), *shared]
    return [(goal, _held(goal, verdict, causes)) for goal, verdict in found] if causes else found


def causes_of(judged: Iterable[Judged]) -> Causes:
    """The watches of a campaign that say what others follow from."""
    return [(goal.of, verdict) for goal, verdict in judged if isinstance(goal, Watch) and _is_cause(goal, verdict)]


def in_all(found: Sequence[Causes]) -> Causes:
    """What is wrong with each of some campaigns; none where one of them has nothing of it."""
    if not found:
        return []
    shared = set.intersection(*({watched for watched, _ in causes} for causes in found))
    return [(watched, verdict) for watched, verdict in found[0] if watched in shared]


def _is_cause(watch: Watch, verdict: Verdict) -> bool:
    if watch.of is Watched.EVENINGS:
        return False
    return verdict.reason in STANDS_STILL or verdict.reason is Reason.SURGE


def _held(goal: Subject, verdict: Verdict, causes: Iterable[tuple[Watched, Verdict]]) -> Verdict:
    if not verdict.status.is_judgement:
        return verdict
    for watched, cause in causes:
        if not hangs_on(goal, watched) or (isinstance(goal, Watch) and goal.of is watched):
            continue
        if cause.reason is Reason.SURGE:
            if verdict.status is not Status.ON_PACE and not isinstance(goal, Watch):
                return hold(verdict, Reason.EXPLAINED)
            continue
        if cause.reason is Reason.QUIET:
            return replace(hold(verdict, Reason.AWAITS_STREAM), waits_for=str(BRINGS[watched]))
        return hold(verdict, Reason.EXPLAINED)
    return verdict


def waiting(goal: Subject, stream: Stream, as_of_ms: int | None) -> Verdict:
    """The verdict of a goal that hangs on a stream which has not brought anything yet."""
    return replace(Verdict.withheld(Status.HOLD, Reason.AWAITS_STREAM, goal, as_of_ms), waits_for=str(stream))


def hold(verdict: Verdict, reason: Reason) -> Verdict:
    """A verdict that waits."""
    return replace(verdict, status=Status.HOLD, recovered=Status.HOLD, reason=reason)


def hangs_on(goal: Subject, watched: Watched) -> bool:
    """Whether a goal or a watch says nothing of its own while what a campaign is watched for stands still."""
    needs = _NEEDS[watched]
    if isinstance(goal, Watch):
        return goal.of in {Watched.CLICKS, Watched.CONVERSIONS, Watched.SPEND} and watched in _CAUSES_OF_SILENCE
    if isinstance(goal, RatioGoal):
        return any(_like(measure) & needs for measure in goal.kpi.formula.measures)
    return bool(_like(goal.total) & needs)


def _like(measure: Measure) -> AbstractSet[str]:
    """The core's measures that stand still with a measure: itself, or what the events bring that it is made of."""
    return {measure.name} if measure.counting is None else {_MAIN[s] for s in measure.streams if s in _MAIN}
