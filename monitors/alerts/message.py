"""How a change reads: Slack Block Kit and a plain text for notifications. Pure.

Slack's rules for text (docs.slack.dev, "Formatting message text" and "Block Kit"): ``&``, ``<`` and ``>`` are escaped;
a header holds 150 characters, a section's field 2,000, ten fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kpis.catalogue import Kind
from kpis.measures import MICROS
from monitors.alerts.assessment import Judged
from monitors.alerts.lifecycle import Change, Transition
from monitors.goals.values import Band, Campaign, Goal, RatioGoal, TotalGoal
from monitors.pacing.verdict import Direction, Reason, Status, Verdict

HEADER_LIMIT = 150
FIELD_LIMIT = 2000
TEXT_LIMIT = 3000
NAME_LIMIT = 80

_ICON = {
    Status.ON_PACE: ":large_green_circle:",
    Status.WARNING: ":large_yellow_circle:",
    Status.CRITICAL: ":red_circle:",
}
_WORD = {
    Status.ON_PACE: "on pace",
    Status.WARNING: "warning",
    Status.CRITICAL: "critical",
    Status.HOLD: "on hold",
    Status.NO_DATA: "no data",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``headline`` for logs, ``text`` for notifications, ``blocks`` for Slack."""

    headline: str
    text: str
    blocks: list[dict[str, Any]]


def render(one: Judged, transition: Transition, currency: str, *, url: str | None = None) -> Message:
    """The message about a change.

    Args:
        one: the goal, and the judgement that made the change.
        transition: what changed.
        currency: of all money.
        url: where people see more; None for no link.
    """
    campaign, goal, verdict = one.campaign, one.goal, one.verdict
    name = _name(campaign.name)
    label = goal_label(goal)
    before, after = _WORD[transition.before.told], _WORD[transition.after.told]
    headline = f"{name}: {label} {_headline(transition, verdict)}"
    facts = _facts(goal, verdict, currency)
    lines = [
        f"{_ICON[transition.after.told]} {escape(headline)}",
        f"Status: {before} → {after}",
        *(f"{k}: {escape(v)}" for k, v in facts),
        f"Campaign: {escape(_name(campaign.campaign))}, as of {as_of(campaign, verdict)}",
    ]
    fields = [("Status", f"{before} → {after}"), *facts]
    context = f"Campaign `{escape(_name(campaign.campaign))}` · as of {as_of(campaign, verdict)}"
    if url:
        context += f" · <{escape(url).replace('|', '%7C')}|Pacewatch>"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _bounded(headline, HEADER_LIMIT), "emoji": False}},
        {"type": "section", "fields": [_field(k, v) for k, v in fields]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": _bounded(context, FIELD_LIMIT)}]},
    ]
    return Message(headline, _bounded("\n".join(lines), TEXT_LIMIT), blocks)


def escape(text: str) -> str:
    """Text with the three characters that Slack gives a meaning replaced, as Slack asks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def goal_label(goal: Goal) -> str:
    """A goal in words: ``spend`` or ``CTR (1h)``."""
    return goal.total.value if isinstance(goal, TotalGoal) else f"{goal.ratio.upper()} ({goal.window})"


def as_of(campaign: Campaign, verdict: Verdict) -> str:
    """The stream clock of a verdict in the campaign's zone, to the minute."""
    if verdict.as_of_ms is None:
        return "never"
    local = datetime.fromtimestamp(verdict.as_of_ms / 1000, UTC).astimezone(ZoneInfo(campaign.flight.timezone))
    return local.strftime("%Y-%m-%d %H:%M %Z")


def _headline(transition: Transition, verdict: Verdict) -> str:
    status = transition.after.told
    side = f" ({verdict.direction})" if verdict.direction and status is not Status.ON_PACE else ""
    if verdict.reason is Reason.FLIGHT_ENDED:
        return f"ended {_WORD[status]}{side}"
    if transition.change is Change.RESOLVED:
        return "is back on pace"
    return f"is {_WORD[status]}{side}"


def _facts(goal: Goal, verdict: Verdict, currency: str) -> list[tuple[str, str]]:
    facts = [("Actual", show(goal, verdict.actual, currency))]
    if isinstance(goal, RatioGoal):
        facts.append(("Expected", f"{goal.bound.replace('_', ' ')} {show(goal, goal.limit, currency)}"))
    else:
        expected = show(goal, verdict.expected, currency)
        facts.append(("Expected", expected + (f" of {show(goal, goal.target, currency)}" if goal.target else "")))
    if verdict.ratio is not None:
        facts.append(("Actual / expected", f"{verdict.ratio:.0%}"))
    facts.append(("Threshold", _threshold(goal, verdict, currency)))
    if isinstance(goal, TotalGoal):
        facts.append(("Projection", show(goal, verdict.projected, currency)))
        if verdict.required_per_day is not None:
            facts.append(("Required per day", show(goal, verdict.required_per_day, currency)))
    if verdict.reason is Reason.NO_EVENTS:
        facts.append(("Why", "money was spent and nothing came of it"))
    return facts


def _threshold(goal: Goal, verdict: Verdict, currency: str) -> str:
    """Both bands on the side of the miss, in the goal's own unit."""
    low = verdict.direction is not Direction.OVER
    expected = verdict.expected or 0
    parts: list[str] = []
    for name, band in (("warning", verdict.warning), ("critical", verdict.critical)):
        bound = _bound(band, low)
        if bound is not None:
            sign = "<" if (bound == band.low) else ">"
            value = bound * expected
            shown = show(goal, round(value) if isinstance(goal, TotalGoal) else value, currency)
            parts.append(f"{name} {sign} {shown}")
    return ", ".join(parts)


def _bound(band: Band, low: bool) -> float | None:
    first, second = (band.low, band.high) if low else (band.high, band.low)
    return second if first is None else first


def show(goal: Goal, value: float | None, currency: str) -> str:
    """A value of a goal for people: money with its currency, shares in percent, counts with separators."""
    if value is None:
        return "none"
    if isinstance(goal, TotalGoal):
        return f"{value / MICROS:,.2f} {currency}" if goal.total.is_money else f"{value:,}"
    if goal.kpi.kind is Kind.PROPORTION:
        return f"{value:.3%}"
    return f"{value:,.4g}" + (f" {currency}" if goal.kpi.kind is Kind.MONEY else "")


def _field(name: str, value: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": _bounded(f"*{name}*\n{escape(value)}", FIELD_LIMIT)}


def _name(text: str) -> str:
    """A name that someone else chose: one line, printable, bounded."""
    return _bounded("".join(c if c.isprintable() else " " for c in text), NAME_LIMIT)


def _bounded(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
