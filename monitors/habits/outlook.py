"""Where a total will end: what came so far, and what the rest of the flight brings at the level of late, by habit.

The interval admits how far the hours scatter, that a deviation may persist, and how little the habit is learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.times import HOUR_MS
from monitors.goals.curves import Curve
from monitors.goals.values import Flight, TotalGoal
from monitors.habits.habit import Habit, inflation, learn
from monitors.read.past import HOURS, Past, hours_of_day

LEVEL_HOURS = 72
"""The level is that of the last three days: long enough for a steady mean, short enough to follow what changed."""
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
    knows_day: bool


def outlook(past: Past, goal: TotalGoal, flight: Flight, curve: Curve) -> Outlook | None:
    """The outlook of a total; None before a whole hour of the flight is past, or when nothing came in it.

    Args:
        past: the campaign's.
        goal: whose target the curve divides.
        flight: the campaign's.
        curve: how the target spreads.
    """
    key = ("outlook", goal.id, goal.target, flight, goal.curve)
    return past.once(key, lambda: _outlook(past, goal, flight, curve))


def planned(past: Past, flight: Flight, curve: Curve) -> Plan:
    """What the curve gives each hour."""
    return past.once(("plan", flight, curve), lambda: _planned(past, flight, curve))


def _planned(past: Past, flight: Flight, curve: Curve) -> Plan:
    until = max(flight.end_ms, past.end_ms)
    edges = np.arange(past.start_ms, until + HOUR_MS, HOUR_MS, dtype=np.int64)
    parts = np.diff(np.array([curve(flight, edge) for edge in edges.tolist()]))
    return Plan(parts[: len(past.hours)], parts[len(past.hours) :])


def _outlook(past: Past, goal: TotalGoal, flight: Flight, curve: Curve) -> Outlook | None:
    plan, first = planned(past, flight, curve), past.since(flight.start_ms)
    own = len(past.hours) - first
    if own < 1 or not len(plan.rest):
        return None
    actual = past.hours[:, goal.total.column].astype(np.float64)
    of_day = hours_of_day(past.start_ms, len(past.hours) + len(plan.rest), flight.timezone)
    parts = plan.past
    if not goal.curve.is_shaped and first:
        parts = parts.copy()
        parts[:first] = plan.past[first:].mean() or 1.0
    habit = learn(actual, parts, of_day[: len(actual)])
    if habit is None:
        return None
    expected = plan.past * habit.shape[of_day[: len(actual)]]
    level, recent = (_level(actual[first:], expected[first:], most) for most in (LEVEL_HOURS, RECENT_HOURS))
    weights = plan.rest * habit.shape[of_day[len(actual) :]]
    deviation, freedom = _uncertainty(habit, plan.rest, weights, of_day[len(actual) :], min(own, LEVEL_HOURS))
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
        knows_day=goal.curve.is_shaped or bool((habit.days > 0).all()),
    )


def _level(actual: Floats, expected: Floats, most: int) -> float:
    below = float(expected[-most:].sum())
    return float(actual[-most:].sum()) / below if below > 0 else 0.0


def _uncertainty(habit: Habit, rest: Floats, weights: Floats, of_day: Int64s, level_hours: int) -> tuple[float, float]:
    """The standard deviation of the rest as a part of it, and its degrees of freedom."""
    whole = float(weights.sum())
    if whole <= 0:
        return 0.0, float(level_hours)
    by_hour = np.bincount(of_day, weights, HOURS)
    of_shape = float((by_hour**2 / np.maximum(habit.days, 0.5)).sum()) / whole**2
    of_level = 1 / level_hours
    past = max(of_level, habit.shaped * of_shape + (1 - habit.shaped) * of_level)
    future = float((weights * weights).sum()) / whole**2
    spread = inflation(level_hours, habit.persistence)
    variance = past * spread + future * inflation(int((rest > 0).sum()), habit.persistence)
    return habit.scatter * float(np.sqrt(variance)), level_hours / spread + 2
