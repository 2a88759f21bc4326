"""Confidence intervals: what a few events can and cannot prove."""

from __future__ import annotations

from functools import lru_cache
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


@lru_cache(maxsize=16_384)
def student(z: float, freedom: float) -> float:
    """The quantile of Student's t that leaves as much beyond it as ``z`` does of the normal distribution.

    The expansion of R. A. Fisher and E. A. Cornish (1960), M. Abramowitz and I. A. Stegun 26.7.5: within 2% from 3
    degrees of freedom on for a ``z`` up to 2, and too low, not too high, for more.

    Args:
        z: standard deviations of the normal distribution.
        freedom: degrees of freedom; fewer than 1.5 count as so many.
    """
    n = max(freedom, 1.5)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3
