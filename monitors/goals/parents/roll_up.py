"""What the goals of campaigns add up to: their targets within a flight, and how these spread over it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kpis.measures import Measure
from monitors.goals.curves import fraction
from monitors.goals.periods import period_at, target_of
from monitors.goals.spread.spec import CurveSpec
from monitors.goals.values import Campaign, Flight, Period, TotalGoal

_LONGEST_FIRST = tuple(Period)
_SAME = 1e-9
"""Two factors of dates that differ by less are the same."""
Plan = Callable[[int], float]
"""What is planned of a campaign from the beginning of its flight up to a moment."""


def goal_of(campaign: Campaign, total: Measure) -> TotalGoal | None:
    """A campaign's goal for a total; of several that for the longest period. None when it has none."""
    found = [goal for goal in campaign.goals if isinstance(goal, TotalGoal) and goal.total == total]
    return min(found, key=lambda goal: _LONGEST_FIRST.index(goal.per), default=None)


def target_within(campaign: Campaign, total: Measure, flight: Flight) -> int | None:
    """How much of a campaign's target for a total is due within another flight, by its curve; None without one."""
    goal = goal_of(campaign, total)
    if goal is None:
        return None
    mine = campaign.flight
    if goal.per is Period.FLIGHT and flight.start_ms <= mine.start_ms and mine.end_ms <= flight.end_ms:
        return goal.target
    plan = _plan(goal, mine)
    return round(plan(flight.end_ms) - plan(flight.start_ms))


def curve_within(campaigns: Iterable[Campaign], total: Measure, flight: Flight) -> CurveSpec:
    """How the targets of campaigns together spread over a flight.

    It is their curve where all of them have the same one over this very flight; else so much on each local date as
    they plan together for it, evenly within each.
    """
    pairs = [(one, goal) for one in campaigns if (goal := goal_of(one, total)) is not None]
    specs = {goal.curve for _, goal in pairs}
    is_whole = all(goal.per is Period.FLIGHT for _, goal in pairs)
    if len(specs) == 1 and is_whole and all(_is_same(one.flight, flight) for one, _ in pairs):
        return specs.pop()
    days = list(_days(flight))
    edges = [start for _, start in days] + [flight.end_ms]
    planned = [0.0] * len(days)
    for one, goal in pairs:
        upto = [*map(_plan(goal, one.flight), edges)]
        for day in range(len(days)):
            planned[day] += upto[day + 1] - upto[day]
    return _by_dates(days, edges, planned, learned=all(goal.curve.learned for _, goal in pairs))


def _by_dates(days: list[tuple[date, int]], edges: list[int], planned: list[float], *, learned: bool) -> CurveSpec:
    whole, span = sum(planned), edges[-1] - edges[0]
    if whole <= 0:
        return CurveSpec(learned=learned)
    factors = [
        amount / whole * span / (until - start) for amount, start, until in zip(planned, edges, edges[1:], strict=False)
    ]
    if all(abs(factor - 1) < _SAME for factor in factors):
        return CurveSpec(learned=learned)
    return CurveSpec(learned=learned, dates=tuple((day, f) for (day, _), f in zip(days, factors, strict=True)))


def _days(flight: Flight) -> Iterator[tuple[date, int]]:
    """The local dates of a flight, and when each begins in it."""
    zone, at_ms = ZoneInfo(flight.timezone), flight.start_ms
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()
    while at_ms < flight.end_ms:
        first = day, at_ms
        # A date that clocks skip as a whole begins when the next one does.
        while at_ms <= first[1]:
            day += timedelta(days=1)
            at_ms = int(datetime.combine(day, time(), zone).timestamp()) * 1000
        yield first


def _plan(goal: TotalGoal, flight: Flight) -> Plan:
    if goal.per is Period.FLIGHT:
        return lambda at_ms: goal.target * fraction(goal.curve, flight, at_ms)
    parts = list(_periods(goal, flight))
    starts, before = [part.start_ms for part, _ in parts], [0]
    for _, target in parts:
        before.append(before[-1] + target)

    def upto(at_ms: int) -> float:
        place = max(bisect_right(starts, at_ms) - 1, 0)
        part, target = parts[place]
        return before[place] + target * fraction(goal.curve, part, at_ms)

    return upto


def _periods(goal: TotalGoal, flight: Flight) -> Iterator[tuple[Flight, int]]:
    """Each period of a flight, and its target."""
    at_ms = flight.start_ms
    while at_ms < flight.end_ms:
        part = period_at(flight, goal.per, at_ms)
        yield part, target_of(goal, flight, at_ms)
        at_ms = part.end_ms


def _is_same(first: Flight, second: Flight) -> bool:
    return (first.start_ms, first.end_ms, first.timezone) == (second.start_ms, second.end_ms, second.timezone)
