"""Confidence intervals: what a few events can and cannot prove."""

from __future__ import annotations

from math import sqrt


def wilson(successes: int, trials: int, z: float) -> tuple[float, float]:
    """The score interval for a proportion.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209-212. Unlike the textbook interval it holds for small counts and for 0.

    Args:
        successes: taken as 0 when negative (refunds), as ``trials`` when more (clicks that came before their
            impressions).
        trials: without any, everything is possible: (0, 1).
        z: standard deviations of the normal distribution; 1.96 for 95 %.

    Returns:
        The lowest and highest proportion that the counts are compatible with.
    """
    if trials <= 0:
        return 0.0, 1.0
    p = min(max(successes, 0), trials) / trials
    z2 = z * z
    middle = p + z2 / (2 * trials)
    half = z * sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials))
    scale = 1 + z2 / trials
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)
