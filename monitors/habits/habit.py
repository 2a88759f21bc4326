"""What is usual for a measure of a campaign: its level, the shape of its day, how far its hours scatter.

The shape of the day is shrunk towards even as far as its hours' scatter explains what is seen of it (empirical Bayes:
B. Efron and C. Morris, "Stein's estimation rule and its competitors", 1973), so one odd evening is no habit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kpis.arrays import Floats, Int64s
from monitors.read.past import HOURS

PRIOR_SCATTER = 0.3
"""How far hours scatter before any is known, as a part of what is usual: what busy campaigns show."""
PRIOR_HOURS = 4.0
"""As many hours of data count as much as that."""
_LEAST_SHAPE = 0.02
_MOST_PERSISTENCE = 0.95


@dataclass(frozen=True, slots=True)
class Habit:
    """What is usual.

    Attributes:
        level: actual over planned, on average.
        shape: for each local hour of the day, actual over planned against that average.
        scatter: the standard deviation of an hour, as a part of what is usual for it.
        persistence: how much of an hour's deviation the next one has too (lag-1 autocorrelation), 0 to below 1.
        hours: how many hours it is learned from.
        days: how often each hour of the day was among them.
        shaped: how far the shape is believed, from 0 (even) to 1 (as it was seen).
    """

    level: float
    shape: Floats
    scatter: float
    persistence: float
    hours: int
    days: Int64s
    shaped: float


def learn(actual: Floats, planned: Floats, hour_of_day: Int64s) -> Habit | None:
    """The habit of some hours; None when nothing was planned or nothing came.

    Args:
        actual: what was counted in each hour.
        planned: what the curve gives each, in any unit; hours without a plan say nothing.
        hour_of_day: the local hour of each.
    """
    known = planned > 0
    y, of_day = actual[known] / planned[known], hour_of_day[known]
    whole = float(y.sum())
    if not len(y) or whole <= 0:
        return None
    days = np.bincount(of_day, minlength=HOURS)
    seen, times, average = days > 0, np.maximum(days, 1), whole / len(y)
    mean = np.bincount(of_day, y, HOURS) / times
    raw, own = np.where(seen, mean / average, 1.0), mean[of_day]
    within = (y - own) / np.maximum(own, 1e-9 * average)
    freedom = len(y) - int(np.count_nonzero(seen))
    variance = ((within**2).sum() + PRIOR_SCATTER**2 * PRIOR_HOURS) / (freedom + PRIOR_HOURS)
    between = float(((raw[seen] - 1) ** 2).mean())
    true_between = max(0.0, between - float((variance / days[seen]).mean()))
    belief = np.where(seen, true_between / (true_between + variance / times + 1e-12), 0.0)
    shape = np.maximum(1 + belief * (raw - 1), _LEAST_SHAPE)
    shaped = shape[of_day]
    level = whole / float(shaped.sum())
    parameters = 1 + float(belief.sum())
    scatter, persistence = _scatter(y / (level * shaped) - 1, parameters)
    return Habit(level, shape, scatter, persistence, len(y), days, float(belief[seen].mean()))


def _scatter(rest: Floats, parameters: float) -> tuple[float, float]:
    """Standard deviation and persistence of what is left, corrected for what was fitted to it."""
    count = len(rest)
    centred = rest - rest.mean()
    square = float((centred * centred).sum())
    lag = float((centred[1:] * centred[:-1]).sum()) / square if square > 0 else 0.0
    # The estimate from a short series is too low (M. G. Kendall, "Note on bias in the estimation of autocorrelation",
    # 1954: by (1 + 3 r) / n, and by one more r / n for the mean).
    persistence = min(max(lag + (1 + 4 * lag) / count, 0.0), _MOST_PERSISTENCE)
    freedom = max(count - parameters - inflation(count, persistence) + 1, count / 5)
    variance = (float((rest * rest).sum()) + PRIOR_SCATTER**2 * PRIOR_HOURS) / (freedom + PRIOR_HOURS)
    return float(np.sqrt(variance)), persistence


@lru_cache(maxsize=65_536)
def _inflation(hours: int, percent: int) -> float:
    lags = np.arange(1, hours)
    return float(1 + 2 * ((1 - lags / hours) * (percent / 100.0) ** lags).sum())


def inflation(hours: int, persistence: float) -> float:
    """By how much persistence makes the variance of a mean of so many hours larger; 1 without any."""
    return max(_inflation(hours, round(persistence * 100)), 1.0) if hours > 0 else 1.0
