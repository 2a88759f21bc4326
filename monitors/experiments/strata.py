"""Quarter hours of two variants as strata: within one, both were tried under the same circumstances. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpis.arrays import Int64s

LEAST_TRIALS = 100
"""Of each variant in a stratum: a quarter hour with fewer goes on into the next.

Outcomes that come later than their trials fall into another quarter hour; of so many trials the split of one hour
says what that of another does.
"""


@dataclass(frozen=True, slots=True)
class Strata:
    """Counts of two variants, [stratum, variant].

    Attributes:
        trials: what they were tried on.
        successes: what came of it, never below zero.
        ends: the quarter hour after the last of each stratum.
    """

    trials: Int64s
    successes: Int64s
    ends: Int64s

    def __len__(self) -> int:
        return len(self.ends)


def strata_of(trials: Int64s, successes: Int64s) -> Strata:
    """The strata of some whole quarter hours, [quarter, variant of two]; the last quarter hours may make none yet."""
    ends: list[int] = []
    first = second = 0
    for quarter, (one, other) in enumerate(trials.tolist()):
        first, second = first + one, second + other
        if first >= LEAST_TRIALS and second >= LEAST_TRIALS:
            ends.append(quarter + 1)
            first = second = 0
    begins = np.array([0, *ends[:-1]], np.int64)
    if not ends:
        nothing = np.zeros((0, 2), np.int64)
        return Strata(nothing, nothing, begins[:0])
    used = slice(0, ends[-1])
    # Corrections may take away more than a stratum brought.
    return Strata(
        np.add.reduceat(trials[used], begins),
        np.add.reduceat(successes[used], begins).clip(0),
        np.array(ends, np.int64),
    )
