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


def mean_of(wagers: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The logarithm of the mean of some wagers, which are logarithms.

    Args:
        wagers: at least one.
        weights: how much of the stakes each has, above 0; None for all alike.
    """
    high = max(wagers)
    if weights is None:
        return high + log(sum(exp(w - high) for w in wagers)) - log(len(wagers))
    return high + log(sum(part * exp(w - high) for w, part in zip(wagers, weights, strict=True))) - log(sum(weights))


def is_mean_over(wagers: Sequence[float], threshold: float, weights: Sequence[float] | None = None) -> bool:
    """Whether :func:`mean_of` some wagers is a threshold or more; told by the highest alone where that is enough."""
    return max(wagers) > threshold - _ROUNDING and mean_of(wagers, weights) >= threshold


_ROUNDING = 1e-6
"""No mean is more than this above the highest of what it is made of, however it is rounded."""
