"""Sums of wagers, as logarithms: what e-detectors are made of."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, log1p


def with_begun(wager: float, begun: float) -> float:
    """The logarithm of what a wager has come to, together with as much that begins anew.

    Args:
        wager: a logarithm.
        begun: what begins, above 0; no logarithm.
    """
    high, low = max(wager, log(begun)), min(wager, log(begun))
    return high + log1p(exp(low - high))


def mean_of(wagers: Sequence[float]) -> float:
    """The logarithm of the mean of some wagers, which are logarithms."""
    high = max(wagers)
    return high + log(sum(exp(w - high) for w in wagers)) - log(len(wagers))


def is_mean_over(wagers: Sequence[float], threshold: float) -> bool:
    """Whether :func:`mean_of` some wagers is a threshold or more; told by the highest alone where that is enough."""
    return max(wagers) > threshold - _ROUNDING and mean_of(wagers) >= threshold


_ROUNDING = 1e-6
"""No mean is more than this above the highest of what it is made of, however it is rounded."""
