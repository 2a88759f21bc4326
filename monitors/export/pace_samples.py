"""Samples of verdicts on goals and watches, thresholds and flights. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kpis.units import STYLES, Unit
from monitors import metrics
from monitors.alerts.assessment import Assessment
from monitors.export.added_samples import unit_label
from monitors.export.samples import Families, campaign_label, seconds
from monitors.goals.subject import Subject, Watch
from monitors.goals.values import Campaign, TotalGoal
from monitors.metric_kinds import Definition
from monitors.pacing.verdict import Status


def pace_samples(judged: Iterable[Assessment], currency: str) -> Families:
    """Verdicts and flights of every goal and watch; a watch has no target, and so no pace."""
    found = Families(
        (
            metrics.PACE_RATIO, metrics.PACE_ACTUAL, metrics.PACE_EXPECTED, metrics.PACE_PROJECTED,
            metrics.PACE_PROJECTED_LOW, metrics.PACE_PROJECTED_HIGH, metrics.PACE_REQUIRED, metrics.PACE_TARGET,
            metrics.PACE_STATUS, metrics.PACE_REASON, metrics.PACE_ALERT, metrics.PACE_THRESHOLD, metrics.PACE_AS_OF,
            metrics.WATCH_STATUS, metrics.WATCH_REASON, metrics.WATCH_ALERT, metrics.WATCH_SINCE,
            metrics.FLIGHT_START, metrics.FLIGHT_END, metrics.CAMPAIGN_INFO,
            *metrics.PARENTS.values(), metrics.PARENT_MEMBERS,
        )
    )  # fmt: skip
    campaigns: dict[str, Campaign] = {}
    for one in judged:
        campaigns[one.campaign.series] = one.campaign
        if isinstance(one.goal, Watch):
            _watch(found, one, one.goal)
        else:
            _goal(found, one, currency)
    for campaign in campaigns.values():
        at, of = _labels(campaign), _definitions(campaign)
        found.add(of(metrics.FLIGHT_START), at, campaign.flight.start_ms / 1000)
        found.add(of(metrics.FLIGHT_END), at, campaign.flight.end_ms / 1000)
        if campaign.is_parent:
            found.add(metrics.PARENT_MEMBERS, at, len(campaign.members))
        else:
            found.add(metrics.CAMPAIGN_INFO, (*at, campaign.name, campaign.account), 1)
    return found


def _labels(campaign: Campaign) -> tuple[str, ...]:
    """What its samples are told by."""
    if campaign.is_parent:
        return campaign.scope, campaign.account, campaign.value
    return (campaign_label(campaign.campaign),)


def _definitions(campaign: Campaign) -> Callable[[Definition], Definition]:
    """The metrics of campaigns, or in their place those of parents."""
    return metrics.PARENTS.__getitem__ if campaign.is_parent else lambda one: one


def common_samples(judged: Iterable[Assessment]) -> Families:
    """What may be wrong with all campaigns at once: every cause is there at zero, once there are goals."""
    found = Families((metrics.COMMON_CAUSE, metrics.COMMON_TOLD, metrics.COMMON_WAITING, metrics.COMMON_SINCE))
    for one in judged:
        if isinstance(one.goal, Watch):
            cause, is_so = str(one.goal.of), one.verdict.status is Status.CRITICAL
            found.add(metrics.COMMON_CAUSE, (cause,), float(is_so))
            found.add(metrics.COMMON_TOLD, (cause,), float(one.state.is_firing))
            found.add(metrics.COMMON_WAITING, (cause,), (one.verdict.actual or 0) if is_so else 0)
            found.add(metrics.COMMON_SINCE, (cause,), seconds(one.verdict.since_ms) if is_so else None)
    return found


def _goal(found: Families, one: Assessment, currency: str) -> None:
    at, of = (*_labels(one.campaign), one.goal.id), _definitions(one.campaign)
    verdict = one.verdict
    unit, scale = _unit(one.goal, currency)
    low, high = verdict.interval or (None, None)
    for definition, value in (
        (metrics.PACE_ACTUAL, verdict.actual),
        (metrics.PACE_EXPECTED, verdict.expected),
        (metrics.PACE_PROJECTED, verdict.projected),
        (metrics.PACE_PROJECTED_LOW, low),
        (metrics.PACE_PROJECTED_HIGH, high),
        (metrics.PACE_REQUIRED, verdict.required_per_day),
        (metrics.PACE_TARGET, verdict.target),
    ):
        found.add(of(definition), (*at, unit), None if value is None else value / scale)
    found.add(of(metrics.PACE_RATIO), at, verdict.ratio)
    _statuses(found, one, at, of(metrics.PACE_STATUS), of(metrics.PACE_ALERT))
    found.add(of(metrics.PACE_REASON), (*at, verdict.reason), 1)
    for severity, band in ((Status.WARNING, verdict.warning), (Status.CRITICAL, verdict.critical)):
        found.add(of(metrics.PACE_THRESHOLD), (*at, severity, "low"), band.low)
        found.add(of(metrics.PACE_THRESHOLD), (*at, severity, "high"), band.high)
    found.add(of(metrics.PACE_AS_OF), at, seconds(verdict.as_of_ms))


def _watch(found: Families, one: Assessment, watch: Watch) -> None:
    at = (campaign_label(one.campaign.campaign), str(watch.of))
    _statuses(found, one, at, metrics.WATCH_STATUS, metrics.WATCH_ALERT)
    found.add(metrics.WATCH_REASON, (*at, one.verdict.reason), 1)
    found.add(metrics.WATCH_SINCE, at, seconds(one.verdict.since_ms))


def _statuses(found: Families, one: Assessment, at: tuple[str, ...], has: Definition, told: Definition) -> None:
    for status in Status:
        found.add(has, (*at, status), float(status is one.verdict.status))
        if status.is_judgement:
            found.add(told, (*at, status), float(status is one.state.told))


def _unit(goal: Subject, currency: str) -> tuple[str, int]:
    """The unit label of a goal's amounts, and what they are divided by to be in it."""
    if goal.unit.is_money:
        return currency, STYLES[goal.unit].scale
    if isinstance(goal, TotalGoal):
        return unit_label(goal.unit, goal.total.of, currency), STYLES[goal.unit].scale
    return ("events" if goal.unit is Unit.EVENTS else "ratio"), 1
