"""What becomes of an experiment: its reason, what is proven of each variant, and what people are told."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from kpis.catalogue import BY_NAME
from kpis.measures import Stream
from kpis.times import DAY_MS, QUARTER_MS
from monitors.experiments import weighing
from monitors.experiments.comparison import Comparison, compare
from monitors.experiments.ruling import ExperimentFinding, Ruling, rule
from monitors.experiments.ruling_verdicts import verdicts_of
from monitors.experiments.ruling_words import FINDINGS, loser_says, ruling_says
from monitors.experiments.split_check import LEAST_HOURS, mismatch
from monitors.experiments.strata import Strata
from monitors.experiments.weighing import VariantCounts, VariantState, weigh
from monitors.goals.experiments.experiment import Experiment, Variant
from monitors.pacing.verdict import Reason, Status

NAMES = "ABCD"
QUARTERS = 400
END_MS = QUARTERS * QUARTER_MS
RATES = (0.02, 0.03, 0.025)


def an_experiment(variants: int = 2, **more: object) -> Experiment:
    """An experiment from 1970 on."""
    named = tuple(Variant(name, (f"c|variant={name}",)) for name in NAMES[:variants])
    return replace(Experiment("hero", "Hero", BY_NAME["ctr"], named, 0), **more)  # type: ignore[arg-type]


def counts(*rates: float, trials: int = 3000, quarters: int = QUARTERS, seed: int = 1) -> VariantCounts:
    """What was counted of variants with some rates."""
    rng = np.random.default_rng(seed)
    tried = rng.poisson(trials, (quarters, len(rates)))
    return VariantCounts(0, tried, rng.binomial(tried, np.array(rates)), quarters * QUARTER_MS)


def ruled(experiment: Experiment, counted: VariantCounts, now_ms: int = END_MS) -> Ruling:
    """How it stands."""
    return rule(experiment, counted, weigh(experiment, counted), now_ms)


def told(ruling: Ruling) -> dict[str, tuple[Status, Reason]]:
    """What people are told, by watch."""
    return {watch.id: (verdict.status, verdict.reason) for watch, verdict in verdicts_of(ruling)}


def test_of_three_one_wins_and_the_others_lose() -> None:
    found = ruled(an_experiment(3), counts(*RATES))
    assert found.finding is ExperimentFinding.WINNER
    assert [one.state for one in found.variants] == [VariantState.LOSER, VariantState.WINNER, VariantState.LOSER]
    assert found.decided_ms == max(one.decided_ms or 0 for one in found.variants)
    assert found.variants[0].lift is None
    assert found.variants[1].lift == pytest.approx(0.5, abs=0.05)
    assert told(found) == {
        "watch:experiment": (Status.WARNING, Reason.DECIDED),
        "watch:variant:A": (Status.HOLD, Reason.EXPLAINED),
        "watch:variant:B": (Status.ON_PACE, Reason.FLOWING),
        "watch:variant:C": (Status.HOLD, Reason.EXPLAINED),
    }


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_variants_changes_nothing_that_is_proven(order: tuple[int, ...]) -> None:
    counted = counts(*RATES, quarters=60)
    plain = ruled(an_experiment(3), counted)
    mixed = replace(counted, trials=counted.trials[:, order], successes=counted.successes[:, order])
    found = ruled(an_experiment(3), mixed)
    assert [one.state for one in found.variants] == [plain.variants[n].state for n in order]
    assert [one.decided_ms for one in found.variants] == [plain.variants[n].decided_ms for n in order]


def test_all_pairs_share_the_chance_of_a_false_word(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def compared(strata: Strata, alpha: float, least: float) -> Comparison:
        asked.append(alpha)
        return compare(strata, alpha, least)

    monkeypatch.setattr(weighing, "compare", compared)
    weigh(an_experiment(4, alpha=0.06), counts(0.02, 0.02, 0.02, 0.02, quarters=40))
    assert asked == [pytest.approx(0.01)] * 6


def test_a_loser_among_many_is_told_before_anything_wins() -> None:
    found = ruled(an_experiment(3), counts(0.02, 0.02, 0.01))
    assert found.finding is ExperimentFinding.UNDECIDED
    assert [one.state for one in found.variants] == [
        VariantState.UNDECIDED, VariantState.UNDECIDED, VariantState.LOSER
    ]  # fmt: skip
    assert told(found)["watch:variant:C"] == (Status.WARNING, Reason.WORSE)
    assert told(found)["watch:variant:A"] == (Status.ON_PACE, Reason.FLOWING)
    assert loser_says(found, found.variants[2]).startswith("C is worse than another variant: CTR 0.98%")
    assert ruling_says(found).endswith("; worse than another: C")


def test_of_what_is_better_when_it_is_less_the_lower_rate_wins() -> None:
    kpi = replace(BY_NAME["ctr"], higher_is_better=False)
    found = ruled(an_experiment(kpi=kpi), counts(0.02, 0.03))
    assert [one.state for one in found.variants] == [VariantState.WINNER, VariantState.LOSER]


def test_variants_that_are_proven_alike_are_told_so() -> None:
    found = ruled(an_experiment(least_effect=0.2), counts(0.02, 0.02))
    assert (found.finding, told(found)["watch:experiment"]) == (
        ExperimentFinding.ALIKE, (Status.WARNING, Reason.ALIKE)
    )  # fmt: skip
    assert {one.state for one in found.variants} == {VariantState.ALIKE}
    assert found.decided_ms is not None


def test_what_is_counted_of_a_late_stream_is_not_ruled_on() -> None:
    found = ruled(an_experiment(), replace(counts(0.02, 0.03), waits_for=Stream.CLICK))
    assert (found.finding, ruling_says(found)) == (
        ExperimentFinding.AWAITS_STREAM, "waits for clicks, quiet or late"
    )  # fmt: skip
    assert told(found) == {"watch:experiment": (Status.HOLD, Reason.AWAITS_STREAM)}
    assert found.decided_ms is None


@pytest.mark.parametrize(
    ("now_ms", "more", "counted", "finding"),
    [
        (-1, {}, {}, ExperimentFinding.NOT_STARTED),
        (END_MS, {}, {"history_from_ms": 1}, ExperimentFinding.HISTORY_GONE),
        (END_MS, {}, {"is_partly": True}, ExperimentFinding.PARTLY_COUNTED),
        (END_MS, {}, {"as_of_ms": None}, ExperimentFinding.NO_CLOCK),
        (END_MS, {}, {"is_stale": True}, ExperimentFinding.STALE_DATA),
        (END_MS, {"end_ms": END_MS}, {}, ExperimentFinding.ENDED_UNDECIDED),
        (END_MS, {"end_ms": END_MS}, {"as_of_ms": END_MS - QUARTER_MS}, ExperimentFinding.UNDECIDED),
        (END_MS + DAY_MS, {"end_ms": END_MS}, {}, ExperimentFinding.CLOSED),
        (END_MS + DAY_MS - 1, {"end_ms": END_MS}, {}, ExperimentFinding.ENDED_UNDECIDED),
    ],
)
def test_each_reason_that_holds_a_ruling_back(
    now_ms: int, more: dict[str, object], counted: dict[str, object], finding: ExperimentFinding
) -> None:
    found = replace(counts(0.02, 0.02), **counted)  # type: ignore[arg-type]
    assert ruled(replace(an_experiment(), **more), found, now_ms).finding is finding  # type: ignore[arg-type]


def test_of_few_counts_it_is_said_that_it_is_too_soon_and_of_none_that_there_are_none() -> None:
    assert ruled(an_experiment(), counts(0.02, 0.03, quarters=31)).finding is ExperimentFinding.TOO_SOON
    assert ruled(an_experiment(), counts(0.02, 0.03, quarters=32)).finding is not ExperimentFinding.TOO_SOON
    assert ruled(an_experiment(), counts(0.02, 0.03, quarters=0)).finding is ExperimentFinding.NO_EVENTS


def test_a_variant_that_nothing_was_counted_of_is_named() -> None:
    named = tuple(Variant(name, (f"c|variant={name}",)) for name in ("A", "b"))
    counted = counts(0.02, 0.03)
    counted.trials[:, 1] = counted.successes[:, 1] = 0
    found = ruled(replace(an_experiment(), variants=named), counted)
    assert found.finding is ExperimentFinding.TOO_SOON
    assert ruling_says(found) == "nothing counted of b: is it written as in events?"
    early = ruled(an_experiment(), counts(0.02, 0.03, quarters=31))
    assert ruling_says(early).startswith("too soon")


def test_a_split_that_should_be_even_and_is_not_is_told_and_holds_the_rest() -> None:
    rng = np.random.default_rng(1)
    tried = rng.poisson([1000, 1100], (QUARTERS, 2))
    counted = VariantCounts(0, tried, rng.binomial(tried, [0.02, 0.03]), END_MS)
    assert ruled(an_experiment(), counted).finding is ExperimentFinding.WINNER
    found = ruled(an_experiment(is_even=True), counted)
    assert told(found) == {
        "watch:experiment": (Status.HOLD, Reason.EXPLAINED),
        "watch:split": (Status.WARNING, Reason.UNEVEN),
    }
    assert ruling_says(found).endswith("A 47.6%, B 52.4%")
    even = ruled(an_experiment(is_even=True), counts(0.02, 0.03))
    assert told(even)["watch:split"] == (Status.ON_PACE, Reason.FLOWING)


def test_a_split_is_not_judged_before_some_hours_and_not_by_clumps() -> None:
    rng = np.random.default_rng(2)
    far_off = rng.poisson([1000, 2000], (QUARTERS, 2))
    assert mismatch(far_off[: LEAST_HOURS * 4 - 1]) is None
    assert mismatch(far_off[: LEAST_HOURS * 4]) == LEAST_HOURS * 4
    even = [mismatch(rng.poisson(1000, (QUARTERS, 2))) for _ in range(20)]
    clumped = [mismatch(rng.poisson(10, (QUARTERS, 2)) * 100) for _ in range(20)]
    assert even == clumped == [None] * 20
    assert mismatch(np.zeros((QUARTERS, 2), np.int64)) is None


def test_what_is_said_has_the_rates_and_the_lift() -> None:
    found = ruled(an_experiment(), counts(0.02, 0.03))
    said = ruling_says(found)
    assert said.startswith("B wins: CTR 2.99% against 2.01% of A; B +48.6% over A (")
    assert all(finding in FINDINGS for finding in ExperimentFinding)


def test_hostile_names_are_shown_on_one_line_and_bounded() -> None:
    variants = (Variant("A\n\x1b[31m" + "x" * 100, ("a",)), Variant("B", ("b",)))
    said = ruling_says(ruled(an_experiment(), counts(0.02, 0.03)))
    hostile = ruling_says(ruled(replace(an_experiment(), variants=variants), counts(0.02, 0.03)))
    assert "\n" not in hostile
    assert "\x1b" not in hostile
    assert len(hostile) < len(said) + 100
