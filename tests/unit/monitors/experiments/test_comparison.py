"""Two variants compared: what a test that holds at any time proves, and what it must never do."""

from __future__ import annotations

from math import comb, exp, log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.arrays import Int64s
from monitors.experiments import comparison
from monitors.experiments.comparison import LEAST_STRATA, Comparison, compare
from monitors.experiments.sobering import dispersion, sober, unsobered
from monitors.experiments.strata import LEAST_TRIALS, Strata, strata_of

DAYS = 96
COUNTS = st.lists(
    st.tuples(st.integers(100, 3000), st.integers(100, 3000), st.integers(0, 60), st.integers(0, 60)),
    min_size=1,
    max_size=60,
)


def drawn(lift: float, quarters: int, seed: int, trials: int = 1000, rate: float = 0.02) -> Strata:
    """Quarter hours of two variants, the second with a lift."""
    rng = np.random.default_rng(seed)
    tried = rng.poisson(trials, (quarters, 2))
    return strata_of(tried, rng.binomial(tried, np.array([rate, rate * (1 + lift)])))


def of_counts(found: list[tuple[int, int, int, int]]) -> Strata:
    """Strata of some counts: trials of both, then successes."""
    counts = np.array(found, np.int64)
    return Strata(counts[:, :2], counts[:, 2:], np.arange(1, len(counts) + 1))


def swapped(strata: Strata) -> Strata:
    """The same with the first variant second."""
    return Strata(strata.trials[:, ::-1], strata.successes[:, ::-1], strata.ends)


def test_a_lift_of_30_percent_is_proven_as_soon_as_anything_may_be() -> None:
    found = compare(drawn(0.3, 2 * DAYS, 1, trials=5000), 0.05)
    assert (found.differs_at, found.is_higher) == (LEAST_STRATA - 1, True)
    assert found.lift == pytest.approx(0.3, abs=0.05)
    assert found.low is not None
    assert found.high is not None
    assert 0.2 < found.low < 0.3 < found.high < 0.4


def test_what_does_not_differ_is_not_told_to() -> None:
    assert [compare(drawn(0, 7 * DAYS, seed), 0.05).differs_at for seed in range(10)] == [None] * 10


def test_drift_of_rates_together_with_a_split_that_changes_proves_nothing() -> None:
    """All successes of the second came when both did well: added up, it would seem 3 times as good."""
    trials = np.array([[9000, 1000], [1000, 9000]] * 100)
    rates = np.array([[0.01, 0.01], [0.05, 0.05]] * 100)
    strata = strata_of(trials, np.round(trials * rates).astype(np.int64))
    first, second = strata.successes.sum(axis=0) / strata.trials.sum(axis=0)
    assert second > 3 * first
    found = compare(strata, 0.05)
    assert found.differs_at is None
    assert found.lift == pytest.approx(0, abs=1e-6)


def test_alike_is_proven_when_lifts_that_are_worth_telling_are_excluded() -> None:
    strata = drawn(0, 14 * DAYS, 3, trials=20_000)
    assert compare(strata, 0.05).alike_at is None
    found = compare(strata, 0.05, 0.05)
    assert (found.alike_at is not None, found.differs_at) == (True, None)


def test_a_proven_lift_that_is_too_small_to_tell_is_not_told() -> None:
    strata = drawn(0.03, 14 * DAYS, 4, trials=50_000)
    assert compare(strata, 0.05).differs_at is not None
    found = compare(strata, 0.05, 0.1)
    assert (found.differs_at, found.alike_at is not None) == (None, True)


def test_without_a_success_nothing_is_known() -> None:
    nothing = of_counts([(100, 100, 0, 0)] * 40)
    assert compare(nothing, 0.05) == Comparison(strata=40)
    assert compare(strata_of(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)), 0.05) == Comparison()


def test_one_sided_counts_leave_the_other_side_open() -> None:
    found = compare(of_counts([(1000, 1000, 0, 3)] * 40), 0.05)
    assert found.high is None
    assert found.low is not None
    assert found.low > 0
    assert (found.differs_at is not None, found.is_higher) == (True, True)


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_swapping_variants_mirrors_all_that_is_said(counts: list[tuple[int, int, int, int]]) -> None:
    one, other = (compare(strata, 0.05) for strata in (of_counts(counts), swapped(of_counts(counts))))
    assert (one.differs_at, one.strata) == (other.differs_at, other.strata)
    assert one.dispersion == pytest.approx(other.dispersion, rel=1e-6)
    if one.differs_at is not None:
        assert one.is_higher is not other.is_higher
    for mine, its in ((one.lift, other.lift), (one.low, other.high), (one.high, other.low)):
        assert (mine is None) == (its is None)
        if mine is not None and its is not None:
            assert log1p(mine) == pytest.approx(-log1p(its), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_a_smaller_alpha_proves_no_more_and_bounds_no_closer(counts: list[tuple[int, int, int, int]]) -> None:
    strict, lax = compare(of_counts(counts), 0.001), compare(of_counts(counts), 0.1)
    if strict.differs_at is not None:
        assert lax.differs_at is not None
        assert lax.differs_at <= strict.differs_at
    if lax.low is None and lax.lift is not None:
        assert strict.low is None
    if strict.low is not None and lax.low is not None:
        assert strict.low <= lax.low + 1e-9
    if strict.high is not None and lax.high is not None:
        assert strict.high >= lax.high - 1e-9


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_an_interval_holds_the_likeliest_lift(counts: list[tuple[int, int, int, int]]) -> None:
    found = compare(of_counts(counts), 0.05)
    if found.lift is not None:
        assert found.low is None or found.low <= found.lift
        assert found.high is None or found.lift <= found.high


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(1, 30))
def test_more_successes_of_the_second_never_lower_its_lift(counts: list[tuple[int, int, int, int]], more: int) -> None:
    (first, second, s, t), *rest = counts
    before, after = compare(of_counts(counts), 0.05), compare(of_counts([(first, second, s, t + more), *rest]), 0.05)
    if before.lift is not None and after.lift is not None:
        assert after.lift >= before.lift - 1e-9


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 0.9), st.floats(0.4, 2.5), st.floats(0.4, 2.5))
def test_the_likelihood_ratio_is_at_most_one_in_the_mean(
    first: int, second: int, rate: float, truth: float, other: float
) -> None:
    """By all that may come of two binomial counts, whatever their rate: what the guarantee rests on."""
    rates = rate, min(rate * truth, 1.0)
    truth = rates[1] / rates[0]
    nodes, mean = np.log([truth, other]), 0.0
    for s in range(first + 1):
        for t in range(second + 1):
            chance = _binomial(first, rates[0], s) * _binomial(second, rates[1], t)
            each = comparison._each(np.array([[first, second]]), np.array([[s, t]]), nodes)
            mean += chance * exp(each[0, 1] - each[0, 0])
    assert mean <= 1 + 1e-9


def _binomial(trials: int, rate: float, successes: int) -> float:
    return comb(trials, successes) * rate**successes * (1 - rate) ** (trials - successes)


def test_in_chunks_the_likelihood_is_what_it_is_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    strata = drawn(0.1, 3 * DAYS, 5)
    whole = compare(strata, 0.05)
    monkeypatch.setattr(comparison, "_AT_ONCE", 7)
    assert compare(strata, 0.05).low == pytest.approx(whole.low)


def test_strata_are_whole_quarter_hours_with_enough_trials_of_both() -> None:
    trials = np.array([[500, LEAST_TRIALS - 1], [500, 1], [500, 500], [500, 0]])
    found = strata_of(trials, np.array([[1, 1], [2, 2], [-5, 3], [9, 9]]))
    assert found.ends.tolist() == [2, 3]
    assert found.trials.tolist() == [[1000, LEAST_TRIALS], [500, 500]]
    assert found.successes.tolist() == [[3, 3], [0, 3]]


def shaken(hours: int, by: float, seed: int) -> Strata:
    """Variants that are alike, each of them moved by so much in each hour."""
    rng = np.random.default_rng(seed)
    rates = 0.02 * np.repeat(np.exp(by * rng.standard_normal((hours, 2))), 4, axis=0)
    trials: Int64s = np.full((hours * 4, 2), 2000)
    return strata_of(trials, rng.binomial(trials, rates))


def test_what_shakes_variants_apart_hour_by_hour_is_seen_and_makes_evidence_weigh_less() -> None:
    calm, wild = shaken(200, 0.0, 1), shaken(200, 0.3, 1)
    guesses = np.zeros(800)
    assert dispersion(calm, guesses)[-1] < 1.5
    assert dispersion(wild, guesses)[-1] > 5


def test_dispersion_makes_false_words_rare_that_would_be_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    def false() -> int:
        return sum(compare(shaken(7 * 24, 0.2, seed), 0.05).differs_at is not None for seed in range(40))

    assert false() <= 4
    monkeypatch.setattr(comparison, "dispersion", lambda strata, _: np.ones(len(strata)))
    monkeypatch.setattr(comparison, "sober", lambda evidence: evidence)
    assert false() > 20


@given(st.floats(0, 50), st.integers(1, 5000))
def test_sobering_only_ever_makes_evidence_less_and_goes_back(evidence: float, strata: int) -> None:
    found = float(sober(np.full((strata, 1), evidence))[-1, 0])
    assert 0 <= found <= evidence + 1e-9
    if evidence < 10:
        assert unsobered(found, strata) == pytest.approx(evidence, rel=1e-6, abs=1e-9)
