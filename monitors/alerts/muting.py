"""What is told and not sent while a campaign is muted or an alert flaps, and what is sent after that. Pure.

People are never left with a miss that is over: its end is sent at once, also in a mute. All else waits, and a miss
that still stands when that ends is sent then. A total is muted by another one of its campaign that says the same:
where twice as much is bought as planned, spend, impressions and clicks all end at twice their targets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.goals.subject import Subject
from monitors.goals.values import Rule, TotalGoal
from monitors.pacing.verdict import Direction, Status, Verdict, worse_of

_Known = tuple[Status, Direction | None]


def within_mutes(transition: Transition, verdict: Verdict | None, *, is_quiet: bool) -> Transition:
    """A transition as it is while changes wait, or after that.

    Args:
        transition: what :func:`monitors.alerts.lifecycle.step` made of a verdict.
        verdict: it; None where there is none.
        is_quiet: whether changes wait now, see :mod:`monitors.alerts.quieting`.
    """
    before, after, change = transition.before, transition.after, transition.change
    known, now = before.known, (after.told, after.direction)
    if change.is_told:
        waits = is_quiet and after.is_firing
        if waits or _is_same(known, now):
            return replace(transition, after=_sent(after, known), is_sent=False)
        return replace(transition, after=_sent(after, now), change=_between(known, now, change))
    is_missed = verdict is not None and verdict.status.is_miss
    if is_quiet or before.sent is None or not after.is_firing or not is_missed:
        return transition
    return replace(transition, after=_sent(after, now), change=_between(known, now, change))


def is_said_by_another(goal: Subject, verdict: Verdict, others: Iterable[tuple[Subject, Verdict, AlertState]]) -> bool:
    """Whether people were sent the miss of another total of the same campaign, and it says all that this one does.

    That is so of the same side, when it is no worse, and when this total would be in its band if what was planned of
    the other had come. A plain threshold is always sent: who writes one wants it.

    Args:
        goal: what was judged.
        verdict: on it.
        others: all that is judged of the campaign, with their verdicts, and what people are told as of now.
    """
    mine = _end_of(goal, verdict)
    if not isinstance(goal, TotalGoal) or mine is None or goal.rule is Rule.THRESHOLD:
        return False
    for other, its, state in others:
        (known, side), end = state.known, _end_of(other, its)
        if not isinstance(other, TotalGoal) or other.id == goal.id or other.per is not goal.per or not end:
            continue
        is_firing = state.is_firing and known.is_miss
        if not is_firing or side is not verdict.direction or worse_of(verdict.status, known) is not known:
            continue
        part = mine / end
        if (part < 1 if side is Direction.OVER else part > 1) or part in goal.warning:
            return True
    return False


def _end_of(goal: Subject, verdict: Verdict) -> float | None:
    """Where a total ends, as a part of its target; None of what is no total, or where nobody knows."""
    if not isinstance(goal, TotalGoal) or verdict.projected is None or not verdict.target:
        return None
    return verdict.projected / verdict.target


def _sent(state: AlertState, known: _Known) -> AlertState:
    """A state with what people were sent last."""
    if _is_same(known, (state.told, state.direction)):
        return replace(state, sent=None, sent_direction=None)
    return replace(state, sent=known[0], sent_direction=known[1])


def _is_same(first: _Known, second: _Known) -> bool:
    """Whether both say the same; a side that is not known is no other side."""
    return first[0] is second[0] and (first[1] is second[1] or None in {first[1], second[1]})


def _between(known: _Known, now: _Known, change: Change) -> Change:
    """The kind of change from what people knew to what they know now."""
    if now[0] is Status.ON_PACE:
        return change
    if known[0] is Status.ON_PACE:
        return Change.FIRED
    if known[1] is not now[1] and None not in {known[1], now[1]}:
        return Change.TURNED
    return Change.WORSENED if now[0] is Status.CRITICAL else Change.EASED
