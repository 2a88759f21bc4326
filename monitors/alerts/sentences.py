"""What an alert says, in words: a headline and facts. Pure; every notifier dresses the same ones."""

from __future__ import annotations

from kpis.runtime.printable import blanked
from kpis.units import Unit, close_amount
from monitors.alerts.alert import Alert
from monitors.alerts.check_in import CheckIn
from monitors.alerts.lifecycle import Change
from monitors.goals.subject import COMMON
from monitors.goals.values import Band, Scope
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.phrases import ending, ends, missing, moment, phrase
from monitors.wording import BACK, LOOK, LOOK_AT, REASONS, word_of

NAME_LIMIT = 80


def headline(alert: Alert) -> str:
    """One line: ``Spring launch: spend is critical (under): will end at 8,200 (7,900 to 8,600) of 10,000 EUR``."""
    if alert.watched is not None:
        return f"{shown_name(alert.name)}: {_of_watch(alert)}"
    return f"{shown_name(alert.name)}: {alert.label} {_what(alert)}{_why(alert)}"


def status_change(alert: Alert) -> str:
    """``on pace → critical``."""
    is_watch = alert.watched is not None
    return f"{word_of(alert.before, is_watch=is_watch)} → {word_of(alert.after, is_watch=is_watch)}"


def facts(alert: Alert) -> list[tuple[str, str]]:
    """What is known of it: names and values, amounts with their units."""
    if alert.watched is not None:
        return _facts_of_watch(alert)
    found = [("Actual", _amount(alert, alert.actual)), ("Expected", _expected(alert))]
    if alert.ratio is not None:
        found.append(("Actual / expected", f"{alert.ratio:.0%}"))
    found.append(_thresholds(alert))
    if alert.bound is None:
        found.append(_projection(alert))
        if alert.required_per_day is not None:
            found.append(("Required per day", _amount(alert, alert.required_per_day)))
    if alert.since_ms is not None:
        found.append(("Since", moment(alert.since_ms, alert.timezone, alert.as_of_ms)))
    if alert.reason is Reason.NO_EVENTS:
        found.append(("Why", "money was spent and nothing came of it"))
    return found


def whose(told: Alert | CheckIn) -> tuple[str, str]:
    """What a message is about, and what that is called: ``Campaign``, ``c42``; ``Account``, ``Acme``."""
    called = {Scope.CAMPAIGN: told.campaign, Scope.ACCOUNT: told.account, Scope.PORTFOLIO: told.name}[told.scope]
    return told.scope.capitalize(), shown_name(called)


def shown_name(text: str) -> str:
    """A name that someone else chose: one line, printable, bounded."""
    return bounded(blanked(text), NAME_LIMIT)


def bounded(text: str, limit: int) -> str:
    """A text of at most so many characters; one that was cut ends with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _of_watch(alert: Alert) -> str:
    if alert.watched is not None and alert.after is Status.ON_PACE:
        return BACK[alert.watched]
    return phrase(alert.case)


def _facts_of_watch(alert: Alert) -> list[tuple[str, str]]:
    if alert.after is Status.ON_PACE:
        return []
    found: list[tuple[str, str]] = []
    if alert.since_ms is not None:
        found.append(("Since", moment(alert.since_ms, alert.timezone, alert.as_of_ms)))
    if alert.watched in COMMON and alert.actual and alert.expected:
        found.append(("Campaigns that wait", f"{alert.actual:,} of {alert.expected:,}"))
    elif alert.reason is not Reason.SURGE and missing(alert.case):
        found.append(("Should have come since", f"at least {missing(alert.case)}"))
    if alert.reason in LOOK_AT:
        found.append(("Look at", LOOK_AT[alert.reason]))
    return found


def _what(alert: Alert) -> str:
    if alert.change is Change.ENDED:
        return f"is not judged any more: {REASONS.get(alert.reason, alert.reason)}"
    if alert.change is Change.CORRECTED:
        return "is on pace: what was counted has been corrected"
    word = LOOK[alert.after].word
    side = f" ({alert.direction})" if alert.direction and alert.after is not Status.ON_PACE else ""
    if alert.reason is Reason.FLIGHT_ENDED:
        return f"ended {word}{side}"
    if alert.change is Change.REPEATED:
        return f"is still {word}{side}"
    return "is back on pace" if alert.change is Change.RESOLVED else f"is {word}{side}"


def _why(alert: Alert) -> str:
    """What is told of it, after a colon; of what is well again only where it will end."""
    if alert.change is Change.ENDED:
        return ""
    if alert.after is Status.ON_PACE and alert.reason is not Reason.FLIGHT_ENDED:
        return f": {ends(alert.case)}" if alert.bound is None and ends(alert.case) else ""
    return f": {phrase(alert.case)}"


def _expected(alert: Alert) -> str:
    if alert.bound is not None:
        return f"{alert.bound.replace('_', ' ')} {_amount(alert, alert.target)}"
    return _amount(alert, alert.expected) + (f" of {_amount(alert, alert.target)}" if alert.target else "")


def _projection(alert: Alert) -> tuple[str, str]:
    """Where it ends; what has changed lately is part of that only as far as it has lasted."""
    name = "Projection, if the change does not last" if alert.reason is Reason.CHANGED else "Projection"
    if ending(alert.case):
        return name, f"{ending(alert.case)}, in nine of ten cases"
    return name, _amount(alert, alert.projected)


def _thresholds(alert: Alert) -> tuple[str, str]:
    """Both bands on the side of the miss, in the goal's own unit, of what they are about."""
    is_low = alert.direction is not Direction.OVER
    # Where the end is not known yet, what there is to date is held against what is expected to date.
    is_by_now = alert.bound is not None or (alert.interval is None and alert.reason is not Reason.EXCEEDED)
    base = alert.expected if is_by_now else alert.target
    parts: list[str] = []
    for name, band in alert.bands:
        edge = _edge(band, is_low)
        if edge is not None:
            value = edge * (base or 0)
            shown = _amount(alert, round(value) if alert.unit in {Unit.EVENTS, Unit.MICROS} else value)
            parts.append(f"{name} {'<' if edge == band.low else '>'} {shown}")
    return "Threshold" if is_by_now else "Threshold at the end", ", ".join(parts)


def _edge(band: Band, is_low: bool) -> float | None:
    first, second = (band.low, band.high) if is_low else (band.high, band.low)
    return second if first is None else first


def _amount(alert: Alert, value: float | None) -> str:
    return close_amount(value, alert.unit, alert.currency)
