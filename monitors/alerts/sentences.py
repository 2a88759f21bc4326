"""What an alert says, in words: a headline and facts. Pure; every notifier dresses the same ones."""

from __future__ import annotations

from kpis.runtime.printable import blanked
from kpis.units import Unit, close_amount
from monitors.alerts.alert import Alert
from monitors.alerts.lifecycle import Change
from monitors.goals.values import Band
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.wording import LOOK, REASONS

NAME_LIMIT = 80


def headline(alert: Alert) -> str:
    """One line: ``Spring launch: spend is critical (under)``."""
    return f"{shown_name(alert.name)}: {alert.label} {_what(alert)}"


def status_change(alert: Alert) -> str:
    """``on pace → critical``."""
    return f"{LOOK[alert.before].word} → {LOOK[alert.after].word}"


def facts(alert: Alert) -> list[tuple[str, str]]:
    """What is known of it: names and values, amounts with their units."""
    found = [("Actual", _amount(alert, alert.actual)), ("Expected", _expected(alert))]
    if alert.ratio is not None:
        found.append(("Actual / expected", f"{alert.ratio:.0%}"))
    found.append(("Threshold", _thresholds(alert)))
    if alert.bound is None:
        found.append(("Projection", _amount(alert, alert.projected)))
        if alert.required_per_day is not None:
            found.append(("Required per day", _amount(alert, alert.required_per_day)))
    if alert.reason is Reason.NO_EVENTS:
        found.append(("Why", "money was spent and nothing came of it"))
    return found


def shown_name(text: str) -> str:
    """A name that someone else chose: one line, printable, bounded."""
    return bounded(blanked(text), NAME_LIMIT)


def bounded(text: str, limit: int) -> str:
    """A text of at most so many characters; one that was cut ends with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _what(alert: Alert) -> str:
    if alert.change is Change.ENDED:
        return f"is not judged any more: {REASONS.get(alert.reason, alert.reason)}"
    if alert.change is Change.CORRECTED:
        return "is on pace: what was counted has been corrected"
    word = LOOK[alert.after].word
    side = f" ({alert.direction})" if alert.direction and alert.after is not Status.ON_PACE else ""
    if alert.reason is Reason.FLIGHT_ENDED:
        return f"ended {word}{side}"
    return "is back on pace" if alert.change is Change.RESOLVED else f"is {word}{side}"


def _expected(alert: Alert) -> str:
    if alert.bound is not None:
        return f"{alert.bound.replace('_', ' ')} {_amount(alert, alert.target)}"
    return _amount(alert, alert.expected) + (f" of {_amount(alert, alert.target)}" if alert.target else "")


def _thresholds(alert: Alert) -> str:
    """Both bands on the side of the miss, in the goal's own unit."""
    is_low = alert.direction is not Direction.OVER
    expected = alert.expected or 0
    parts: list[str] = []
    for name, band in alert.bands:
        edge = _edge(band, is_low)
        if edge is not None:
            value = edge * expected
            shown = _amount(alert, round(value) if alert.unit in {Unit.EVENTS, Unit.MICROS} else value)
            parts.append(f"{name} {'<' if edge == band.low else '>'} {shown}")
    return ", ".join(parts)


def _edge(band: Band, is_low: bool) -> float | None:
    first, second = (band.low, band.high) if is_low else (band.high, band.low)
    return second if first is None else first


def _amount(alert: Alert, value: float | None) -> str:
    return close_amount(value, alert.unit, alert.currency)
