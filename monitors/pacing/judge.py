"""Judging: a pure function of goal, what is observed, curve, policy and now."""

from __future__ import annotations

from dataclasses import replace

from msgspec.structs import replace as replaced

from monitors.goals.curves import Curve, curve_of
from monitors.goals.periods import period_at, target_of
from monitors.goals.subject import Subject, Watch
from monitors.goals.values import Campaign, Flight, Period, TotalGoal
from monitors.pacing.partly import is_partly
from monitors.pacing.ratio import judge_ratio
from monitors.pacing.silence import judge_watch, never_began
from monitors.pacing.total import judge_total
from monitors.pacing.verdict import Observed, Reason, Status, Verdict, VerdictPolicy


def judge(
    campaign: Campaign,
    goal: Subject,
    observed: Observed,
    policy: VerdictPolicy,
    now_ms: int,
    *,
    curve: Curve | None = None,
) -> Verdict:
    """Judge a goal as of the watermark.

    Args:
        campaign: whose goal, for the flight.
        goal: what to judge.
        observed: what is known.
        policy: when to judge.
        now_ms: the clock, for freshness.
        curve: how a total's target spreads over the flight; None for the one the goal names.
    """
    withheld = _withheld(campaign.flight, observed, policy, now_ms)
    if isinstance(goal, Watch) and observed.as_of_ms is None:
        never = never_began(campaign.flight, goal, observed.heard, now_ms, launch_ms=policy.launch_ms)
        if never is not None:
            return never
    if withheld is not None:
        status, reason = withheld
        return Verdict.withheld(status, reason, goal, observed.as_of_ms)
    at_ms = observed.as_of_ms or 0
    if is_partly(campaign.flight, goal, observed.whole_ms, at_ms):
        # No alert comes of it, and none ends: what was told of the numbers of before stands.
        return replaced(
            Verdict.withheld(Status.NO_DATA, Reason.PARTLY_COUNTED, goal, at_ms), since_ms=observed.whole_ms
        )
    if isinstance(goal, TotalGoal):
        return _judge_total(campaign.flight, goal, observed, policy, at_ms, curve=curve or curve_of(goal.curve))
    if isinstance(goal, Watch):
        return judge_watch(campaign, goal, observed, at_ms, launch_ms=policy.launch_ms)
    return judge_ratio(campaign.flight, goal, observed, policy, at_ms)


def _judge_total(
    flight: Flight, goal: TotalGoal, observed: Observed, policy: VerdictPolicy, at_ms: int, *, curve: Curve
) -> Verdict:
    """Judge a total in the period that a moment lies in."""
    if goal.per is Period.FLIGHT:
        return judge_total(flight, goal, observed, policy, at_ms, curve=curve)
    target = target_of(goal, flight, at_ms)
    if target <= 0:
        return Verdict.withheld(Status.NO_DATA, Reason.NOTHING_DUE, goal, at_ms)
    part = period_at(flight, goal.per, at_ms)
    return judge_total(part, replace(goal, target=target), observed, policy, at_ms, curve=curve, whole=flight)


def _withheld(flight: Flight, observed: Observed, policy: VerdictPolicy, now_ms: int) -> tuple[Status, Reason] | None:
    """Why nothing can be judged at all; None when it can."""
    if now_ms < flight.start_ms:
        return Status.NO_DATA, Reason.NOT_STARTED
    if now_ms >= flight.end_ms + policy.final_ms:
        return Status.NO_DATA, Reason.FLIGHT_CLOSED
    as_of = observed.as_of_ms
    if as_of is None:
        return Status.NO_DATA, Reason.NO_CLOCK
    # Of a flight that is over, data up to its end is all there is to know.
    if as_of < min(now_ms, flight.end_ms) - policy.max_lag_ms - observed.late_ms:
        return Status.HOLD, Reason.STALE_DATA
    if as_of < flight.start_ms:
        return Status.NO_DATA, Reason.NOT_STARTED
    return None
