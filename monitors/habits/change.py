"""Whether the last hours changed: what came in each against what was usual before, summed up so that looking does not
add up to false alarms.

A CUSUM of likelihood ratios (E. S. Page, "Continuous inspection schemes", 1954) on the logarithm of actual over usual,
with the scatter of the campaign's own hours. Only what is recent counts: what returned to its level raises nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log

import numpy as np

from kpis.arrays import Floats
from kpis.times import DAY_MS, HOUR_MS
from monitors.goals.values import Flight, TotalGoal
from monitors.habits.habit import Habit, inflation, learn
from monitors.habits.outlook import LEVEL_HOURS, began, learned_from, planned
from monitors.read.past import HOURS, Past, hours_of_day

TESTED_HOURS = 12
"""What changed longer ago than half a day is the level of late, and a matter of the outlook."""
SHIFTS = (log(2), -log(2))
"""What is looked for, as logarithms: twice the usual, and half of it. Less than that is a matter of the outlook."""
PROOF = 7.0
"""What evidence must come to (a logarithm) in a flight of a week: chance does that about once in e^7 hours, which is
six weeks. A longer flight has more hours in which it may, and needs as much more."""
_WEEK_MS = 7 * DAY_MS
_WARY_HOURS = 168.0
"""Until a week is known, deviations are supposed to persist, the more the less is known."""
_LEAST_SCATTER = 0.1
_MOST_SCATTERS = 4.0
"""An hour further out than this is no better evidence: what scatters is not quite normal."""
_LEAST_OPEN = 0.25
_STEADY = 0.9


@dataclass(frozen=True, slots=True)
class Stretch:
    """The last hours, as far back as they are the best evidence for a shift.

    Attributes:
        hours: how many; none where none says anything for it.
        strength: how strong their evidence is.
        actual: what came in them.
        expected: what is usual for those of them in which anything came.
    """

    hours: int
    strength: float
    actual: float
    expected: float


@dataclass(frozen=True, slots=True)
class Usual:
    """What the last hours should have been, as of the last whole hour.

    Attributes:
        actual: what came in each tested hour, the last one last; a correction below nothing is nothing that came.
        expected: what is usual for each.
        open_expected: what is usual for the hour that is open; None when parts of hours say nothing, as of a
            measure that comes once an hour.
        stretches: for each shift, the last tested hours that are its best evidence.
        weight: how much of an hour's evidence counts, where deviations persist.
        variance: of the logarithm of an hour.
        least: what is added to both sides, so that nothing at all has a logarithm.
        level: usual, actual over the plan's part by habit.
        last_away: the logarithm of actual over usual of the last whole hour.
        proof: what evidence must come to.
    """

    actual: Floats
    expected: Floats
    open_expected: float | None
    stretches: tuple[Stretch, ...]
    weight: float
    variance: float
    least: float
    level: float
    last_away: float
    proof: float = PROOF


@dataclass(frozen=True, slots=True)
class Shift:
    """A change.

    Attributes:
        since_ms: the hour it began in.
        factor: actual over usual since then.
        strength: how strong the evidence is.
        lasts: whether the last hour shows it too: what is over is no change.
        proof: what the evidence must come to.
    """

    since_ms: int
    factor: float
    strength: float
    lasts: bool
    proof: float = PROOF

    @property
    def is_proven(self) -> bool:
        """Whether it is no chance."""
        return self.lasts and self.strength >= self.proof

    @property
    def stands(self) -> bool:
        """Whether, once told, it is not over."""
        return self.lasts and self.strength >= self.proof / 2


_NO_STRETCH = Stretch(0, 0.0, 0.0, 0.0)


def usual(past: Past, goal: TotalGoal, flight: Flight) -> Usual | None:
    """What the last hours should have been; None before there is a day to learn from."""
    key = ("usual", goal.id, goal.target, flight, goal.curve)
    return past.once(key, lambda: _usual(past, goal, flight))


def _usual(past: Past, goal: TotalGoal, flight: Flight) -> Usual | None:
    first = began(past, goal, flight)
    tested = min(TESTED_HOURS, len(past.hours) - first - HOURS)
    if tested < 0:
        return None
    before = len(past.hours) - tested
    plan = planned(past, flight, goal.curve)
    if not len(plan.rest):
        return None
    actual = past.hours[:, goal.total.column].astype(np.float64)
    of_day = hours_of_day(past.start_ms, len(actual) + 1, flight.timezone)
    parts = np.concatenate([plan.past, plan.rest[:1]])
    parts = learned_from(parts, actual, first, is_shaped=goal.curve.is_shaped)
    habit = learn(actual[:before], parts[:before], of_day[:before])
    if habit is None:
        return None
    shaped = parts * habit.shape[of_day]
    from_hour = max(first, before - LEVEL_HOURS)
    level = float(actual[from_hour:before].sum()) / max(float(shaped[from_hour:before].sum()), 1e-12)
    expected = level * shaped[before:]
    least = 0.1 * float(actual[from_hour:before].mean())
    if least <= 0:
        return None
    scatter, weight = _wary(habit, before - from_hour)
    came = actual[before:].clip(0)
    away = _away(came, expected[:-1], least, scatter)
    return Usual(
        actual=came,
        expected=expected[:-1],
        open_expected=float(expected[-1]) if _is_steady(past, goal, from_hour) else None,
        # An hour of which nothing came is silence, which is told as such.
        stretches=_stretches(_sums(away, (came > 0).astype(np.float64) * (weight / scatter**2)), came, expected[:-1]),
        weight=weight,
        variance=scatter**2,
        least=least,
        level=level,
        last_away=float(away[-1]) if len(away) and came[-1] > 0 else 0.0,
        proof=PROOF + max(log(flight.span_ms / _WEEK_MS), 0.0),
    )


def _sums(away: Floats, weights: Floats) -> Floats:
    """The evidence for each shift of the last 0, 1, 2, ... hours, [shift, hours]."""
    gains = np.array([(s * away - s * s / 2) * weights for s in SHIFTS])
    upto = np.cumsum(gains[:, ::-1], axis=1).reshape(len(SHIFTS), -1)
    return np.concatenate([np.zeros((len(SHIFTS), 1)), upto], axis=1)


def _stretches(sums: Floats, came: Floats, expected: Floats) -> tuple[Stretch, ...]:
    """For each shift, the hours up to the last one that show it best."""
    found: list[Stretch] = []
    for of_shift in sums:
        hours = int(of_shift.argmax())
        actual, usual_was = came[len(came) - hours :], expected[len(expected) - hours :]
        found.append(Stretch(hours, float(of_shift[hours]), float(actual.sum()), float(usual_was[actual > 0].sum())))
    return tuple(found)


def _wary(habit: Habit, level_hours: int) -> tuple[float, float]:
    """The scatter and the weight of an hour, with what is not known of them."""
    # What is usual is itself known only from so many hours, and each hour of the day from so many days.
    unsure = inflation(level_hours, habit.persistence) / level_hours
    unsure += habit.shaped / max(float(habit.days.mean()), 1.0)
    persistence = max(habit.persistence, 0.5 - habit.hours / _WARY_HOURS)
    return max(habit.scatter * (1 + unsure) ** 0.5, _LEAST_SCATTER), (1 - persistence) / (1 + persistence)


def _is_steady(past: Past, goal: TotalGoal, from_hour: int) -> bool:
    """Whether a part of an hour says something: nearly all quarters of the hours that had any had some."""
    busy = past.busy[4 * from_hour :, goal.total.column].reshape(-1, 4)
    filled = busy[busy.any(axis=1)]
    return len(filled) > 0 and float(filled.mean()) >= _STEADY


def shift(held: Usual, open_actual: float, open_part: float, end_ms: int) -> Shift:
    """The change that the hours up to now show best.

    Args:
        held: what is usual.
        open_actual: what came in the hour that is open; below nothing it counts as nothing.
        open_part: how much of it is past, 0 to 1.
        end_ms: the end of the last whole hour.
    """
    open_actual = max(open_actual, 0.0)
    scatter = held.variance**0.5
    is_open = held.open_expected is not None and open_part >= _LEAST_OPEN and open_actual > 0
    expected = (held.open_expected or 0.0) * open_part if is_open else 0.0
    away = _bounded(log((open_actual + held.least) / (expected + held.least)), scatter) if is_open else 0.0
    best, best_shift, stretch = -inf, 0.0, _NO_STRETCH
    for s, one in zip(SHIFTS, held.stretches, strict=True):
        gained = open_part * (s * away - s * s / 2) * held.weight / held.variance if is_open else 0.0
        if one.strength + gained > best:
            best, best_shift, stretch = one.strength + gained, s, one
    actual = stretch.actual + (open_actual if is_open else 0.0)
    should = stretch.expected + expected
    last = away if is_open else held.last_away
    return Shift(
        since_ms=end_ms - stretch.hours * HOUR_MS,
        factor=actual / should if should > 0 else 1.0,
        strength=best,
        lasts=last * best_shift >= best_shift**2 / 2,
        proof=held.proof,
    )


def _away(actual: Floats, expected: Floats, least: float, scatter: float) -> Floats:
    found = np.log((actual + least) / (expected + least))
    return np.clip(found, -_MOST_SCATTERS * scatter, _MOST_SCATTERS * scatter)


def _bounded(away: float, scatter: float) -> float:
    return min(max(away, -_MOST_SCATTERS * scatter), _MOST_SCATTERS * scatter)
