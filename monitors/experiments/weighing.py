"""What the counts of an experiment prove of each of its variants. Pure.

All pairs of variants are compared, and share the chance of a false word among them (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from kpis.arrays import Int64s
from kpis.measures import Stream
from kpis.times import QUARTER_MS
from monitors.experiments.comparison import LEAST_STRATA, Comparison, compare
from monitors.experiments.split_check import mismatch
from monitors.experiments.strata import strata_of
from monitors.goals.experiments.experiment import Experiment


class VariantState(StrEnum):
    """What is proven of a variant."""

    WINNER = "winner"
    """It is better than all others."""
    LOSER = "loser"
    """It is worse than another."""
    ALIKE = "alike"
    """It differs from all others that are no losers by less than is worth telling."""
    UNDECIDED = "undecided"
    """What differs may be chance."""


@dataclass(frozen=True, slots=True)
class VariantCounts:
    """What was counted of the variants of an experiment, and as of when.

    Attributes:
        begin_ms: the first millisecond of the first quarter hour.
        trials, successes: in whole quarter hours, [quarter, variant].
        as_of_ms: the end of the last one; None where nobody knows.
        is_stale: whether that is too long ago.
        waits_for: the stream that is late; None where none is.
        history_from_ms: the oldest time that history certainly reaches back to.
        is_partly: whether some of what is compared was not counted in all of its time.
    """

    begin_ms: int
    trials: Int64s
    successes: Int64s
    as_of_ms: int | None
    is_stale: bool = False
    waits_for: Stream | None = None
    history_from_ms: int = 0
    is_partly: bool = False


@dataclass(frozen=True, slots=True)
class VariantRuling:
    """One variant.

    Attributes:
        name: it.
        trials, successes: all that was counted of it.
        state: what is proven of it.
        lift: of its rate over that of the first variant; None of that itself, and while it is too soon.
        low, high: between what that is; None where nothing bounds it.
        decided_ms: by when its state was proven; None where nothing is.
    """

    name: str
    trials: int
    successes: int
    state: VariantState = VariantState.UNDECIDED
    lift: float | None = None
    low: float | None = None
    high: float | None = None
    decided_ms: int | None = None

    @property
    def rate(self) -> float | None:
        """Its successes out of its trials; None without a trial."""
        return self.successes / self.trials if self.trials > 0 else None


Pairs = Mapping[tuple[int, int], tuple[Comparison, Int64s]]
"""Of the numbers of two variants, what is proven of the second against the first, and where its strata end."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What counts prove, which is the same until there are others.

    Attributes:
        variants: each variant.
        is_uneven: whether they are proven to be tried unequally, where they should not be.
        is_early: whether no pair has been tried for long enough.
        dispersion: how much more than by chance counts shake, at least 1; the most of any pair.
    """

    variants: tuple[VariantRuling, ...]
    is_uneven: bool
    is_early: bool
    dispersion: float


def weigh(experiment: Experiment, counts: VariantCounts) -> Weighed:
    """What is proven of an experiment.

    Args:
        experiment: which.
        counts: what was counted of it.
    """
    pairs = _pairs(experiment, counts)
    return Weighed(
        variants=_variants(experiment, counts, pairs),
        is_uneven=experiment.is_even and mismatch(counts.trials) is not None,
        is_early=all(found.strata < LEAST_STRATA for found, _ in pairs.values()),
        dispersion=max(found.dispersion for found, _ in pairs.values()),
    )


def _pairs(experiment: Experiment, counts: VariantCounts) -> Pairs:
    alpha, found = experiment.alpha / experiment.pairs, dict[tuple[int, int], tuple[Comparison, Int64s]]()
    for first, second in combinations(range(len(experiment.variants)), 2):
        strata = strata_of(counts.trials[:, [first, second]], counts.successes[:, [first, second]])
        found[first, second] = compare(strata, alpha, experiment.least_effect), strata.ends
    return found


def _variants(experiment: Experiment, counts: VariantCounts, pairs: Pairs) -> tuple[VariantRuling, ...]:
    numbers = range(len(experiment.variants))
    worse = {n: _proven(experiment, counts, pairs, numbers, n, is_better=False) for n in numbers}
    left = [n for n in numbers if not worse[n]]
    found: list[VariantRuling] = []
    for n in numbers:
        better = _proven(experiment, counts, pairs, numbers, n, is_better=True)
        alike = [at for other in left if other != n and (at := _alike(counts, pairs, n, other)) is not None]
        state, times = VariantState.UNDECIDED, list[int]()
        if worse[n]:
            state, times = VariantState.LOSER, [min(worse[n])]
        elif len(better) == len(numbers) - 1:
            state, times = VariantState.WINNER, [max(better)]
        elif len(left) > 1 and all(
            _alike(counts, pairs, one, other) is not None for one, other in combinations(left, 2)
        ):
            state, times = VariantState.ALIKE, alike
        against = pairs[0, n][0] if n and pairs[0, n][0].strata >= LEAST_STRATA else Comparison()
        found.append(
            VariantRuling(
                experiment.variants[n].name,
                int(counts.trials[:, n].sum()),
                int(counts.successes[:, n].sum()),
                state,
                against.lift,
                against.low,
                against.high,
                max(times, default=None),
            )
        )
    return tuple(found)


def _proven(
    experiment: Experiment, counts: VariantCounts, pairs: Pairs, numbers: range, one: int, *, is_better: bool
) -> list[int]:
    """By when a variant was proven better than each of the others that it was, or worse."""
    found: list[int] = []
    for other in numbers:
        if other == one:
            continue
        pair, ends = pairs[min(one, other), max(one, other)]
        if pair.differs_at is None:
            continue
        is_higher = pair.is_higher == (one > other)
        if (is_higher == experiment.kpi.higher_is_better) == is_better:
            found.append(_at(counts, ends, pair.differs_at))
    return found


def _alike(counts: VariantCounts, pairs: Pairs, one: int, other: int) -> int | None:
    """By when two variants were proven to differ by less than is worth telling; None where they are not."""
    pair, ends = pairs[min(one, other), max(one, other)]
    return None if pair.alike_at is None else _at(counts, ends, pair.alike_at)


def _at(counts: VariantCounts, ends: Int64s, stratum: int) -> int:
    return counts.begin_ms + int(ends[stratum]) * QUARTER_MS
