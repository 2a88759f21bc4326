"""Cases of experiments: variants that are alike and must not be told apart, and how soon a true difference is decided.

What is proven changes only when another quarter hour is over, so one run of the comparison finds what looks at each
minute, or each second, of all the weeks would have found: the first quarter hour at which it was proven.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np

from bench.trust.figures import Delay, Figure, Share
from bench.trust.runs import Rng, seeds
from kpis.arrays import Floats
from kpis.times import QUARTER_MS
from monitors.experiments.comparison import compare
from monitors.experiments.strata import Strata, strata_of

ALPHA, POWER = 0.05, 0.8
RATE = 0.02
DAY = 96
_HOUR = 4
QUARTER_MIN = QUARTER_MS / 60_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """What variants are tried on.

    Attributes:
        per_minute: trials of each variant, in the mean.
        days: for so long.
        rate: successes out of trials.
        together: by how much the rates of both are moved in each hour, lognormal.
        apart: by how much that of each is moved by itself.
        share: of the second variant at the begin and at the end.
    """

    per_minute: float
    days: float
    rate: float = RATE
    together: float = 0.3
    apart: float = 0.0
    share: tuple[float, float] = (0.5, 0.5)

    def draw(self, lift: float, rng: Rng) -> Strata:
        """One experiment: nights with a fifth of the trials of evenings, and rates that drift."""
        quarters = round(self.days * DAY)
        wave = 2 * np.pi * np.arange(quarters) / DAY
        each = self.per_minute * QUARTER_MIN * (1 + 0.67 * np.sin(wave))
        share = np.linspace(*self.share, quarters)
        trials = rng.poisson(np.stack([2 * each * (1 - share), 2 * each * share], axis=1))
        rates = self.rate * (1 + 0.3 * np.cos(wave)) * _moved(quarters, self.together, rng)
        both = np.stack([rates, rates * (1 + lift)], axis=1)
        both *= np.stack([_moved(quarters, self.apart, rng) for _ in range(2)], axis=1)
        return strata_of(trials, rng.binomial(trials, both.clip(0, 1)))


def _moved(quarters: int, by: float, rng: Rng) -> Floats:
    """A factor for each quarter hour, the same within an hour, 1 in the mean."""
    hours = np.exp(by * rng.standard_normal(-(-quarters // _HOUR)) - by * by / 2)
    found: Floats = np.repeat(hours, _HOUR)[:quarters]
    return found


def alike(traffic: Traffic, *, most: float, runs: int, seed: int) -> Share:
    """How many experiments on variants that are alike were ever decided."""
    found = [compare(traffic.draw(0.0, rng), ALPHA).differs_at is not None for rng in seeds(seed, runs)]
    return Share(sum(found), runs, most, sum(found))


def decided(traffic: Traffic, lift: float, *, most: float, runs: int, seed: int) -> Delay:
    """How long it took to decide a true difference; which must be the right way."""
    minutes: list[float | None] = []
    wrong = 0
    for rng in seeds(seed, runs):
        strata = traffic.draw(lift, rng)
        found = compare(strata, ALPHA)
        wrong += found.differs_at is not None and not found.is_higher
        minutes.append(None if found.differs_at is None else float(strata.ends[found.differs_at]) * QUARTER_MIN)
    return Delay(minutes, most, wrong, 0.0)


def fixed_minutes(traffic: Traffic, lift: float) -> float:
    """How long a test takes that is looked at once, at its end, and finds the difference in 80 of 100 cases."""
    first, second = traffic.rate, traffic.rate * (1 + lift)
    z = NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)
    trials = z * z * (first * (1 - first) + second * (1 - second)) / (second - first) ** 2
    return trials / traffic.per_minute


def _named(lift: float, traffic: Traffic) -> str:
    once = fixed_minutes(traffic, lift) / 60
    return (
        f"experiment with a difference of {lift:.0%}, {traffic.per_minute:g} impressions/min each; "
        f"looked at once it takes {once:.1f} h"
    )


CASES: Mapping[str, Callable[[], Figure]] = {
    **{
        f"experiment on variants that are alike, {per_minute:g} impressions/min each, {days}d": partial(
            alike, Traffic(per_minute, days), most=ALPHA, runs=runs, seed=31
        )
        for per_minute, days, runs in ((2, 28, 400), (10, 28, 400), (100, 1, 400), (100, 7, 400), (100, 28, 200),
                                       (1000, 28, 200))
    },
    "experiment on variants that are alike, split from 10:90 to 90:10 while rates drift, 7d": partial(
        alike, Traffic(100, 7, share=(0.9, 0.1)), most=ALPHA, runs=400, seed=32
    ),
    "experiment on variants that are alike, CVR of 30%, 10 clicks/min each, 14d": partial(
        alike, Traffic(10, 14, rate=0.3, together=0.1), most=ALPHA, runs=400, seed=33
    ),
    **{
        f"experiment on variants that are alike, each moved by itself by lognormal({apart}) an hour, 14d": partial(
            alike, Traffic(100, 14, apart=apart), most=most, runs=300, seed=34
        )
        for apart, most in ((0.1, 0.1), (0.3, 0.15))
    },
    **{
        _named(lift, traffic): partial(
            decided, traffic, lift, most=factor * fixed_minutes(traffic, lift), runs=60, seed=35
        )
        for lift, traffic, factor in (
            (0.1, Traffic(10, 56), 1.5), (0.1, Traffic(100, 14), 1.75), (0.1, Traffic(1000, 3), 8),
            (0.3, Traffic(2, 56), 1.5), (0.3, Traffic(10, 14), 1.75), (0.3, Traffic(100, 3), 7),
        )
    },
}  # fmt: skip
