"""What a verdict says in words, with the amounts and times that are known of it. Pure.

Amounts have no more digits than help: a projection those of a hundredth of its target, what is missing two, rounded
down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10

from kpis.measures import TOTALS, Stream
from kpis.units import STYLES, WHOLE_FROM, Unit, close_amount, close_amounts, how_many
from monitors.goals.subject import COMMON, Subject, Watch, Watched
from monitors.goals.values import Bound, Campaign, RatioGoal
from monitors.pacing.verdict import Direction, Reason, Verdict
from monitors.words.common_phrases import common_phrase
from monitors.words.moments import moment
from monitors.words.partly_words import partly_says
from monitors.words.wording import REASONS

_DIGITS = 3
"""Of a target, those that a projection has at the most."""
_STREAMS = {str(stream): stream.topic_suffix for stream in Stream}
_WIDE = 0.5
"""An interval that spans more than that part of the target says that next to nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Case:
    """What there is to say; amounts and times are those of a verdict.

    Attributes:
        watched: of a watch, what it watches.
        bound: of a ratio, the side it should be on.
        measure: of a watch over serving, what its amounts count; empty when that is not known.
        waits_for: the stream that it waits for; empty when it waits for none.
        timezone: how people read times.
        says: it in words already; empty where the fields before say it.
    """

    reason: Reason
    direction: Direction | None
    actual: int | float | None
    expected: int | float | None
    target: int | float
    projected: int | None
    interval: tuple[int, int] | None
    since_ms: int | None
    as_of_ms: int | None
    watched: Watched | None
    bound: Bound | None
    measure: str
    waits_for: str
    unit: Unit
    currency: str
    timezone: str
    says: str = ""


def case_of(campaign: Campaign, goal: Subject, verdict: Verdict, currency: str) -> Case:
    """What a verdict has to say.

    Args:
        campaign: whose.
        goal: the goal or the watch.
        verdict: on it.
        currency: of all money; empty where the place says it already.
    """
    return Case(
        reason=verdict.reason,
        direction=verdict.direction,
        actual=verdict.actual,
        expected=verdict.expected,
        target=verdict.target,
        projected=verdict.projected,
        interval=verdict.interval,
        since_ms=verdict.since_ms,
        as_of_ms=verdict.as_of_ms,
        watched=goal.of if isinstance(goal, Watch) else None,
        bound=goal.bound if isinstance(goal, RatioGoal) else None,
        measure="",
        waits_for=verdict.waits_for,
        unit=goal.unit,
        currency=currency,
        timezone=campaign.flight.timezone,
        says=verdict.says or partly_says(goal, verdict, campaign.flight),
    )


def phrase(case: Case) -> str:
    """A verdict in words, such as ``will end at 8,200 (7,900 to 8,600) of 10,000 EUR``."""
    if case.says or case.watched in COMMON:
        said = case.says or common_phrase(case.reason, case.watched, _since(case), case.actual, case.expected)
        return said or REASONS[case.reason]
    if case.reason is Reason.AWAITS_STREAM and case.waits_for in _STREAMS:
        return f"waits for {_STREAMS[case.waits_for]}, quiet or late"
    of = _OF_WATCHES if case.watched is not None else _OF_TOTALS if case.bound is None else _OF_RATIOS
    found = of.get(case.reason)
    return (found(case) if found is not None else "") or REASONS[case.reason]


def sentence(case: Case) -> str:
    """The same at the head of a line."""
    said = phrase(case)
    return said[:1].upper() + said[1:]


def ending(case: Case) -> str:
    """Where a total will end, to a hundredth of its target or as its interval allows; empty when that is not known."""
    if case.projected is None or case.interval is None:
        return ""
    low, high = case.interval
    step = min(_step(case.target, _DIGITS), _step((high - low) / 2, 1)) if high > low else _step(case.target, _DIGITS)
    point, least, most = (_rounded(case, value, step) for value in (case.projected, low, high))
    return f"{point} ({least} to {most}) of {_whole(case, case.target)}"


def ends(case: Case) -> str:
    """Where a total will end, as a phrase; empty when that is not known, and vague where next to nothing is."""
    if case.interval is not None and case.interval[1] - case.interval[0] > _WIDE * case.target:
        low, high = (_rounded(case, value, _step(value, 2)) for value in case.interval)
        return f"may end anywhere from {low} to {high} of {_whole(case, case.target)}"
    return f"will end at {ending(case)}" if ending(case) else ""


def missing(case: Case) -> str:
    """How many events should have come, two digits of it: ``2,300 clicks``; empty when it is less than one."""
    measure = TOTALS.get(case.measure)
    expected = int((case.expected or 0) // (STYLES[measure.unit].scale if measure else 1))
    if expected < 1:
        return ""
    step = 10 ** max(len(str(expected)) - 2, 0)
    shown = expected // step * step
    if measure is None or not measure.unit.is_money:
        return how_many(shown, "event" if measure is None else measure.title.removesuffix("s"))
    return f"{shown:,} {case.currency} of {measure.title}"


def _projected(case: Case) -> str:
    if ending(case) or case.projected is None:
        # However wide its interval is: that it lies beside the target is what is told.
        return f"will end at {ending(case)}" if ending(case) else ""
    # Of little beside a great target two digits are said all the same.
    step = min(_step(case.target, _DIGITS), _step(max(case.projected, 1), 2))
    point = _rounded(case, case.projected, step)
    return f"would end at {point} of {_whole(case, case.target)} at this pace"


def _immaterial(case: Case) -> str:
    return f"will end at {ending(case)}, too near to be worth a message" if ending(case) else ""


def _unproven(case: Case) -> str:
    if ends(case).startswith("may"):
        return ends(case)
    return f"may end at {ending(case)}, which is not proven" if ending(case) else ""


def _changed(case: Case) -> str:
    is_over = case.direction is Direction.OVER
    how, what = ("more", "exceed") if is_over else ("less", "miss")
    return f"far {how} than usual{_since(case)}: would {what} its target if that lasted"


def _exceeded(case: Case) -> str:
    return f"already {_bare(case, case.actual)} of {_whole(case, case.target)}, and not over yet"


def _by_now(case: Case) -> str:
    return f"{_bare(case, case.actual)} of the {_whole(case, case.expected)} expected by now"


def _ended(case: Case) -> str:
    return f"{_bare(case, case.actual)} of {_whole(case, case.target)} at its end"


def _beside_bound(case: Case, of: str = "") -> str:
    if case.bound is None or case.actual is None:
        return ""
    value, limit = close_amounts((case.actual, case.target), case.unit, case.currency)
    return f"{value}{of or _since(case)}, should be {case.bound.replace('_', ' ')} {limit}"


def _chance(case: Case) -> str:
    return f"{_beside_bound(case)}; may be chance" if _beside_bound(case) else ""


def _not_serving(case: Case) -> str:
    return f"nothing served{_since(case)}{_should_have_come(case)}"


def _nothing_served(case: Case) -> str:
    return f"nothing served since the flight began{_at(case)}{_should_have_come(case)}"


def _daily_budget(case: Case) -> str:
    if case.since_ms is None:
        return ""
    return f"stopped at{_at(case, ' ')}, as every evening until midnight: as when the day's budget is used up"


def _surge(case: Case) -> str:
    if not case.actual or not case.expected:
        return ""
    times = case.actual / case.expected
    shown = f"{times:,.0f}" if times >= 3 else f"{times:.1f}"
    return f"{shown} times as much as in the busiest hour of its week is served{_since(case)}"


def _silent(case: Case) -> str:
    is_clicked = case.watched is Watched.CONVERSIONS
    count = missing(case).partition(" ")[0]
    if count:
        should = f": {count} should have come of {'the clicks' if is_clicked else 'what was served'} since"
    else:
        should = ", though it is clicked" if is_clicked else ", though it is served"
    return f"no {case.watched}{_since(case)}{should}"


def _quiet(case: Case) -> str:
    what = "nothing served" if case.watched is Watched.SERVING else f"no {case.watched}"
    return f"{what}{_since(case)}, which may be chance: goals that need them wait" if case.since_ms is not None else ""


def _should_have_come(case: Case) -> str:
    return f"; at least {missing(case)} should have come since" if missing(case) else ""


def _since(case: Case) -> str:
    return "" if case.since_ms is None else f" since {moment(case.since_ms, case.timezone, case.as_of_ms)}"


def _at(case: Case, before: str = ", ") -> str:
    return "" if case.since_ms is None else f"{before}{moment(case.since_ms, case.timezone, case.as_of_ms)}"


def _step(value: float, digits: int) -> float:
    """What to round to so that so many digits of a value are left."""
    return float(10.0 ** (floor(log10(value)) - digits + 1)) if value > 0 else 1.0


def _rounded(case: Case, value: float, step: float) -> str:
    scale = STYLES[case.unit].scale
    step = max(step, scale / 100 if case.unit.is_money or case.unit.in_micros else 1)
    digits = 2 if step < scale else 0
    return f"{round(value / step) * step / scale:,.{digits}f}"


def _whole(case: Case, value: float | None) -> str:
    text = _bare(case, value)
    return f"{text} {case.currency}" if case.unit.is_money and case.currency and value is not None else text


def _bare(case: Case, value: float | None) -> str:
    """An amount of a total, without its currency, and without the cents of a large one."""
    if value is None:
        return close_amount(None, case.unit)
    shown = value / STYLES[case.unit].scale
    is_whole = shown == round(shown) or abs(shown) >= WHOLE_FROM
    return f"{shown:,.{0 if is_whole else STYLES[case.unit].digits}f}"


_OF_TOTALS: dict[Reason, Callable[[Case], str]] = {
    Reason.WITHIN: ends,
    Reason.PROJECTED: _projected,
    Reason.NOT_PROVEN: _unproven,
    Reason.IMMATERIAL: _immaterial,
    Reason.CHANGED: _changed,
    Reason.EXCEEDED: _exceeded,
    Reason.OUTSIDE: _by_now,
    Reason.FLIGHT_ENDED: _ended,
}
_OF_RATIOS: dict[Reason, Callable[[Case], str]] = {
    Reason.OUTSIDE: _beside_bound,
    Reason.NOT_PROVEN: _chance,
    Reason.FLIGHT_ENDED: lambda case: _beside_bound(case, " over the whole flight"),
}
_OF_WATCHES: dict[Reason, Callable[[Case], str]] = {
    Reason.NOT_SERVING: _not_serving,
    Reason.NOTHING_SERVED: _nothing_served,
    Reason.DAILY_BUDGET: _daily_budget,
    Reason.SURGE: _surge,
    Reason.SILENT: _silent,
    Reason.QUIET: _quiet,
}
