"""Two variants compared by an anytime-valid test: what was counted proves which is better, however often one looks.

Of the successes of a stratum, a variant with the share ``p`` of the trials and ``r`` times the rate of the other has
``p r / (p r + 1 - p)`` of them, whatever the rates are and however they drift. Their likelihood ratio against ``r0``,
averaged over a prior on ``r``, is a nonnegative supermartingale from 1 if ``r0`` is true, so that it ever reaches
``1 / alpha`` with a chance of ``alpha`` at most (Ville 1939; Johari, Pekelis and Walsh 2015; Lindon and Malek 2022).
The values of ``r`` that it has not reached that for make an interval that holds at all looks together (Howard, Ramdas,
McAuliffe and Sekhon 2021). :mod:`monitors.experiments.sobering` makes it slower, never faster. docs/experiments.md has
the proof. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from kpis.arrays import Floats, Int64s, Mask
from monitors.experiments.sobering import dispersion, sober, unsobered
from monitors.experiments.strata import Strata

PRIOR, WIDE = 0.25, 1.5
"""Of the logarithm of the ratio of rates, the standard deviations of the prior: differences of 5 to 30 % are usual."""
WIDE_SHARE = 0.1
"""How much of the prior is the wide one: some variants do not work at all."""
LEAST_STRATA = 32
"""Before so many strata, eight hours at the least, nothing is decided: what shakes variants apart must be seen."""
_NEAREST, _FURTHER = 0.002, 1.05
"""The nodes of the prior: the first one beside 0, and how much further each is than the one before."""
_WIDEST = 5.0
_NULLS = 3
_AT_ONCE = 1_000
_FARTHEST = 12.0
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is proven of a second variant against a first, by the ratio of their rates less 1: the lift.

    Attributes:
        lift: the likeliest; None without any success.
        low, high: between what it is; None where nothing bounds it.
        differs_at: the stratum by which it was proven to be none; None where it is not.
        is_higher: whether it was above 0 then.
        alike_at: the stratum by which it was proven to be less than is worth telling; None where it is not.
        strata: how many there are.
        dispersion: how much more than by chance counts shake, as a factor of their variance; at least 1.
    """

    lift: float | None = None
    low: float | None = None
    high: float | None = None
    differs_at: int | None = None
    is_higher: bool = False
    alike_at: int | None = None
    strata: int = 0
    dispersion: float = 1.0


def compare(strata: Strata, alpha: float, least_effect: float = 0.0) -> Comparison:
    """Compare two variants.

    Args:
        strata: counts of both.
        alpha: the chance of ever saying something false.
        least_effect: lifts below it, either way, are not worth telling.
    """
    if not strata.successes.any():
        return Comparison(strata=len(strata))
    nodes, density, weights = _prior()
    path = _path(strata, np.concatenate([np.log1p([0.0, least_effect, -least_effect]), nodes]))
    nulls, likely = path[:, :_NULLS], path[:, _NULLS:]
    guesses = nodes[(likely + density).argmax(axis=1)]
    spread = dispersion(strata, guesses)
    mixed = _log_mean(likely / spread[:, None], weights)
    proven = sober(mixed[:, None] - nulls / spread[:, None]) >= -np.log(alpha)
    proven[: LEAST_STRATA - 1] = False
    is_told = np.abs(np.expm1(guesses)) >= least_effect
    differs_at = _first(proven[:, 0] & is_told & (guesses != 0))
    alike_at = _first(proven[:, 1] & proven[:, 2] & ~is_told)
    if differs_at is not None and alike_at is not None:
        # What was proven first stands: no later look takes it back.
        differs_at, alike_at = (differs_at, None) if differs_at < alike_at else (None, alike_at)
    limit = (mixed[-1] - unsobered(-np.log(alpha), len(strata))) * spread[-1]
    best = _likeliest(strata)
    return Comparison(
        lift=_lift(best),
        low=_lift(_edge(strata, best, limit, -_FARTHEST)),
        high=_lift(_edge(strata, best, limit, _FARTHEST)),
        differs_at=differs_at,
        is_higher=differs_at is not None and bool(guesses[differs_at] > 0),
        alike_at=alike_at,
        strata=len(strata),
        dispersion=float(spread[-1]),
    )


@cache
def _prior() -> tuple[Floats, Floats, Floats]:
    """Nodes of the prior, dense about 0, with the logarithm of its density there, and their weights."""
    side = _NEAREST * _FURTHER ** np.arange(int(np.log(_WIDEST / _NEAREST) / np.log(_FURTHER)) + 1)
    nodes: Floats = np.concatenate([-side[::-1], [0.0], side])
    near, far = (np.exp(-0.5 * (nodes / deviation) ** 2) / deviation for deviation in (PRIOR, WIDE))
    density: Floats = (1 - WIDE_SHARE) * near + WIDE_SHARE * far
    weights: Floats = density * np.gradient(nodes)
    return nodes, np.log(density), weights / weights.sum()


def _path(strata: Strata, nodes: Floats) -> Floats:
    """The log likelihood of each node by the end of each stratum."""
    found = np.zeros((len(strata), len(nodes)))
    carried: Floats = np.zeros(len(nodes))
    for first in range(0, len(strata), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found[part] = carried + _each(strata.trials[part], strata.successes[part], nodes).cumsum(axis=0)
        carried = found[part][-1]
    return found


def _each(trials: Int64s, successes: Int64s, nodes: Floats) -> Floats:
    """The log likelihood of each node in each stratum: of how its successes fell on the two."""
    odds = np.log(trials[:, 1] / trials[:, 0])[:, None] + nodes[None, :]
    both, second = successes.sum(axis=1, keepdims=True), successes[:, 1:]
    found: Floats = second * odds - both * np.logaddexp(0.0, odds)
    return found


def _log_mean(logs: Floats, weights: Floats) -> Floats:
    """The logarithm of a weighted mean of what some logarithms are of."""
    top = logs.max(axis=1)
    found: Floats = top + np.log(np.exp(logs - top[:, None]) @ weights)
    return found


def _likeliest(strata: Strata) -> float:
    """The logarithm of the likeliest ratio, where the slope of the log likelihood is 0; it falls all the way."""
    low, high = -_FARTHEST, _FARTHEST
    both, second = strata.successes.sum(axis=1), strata.successes[:, 1].sum()
    odds = strata.trials[:, 0] / strata.trials[:, 1]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        is_below = second > (both / (1 + np.exp(-middle) * odds)).sum()
        low, high = (middle, high) if is_below else (low, middle)
    return (low + high) / 2


def _edge(strata: Strata, best: float, limit: float, far: float) -> float:
    """Where the log likelihood falls to a limit between the likeliest and something far."""
    near = best
    for _ in range(_STEPS):
        middle = (near + far) / 2
        is_inside = float(_each(strata.trials, strata.successes, np.array([middle])).sum()) > limit
        near, far = (middle, far) if is_inside else (near, middle)
    return far


def _lift(log_ratio: float) -> float | None:
    """The lift of a ratio; None where it lies as far as was looked."""
    return float(np.expm1(log_ratio)) if abs(log_ratio) < _FARTHEST - 1e-6 else None


def _first(proven: Mask) -> int | None:
    found = np.flatnonzero(proven)
    return int(found[0]) if len(found) else None
