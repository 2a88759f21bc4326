"""Samples of verdicts, thresholds and flights. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kpis.units import STYLES, Unit
from monitors import metrics
from monitors.alerts.assessment import Assessment
from monitors.export.samples import Families, campaign_label, seconds
from monitors.goals.subject import Subject
from monitors.pacing.verdict import Status


def pace_samples(judged: Iterable[Assessment], currency: str) -> Families:
    """Verdicts, thresholds and flights of every goal."""
    found = Families(
        (
            metrics.PACE_RATIO, metrics.PACE_ACTUAL, metrics.PACE_EXPECTED, metrics.PACE_PROJECTED,
            metrics.PACE_REQUIRED, metrics.PACE_TARGET, metrics.PACE_STATUS, metrics.PACE_REASON,
            metrics.PACE_ALERT, metrics.PACE_THRESHOLD, metrics.PACE_AS_OF, metrics.FLIGHT_START,
            metrics.FLIGHT_END, metrics.CAMPAIGN_INFO,
        )
    )  # fmt: skip
    campaigns = {}
    for one in judged:
        campaigns[one.campaign.campaign] = one.campaign
        _goal(found, one, currency)
    for name, campaign in campaigns.items():
        at = campaign_label(name)
        found.add(metrics.FLIGHT_START, (at,), campaign.flight.start_ms / 1000)
        found.add(metrics.FLIGHT_END, (at,), campaign.flight.end_ms / 1000)
        found.add(metrics.CAMPAIGN_INFO, (at, campaign.name, campaign.account), 1)
    return found


def _goal(found: Families, one: Assessment, currency: str) -> None:
    at = (campaign_label(one.campaign.campaign), one.goal.id)
    verdict = one.verdict
    unit, scale = _unit(one.goal, currency)
    for definition, value in (
        (metrics.PACE_ACTUAL, verdict.actual),
        (metrics.PACE_EXPECTED, verdict.expected),
        (metrics.PACE_PROJECTED, verdict.projected),
        (metrics.PACE_REQUIRED, verdict.required_per_day),
        (metrics.PACE_TARGET, verdict.target),
    ):
        found.add(definition, (*at, unit), None if value is None else value / scale)
    found.add(metrics.PACE_RATIO, at, verdict.ratio)
    for status in Status:
        found.add(metrics.PACE_STATUS, (*at, status), float(status is verdict.status))
        if status.is_judgement:
            found.add(metrics.PACE_ALERT, (*at, status), float(status is one.state.told))
    found.add(metrics.PACE_REASON, (*at, verdict.reason), 1)
    for severity, band in ((Status.WARNING, verdict.warning), (Status.CRITICAL, verdict.critical)):
        found.add(metrics.PACE_THRESHOLD, (*at, severity, "low"), band.low)
        found.add(metrics.PACE_THRESHOLD, (*at, severity, "high"), band.high)
    found.add(metrics.PACE_AS_OF, at, seconds(verdict.as_of_ms))


def _unit(goal: Subject, currency: str) -> tuple[str, int]:
    """The unit label of a goal's amounts, and what they are divided by to be in it."""
    if goal.unit.is_money:
        return currency, STYLES[goal.unit].scale
    return ("events" if goal.unit is Unit.EVENTS else "ratio"), 1
