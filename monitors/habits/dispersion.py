"""How much more the hours of a campaign scatter than chance alone would have them: no real rate is a coin."""

from __future__ import annotations

import numpy as np

from kpis.arrays import Floats
from monitors.goals.values import RatioGoal
from monitors.habits.change import TESTED_HOURS
from monitors.read.past import HOURS, Past

LEAST_HOURS = HOURS
"""From a day on: less would take the day's own course for scatter, or miss it."""
MOST = 25.0
"""A rate that scatters five times as much as chance is judged like that; more is no rate at all."""
OF_REPORTS = 5.0
"""What comes in reports of thousands scatters by five times chance on quiet days of real campaigns, or by more."""
DAYS = 7


def of_proportion(past: Past | None, goal: RatioGoal, *, comes_in_reports: bool = False) -> float:
    """Pearson's statistic over its degrees of freedom (P. McCullagh and J. A. Nelder, "Generalized Linear Models",
    1989, section 4.5) of the hours up to half a day ago; 1 where it is no more than chance explains.

    Args:
        past: the campaign's; None when it is not known.
        goal: a proportion.
        comes_in_reports: whether its trials come many at once: until hours say more, they are supposed to scatter.
    """
    if past is None:
        return 1.0
    if comes_in_reports and len(past.hours) < LEAST_HOURS + TESTED_HOURS:
        return OF_REPORTS
    columns = (goal.kpi.above.column, goal.kpi.below.column)
    return past.once(("dispersion", columns), lambda: _pearson(*_parts(past, goal)))


def _parts(past: Past, goal: RatioGoal) -> tuple[Floats, Floats]:
    rows = past.hours[-(DAYS * HOURS + TESTED_HOURS) : -TESTED_HOURS or None]
    above, below = (rows[:, m.column].astype(np.float64) for m in (goal.kpi.above, goal.kpi.below))
    return above, below


def _pearson(successes: Floats, trials: Floats) -> float:
    busy = trials > 0
    y, n = successes[busy], trials[busy]
    if len(n) < LEAST_HOURS or not 0 < y.sum() < n.sum():
        return 1.0
    rate = y.sum() / n.sum()
    found = float(((y - n * rate) ** 2 / (n * rate * (1 - rate))).sum()) / (len(n) - 1)
    chance = 1 + 2 * (2 / len(n)) ** 0.5
    return 1.0 if found <= chance else min(found, MOST)
