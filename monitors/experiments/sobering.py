"""What shakes variants apart beyond chance, hour by hour, makes their evidence weigh less. Pure.

Platforms move each variant to other places and people as they learn, so that its rate in an hour is off by more than
chance. Evidence is divided by how much more it shakes than chance makes it (McCullagh and Nelder 1989, on quasi-
likelihood), and read as a Student's t of as many hours as that is known from. Both only ever make it less: by Jensen's
inequality the mean of a power ``1 / d`` is below that power of the mean, and ``m / 2 log(1 + 2 x / m)`` below ``x``. So
what is not proven without them is not proven with them, and a test that holds without them holds with them.
"""

from __future__ import annotations

import numpy as np

from kpis.arrays import Floats, Int64s
from monitors.experiments.strata import Strata

BLOCKS = (1, 4, 16)
"""In blocks of so many strata it is looked how counts shake: a quarter of an hour, an hour, four, at the least."""
_HOUR = 4
_ASSUMED = 1.0
"""So many blocks that shake as chance does are assumed beside those there are."""


def dispersion(strata: Strata, guesses: Floats) -> Floats:
    """By how much more than chance makes them counts shook by the end of each stratum; at least 1.

    Args:
        strata: counts of both variants.
        guesses: the logarithm of the likeliest ratio after each stratum: each is judged by the one before it.
    """
    ratio = np.exp(-np.concatenate([[0.0], guesses[:-1]]))
    share = 1 / (1 + strata.trials[:, 0] / strata.trials[:, 1] * ratio)
    both = strata.successes.sum(axis=1)
    off, variance = strata.successes[:, 1] - both * share, both * share * (1 - share)
    found = np.ones(len(strata))
    for size in BLOCKS:
        found = np.maximum(found, _by_blocks(off, variance, size))
    return found


def _by_blocks(off: Floats, variance: Floats, size: int) -> Floats:
    """The mean of squares over what they should be, over all whole blocks by the end of each stratum."""
    whole = len(off) // size
    squares = off[: whole * size].reshape(whole, size).sum(axis=1) ** 2
    usual = variance[: whole * size].reshape(whole, size).sum(axis=1)
    parts = np.divide(squares, usual, out=np.ones(whole), where=usual > 0)
    means = np.concatenate([[1.0], (parts.cumsum() + _ASSUMED) / (np.arange(1, whole + 1) + _ASSUMED)])
    found: Floats = means[np.arange(1, len(off) + 1) // size]
    return found


def sober(evidence: Floats) -> Floats:
    """Logarithms of evidence by the end of each stratum, [stratum, of what], as what so many hours make of them."""
    hours = _hours(np.arange(1, len(evidence) + 1))[:, None]
    found: Floats = np.where(evidence > 0, hours / 2 * np.log1p(2 * evidence.clip(0) / hours), evidence)
    return found


def unsobered(evidence: float, strata: int) -> float:
    """What evidence must be for so much to be left of it after so many strata."""
    hours = float(_hours(np.array(strata)))
    return float(hours / 2 * np.expm1(min(2 * evidence / hours, 700.0)))


def _hours(strata: Int64s) -> Floats:
    found: Floats = np.maximum(strata // _HOUR, 1).astype(np.float64)
    return found
