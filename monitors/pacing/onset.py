"""Where a miss began, as far as what was counted says: a CUSUM (E. S. Page, "Continuous inspection schemes", 1954)."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST = 12.0
"""Beyond what is proof nothing is kept: what has ended should not take as long to fade as it lasted."""


@dataclass(frozen=True, slots=True)
class Onset:
    """Since when a proportion misses its bound: a wager that it does had last gained nothing then.

    Attributes:
        gained: the logarithm of what the wager has come to since.
        at_ms: the watermark it began at.
        successes: all that had been counted of the flight by then.
        trials: out of so many.
    """

    gained: float
    at_ms: int
    successes: int
    trials: int

    def after(self, gain: float, look: Onset) -> Onset:
        """After a look.

        Args:
            gain: what the wager gains by it.
            look: an onset that begins with it.
        """
        before = self if self.gained > 0 else look
        return replace(before, gained=min(max(before.gained + gain, 0.0), MOST))
