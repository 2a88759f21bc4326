"""Simulated streams: what is counted between two looks, as int64 rows in the order of the catalogue's measures.

Time begins at 0 ms, a midnight in UTC. A stream is an array [look, measure]; looks are ``step_ms`` apart.
"""

from __future__ import annotations

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.measures import INDEX, WIDTH
from kpis.times import HOUR_MS
from kpis.units import MICROS


def times(span_ms: int, step_ms: int) -> Int64s:
    """When the engine looks: the end of each step."""
    return np.arange(step_ms, span_ms + 1, step_ms, dtype=np.int64)


def flat(at: Int64s) -> Floats:
    """Delivery at the mean in every step."""
    return np.ones(len(at))


def evening(at: Int64s) -> Floats:
    """A night of 0.2 and an evening of 2.0 of the mean, which is 1 over each day."""
    by_hour = np.array([0.2] * 7 + [0.9] * 10 + [2.0] * 5 + [0.8] * 2)
    by_hour *= 24 / by_hour.sum()
    return np.asarray(by_hour[(at - 1) // HOUR_MS % 24])


def gusts(at: Int64s, rng: np.random.Generator, sigma: float = 0.3, persistence: float = 0.0) -> Floats:
    """A factor for each hour, lognormal with mean 1; ``persistence`` is the correlation with the hour before."""
    hours = (at - 1) // HOUR_MS
    steps = rng.normal(size=int(hours[-1]) + 1)
    for hour in range(1, len(steps)) if persistence else ():
        steps[hour] = persistence * steps[hour - 1] + (1 - persistence**2) ** 0.5 * steps[hour]
    return np.asarray(np.exp(sigma * steps - sigma * sigma / 2)[hours])


def rows(**measures: Int64s) -> Int64s:
    """Columns as rows; measures that are not named are 0."""
    found = np.zeros((len(next(iter(measures.values()))), WIDTH), np.int64)
    for name, values in measures.items():
        found[:, INDEX[name]] = values
    return found


def served(rate: Floats, ctr: Floats | float, rng: np.random.Generator) -> Int64s:
    """Impressions at so many a step, and their clicks."""
    impressions = rng.poisson(rate)
    return rows(impressions=impressions, clicks=rng.binomial(impressions, ctr))


def sold(clicks_a_step: float, looks: int, rng: np.random.Generator, *, cvr: Floats | float = 0.05) -> Int64s:
    """Clicks that cost 0.50 on average and convert; costs and orders (60 on average) are lognormal, orders with 1.2."""
    clicks = rng.poisson(clicks_a_step, looks)
    conversions = rng.binomial(clicks, cvr)
    return rows(
        clicks=clicks,
        conversions=conversions,
        spend_micros=_sums(clicks, 0.50, 0.5, rng),
        revenue_micros=_sums(conversions, 60.0, 1.2, rng),
    )


def spent(a_step: Floats) -> Int64s:
    """Spend, in units of the base currency a step."""
    upto = np.floor(np.cumsum(a_step) * MICROS).astype(np.int64)
    return rows(spend_micros=upto - np.concatenate([[0], upto[:-1]]))


def _sums(counts: Int64s, mean: float, sigma: float, rng: np.random.Generator) -> Int64s:
    """For each count, the sum of so many lognormal amounts, micros."""
    amounts = rng.lognormal(np.log(mean) - sigma * sigma / 2, sigma, int(counts.sum()))
    upto = np.concatenate([[0.0], np.cumsum(amounts)])
    ends = np.cumsum(counts)
    return np.asarray(((upto[ends] - upto[ends - counts]) * MICROS).astype(np.int64))
