"""How a told miss ends other than by getting better: nobody judges it any more, or sums were corrected. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from kpis.measures import Row
from kpis.series import split
from kpis.units import Unit
from monitors.alerts.alert import Alert
from monitors.alerts.lifecycle import Change, Transition
from monitors.alerts.stored import Held
from monitors.goals.subject import Subject
from monitors.goals.values import Campaign, Period, TotalGoal
from monitors.pacing.verdict import Reason, Verdict


def end_of(key: str, held: Held, transition: Transition, reason: Reason, at_ms: int, *, unique: str) -> Alert:
    """The alert that a miss has ended: the last one, with the numbers that it had.

    Args:
        key: the goal's field in the state hash.
        held: what is stored of it.
        transition: its end.
        reason: why nobody judges it.
        at_ms: the watermark, or the clock.
        unique: the alert's id.
    """
    before, after = transition.statuses
    told = held.alert or _unknown(key, transition)
    return msgspec.structs.replace(
        told,
        id=unique,
        goal=key,
        at_ms=at_ms,
        change=Change.ENDED,
        before=before,
        after=after,
        reason=reason,
        muted=not transition.is_sent,
    )


def restated(
    transition: Transition, held: Held, campaign: Campaign, goal: Subject, verdict: Verdict, *, then: Row | None
) -> Transition:
    """A recovery that a correction of what was counted explains, named so.

    That is so of three: a miss that was told of the whole flight, for then nothing more can come; a flight's target
    that was exceeded already, for no later hour takes that back; and a flight's total of which so much more (or less)
    is known to have been counted when it was told that it would not have been. All others may have got better by
    themselves.

    Args:
        transition: what a verdict made of the alert.
        held: what was stored of it.
        campaign: whose.
        goal: which.
        verdict: the verdict.
        then: what is known now to have been counted by the time of ``held.counted``; None when nothing is.
    """
    told = held.alert
    if transition.change is not Change.RESOLVED or told is None or not is_same(told, held, campaign, verdict):
        return transition
    is_final = told.reason is Reason.FLIGHT_ENDED and verdict.reason is Reason.FLIGHT_ENDED
    if is_final or (isinstance(goal, TotalGoal) and goal.per is Period.FLIGHT and _is_other(told, held, goal, then)):
        return replace(transition, change=Change.CORRECTED)
    return transition


def _is_other(told: Alert, held: Held, goal: TotalGoal, then: Row | None) -> bool:
    """Whether a total would not have been told by what is known now of the time at which it was."""
    if told.reason is Reason.EXCEEDED:
        return True
    expected = {Reason.PROJECTED: told.target, Reason.OUTSIDE: told.expected}.get(told.reason)
    found = told.projected if told.reason is Reason.PROJECTED else told.actual
    if then is None or held.counted is None or not expected or found is None or not told.actual:
        return False
    correction = then[goal.total.column] - held.counted[1]
    # A projection goes on at the level of what was counted, so it is off by the same part.
    return correction != 0 and found * (1 + correction / told.actual) / expected in goal.warning


def asks_otherwise(held: Held, campaign: Campaign, goal: Subject, verdict: Verdict) -> bool:
    """Whether the goals file asks for something else than when a miss was told: then that proves nothing any more.

    A day's, week's or month's total asks for something else each time, which is no edit.
    """
    told = held.alert
    if told is None or (isinstance(goal, TotalGoal) and goal.per is not Period.FLIGHT):
        return False
    return not is_same(told, held, campaign, verdict)


def is_same(told: Alert, held: Held, campaign: Campaign, verdict: Verdict) -> bool:
    """Whether the file still asks for what it asked for then."""
    flight = campaign.flight
    bands = (told.target, told.warning, told.critical) == (verdict.target, verdict.warning.pair, verdict.critical.pair)
    return bands and (held.flight_start_ms, held.flight_end_ms) == (flight.start_ms, flight.end_ms)


def _unknown(key: str, transition: Transition) -> Alert:
    """What can be said where an older version stored no alert: whose it was."""
    series, _, goal = key.rpartition("|")
    campaign = split(series)[0]
    return Alert(
        id="",
        goal=key,
        at_ms=0,
        campaign=campaign,
        name=campaign,
        account="",
        label=goal,
        unit=Unit.EVENTS,
        currency="",
        change=Change.ENDED,
        before=transition.before.told,
        after=transition.after.told,
        reason=Reason.GOAL_GONE,
        direction=None,
        actual=None,
        expected=None,
        target=0,
        ratio=None,
        projected=None,
        required_per_day=None,
        bound=None,
        warning=(None, None),
        critical=(None, None),
        as_of_ms=None,
        timezone="UTC",
    )
