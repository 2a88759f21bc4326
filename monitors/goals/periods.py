"""Budgets per month, week or day: which part of a flight a moment lies in, and what its target is. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from kpis.times import MINUTE_MS
from monitors.goals.curves import is_empty
from monitors.goals.values import Flight, Period, TotalGoal


def period_at(flight: Flight, per: Period, at_ms: int) -> Flight:
    """The month, week or day of a flight that contains a moment, cut to the flight.

    From local midnight to local midnight (or the first moment of a day whose midnight clocks skip), so a day has 23,
    24 or 25 hours. Before the flight it is the first one, after it the last.
    """
    if per is Period.FLIGHT:
        return flight
    start_ms, end_ms = _whole(flight, per, at_ms)
    return Flight(max(start_ms, flight.start_ms), min(end_ms, flight.end_ms), flight.timezone)


def target_of(goal: TotalGoal, flight: Flight, at_ms: int) -> int:
    """A goal's target for the period of a flight that contains a moment.

    A period that the flight cuts has as much of the target as the flight has of it, by time, and 1 at least. A period
    in which the curve expects nothing at all (a Sunday of a goal for weekdays) has 0: there is nothing to judge.
    """
    if goal.per is Period.FLIGHT:
        return goal.target
    part, (start_ms, end_ms) = period_at(flight, goal.per, at_ms), _whole(flight, goal.per, at_ms)
    if is_empty(goal.curve, part):
        return 0
    whole_ms = end_ms - start_ms
    return max(1, (2 * goal.target * part.span_ms + whole_ms) // (2 * whole_ms))


def _whole(flight: Flight, per: Period, at_ms: int) -> tuple[int, int]:
    """The period as the calendar has it, whether or not the flight has all of it."""
    inside = min(max(at_ms, flight.start_ms), flight.end_ms - 1)
    return _at(inside // MINUTE_MS, per, flight.timezone)


@lru_cache(maxsize=4096)
def _at(minute: int, per: Period, timezone: str) -> tuple[int, int]:
    """The period of a minute since the epoch: no day begins within one."""
    return _bounds(datetime.fromtimestamp(minute * MINUTE_MS / 1000, ZoneInfo(timezone)).date(), per, timezone)


@lru_cache(maxsize=4096)
def _bounds(day: date, per: Period, timezone: str) -> tuple[int, int]:
    """When the period of a day begins, and the first millisecond after it."""
    first, after = _dates(day, per)
    return _midnight(first, ZoneInfo(timezone)), _midnight(after, ZoneInfo(timezone))


def _dates(day: date, per: Period) -> tuple[date, date]:
    """The first day of the period of a day, and the first one after it."""
    if per is Period.MONTH:
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1)
    if per is Period.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    return day, day + timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> int:
    """When a day begins; of a midnight that clocks show twice the first."""
    return int(datetime.combine(day, time(), zone).timestamp()) * 1000
