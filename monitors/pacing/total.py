"""The rule for totals: will the flight miss its target, and have the last hours changed so that it would?

A flight on its way is judged by where it will end, not by how far it is from its curve: mornings are quiet, evenings
are not, and hours scatter. Once it is over, its sum itself is held against its bands.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import NamedTuple

from kpis.times import HOUR_MS
from monitors.goals.curves import Curve
from monitors.goals.values import Flight, Rule, TotalGoal
from monitors.habits.change import Shift, Usual, shift, usual
from monitors.habits.outlook import Outlook, outlook
from monitors.pacing.intervals import student
from monitors.pacing.pace import Pace, pace
from monitors.pacing.verdict import (
    Direction,
    Observed,
    Reason,
    Status,
    Verdict,
    VerdictPolicy,
    direction_of,
    status_of,
    worse_of,
)
from monitors.read.past import Past

FIRST_DAY_UNDER, FIRST_DAY_OVER = 0.3, 3.0
"""On a first day nobody knows its shape: the nights of busy campaigns bring a fifth of the mean, and the first half of
a day half of it; their evenings bring twice the mean."""
FIRST_DAY_UNDER_MS, FIRST_DAY_OVER_MS = 12 * HOUR_MS, 3 * HOUR_MS
"""How much of the day must be past before it can be told all the same."""
FIRST_DAY_FAR_UNDER, FIRST_DAY_FAR_MS = 0.05, 3 * HOUR_MS
"""A twentieth of what an even curve has by then is a quarter of what nights bring: no shape explains that for hours."""

WARY_HOURS = 36
"""After so many hours of a flight its scatter and its persistence are known half as well as it seems."""


class _Standing(NamedTuple):
    status: Status
    reason: Reason
    recovered: Status
    direction: Direction | None = None
    since_ms: int | None = None
    proven: Status | None = None


def judge_total(
    flight: Flight,
    goal: TotalGoal,
    observed: Observed,
    policy: VerdictPolicy,
    at_ms: int,
    *,
    curve: Curve,
    whole: Flight | None = None,
) -> Verdict:
    """Judge a total at a moment at or after the start of a flight, or of a day, week or month of a ``whole`` one."""
    if flight.start_ms < observed.history_from_ms:
        return Verdict.withheld(Status.NO_DATA, Reason.HISTORY_GONE, goal, at_ms)
    found = pace(observed.to_date[goal.total.column], goal.target, flight, curve, at_ms)
    if at_ms < flight.end_ms:
        ends, finding = _underway(
            flight, goal, observed, policy, at_ms, found=found, curve=curve, whole=whole or flight
        )
    else:
        ends, finding = None, _by_bands(goal, found, Reason.FLIGHT_ENDED, policy)
    projected, interval = _shown(found, ends, observed.past, policy, at_ms)
    return Verdict(
        status=finding.status,
        recovered=finding.recovered,
        reason=finding.reason,
        direction=finding.direction or direction_of(found.ratio),
        actual=found.actual,
        expected=found.expected,
        target=goal.target,
        ratio=found.ratio,
        projected=projected,
        required_per_day=found.required_per_day,
        warning=goal.warning,
        critical=goal.critical,
        as_of_ms=at_ms,
        interval=interval,
        since_ms=finding.since_ms,
        proven=finding.proven,
    )


def _underway(
    flight: Flight,
    goal: TotalGoal,
    observed: Observed,
    policy: VerdictPolicy,
    at_ms: int,
    *,
    found: Pace,
    curve: Curve,
    whole: Flight,
) -> tuple[Outlook | None, _Standing]:
    """How a flight that is not over stands, and where it will end; by this look alone where nothing else is known."""
    if observed.past is None or goal.rule is Rule.THRESHOLD:
        return None, _at_once(goal, found, policy)
    ends = outlook(observed.past, goal, flight)
    held = usual(observed.past, goal, whole)
    if held is not None and whole is not flight:
        # What is usual is learned over the whole flight; here it is a matter of the part that this period has of it.
        held = replace(held, level=held.level * (curve(whole, flight.end_ms) - curve(whole, flight.start_ms)))
    return ends, _on_its_way(flight, goal, observed, policy, at_ms, found=found, ends=ends, held=held)


def _shown(
    found: Pace, ends: Outlook | None, past: Past | None, policy: VerdictPolicy, at_ms: int
) -> tuple[int | None, tuple[int, int] | None]:
    """Where the total will end, and between what in nine of ten cases."""
    if ends is None or past is None or not ends.knows_day:
        return found.projected, None
    expected, deviation = _ends_at(ends, found.actual, at_ms, past.end_ms)
    half = student(policy.z_interval, ends.freedom) * deviation
    return round(expected), (round(max(expected - half, found.actual)), round(expected + half))


def _on_its_way(
    flight: Flight,
    goal: TotalGoal,
    observed: Observed,
    policy: VerdictPolicy,
    at_ms: int,
    *,
    found: Pace,
    ends: Outlook | None,
    held: Usual | None,
) -> _Standing:
    standings = [_exceeded(goal, found)]
    past = observed.past
    if found.ratio is None or ends is None or past is None:
        standings.append(_Standing(Status.NO_DATA, Reason.TOO_EARLY, Status.NO_DATA))
    elif not ends.knows_day:
        standings.append(_first_day(goal, found, at_ms - max(ends.began_ms, flight.start_ms)))
    else:
        standings.append(_projection(goal, found, ends, policy, at_ms, end_ms=past.end_ms))
        if held is not None:
            open_part = min((at_ms - past.end_ms) / HOUR_MS, 1.0)
            changed = shift(held, observed.open_hour[goal.total.column], open_part, past.end_ms)
            standings.append(_change(goal, found, ends, changed, held.level))
    standing = reduce(_worst, [one for one in standings if one is not None])
    if ends is None or past is None or not ends.knows_day:
        return standing
    return _as_it_looks(standing, goal, _ends_at(ends, found.actual, at_ms, past.end_ms), ends.freedom, policy)


def _as_it_looks(
    standing: _Standing, goal: TotalGoal, end: tuple[float, float], freedom: float, policy: VerdictPolicy
) -> _Standing:
    """How bad a miss is: proof is needed that there is one; how bad it is, its interval of nine in ten cases says.

    A critical one eases when where it will end is back in the critical band, not when an end of its interval is.
    """
    expected, deviation = end
    half = student(policy.z_interval, freedom) * deviation
    nearest = min(max(goal.target, expected - half), expected + half) / goal.target
    point, recovered = expected / goal.target, standing.recovered
    is_same_side = standing.direction in {None, direction_of(point)}
    if recovered is Status.WARNING and is_same_side and point not in goal.critical.narrowed(policy.margin):
        recovered = Status.CRITICAL
    status = standing.status
    if status is Status.WARNING and is_same_side and nearest not in goal.critical:
        status = Status.CRITICAL
    return _Standing(status, standing.reason, recovered, standing.direction, standing.since_ms, standing.status)


def _exceeded(goal: TotalGoal, found: Pace) -> _Standing | None:
    """More than the whole flight should bring: no later hour takes that back."""
    if goal.warning.high is None or found.actual <= goal.target * goal.warning.high:
        return None
    status = status_of(found.actual / goal.target, goal.warning, goal.critical)
    return _Standing(status, Reason.EXCEEDED, status, Direction.OVER)


def _projection(
    goal: TotalGoal, found: Pace, ends: Outlook, policy: VerdictPolicy, at_ms: int, *, end_ms: int
) -> _Standing:
    expected, deviation = _ends_at(ends, found.actual, at_ms, end_ms)
    wary = 1 + WARY_HOURS / ends.hours
    half = student(policy.z_proof, ends.freedom) * deviation * wary
    nearest = min(max(goal.target, expected - half), expected + half) / goal.target
    status = status_of(nearest, goal.warning, goal.critical)
    recent = (expected - ends.rest + ends.recent_rest) / goal.target
    recovered = status_of(recent, goal.warning.narrowed(policy.margin), goal.critical.narrowed(policy.margin))
    point = expected / goal.target
    if status is not Status.ON_PACE and abs(point - 1) < goal.materiality:
        return _Standing(Status.ON_PACE, Reason.IMMATERIAL, Status.ON_PACE, direction_of(point))
    if status is Status.ON_PACE:
        reason = Reason.WITHIN if point in goal.warning else Reason.NOT_PROVEN
    else:
        reason = Reason.PROJECTED
    return _Standing(status, reason, worse_of(status, recovered), direction_of(point))


def _change(goal: TotalGoal, found: Pace, ends: Outlook, changed: Shift, level: float) -> _Standing:
    """A change is worth a message if the flight would miss its target should it last."""
    persists = (found.actual + ends.rest / max(ends.level, 1e-12) * level * changed.factor) / goal.target
    status = status_of(persists, goal.warning, goal.critical)
    if not changed.is_proven or status is Status.ON_PACE or abs(persists - 1) < goal.materiality:
        return _Standing(Status.ON_PACE, Reason.WITHIN, status if changed.stands else Status.ON_PACE)
    return _Standing(status, Reason.CHANGED, status, direction_of(persists), changed.since_ms)


def _worst(first: _Standing, second: _Standing) -> _Standing:
    status = worse_of(first.status, second.status)
    chosen = first if first.status is status else second
    return _Standing(
        status, chosen.reason, worse_of(first.recovered, second.recovered), chosen.direction, chosen.since_ms
    )


def _first_day(goal: TotalGoal, found: Pace, past_ms: int) -> _Standing:
    """Before each hour of the day was seen once, only what no day's shape explains is told."""
    ratio = found.ratio or 0.0
    is_under = past_ms >= FIRST_DAY_UNDER_MS and ratio < FIRST_DAY_UNDER
    is_under = is_under or (past_ms >= FIRST_DAY_FAR_MS and ratio < FIRST_DAY_FAR_UNDER)
    is_over = past_ms >= FIRST_DAY_OVER_MS and ratio > FIRST_DAY_OVER
    status = status_of(ratio, goal.warning, goal.critical)
    if status is Status.ON_PACE or is_under or is_over:
        return _Standing(status, Reason.WITHIN if status is Status.ON_PACE else Reason.PROJECTED, status)
    most = (found.actual + FIRST_DAY_OVER * max(goal.target - found.expected, 0)) / goal.target
    if most < 1 and (sure := status_of(most, goal.warning, goal.critical)) is not Status.ON_PACE:
        return _Standing(sure, Reason.PROJECTED, sure, Direction.UNDER)
    return _Standing(Status.ON_PACE, Reason.NOT_PROVEN, status)


def _ends_at(ends: Outlook, actual: int, at_ms: int, end_ms: int) -> tuple[float, float]:
    """Where the total will end, and the standard deviation of that."""
    part = min(max((at_ms - end_ms) / HOUR_MS, 0.0), 1.0)
    rest = max(ends.rest - ends.open_hour * part, 0.0)
    shrunk = (rest / ends.rest) ** 0.5 if ends.rest > 0 else 0.0
    return actual + rest, ends.deviation * shrunk


def _at_once(goal: TotalGoal, found: Pace, policy: VerdictPolicy) -> _Standing:
    """Without a past there is only this look: actual to date against the curve."""
    if found.ratio is None or _too_early(goal, found, policy):
        return _Standing(Status.NO_DATA, Reason.TOO_EARLY, Status.NO_DATA)
    return _by_bands(goal, found, None, policy)


def _by_bands(goal: TotalGoal, found: Pace, reason: Reason | None, policy: VerdictPolicy) -> _Standing:
    ratio = found.ratio if found.ratio is not None else 1.0
    narrow = policy.margin
    status = status_of(ratio, goal.warning, goal.critical)
    recovered = status_of(ratio, goal.warning.narrowed(narrow), goal.critical.narrowed(narrow))
    return _Standing(status, reason or (Reason.WITHIN if status is Status.ON_PACE else Reason.OUTSIDE), recovered)


def _too_early(goal: TotalGoal, found: Pace, policy: VerdictPolicy) -> bool:
    if found.actual >= goal.target:
        # All of a flight's budget gone in its first minutes is no chance.
        return False
    if found.fraction < policy.min_fraction:
        return True
    return not goal.total.is_money and found.expected < policy.min_expected
