"""How long to wait before trying again. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delays:
    """Delays that double.

    Attributes:
        first_s: before the second try, seconds.
        longest_s: they grow no longer than this.
    """

    first_s: float
    longest_s: float

    def before(self, tries: int) -> float:
        """Seconds to wait after so many failed tries, at least one.

        With no first delay the second try comes at once, the third after half a second.
        """
        if not self.first_s:
            return 0.0 if tries <= 1 else min(self.longest_s, _doubled(0.25, tries))
        return min(self.longest_s, _doubled(self.first_s, tries))


def _doubled(first_s: float, tries: int) -> float:
    return math.ldexp(first_s, min(tries - 1, 60))
