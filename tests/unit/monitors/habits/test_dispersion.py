"""How much more than chance rates scatter."""

from __future__ import annotations

import numpy as np
import pytest

from kpis.arrays import Floats, Int64s
from kpis.catalogue import BY_NAME
from kpis.measures import WIDTH
from monitors.goals.values import Bound, RatioGoal
from monitors.habits.change import TESTED_HOURS
from monitors.habits.dispersion import MOST, of_proportion
from monitors.read.past import Past

CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")


def past_of(trials: Int64s, successes: Int64s) -> Past:
    """A past of impressions and clicks."""
    hours = np.zeros((len(trials), WIDTH), np.float64)
    hours[:, 0], hours[:, 1] = trials, successes
    return Past(0, hours, np.repeat(hours != 0, 4, axis=0))


def drawn(rates: Floats, seed: int, trials: int = 3000) -> Past:
    """Clicks drawn by the rate of each hour."""
    rng = np.random.default_rng(seed)
    tried = rng.poisson(trials, len(rates))
    return past_of(tried, rng.binomial(tried, rates))


def test_what_is_chance_alone_is_one_hardly_ever_more() -> None:
    found = [of_proportion(drawn(np.full(168, 0.02), seed), CTR) for seed in range(60)]
    assert sum(one > 1 for one in found) <= 6
    assert max(found) < 1.5


@pytest.mark.parametrize("spread", [0.2, 0.4])
def test_rates_that_change_by_the_hour_scatter_as_much_more_as_their_variance_says(spread: float) -> None:
    """The variance of a count with a rate of its own is n p (1 - p) + (n^2 - n) Var p."""
    rng = np.random.default_rng(2)
    found = [of_proportion(drawn(0.02 * rng.gamma(spread**-2, spread**2, 180), seed), CTR) for seed in range(20)]
    right = 1 + 3000 * (0.02 * spread) ** 2 / (0.02 * 0.98)
    assert float(np.mean(found)) == pytest.approx(right, rel=0.2)


def test_it_is_bounded_and_needs_a_day_that_had_both_kinds() -> None:
    wild = np.where(np.arange(100) % 2, 0.3, 0.001)
    assert of_proportion(drawn(wild, 1), CTR) == MOST
    assert of_proportion(drawn(wild[: 23 + TESTED_HOURS], 1), CTR) == 1
    assert of_proportion(drawn(wild[: 24 + TESTED_HOURS], 1), CTR) == MOST
    assert of_proportion(past_of(np.full(99, 100), np.zeros(99, np.int64)), CTR) == 1
    assert of_proportion(past_of(np.full(99, 100), np.full(99, 100)), CTR) == 1
    assert of_proportion(None, CTR) == 1


def test_the_last_half_day_is_left_out_so_that_what_breaks_now_is_no_scatter() -> None:
    rates = np.full(150, 0.02)
    rates[-TESTED_HOURS:] = 0.0
    assert of_proportion(drawn(rates, 4), CTR) == 1
    rates[-TESTED_HOURS - 1] = 0.5
    assert of_proportion(drawn(rates, 4), CTR) > 1.5
