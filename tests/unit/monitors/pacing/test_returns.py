"""Evidence on costs and returns: wagers gain nothing on average while a bound is met, and prove what misses it."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.arrays import Floats
from kpis.catalogue import BY_NAME
from kpis.measures import INDEX, WIDTH, ZERO, Row
from kpis.times import DAY_MS, HOUR_MS
from monitors.goals.values import Bound, Flight, RatioGoal
from monitors.pacing import returns
from monitors.pacing.returns import STAKES, proven
from monitors.pacing.verdict import Status
from monitors.read.past import Past

FLIGHT = Flight(0, 30 * DAY_MS, "UTC")
ROAS = RatioGoal(BY_NAME["roas"], Bound.AT_LEAST, 3.0, 2.0, "24h")
CPA = RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, 20.0, 30.0, "24h")
CPC = RatioGoal(BY_NAME["cpc"], Bound.AT_MOST, 0.5, 0.75, "1h")
CPM = RatioGoal(BY_NAME["cpm"], Bound.AT_MOST, 4.0, 6.0, "1h")
AOV = RatioGoal(BY_NAME["aov"], Bound.AT_LEAST, 50.0, 40.0, "24h")
MICROS = 1_000_000


def hours(spend: float, orders: Floats, value: Floats | float = 60.0, **more: Floats | float) -> Past:
    """Hours of so much spend, so many orders, and what they bring, in units of currency."""
    found = np.zeros((len(orders), WIDTH), np.float64)
    found[:, INDEX["spend_micros"]] = spend * MICROS
    found[:, INDEX["conversions"]] = orders
    found[:, INDEX["revenue_micros"]] = orders * np.asarray(value) * MICROS
    for name, values in more.items():
        found[:, INDEX[name]] = values
    return Past(0, found, np.repeat(found != 0, 4, axis=0))


def drawn(rate: float, count: int, seed: int, value: float = 60.0, sigma: float = 0.0) -> Past:
    """Orders by chance, of values by chance, with a hundred spent an hour."""
    rng = np.random.default_rng(seed)
    orders = rng.poisson(rate, count)
    sums = [float(rng.lognormal(log(value) - sigma**2 / 2, sigma, n).sum()) for n in orders]
    return hours(100.0, orders.astype(float), np.array(sums) / np.maximum(orders, 1))


@pytest.mark.parametrize(("goal", "rate"), [(ROAS, 5.0), (CPA, 5.0)])
@pytest.mark.parametrize(("factor", "status"), [(1.3, Status.ON_PACE), (1.0, Status.ON_PACE), (0.3, Status.CRITICAL)])
def test_two_days_say_on_which_side_of_its_bound_a_return_is(
    goal: RatioGoal, rate: float, factor: float, status: Status
) -> None:
    """With a hundred spent an hour, five orders of sixty are a return of three, and twenty each."""
    found = [proven(drawn(factor * rate, 48, seed, sigma=0.5), goal, FLIGHT, ZERO) for seed in range(7)]
    assert sorted(found).count(status) >= 6


@pytest.mark.parametrize("goal", [ROAS, CPA])
def test_a_halved_return_is_proven_within_days(goal: RatioGoal) -> None:
    for seed in range(5):
        turned = np.concatenate([drawn(5, 120, seed).hours, drawn(2.5, 72, 50 + seed).hours])
        known = Past(0, turned, np.repeat(turned != 0, 4, axis=0))
        assert proven(drawn(5, 120, seed), goal, FLIGHT, ZERO) is Status.ON_PACE
        assert proven(known, goal, FLIGHT, ZERO) is not Status.ON_PACE


def test_between_its_bounds_it_is_a_warning() -> None:
    assert proven(drawn(4, 300, 1), ROAS, FLIGHT, ZERO) is Status.WARNING


@pytest.mark.parametrize(
    ("goal", "spend", "more"),
    [(CPC, 100.0, {"clicks": 100.0}), (CPM, 100.0, {"impressions": 10_000.0}), (AOV, 100.0, {})],
)
def test_every_cost_and_return_has_its_sides(goal: RatioGoal, spend: float, more: dict[str, float]) -> None:
    """Costs at twice their bound, orders of half their value: proven; half the cost, twice the value: met."""
    rng = np.random.default_rng(3)
    orders = rng.poisson(10, 72).astype(float)
    bad = hours(spend, orders, 25.0, **more)
    good = hours(spend / 4, orders, 100.0, **more)
    assert proven(bad, goal, FLIGHT, ZERO) is Status.CRITICAL
    assert proven(good, goal, FLIGHT, ZERO) is Status.ON_PACE


@pytest.mark.parametrize("stake", STAKES)
@pytest.mark.parametrize("sigma", [0.0, 1.2])
def test_a_wager_gains_nothing_on_average_while_the_bound_is_met_exactly(stake: float, sigma: float) -> None:
    """Compound Poisson hours, many at once; with the lump that sums of such orders have, what was wagered stays at most
    what it was, within what 30,000 draws say of a mean."""
    rng = np.random.default_rng(20261128)
    rate, value, runs = 2.0, 60.0, 30_000
    orders = rng.poisson(rate, runs)
    each = rng.lognormal(log(value) - sigma**2 / 2, sigma, int(orders.sum()))
    good = np.bincount(np.repeat(np.arange(runs), orders), each, runs)
    lump = value * exp(sigma**2)
    gains = np.array([exp(returns._gain(stake, one, rate * value, lump)) for one in good.tolist()])
    assert float(gains.mean()) <= 1 + 3 * float(gains.std()) / runs**0.5


def test_weeks_that_meet_their_bound_exactly_are_hardly_ever_told() -> None:
    """At most one day in fifty; of 40 times three days, looked at again and again, seven would be far more."""
    told = 0
    for seed in range(40):
        whole = drawn(5, 120, seed, sigma=1.0).hours
        told += any(
            proven(Past(0, whole[:n], np.repeat(whole[:n] != 0, 4, axis=0)), ROAS, FLIGHT, ZERO) is not Status.ON_PACE
            for n in range(48, 121, 6)
        )
    assert told <= 6


def test_the_hour_that_is_open_counts() -> None:
    known = drawn(5, 72, 2)
    nothing: Row = (0, 0, 0, 3000 * MICROS, 0)
    assert proven(known, ROAS, FLIGHT, ZERO) is Status.ON_PACE
    assert proven(known, ROAS, FLIGHT, nothing) is not Status.ON_PACE
    assert proven(known, CPA, FLIGHT, nothing) is not Status.ON_PACE


def test_hours_before_the_flight_are_not_wagered_on() -> None:
    bad, good = drawn(1, 72, 1).hours, drawn(6, 4, 2).hours
    both = np.concatenate([bad, good])
    known = Past(0, both, np.repeat(both != 0, 4, axis=0))
    assert proven(known, CPA, Flight(72 * HOUR_MS, 30 * DAY_MS, "UTC"), ZERO) is Status.ON_PACE
    assert proven(known, CPA, FLIGHT, ZERO) is not Status.ON_PACE


def test_what_has_ended_fades() -> None:
    bad, good = drawn(0.5, 72, 1).hours, drawn(9, 24, 2).hours
    both = np.concatenate([bad, good])
    known = Past(0, both, np.repeat(both != 0, 4, axis=0))
    assert proven(Past(0, bad, np.repeat(bad != 0, 4, axis=0)), CPA, FLIGHT, ZERO) is Status.CRITICAL
    assert proven(known, CPA, FLIGHT, ZERO) is Status.ON_PACE


def test_what_orders_bring_is_not_known_from_a_few() -> None:
    few = np.zeros(48)
    few[:9] = 1.0
    assert proven(hours(100.0, few), ROAS, FLIGHT, ZERO) is Status.ON_PACE
    few[9] = 1.0
    assert proven(hours(100.0, few), ROAS, FLIGHT, ZERO) is Status.CRITICAL
    assert proven(hours(100.0, np.zeros(48)), CPA, FLIGHT, ZERO) is Status.CRITICAL


def test_lumpy_orders_prove_less_than_even_ones() -> None:
    rng = np.random.default_rng(5)
    even, lumpy = np.full(48, 3.0), np.where(rng.random(48) < 0.1, 30.0, 0.0)
    assert proven(hours(100.0, even), CPA, FLIGHT, ZERO) is Status.WARNING
    assert proven(hours(100.0, lumpy * 3 / lumpy.mean()), CPA, FLIGHT, ZERO) is Status.ON_PACE


@given(
    st.lists(st.tuples(*[st.integers(-(2**62), 2**62)] * WIDTH), max_size=30),
    st.tuples(*[st.integers(-(2**62), 2**62)] * WIDTH),
    st.sampled_from([ROAS, CPA, CPC, CPM, AOV]),
)
def test_any_numbers_prove_something_or_nothing(rows: list[Row], open_hour: Row, goal: RatioGoal) -> None:
    found = np.array(rows, np.float64).reshape(-1, WIDTH)
    known = Past(0, found, np.repeat(found != 0, 4, axis=0))
    assert proven(known, goal, FLIGHT, open_hour) in {Status.ON_PACE, Status.WARNING, Status.CRITICAL}
