"""Where a total will end: what came so far, and what the rest of the flight brings at the level of late, by habit.

The interval admits how far the hours scatter, that a deviation may persist, and how little the habit is learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.times import HOUR_MS
from monitors.goals.curves import fractions
from monitors.goals.spread.spec import CurveSpec
from monitors.goals.values import Flight, TotalGoal
from monitors.habits.habit import Habit, learn
from monitors.read.past import HOURS, Past, hours_of_day

LEVEL_HOURS = 72
"""The level is that of the last three days: long enough for a steady mean, short enough to follow what changed."""
_REACH = 100
"""Hours further apart than this resemble each other no more."""
RECENT_HOURS = 24
"""A day: the shortest span that holds each hour of it once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the curve gives each hour, as parts of the target.

    Attributes:
        past: of each hour that is past, 0 before the flight.
        rest: of each hour after it, the one that is open first.
    """

    past: Floats
    rest: Floats


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is still to come, as of the last whole hour. Amounts are those of the total: micros for money.

    Attributes:
        habit: what it is made of.
        level: of the last days of the flight, actual over the plan's part by habit.
        rest: after the last whole hour.
        recent_rest: the same at the level of the last day alone.
        deviation: the standard deviation of ``rest``, together with what is yet to come.
        freedom: degrees of freedom behind it.
        open_hour: of ``rest``, in the hour that is open.
        hours: whole hours of the flight behind it.
        began_ms: when the first of them began.
        knows_day: whether each hour of the day was seen, or is given by the curve.
    """

    habit: Habit
    level: float
    rest: float
    recent_rest: float
    deviation: float
    freedom: float
    open_hour: float
    hours: int
    began_ms: int
    knows_day: bool


def outlook(past: Past, goal: TotalGoal, flight: Flight) -> Outlook | None:
    """The outlook of a total; None before a whole hour of the flight is past, or when nothing came in it.

    Args:
        past: the campaign's.
        goal: whose target the curve divides.
        flight: the campaign's.
    """
    key = ("outlook", goal.id, goal.target, flight, goal.curve)
    return past.once(key, lambda: _outlook(past, goal, flight))


def began(past: Past, goal: TotalGoal, flight: Flight) -> int:
    """The hour of a past in which the first of a flight's total came: what begins late says nothing by its absence."""
    first = past.since(flight.start_ms)
    came = np.flatnonzero(past.hours[first:, goal.total.column])
    return first + int(came[0]) if len(came) else len(past.hours)


def learned_from(parts: Floats, actual: Floats, first: int, *, is_shaped: bool) -> Floats:
    """The plan of hours that a habit is learned from: those before the flight too, where the curve has no shape.

    Args:
        parts: what the curve gives each hour.
        actual: what came in each.
        first: the first hour of the flight.
        is_shaped: whether the curve says what each hour of the day gets.
    """
    found = parts.copy()
    if first and not is_shaped:
        came = np.flatnonzero(actual)
        found[:first] = parts[first:].mean() if first < len(parts) else 1.0
        found[: int(came[0]) if len(came) else 0] = 0.0
    elif first:
        found[:first] = 0.0
    return found


def planned(past: Past, flight: Flight, curve: CurveSpec) -> Plan:
    """What the curve gives each hour."""
    return _planned(past.start_ms, len(past.hours), flight, curve)


@lru_cache(maxsize=64)
def _planned(start_ms: int, hours: int, flight: Flight, curve: CurveSpec) -> Plan:
    """Kept for the next goals that learn by the same plan only: of a long flight it is larger than the past."""
    until = max(flight.end_ms, start_ms + hours * HOUR_MS)
    edges = np.arange(start_ms, until + HOUR_MS, HOUR_MS, dtype=np.int64)
    parts = np.diff(fractions(curve, flight, edges))
    parts.flags.writeable = False
    return Plan(parts[:hours], parts[hours:])


def _outlook(past: Past, goal: TotalGoal, flight: Flight) -> Outlook | None:
    plan, actual = planned(past, flight, goal.curve), past.hours[:, goal.total.column].astype(np.float64)
    first = began(past, goal, flight)
    own = len(past.hours) - first
    if own < 1 or not len(plan.rest):
        return None
    of_day = hours_of_day(past.start_ms, len(past.hours) + len(plan.rest), flight.timezone)
    parts = learned_from(plan.past, actual, first, is_shaped=goal.curve.is_shaped)
    habit = learn(actual, parts, of_day[: len(actual)])
    if habit is None:
        return None
    expected = plan.past * habit.shape[of_day[: len(actual)]]
    level, recent = (_level(actual[first:], expected[first:], most) for most in (LEVEL_HOURS, RECENT_HOURS))
    weights = plan.rest * habit.shape[of_day[len(actual) :]]
    behind = expected[max(first, len(actual) - LEVEL_HOURS) :]
    deviation, freedom = _uncertainty(habit, behind, weights, of_day[len(actual) :])
    whole = float(weights.sum())
    return Outlook(
        habit=habit,
        level=level,
        rest=level * whole,
        recent_rest=recent * whole,
        deviation=max(level, habit.level if first == 0 else level) * whole * deviation,
        freedom=freedom,
        open_hour=level * float(weights[0]),
        hours=own,
        began_ms=past.start_ms + first * HOUR_MS,
        knows_day=goal.curve.is_shaped or bool((habit.days > 0).all()),
    )


def _level(actual: Floats, expected: Floats, most: int) -> float:
    below = float(expected[-most:].sum())
    return float(actual[-most:].sum()) / below if below > 0 else 0.0


def _uncertainty(habit: Habit, behind: Floats, weights: Floats, of_day: Int64s) -> tuple[float, float]:
    """The standard deviation of the rest as a part of it, and its degrees of freedom.

    Args:
        habit: what is usual.
        behind: what the hours that give the level should have brought, by habit.
        weights: what each hour to come will bring.
        of_day: the local hour of each of those.
    """
    whole = float(weights.sum())
    if whole <= 0:
        return 0.0, float(len(behind))
    by_hour = np.bincount(of_day, weights, HOURS) / whole
    of_shape = _variance(by_hour / np.sqrt(np.maximum(habit.days, 0.5)), habit.persistence)
    of_level = _variance(behind / max(float(behind.sum()), 1e-12), habit.persistence)
    past = max(of_level, habit.shaped * of_shape + (1 - habit.shaped) * of_level)
    variance = past + _variance(weights / whole, habit.persistence)
    # So many independent hours would say as much of their scatter (G. V. Bayley and J. M. Hammersley, 1946).
    square = habit.persistence**2
    freedom = habit.hours * (1 - square) / (1 + square) + 2
    return habit.scatter * float(np.sqrt(variance)), freedom


def _variance(parts: Floats, persistence: float) -> float:
    """The variance of a weighted sum of hours that scatter by 1 and resemble the hour before by ``persistence``."""
    reach = min(len(parts) - 1, _REACH)
    kernel = persistence ** np.arange(1, reach + 1)
    before = np.convolve(parts, np.concatenate([[0.0], kernel]))[: len(parts)]
    return float((parts * parts).sum() + 2 * (parts * before).sum())
