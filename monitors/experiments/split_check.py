"""Whether variants are tried as often as they should be: a sample ratio mismatch, by an anytime-valid test. Pure.

The likelihood ratio of all splits, averaged over a Dirichlet prior about the one that should be, against that one
(Lindon and Malek 2022). One person is shown several impressions, so that counts shake more than by chance: what is
known of that by the hour makes the evidence weigh less, as in :mod:`monitors.experiments.sobering`.
"""

from __future__ import annotations

from math import lgamma, log

import numpy as np

from kpis.arrays import Floats, Int64s
from monitors.experiments.sobering import sober

ALPHA = 0.001
"""The usual one for this check: who reads of it stops an experiment (Fabijan and others 2019)."""
LEAST_HOURS = 8
"""Before so many hours nothing is said."""
_CONCENTRATION = 1_000.0
"""Of the prior: splits that are off by some per cent are usual mistakes."""
_HOUR = 4

_log_gamma = np.vectorize(lgamma, otypes=[np.float64])


def mismatch(trials: Int64s, alpha: float = ALPHA) -> int | None:
    """The quarter hour by which it was proven that variants are not tried equally often; None where it is not.

    Args:
        trials: of each variant in each quarter hour, [quarter, variant].
        alpha: the chance of ever saying so where they are.
    """
    variants = trials.shape[1]
    hours = len(trials) // _HOUR
    by_hour = trials[: hours * _HOUR].reshape(hours, _HOUR, variants).sum(axis=1).clip(0)
    served = np.flatnonzero(by_hour.any(axis=1))
    if len(served) < LEAST_HOURS:
        return None
    counts = by_hour[served]
    evidence = sober_by_hour(_against_even(counts.cumsum(axis=0)) / _shaking(counts))
    evidence[: LEAST_HOURS - 1] = 0.0
    found = np.flatnonzero(evidence >= -log(alpha))
    return (int(served[found[0]]) + 1) * _HOUR if len(found) else None


def sober_by_hour(evidence: Floats) -> Floats:
    """Evidence by the end of each hour, as what so many hours make of it."""
    return sober(np.repeat(evidence, _HOUR)[:, None])[_HOUR - 1 :: _HOUR, 0]


def _against_even(counts: Int64s) -> Floats:
    """The logarithm of the likelihood ratio of all splits against an even one, by the end of each hour."""
    variants = counts.shape[1]
    each, whole = _CONCENTRATION / variants, counts.sum(axis=1)
    mixed = _log_gamma(counts + each).sum(axis=1) - _log_gamma(whole + _CONCENTRATION)
    found: Floats = mixed + lgamma(_CONCENTRATION) - variants * lgamma(each) + whole * log(variants)
    return found


def _shaking(counts: Int64s) -> Floats:
    """By how much more than chance makes it each hour's split was off that of all hours before it; at least 1."""
    whole = counts.sum(axis=1, keepdims=True)
    before = np.vstack([np.ones((1, counts.shape[1])), counts.cumsum(axis=0)[:-1] + 1])
    expected = before / before.sum(axis=1, keepdims=True) * whole
    squares = ((counts - expected) ** 2 / expected).sum(axis=1) / (counts.shape[1] - 1)
    hours = np.arange(1, len(counts) + 1)
    # The first hour has nothing to be judged by.
    squares[0] = 1.0
    found: Floats = np.maximum(squares.cumsum() / hours, 1.0)
    return found
