"""Habits are found again in what was made of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.arrays import Floats
from monitors.habits.habit import PRIOR_SCATTER, Habit, inflation, learn


def day_shape() -> Floats:
    """A night of a fifth, an evening of twice the mean."""
    shape = np.array([0.2] * 7 + [1.0] * 10 + [2.0] * 5 + [0.8, 0.8])
    return np.asarray(shape / shape.mean())


def learned(actual: Floats, planned: Floats | None = None, first_hour: int = 0) -> Habit:
    """The habit of hours from a local hour of the day on."""
    hours = (np.arange(len(actual)) + first_hour) % 24
    found = learn(actual, np.ones(len(actual)) if planned is None else planned, hours)
    assert found is not None
    return found


@given(st.floats(0.01, 1e9), st.integers(0, 23), st.integers(5, 14))
def test_level_and_shape_of_steady_days_are_found(level: float, first_hour: int, days: int) -> None:
    shape = day_shape()
    actual = level * shape[(np.arange(24 * days) + first_hour) % 24]
    found = learned(actual, first_hour=first_hour)
    assert found.shape / found.shape.mean() == pytest.approx(shape, rel=0.1, abs=0.05)
    assert found.level * found.shape == pytest.approx(level * shape, rel=0.1, abs=0.05 * level)
    assert (found.hours, found.days.tolist()) == (24 * days, [days] * 24)
    assert found.shaped > 0.8
    assert found.scatter < PRIOR_SCATTER / 3


def test_a_plan_that_knows_the_day_leaves_nothing_to_learn() -> None:
    planned = np.tile(day_shape(), 7)
    found = learned(3 * planned, planned)
    assert found.level == pytest.approx(3)
    assert found.shape == pytest.approx(np.ones(24))
    assert found.shaped == pytest.approx(0, abs=1e-6)


def test_what_is_chance_alone_becomes_hardly_any_shape() -> None:
    """Of 20 weeks without any shape, most of what their hours of the day seem to have is not believed."""
    weeks = [np.random.default_rng(seed).lognormal(0, 0.3, 24 * 7) for seed in range(20)]
    found = [learned(week) for week in weeks]
    raw = [week.reshape(-1, 24).mean(axis=0) / week.mean() for week in weeks]
    assert float(np.mean([one.shape.std() for one in found])) < 0.4 * float(np.mean([one.std() for one in raw]))
    assert float(np.mean([one.shaped for one in found])) < 0.35
    assert max(float(np.abs(one.shape - 1).max()) for one in found) < 0.2


@pytest.mark.parametrize("days", [2, 7])
def test_one_odd_evening_is_no_habit(days: int) -> None:
    actual = np.random.default_rng(3).lognormal(0, 0.2, 24 * days)
    actual[24 * (days - 1) + 20] *= 3
    assert learned(actual).shape[20] < 1.6
    assert learned(actual).shape[20] < actual.reshape(-1, 24).mean(axis=0)[20] / actual.mean()


@pytest.mark.parametrize(("scatter", "persistence"), [(0.1, 0.0), (0.3, 0.0), (0.3, 0.5), (0.2, 0.8)])
def test_scatter_and_persistence_of_long_data_are_found(scatter: float, persistence: float) -> None:
    found = [learned(np.tile(day_shape(), 42) * (1 + gusts(24 * 42, scatter, persistence, seed))) for seed in range(8)]
    assert float(np.mean([one.scatter for one in found])) == pytest.approx(scatter, rel=0.15)
    assert float(np.mean([one.persistence for one in found])) == pytest.approx(persistence, abs=0.08)


def gusts(hours: int, scatter: float, persistence: float, seed: int) -> Floats:
    """Deviations that resemble the one before (autoregressive of the first order)."""
    rng = np.random.default_rng(seed)
    found, fresh = np.zeros(hours), rng.normal(0, scatter * (1 - persistence**2) ** 0.5, hours)
    found[0] = rng.normal(0, scatter)
    for n in range(1, hours):
        found[n] = persistence * found[n - 1] + fresh[n]
    return np.asarray(found.clip(-0.95, None))


@pytest.mark.parametrize("persistence", [0.0, 0.8])
def test_of_a_few_days_persistence_is_not_underestimated_as_it_would_be_uncorrected(persistence: float) -> None:
    """The plain estimate of 48 hours with 0.8 is some 0.1 too low."""
    found = [learned(1 + gusts(48, 0.1, persistence, seed)).persistence for seed in range(200)]
    assert float(np.mean(found)) == pytest.approx(persistence, abs=0.09)


@pytest.mark.parametrize("hours", [1, 2, 5])
def test_of_a_few_hours_scatter_is_what_busy_campaigns_show(hours: int) -> None:
    assert 0.1 < learned(np.full(hours, 100.0)).scatter <= PRIOR_SCATTER


COUNTED = st.just(0.0) | st.floats(1, 1e6)
"""What an hour brings is none, one, or more: no measure is ever a part of 1."""


@given(st.lists(COUNTED, min_size=30, max_size=80), st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_units_are_no_matter(actual: list[float], times: float, plan: float) -> None:
    one = learn(np.array(actual), np.ones(len(actual)), np.arange(len(actual)) % 24)
    other = learn(times * np.array(actual), np.full(len(actual), plan), np.arange(len(actual)) % 24)
    assert (one is None) is (other is None)
    if one is not None and other is not None:
        assert other.level == pytest.approx(one.level * times / plan)
        assert other.shape == pytest.approx(one.shape)
        assert [other.scatter, other.persistence] == pytest.approx([one.scatter, one.persistence], abs=1e-6)


@given(st.integers(25, 120), st.integers(0, 23))
def test_a_habit_adds_up_to_what_came(hours: int, first_hour: int) -> None:
    """Also where some hours of the day were seen more often, and are believed more, than others."""
    of_day = (np.arange(hours) + first_hour) % 24
    actual = 100 * day_shape()[of_day] * (1 + 0.1 * np.cos(np.arange(hours)))
    found = learned(actual, first_hour=first_hour)
    assert float((found.level * found.shape[of_day]).sum()) == pytest.approx(float(actual.sum()), rel=1e-9)


def test_without_a_plan_or_anything_that_came_there_is_no_habit() -> None:
    hours = np.arange(48) % 24
    assert learn(np.ones(48), np.zeros(48), hours) is None
    assert learn(np.zeros(48), np.ones(48), hours) is None
    assert learn(np.zeros(0), np.zeros(0), hours[:0]) is None


def test_hours_without_a_plan_say_nothing() -> None:
    actual, planned = np.ones(96), np.ones(96)
    actual[:24], planned[:24] = 1000.0, 0.0
    found = learned(actual, planned)
    assert found.hours == 72
    assert found.level == pytest.approx(1.0)


@given(st.integers(2, 60), st.integers(0, 95))
def test_a_mean_of_hours_that_resemble_each_other_scatters_as_their_covariances_say(hours: int, percent: int) -> None:
    r = percent / 100
    covariances = sum(r ** abs(a - b) for a in range(hours) for b in range(hours))
    assert inflation(hours, r) == pytest.approx(covariances / hours)
    assert inflation(0, r) == inflation(1, r) == 1
