"""The rule for ratios: a KPI of a rolling window against its bound, with what its counts can prove.

Proportions (CTR, CVR) miss when the evidence of all looks proves it (:mod:`monitors.pacing.evidence`), costs and
returns when that of all hours does (:mod:`monitors.pacing.returns`). Of a single look, as at the end of a flight,
proportions miss when the Wilson interval lies beyond the bound; costs and returns need a volume of events, and so do
scores and other KPIs of which nothing can be proven, at every look.
"""

from __future__ import annotations

from typing import NamedTuple

from kpis.catalogue import Kpi
from kpis.measures import INDEX, WIDTH, Row, zeros
from kpis.units import MICROS
from kpis.windows import parse_window
from monitors.goals.values import Band, Bound, Flight, RatioGoal, Rule
from monitors.pacing.intervals import wilson
from monitors.pacing.returns import PRIOR_LUMPS
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


class _Finding(NamedTuple):
    status: Status
    reason: Reason
    proven: Status | None = None


def judge_ratio(flight: Flight, goal: RatioGoal, observed: Observed, policy: VerdictPolicy, at_ms: int) -> Verdict:
    """Judge a ratio at a moment at or after the flight's start; once it is over, of the whole flight."""
    ended = at_ms >= flight.end_ms
    row, since_ms = (observed.to_date, None) if ended else _shown(goal, observed, at_ms)
    value = goal.kpi.of(row)
    ratio = None if value is None else goal.part(value)
    warning, critical = goal.warning, goal.critical
    finding = _Finding(Status.NO_DATA, Reason.NO_WINDOW)
    if observed.has_window or ended:
        finding = _by_this_look(goal, row, ratio, policy)
        if observed.proven is not None and not ended:
            is_met = finding.reason is not Reason.NO_EVENTS and (ratio is None or ratio in warning)
            finding = _by_evidence(observed.proven, finding, _sure(goal, row, ratio, finding, policy), is_met=is_met)
    if ended and finding.status.is_judgement:
        finding = _Finding(finding.status, Reason.FLIGHT_ENDED)
    recovered = finding.status
    if ratio is not None and finding.status.is_judgement:
        # Proof is needed to raise, not to keep: a miss ends when the value itself is back.
        recovered = status_of(ratio, warning.narrowed(policy.margin), critical.narrowed(policy.margin))
        if observed.proven is Status.CRITICAL or (observed.proven is Status.WARNING and recovered is Status.ON_PACE):
            # What is still proven has not recovered, whatever the window of the moment shows.
            recovered = observed.proven
    return Verdict(
        status=finding.status,
        recovered=recovered,
        reason=finding.reason,
        direction=Direction.OVER if finding.reason is Reason.NO_EVENTS else direction_of(ratio),
        actual=value,
        expected=goal.limit,
        target=goal.limit,
        ratio=ratio,
        projected=None,
        required_per_day=None,
        warning=warning,
        critical=critical,
        as_of_ms=at_ms,
        since_ms=since_ms,
        proven=finding.proven,
    )


def _shown(goal: RatioGoal, observed: Observed, at_ms: int) -> tuple[Row, int | None]:
    """What a running flight's ratio is of: its window; or what came since a moment, with that.

    A window that reaches back to before a miss began shows it late: until it does, what is proven is shown by what was
    counted since.
    """
    window, onset = observed.window or zeros(len(observed.to_date)), observed.onset
    is_proven = observed.proven is not None and observed.proven.is_miss
    if onset is None or not is_proven or at_ms - onset.at_ms >= parse_window(goal.window).span_ms:
        return window, None
    successes, trials = goal.kpi.parts(observed.to_date)
    counted = {goal.kpi.above.column: successes - onset.successes, goal.kpi.below.column: trials - onset.trials}
    since = tuple(counted.get(column, 0) for column in range(len(observed.to_date)))
    shown, lately = goal.kpi.of(window), goal.kpi.of(since)
    is_met = shown is not None and goal.part(shown) in goal.warning
    if not is_met or lately is None or goal.part(lately) in goal.warning:
        return window, None
    return since, onset.at_ms


def _by_this_look(goal: RatioGoal, row: Row, ratio: float | None, policy: VerdictPolicy) -> _Finding:
    if goal.rule is Rule.THRESHOLD:
        return _at_once(goal, row, ratio)
    return _proportion(goal, row, ratio, policy) if goal.kpi.is_proportion else _by_volume(goal, row, ratio)


def _at_once(goal: RatioGoal, row: Row, ratio: float | None) -> _Finding:
    """A plain threshold: what is, against the bound, however little it is made of.

    But for a KPI that evidence can never be asked of: nobody chose the threshold for it, and one answer is no score.
    """
    if ratio is None:
        return _Finding(Status.NO_DATA, Reason.NO_VALUE)
    if not goal.kpi.is_provable and 0 < goal.kpi.min_volume > _volume(goal.kpi, row):
        return _Finding(Status.NO_DATA, Reason.TOO_FEW)
    status = status_of(ratio, goal.warning, goal.critical)
    return _Finding(status, Reason.WITHIN if status is Status.ON_PACE else Reason.OUTSIDE)


def _by_evidence(proven: Status, window: _Finding, sure: Status, *, is_met: bool) -> _Finding:
    """All looks together say more than the window of this one, which alone would often be wrong by chance.

    Nobody is told of a miss beside a number that meets its bound: the window has to show it too. How bad it is, once
    there is one, is a matter of this look: as bad as the window is sure to be.
    """
    if proven is not Status.ON_PACE and not is_met:
        reason = window.reason if window.reason is Reason.NO_EVENTS else Reason.OUTSIDE
        return _Finding(worse_of(proven, sure), reason, proven)
    if window.status.is_judgement and window.status is not Status.ON_PACE:
        return _Finding(Status.ON_PACE, Reason.NOT_PROVEN)
    return window


def _sure(goal: RatioGoal, row: Row, ratio: float | None, window: _Finding, policy: VerdictPolicy) -> Status:
    """How bad a window is at the least, by the interval of this look; of proportions that is what it was judged by."""
    if goal.kpi.is_proportion or ratio is None:
        return window.status
    more = scatter(goal.kpi, goal.bound, row, policy.z)
    return status_of(ratio * more if goal.bound is Bound.AT_LEAST else ratio / more, goal.warning, goal.critical)


def scatter(kpi: Kpi, bound: Bound, row: Row, z: float) -> float:
    """By how many times chance alone moves a cost or a return to either side, with so few events.

    The square root of a count scatters by a half, whatever the count (M. S. Bartlett, 1936); of revenue, orders count
    for less, as some bring far more than others.

    Args:
        kpi: a quotient that is no proportion.
        bound: the side that it should be on: what is above the line should be many of a return, below it of a cost.
        row: its counts.
        z: standard deviations of the normal distribution.
    """
    good = kpi.above if bound is Bound.AT_LEAST else kpi.below
    is_money = good.in_micros
    orders = row[INDEX["conversions"] if is_money else good.column]
    if is_money and good.column >= WIDTH:
        # In how many events it came is not known: one is what all of it may be.
        orders = 1
    events = max(orders, 1) / (PRIOR_LUMPS if is_money else 1)
    return float((1 + z / 2 / events**0.5) ** 2)


def _proportion(goal: RatioGoal, row: Row, ratio: float | None, policy: VerdictPolicy) -> _Finding:
    successes, trials = goal.kpi.parts(row)
    at_least = goal.bound is Bound.AT_LEAST
    worst = wilson(0 if at_least else trials, trials, policy.z)
    if ratio is None or _nearest(worst, goal) in goal.warning:
        # Even the worst that so many trials can show would prove nothing.
        return _Finding(Status.NO_DATA, Reason.TOO_FEW)
    nearest = _nearest(wilson(successes, trials, policy.z), goal)
    return _weighed(ratio, nearest, goal.warning, goal.critical)


def _nearest(interval: tuple[float, float], goal: RatioGoal) -> float:
    """The end of an interval that speaks best for the goal, as a part of its limit."""
    low, high = interval
    return (high if goal.bound is Bound.AT_LEAST else low) / goal.limit


def _weighed(ratio: float, nearest: float, warning: Band, critical: Band) -> _Finding:
    status = status_of(nearest, warning, critical)
    if status is not Status.ON_PACE:
        return _Finding(status, Reason.OUTSIDE)
    return _Finding(status, Reason.WITHIN if ratio in warning else Reason.NOT_PROVEN)


def _volume(kpi: Kpi, row: Row) -> float:
    return row[kpi.noise.column] / (MICROS if kpi.noise.in_micros else 1)


def _by_volume(goal: RatioGoal, row: Row, ratio: float | None) -> _Finding:
    kpi = goal.kpi
    volume = _volume(kpi, row)
    has_cost = goal.bound is Bound.AT_MOST and kpi.noise == kpi.below
    if has_cost:
        # What this spend would have brought at the limit counts as volume too: a cost per event has no value when
        # there is no event, and that is when it is worst.
        up, down = kpi.factors
        volume = max(volume, row[kpi.above.column] * up / down / goal.limit / (MICROS if kpi.below.in_micros else 1))
    if volume < kpi.min_volume:
        return _Finding(Status.NO_DATA, Reason.TOO_FEW)
    if ratio is None:
        return _Finding(Status.CRITICAL, Reason.NO_EVENTS) if has_cost else _Finding(Status.NO_DATA, Reason.NO_VALUE)
    status = status_of(ratio, goal.warning, goal.critical)
    return _Finding(status, Reason.WITHIN if status is Status.ON_PACE else Reason.OUTSIDE)
