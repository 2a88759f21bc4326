"""Alerts and check-ins in the form that is posted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from kpis.times import written_time
from kpis.units import MICROS, Unit
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn, Standing
from monitors.alerts.check_in_words import check_in_headline, check_in_lines
from monitors.alerts.notifiers.links import board_link, runbook_link
from monitors.alerts.notifiers.webhook.form import (
    VERSION,
    PostedAlert,
    PostedBody,
    PostedCampaign,
    PostedCheckIn,
    PostedGoal,
    PostedLinks,
    PostedNumbers,
    PostedStanding,
    PostedStatus,
    PostedWords,
)
from monitors.alerts.sentences import facts, headline
from monitors.pacing.verdict import Status

Amount = str | int | float


def body_of(messages: Sequence[Outgoing], now_ms: int, public_url: str | None) -> PostedBody:
    """What is posted.

    Args:
        messages: oldest first.
        now_ms: real time, epoch milliseconds.
        public_url: where people see the monitor; None for no links.
    """
    return PostedBody(
        version=VERSION,
        sent_at=written_time(now_ms),
        alerts=[_alert(one, public_url) for one in messages if not isinstance(one, CheckIn)],
        check_ins=[_check_in(one, public_url) for one in messages if isinstance(one, CheckIn)],
    )


def money_or_number(value: float | None, unit: Unit) -> Amount | None:
    """An amount: of money, and what is counted in millionths, a decimal string without an exponent; else as it is."""
    if value is None or not (unit.is_money or unit.in_micros):
        return value
    exact = Decimal(value).scaleb(-len(str(MICROS // 10))) if unit.in_micros else Decimal(repr(value))
    shown = f"{exact:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _alert(alert: Alert, public_url: str | None) -> PostedAlert:
    return PostedAlert(
        id=alert.id,
        change=alert.change,
        campaign=_campaign(alert),
        goal=PostedGoal(alert.goal.rpartition("|")[2], alert.label, alert.bound, alert.watched),
        status=PostedStatus(alert.before, alert.after),
        reason=alert.reason,
        direction=alert.direction,
        numbers=_numbers(alert),
        since=_time(alert.since_ms),
        as_of=_time(alert.as_of_ms),
        words=PostedWords(headline(alert), dict(facts(alert))),
        links=_links(alert, public_url, alert.after if alert.after.is_miss else alert.before),
    )


def _numbers(alert: Alert) -> PostedNumbers:
    unit, is_watch = alert.unit, alert.watched is not None
    low, high = (money_or_number(value, unit) for value in alert.interval or (None, None))
    return PostedNumbers(
        unit=_unit(unit),
        currency=alert.currency if unit.is_money else None,
        actual=money_or_number(alert.actual, unit),
        expected=money_or_number(alert.expected, unit),
        target=None if is_watch else money_or_number(alert.target, unit),
        ratio=alert.ratio,
        projected=money_or_number(alert.projected, unit),
        interval=None if low is None or high is None else (low, high),
        required_per_day=money_or_number(alert.required_per_day, unit),
        warning=alert.warning,
        critical=alert.critical,
    )


def _check_in(check_in: CheckIn, public_url: str | None) -> PostedCheckIn:
    return PostedCheckIn(
        id=check_in.id,
        campaign=_campaign(check_in),
        fraction=check_in.fraction,
        milestone=_time(check_in.milestone_ms),
        as_of=_time(check_in.as_of_ms),
        standings=[_standing(one, check_in.currency) for one in check_in.standings],
        headline=check_in_headline(check_in),
        lines=check_in_lines(check_in),
        links=_links(check_in, public_url, Status.ON_PACE),
    )


def _standing(one: Standing, currency: str) -> PostedStanding:
    return PostedStanding(
        label=one.label,
        status=one.status,
        reason=one.reason,
        direction=one.direction,
        unit=_unit(one.unit),
        currency=currency if one.unit.is_money else None,
        actual=money_or_number(one.actual, one.unit),
        expected=money_or_number(one.expected, one.unit),
        target=money_or_number(one.target, one.unit),
        ratio=one.ratio,
        projected=money_or_number(one.projected, one.unit),
    )


def _campaign(of: Outgoing) -> PostedCampaign:
    return PostedCampaign(of.campaign, of.name, of.account, of.owner)


def _links(of: Outgoing, public_url: str | None, miss: Status) -> PostedLinks:
    return PostedLinks(board_link(public_url, of.campaign) or None, runbook_link(public_url, miss) or None)


def _time(ms: int | None) -> str | None:
    return None if ms is None else written_time(ms)


def _unit(unit: Unit) -> str:
    return "money" if unit.is_money else str(unit)
