"""Changes of the last hours: what is proven, since when, and what is no matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.arrays import Floats
from kpis.measures import TOTALS, WIDTH
from kpis.times import DAY_MS, HOUR_MS
from monitors.goals.curves import curve_of
from monitors.goals.values import Band, Flight, TotalGoal
from monitors.habits.change import TESTED_HOURS, Shift, Usual, shift, usual
from monitors.read.past import Past

FLIGHT = Flight(0, 30 * DAY_MS, "UTC")
GOAL = TotalGoal(TOTALS["impressions"], 720_000, Band(0.9, 1.1), Band(0.75, 1.25))
WEEK = 7 * 24


def past_of(hours: Floats, quiet_quarters: int = 0) -> Past:
    """The past in which each hour brought so many impressions; some of its quarters none."""
    counts = np.zeros((len(hours), WIDTH), np.float64)
    counts[:, 0] = hours
    busy = np.repeat(counts != 0, 4, axis=0)
    for quarter in range(quiet_quarters):
        busy[quarter::4] = False
    return Past(0, counts, busy)


def known(hours: Floats, quiet_quarters: int = 0) -> Usual:
    """What is usual after some hours."""
    found = usual(past_of(hours, quiet_quarters), GOAL, FLIGHT, curve_of(GOAL.curve))
    assert found is not None
    return found


def changed(hours: Floats, open_actual: float = 0.0, open_part: float = 0.0) -> Shift:
    """The change that some hours show, with a part of the next one."""
    return shift(known(hours), open_actual, open_part, len(hours) * HOUR_MS)


def noisy(count: int, seed: int = 1, scatter: float = 0.2) -> Floats:
    """Hours of a thousand."""
    return (1000 * np.random.default_rng(seed).lognormal(0, scatter, count)).round()


def proven_after(factor: float, seed: int) -> int:
    """After how many hours of another level it is proven."""
    hours = noisy(WEEK + TESTED_HOURS, seed)
    hours[WEEK:] *= factor
    return next((n for n in range(1, TESTED_HOURS + 1) if changed(hours[: WEEK + n]).is_proven), TESTED_HOURS + 1)


@pytest.mark.parametrize(("factor", "most"), [(2.0, 8), (0.5, 8), (3.0, 5), (0.1, 4)])
def test_another_level_is_proven_within_hours_the_sooner_the_larger(factor: float, most: int) -> None:
    found = sorted(proven_after(factor, seed) for seed in range(9))
    assert found[0] >= 1
    assert found[-1] <= most


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_since_when_and_by_how_much_is_said(factor: float) -> None:
    hours = noisy(WEEK + 8, scatter=0.1)
    hours[WEEK:] *= factor
    found = changed(hours)
    assert found.is_proven
    assert abs(found.since_ms - WEEK * HOUR_MS) <= HOUR_MS
    assert found.factor == pytest.approx(factor, rel=0.15)


def test_what_has_returned_to_its_level_is_not_proven_any_more() -> None:
    hours = noisy(WEEK + 12)
    hours[WEEK : WEEK + 6] *= 3
    assert changed(hours[: WEEK + 6]).is_proven
    assert not changed(hours[: WEEK + 12]).is_proven, "after as long as it lasted"
    hours[WEEK + 2 : WEEK + 6] = hours[WEEK + 6 : WEEK + 10]
    assert not changed(hours[: WEEK + 6]).is_proven, "two odd hours, and four as usual"


def test_chance_proves_nothing_in_weeks() -> None:
    """About once in six weeks of hours at most: of ten weeks, more than two would be no chance."""
    false = 0
    for seed in range(10):
        hours = noisy(2 * WEEK, 100 + seed, scatter=0.3)
        false += any(changed(hours[:n]).is_proven for n in range(WEEK, 2 * WEEK, 2))
    assert false <= 2


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_in_which_order_old_days_came_is_no_matter_as_long_as_hours_do_not_persist(seed: int) -> None:
    """Whole days changed about: of each hour of the day there is the same, and the last three days stay."""
    rng = np.random.default_rng(seed)
    hours = (1000 * np.tile(rng.uniform(0.5, 1.5, 24), 10)).round()
    hours[-6:] *= 2
    days = hours.reshape(10, 24)
    days[:6] *= rng.uniform(0.99, 1.01, (6, 1))
    other = np.concatenate([days[:6][rng.permutation(6)], days[6:]]).reshape(-1)
    one, two = changed(days.reshape(-1)), changed(other)
    assert (two.since_ms, two.is_proven) == (one.since_ms, one.is_proven)
    assert two.factor == pytest.approx(one.factor, rel=0.01)


def test_the_day_has_its_shape_and_its_evening_is_no_change() -> None:
    hours = np.tile([200.0] * 8 + [1000.0] * 10 + [2500.0] * 6, 8)
    for count in range(WEEK, WEEK + 24):
        assert not changed(hours[:count]).is_proven


def test_the_open_hour_counts_as_far_as_it_is_past() -> None:
    hours = noisy(WEEK + 2)
    hours[WEEK:] *= 2.5
    without = changed(hours).strength
    assert changed(hours, 2500, 0.99).strength > changed(hours, 1250, 0.5).strength > without
    assert changed(hours, 500, 0.2).strength == without
    assert changed(hours, 1000, 0.99).strength < without


def test_the_open_hour_alone_can_be_enough_when_it_is_far_out() -> None:
    found = changed(noisy(WEEK, scatter=0.1), 30_000, 1.0)
    assert found.since_ms == WEEK * HOUR_MS
    assert found.factor == pytest.approx(30, rel=0.2)


def test_of_what_comes_once_an_hour_a_part_of_an_hour_says_nothing() -> None:
    held = known(noisy(WEEK), quiet_quarters=3)
    assert held.open_expected is None
    assert shift(held, 0.0, 0.9, WEEK * HOUR_MS) == shift(held, 9999.0, 0.9, WEEK * HOUR_MS)


def test_before_a_day_is_known_nothing_is_usual() -> None:
    assert usual(past_of(noisy(23)), GOAL, FLIGHT, curve_of(GOAL.curve)) is None
    assert known(noisy(24)).actual.tolist() == []
    assert len(known(noisy(30)).actual) == 6
    assert len(known(noisy(99)).actual) == TESTED_HOURS


@pytest.mark.parametrize("hours", [30, 40, 60])
def test_of_a_short_past_it_takes_more_to_prove_a_change(hours: int) -> None:
    short, long = noisy(hours + 4), noisy(WEEK + 4)
    short[hours:], long[WEEK:] = 2000, 2000
    assert changed(short).strength < changed(long).strength


def test_hours_that_persist_prove_less_than_hours_on_their_own() -> None:
    rng = np.random.default_rng(4)
    steps = rng.normal(0, 0.2, WEEK + 4)
    alike = steps.copy()
    for n in range(1, len(alike)):
        alike[n] = 0.8 * alike[n - 1] + 0.6 * steps[n]
    one, other = 1000 * np.exp(steps), 1000 * np.exp(alike)
    one[WEEK:], other[WEEK:] = 2000, 2000
    assert known(other).weight < 0.4 * known(one).weight
    assert changed(other).strength < changed(one).strength


@given(st.lists(st.integers(-5000, 5000), min_size=12, max_size=12), st.floats(-1e7, 1e7), st.floats(0, 1))
@settings(max_examples=50)
def test_corrections_below_zero_are_nothing_that_came_and_hide_no_change(
    last: list[int], open_actual: float, open_part: float
) -> None:
    hours = noisy(WEEK + 12)
    hours[WEEK:] = last
    found = changed(hours, open_actual, open_part)
    assert np.isfinite([found.strength, found.factor]).all()
    assert found == changed(hours.clip(0), max(open_actual, 0.0), open_part)


def test_a_correction_among_hours_of_twice_the_usual_hides_nothing() -> None:
    hours = noisy(WEEK + 10)
    hours[WEEK:] *= 2
    hours[WEEK] = -4000
    assert changed(hours).is_proven
