"""What each verdict of a campaign rests on, in words and numbers: the same sentences that alerts are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpis.measures import Row
from kpis.runtime.durations import written
from kpis.units import amount, close_amount
from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.alerts.sentences import figures, grounds
from monitors.board.campaign_page.detail_shapes import Fact, GoalEvidence
from monitors.board.campaign_page.time_series import Z
from monitors.goals.subject import Subject, Watch, key_of
from monitors.goals.values import RatioGoal, Rule, TotalGoal
from monitors.pacing.intervals import wilson
from monitors.words.phrases import case_of, sentence
from monitors.words.wording import RANK


def evidence_of(judged: Sequence[Assessment], windows: Mapping[str, Row], currency: str) -> tuple[GoalEvidence, ...]:
    """The evidence of each goal, then of each watch, the worst first.

    Args:
        judged: a campaign's goals and watches.
        windows: what was counted of it in each window.
        currency: of all money.
    """
    ordered = sorted(judged, key=lambda one: (isinstance(one.goal, Watch), RANK[one.verdict.status]))
    return tuple(_evidence(one, windows, currency) for one in ordered)


def _evidence(one: Assessment, windows: Mapping[str, Row], currency: str) -> GoalEvidence:
    goal, verdict = one.goal, one.verdict
    alert = _as_alert(one, currency)
    said = dict(grounds(alert))
    has_numbers = verdict.actual is not None
    found = figures(alert) if has_numbers or isinstance(goal, Watch) else []
    return GoalEvidence(
        goal.id,
        goal.label,
        isinstance(goal, Watch),
        verdict.status,
        sentence(case_of(one.campaign, goal, verdict, currency)),
        said.get("Why", ""),
        said.get("Next step", ""),
        rule_words(goal),
        tuple(Fact(name, value) for name, value in (*found, *_more(one, windows, currency, alert))),
    )


def rule_words(goal: Subject) -> str:
    """When a miss of a goal is told."""
    if isinstance(goal, Watch):
        return ""
    at_once = "as soon as it is beyond its bound"
    if goal.rule is Rule.THRESHOLD:
        said = at_once + (f" for {written(goal.for_ms)}" if goal.for_ms else "")
    else:
        said = "when what was counted proves it"
    return said + (f", and {written(goal.patience_ms)} have passed" if goal.patience_ms else "")


def _as_alert(one: Assessment, currency: str) -> Alert:
    """The alert that would tell of a verdict as it is now."""
    now = Transition(one.state, AlertState(told=one.verdict.status), Change.NONE)
    return alert_of(one, now, currency, key_of(one.campaign, one.goal), "")


def _more(one: Assessment, windows: Mapping[str, Row], currency: str, alert: Alert) -> list[tuple[str, str]]:
    goal = one.goal
    if isinstance(goal, RatioGoal):
        return _counted(goal, windows, currency)
    if not isinstance(goal, TotalGoal):
        return []
    found = [
        ("Target", close_amount(alert.target, goal.unit, currency)),
        ("On pace", f"{_band(goal)} of what is expected"),
    ]
    return [*found, ("Curve", goal.curve.label.replace("_", " "))]


def _band(goal: TotalGoal) -> str:
    low, high = goal.warning.pair
    if low is None or high is None:
        return f"at least {low:.0%}" if low is not None else f"at most {high or 1:.0%}"
    return f"{low:.0%} to {high:.0%}"


def _counted(goal: RatioGoal, windows: Mapping[str, Row], currency: str) -> list[tuple[str, str]]:
    """The counts in the goal's window, and what they alone prove."""
    row = windows.get(goal.window)
    if row is None or not goal.kpi.is_quotient:
        return []
    above, below = (
        f"{amount(count, part.unit, currency)} {part.title.replace('_', ' ')}"
        for count, part in zip(goal.kpi.parts(row), (goal.kpi.above, goal.kpi.below), strict=True)
    )
    found = [(f"Counted in {goal.window}", f"{above} of {below}")]
    if goal.kpi.is_proportion and goal.kpi.parts(row)[1] > 0:
        low, high = (amount(end, goal.unit) for end in wilson(*goal.kpi.parts(row), Z))
        found.append(("95 % interval (Wilson)", f"{low} to {high}"))
    return found
