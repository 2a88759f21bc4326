"""What an alert says, in words: a headline and facts. Pure; every notifier dresses the same ones."""

from __future__ import annotations

from kpis.runtime.printable import blanked
from kpis.times import DAY_MS, span_text
from kpis.units import Unit, close_amount, close_amounts
from monitors.alerts.alert import Alert
from monitors.alerts.check_in import CheckIn
from monitors.alerts.interventions import Acknowledgement, Silence
from monitors.alerts.lifecycle import Change
from monitors.goals.parents.scope import Scope
from monitors.goals.subject import COMMON, EXPERIMENTAL, at_part
from monitors.goals.values import Band
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.words.moments import moment
from monitors.words.phrases import ending, ends, missing, phrase
from monitors.words.wording import BACK, CURED, GROUNDS, LOOK, REASONS, next_step, share_text, word_of

NAME_LIMIT = 80
NO_NAME = "(no name)"


def headline(alert: Alert) -> str:
    """One line: ``Spring launch: spend is critical (under): will end at 8,200 (7,900 to 8,600) of 10,000 EUR``."""
    if alert.watched is not None:
        return f"{title_of(alert)}: {_of_watch(alert)}"
    return f"{title_of(alert)}: {alert.label} {_what(alert)}{_why(alert)}"


def status_change(alert: Alert) -> str:
    """``on pace → critical``."""
    is_watch = alert.watched is not None
    if alert.before is alert.after:
        return f"still {word_of(alert.after, is_watch=is_watch)}"
    return f"{word_of(alert.before, is_watch=is_watch)} → {word_of(alert.after, is_watch=is_watch)}"


def history(alert: Alert) -> str:
    """One line of an alert's history: ``14:05 (CET), warning → critical: Spring launch: spend is critical (under)``."""
    at = moment(alert.at_ms, alert.timezone, alert.as_of_ms)
    return f"{at}, {status_change(alert)}: {headline(alert)}"


def acknowledged(found: Acknowledgement, timezone: str, as_of_ms: int | None) -> str:
    """Who takes care of an alert, since when."""
    note = f": {shown_name(found.note)}" if found.note else ""
    return f"{shown_name(found.by)} takes care of it since {moment(found.at_ms, timezone, as_of_ms)}{note}"


def shown_mute(mute: Silence, timezone: str, as_of_ms: int | None) -> str:
    """Until when a campaign is muted, and by whom."""
    return f"muted until {moment(mute.until_ms, timezone, as_of_ms)} by {shown_name(mute.by)}"


def picture_title(alert: Alert) -> str:
    """What the picture of a pace line shows, in words."""
    return f"{title_of(alert)}: {alert.label}, actual (blue) against expected (grey), as of {alert.as_of}"


def facts(alert: Alert) -> list[tuple[str, str]]:
    """What is known of it, names and values: its figures, and what they rest on."""
    return [*figures(alert), *grounds(alert)]


def figures(alert: Alert) -> list[tuple[str, str]]:
    """Its numbers and times, amounts with their units; eight at the most."""
    if alert.watched is not None:
        return [] if alert.after is Status.ON_PACE else [*_since(alert), *_should_have_come(alert)]
    actual, expected = close_amounts((alert.actual, alert.expected), alert.unit, alert.currency)
    found = [("Actual", actual), ("Expected", _expected(alert, expected))]
    if (share := share_text(alert.ratio, alert.expected)) is not None:
        found.append(("Actual / expected", share))
    if alert.after.is_miss:
        found.append(_thresholds(alert))
    if alert.bound is None and alert.change is not Change.ENDED:
        found.append(_projection(alert))
        found += [("At stake", stake(alert))] if stake(alert) else []
        found += [needed] if (needed := _needed(alert)) is not None else []
    return [*found, *_since(alert)]


def whose(told: Alert | CheckIn) -> tuple[str, str]:
    """What a message is about, and what that is called: ``Campaign``, ``c42``; ``Account``, ``Acme``."""
    called = {Scope.CAMPAIGN: told.campaign, Scope.ACCOUNT: told.account}.get(told.scope, told.name)
    return told.scope.word, shown_name(
        called.removeprefix(f"{told.scope.word} ") if told.scope.is_breakdown else called
    )


def grounds(alert: Alert) -> list[tuple[str, str]]:
    """Why it is so, as far as that is known, and what to do about it; nothing of what is well again."""
    if not alert.after.is_miss:
        return [("Why", CURED)] if alert.change is Change.CORRECTED else []
    why = GROUNDS.get(alert.reason, "")
    step = next_step(alert.reason, alert.direction, is_ratio=alert.bound is not None, is_paid=alert.is_paid)
    return [("Why", why)] * bool(why) + [("Next step", step)] * bool(step)


def stake(alert: Alert) -> str:
    """By how much a total misses its target at its end, two digits of it; empty where that is not known, or little."""
    is_known = alert.reason in {Reason.FLIGHT_ENDED, Reason.EXCEEDED}
    final = alert.actual if is_known else alert.projected
    if alert.bound is not None or alert.watched is not None or final is None or not alert.after.is_miss:
        return ""
    by = abs(round(final - alert.target))
    if not by:
        return ""
    step = 10 ** max(len(str(by)) - 2, 0)
    more = "more" if final > alert.target else "less"
    return f"{_amount(alert, (by + step // 2) // step * step)} {more} than planned"


def shown_name(text: str, otherwise: str = "") -> str:
    """A name that someone else chose: one line, printable, bounded; ``(no name)`` where nothing shows."""
    shown = blanked(text).strip() or blanked(otherwise).strip() or NO_NAME
    return bounded(shown, NAME_LIMIT)


def title_of(alert: Alert) -> str:
    """Whose it is, for people."""
    return shown_name(alert.name, alert.campaign)


def bounded(text: str, limit: int) -> str:
    """A text of at most so many characters; one that was cut ends with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _of_watch(alert: Alert) -> str:
    if alert.watched is not None and alert.after is Status.ON_PACE:
        return BACK[alert.watched]
    if alert.watched in EXPERIMENTAL and alert.change is Change.ENDED:
        return f"is not judged any more: {REASONS.get(alert.reason, alert.reason)}"
    return phrase(alert.case)


def _since(alert: Alert) -> list[tuple[str, str]]:
    return [] if alert.since_ms is None else [("Since", moment(alert.since_ms, alert.timezone, alert.as_of_ms))]


def _should_have_come(alert: Alert) -> list[tuple[str, str]]:
    if alert.watched in COMMON and alert.actual and alert.expected:
        return [("Campaigns that wait", f"{alert.actual:,} of {alert.expected:,}")]
    if alert.reason is Reason.SURGE or not missing(alert.case):
        return []
    return [("Should have come since", f"at least {missing(alert.case)}")]


def _needed(alert: Alert) -> tuple[str, str] | None:
    """What must come of the rest: a day, or in all where less than a day is left."""
    if alert.required_per_day is None or alert.actual is None or not alert.after.is_miss:
        return None
    left = max(round(alert.target - alert.actual), 0)
    name = "Needed" if alert.direction is not Direction.OVER else "Left"
    if alert.ends_ms is None or alert.as_of_ms is None:
        return name, f"{_amount(alert, alert.required_per_day)} a day"
    left_ms = max(alert.ends_ms - alert.as_of_ms, 0)
    if left_ms < DAY_MS:
        return name, f"{_amount(alert, left)} in the last {span_text(left_ms)}"
    return name, f"{_amount(alert, alert.required_per_day)} a day until {moment(alert.ends_ms, alert.timezone, None)}"


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


def _expected(alert: Alert, expected: str) -> str:
    if alert.bound is not None:
        return f"{alert.bound.replace('_', ' ')} {expected}"
    return expected + (f" by now, of {_amount(alert, alert.target)}" if alert.target else "")


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
            value = at_part(edge, base or 0)
            shown = _amount(alert, round(value) if alert.unit is Unit.EVENTS or alert.unit.in_micros else value)
            parts.append(f"{name} {'<' if edge == band.low else '>'} {shown}")
    return "Threshold" if is_by_now else "Threshold at the end", ", ".join(parts)


def _edge(band: Band, is_low: bool) -> float | None:
    first, second = (band.low, band.high) if is_low else (band.high, band.low)
    return second if first is None else first


def _amount(alert: Alert, value: float | None) -> str:
    return close_amount(value, alert.unit, alert.currency)
