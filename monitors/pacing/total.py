"""The rule for totals: actual to date against the curve's expectation, in bands."""

from __future__ import annotations

from monitors.goals.curves import Curve
from monitors.goals.values import Flight, TotalGoal
from monitors.pacing.pace import Pace, pace
from monitors.pacing.verdict import Observed, Reason, Status, Verdict, VerdictPolicy, direction_of, status_of


def judge_total(
    flight: Flight, goal: TotalGoal, observed: Observed, policy: VerdictPolicy, at_ms: int, *, curve: Curve
) -> Verdict:
    """Judge a total at a moment at or after the flight's start."""
    if flight.start_ms < observed.history_from_ms:
        return Verdict.withheld(Status.NO_DATA, Reason.HISTORY_GONE, goal, at_ms)
    found = pace(observed.to_date[goal.total.column], goal.target, flight, curve, at_ms)
    ended = at_ms >= flight.end_ms
    if found.ratio is None or (not ended and _too_early(goal, found, policy)):
        status = recovered = Status.NO_DATA
        reason = Reason.TOO_EARLY
    else:
        status = status_of(found.ratio, goal.warning, goal.critical)
        narrow = policy.margin
        recovered = status_of(found.ratio, goal.warning.narrowed(narrow), goal.critical.narrowed(narrow))
        reason = Reason.WITHIN if status is Status.ON_PACE else Reason.OUTSIDE
        reason = Reason.FLIGHT_ENDED if ended else reason
    return Verdict(
        status=status,
        recovered=recovered,
        reason=reason,
        direction=direction_of(found.ratio),
        actual=found.actual,
        expected=found.expected,
        target=goal.target,
        ratio=found.ratio,
        projected=found.projected,
        required_per_day=found.required_per_day,
        warning=goal.warning,
        critical=goal.critical,
        as_of_ms=at_ms,
    )


def _too_early(goal: TotalGoal, found: Pace, policy: VerdictPolicy) -> bool:
    if found.actual >= goal.target:
        # All of a flight's budget gone in its first minutes is no chance.
        return False
    if found.fraction < policy.min_fraction:
        return True
    return not goal.total.is_money and found.expected < policy.min_expected
