"""Where a total will end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.arrays import Floats
from kpis.measures import TOTALS, WIDTH
from kpis.times import DAY_MS, HOUR_MS
from monitors.goals.curves import curve_of
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.values import Band, Flight, TotalGoal
from monitors.habits.habit import learn
from monitors.habits.outlook import Outlook, outlook
from monitors.read.past import Past
from tests.kit.flows import whole_hours

DAYS = 10
FLIGHT = Flight(0, DAYS * DAY_MS, "UTC")
GOAL = TotalGoal(TOTALS["impressions"], 240_000, Band(0.9, 1.1), Band(0.75, 1.25))
EVENING = CurveSpec(week=tuple((day * 1440 + hour * 60, weight) for day in range(7)
                               for hour, weight in ((0, 0.0), (8, 1.0), (18, 3.0), (22, 0.5))))  # fmt: skip


def past_of(hours: Floats, start_ms: int = 0) -> Past:
    """The past in which each hour brought so many impressions."""
    counts = np.zeros((len(hours), WIDTH))
    counts[:, 0] = hours
    return whole_hours(counts, start_ms)


def ends(hours: Floats, goal: TotalGoal = GOAL, flight: Flight = FLIGHT, start_ms: int = 0) -> Outlook:
    """The outlook after some hours."""
    found = outlook(past_of(hours, start_ms), goal, flight)
    assert found is not None
    return found


def parts(goal: TotalGoal, flight: Flight = FLIGHT) -> Floats:
    """What the curve gives each hour."""
    curve = curve_of(goal.curve)
    edges = range(flight.start_ms, flight.end_ms + 1, HOUR_MS)
    return np.diff(np.array([curve(flight, ms) for ms in edges])) * goal.target


@pytest.mark.parametrize("spec", [CurveSpec(), CurveSpec(Shape.FRONT_LOADED), EVENING, CurveSpec(lag_ms=DAY_MS)])
@pytest.mark.parametrize("hours", [24, 30, 121, 239])
@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_who_delivers_as_the_curve_says_ends_at_the_target(spec: CurveSpec, hours: int, factor: float) -> None:
    goal = replace(GOAL, curve=spec)
    delivered = factor * parts(goal)[:hours]
    found = ends(delivered, goal)
    assert delivered.sum() + found.rest == pytest.approx(factor * goal.target, rel=0.02)
    assert found.level == pytest.approx(factor * goal.target, rel=0.05)
    assert found.hours == hours - int((delivered > 0).argmax())
    assert found.open_hour == pytest.approx(factor * parts(goal)[hours], rel=0.1, abs=20)


@pytest.mark.parametrize("hours", [48, 100, 130])
def test_the_shape_of_the_day_is_learned_where_the_curve_does_not_say_it(hours: int) -> None:
    shaped = parts(replace(GOAL, curve=EVENING)) + 100.0
    found = ends(shaped[:hours])
    assert shaped[:hours].sum() + found.rest == pytest.approx(shaped.sum(), rel=0.04)
    assert found.knows_day


@given(st.integers(30, 200), st.floats(0.1, 10), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_more_delivery_ends_higher_in_proportion(hours: int, times: float, seed: int) -> None:
    delivered = np.random.default_rng(seed).lognormal(7, 0.3, hours).round()
    one, more = ends(delivered), ends(delivered * np.float32(times))
    assert more.rest == pytest.approx(times * one.rest, rel=1e-3)
    assert more.deviation == pytest.approx(times * one.deviation, rel=1e-3)
    assert one.deviation > 0


@given(st.integers(30, 200), st.integers(1, 24), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_better_day_never_makes_the_end_lower(hours: int, better: int, seed: int) -> None:
    """All hours of the last day by the same factor, so that the day's shape stays."""
    delivered = np.random.default_rng(seed).lognormal(7, 0.1, hours)
    lifted = delivered.copy()
    lifted[-24:] *= 1 + better / 24
    assert lifted.sum() + ends(lifted).rest > delivered.sum() + ends(delivered).rest


def test_the_interval_narrows_as_the_flight_goes_on_and_widens_with_scatter() -> None:
    rng = np.random.default_rng(1)
    calm, wild = rng.lognormal(7, 0.1, 200), rng.lognormal(7, 0.5, 200)
    assert ends(calm[:48]).deviation > ends(calm[:120]).deviation > ends(calm[:200]).deviation
    assert ends(wild[:100]).deviation > 2 * ends(calm[:100]).deviation


def test_hours_that_persist_make_the_end_less_certain() -> None:
    rng = np.random.default_rng(2)
    steps = rng.normal(0, 1, 150)
    alone, alike = steps.copy(), steps.copy()
    for n in range(1, 150):
        alike[n] = 0.9 * alike[n - 1] + (1 - 0.81) ** 0.5 * steps[n]
    assert ends(1000 + 100 * alike).deviation > 1.5 * ends(1000 + 100 * alone).deviation


def test_the_level_is_that_of_the_last_three_days_and_beside_it_that_of_the_last_one() -> None:
    delivered = np.array([500.0] * 72 + [1000.0] * 48 + [2000.0] * 24)
    found = ends(delivered)
    assert found.level / GOAL.target * 1000 == pytest.approx(4000 / 3, rel=0.01)
    assert found.recent_rest == pytest.approx(96 * 2000, rel=0.05)
    assert found.rest == pytest.approx(96 * 4000 / 3, rel=0.05)


def test_what_came_before_the_flight_teaches_the_day_but_not_the_level() -> None:
    shape = np.tile([200.0] * 12 + [1800.0] * 12, 7)
    flight = Flight(7 * DAY_MS, 17 * DAY_MS, "UTC")
    found = ends(np.concatenate([shape * 5, shape[:12]]), flight=flight)
    assert found.hours == 12
    assert found.knows_day
    assert found.rest == pytest.approx(12 * 1800 + 9 * 24_000, rel=0.08)


def test_before_each_hour_of_the_day_was_seen_it_is_not_known_unless_the_curve_says_it() -> None:
    assert not ends(np.full(23, 100.0)).knows_day
    assert ends(np.full(24, 100.0)).knows_day
    assert ends(np.full(20, 100.0), replace(GOAL, curve=EVENING)).knows_day


def test_there_is_no_outlook_before_a_whole_hour_after_the_end_or_of_nothing() -> None:
    assert outlook(past_of(np.ones(10), -10 * HOUR_MS), GOAL, FLIGHT) is None
    assert outlook(past_of(np.zeros(10)), GOAL, FLIGHT) is None
    assert outlook(past_of(np.ones(336)), GOAL, FLIGHT) is None
    assert outlook(past_of(np.ones(1)), GOAL, FLIGHT) is not None


@pytest.mark.parametrize("persistence", [0.0, 0.6])
@pytest.mark.parametrize("known", [60, 180])
def test_the_deviation_is_that_of_what_really_comes(persistence: float, known: int) -> None:
    """Of 200 flights at a quarter or three of their time, the error of the rest is as large as it says."""
    rng = np.random.default_rng(11)
    errors, said = [], []
    for _ in range(200):
        steps = rng.normal(0, 0.2, DAYS * 24)
        for n in range(1, len(steps)):
            steps[n] = persistence * steps[n - 1] + (1 - persistence**2) ** 0.5 * steps[n]
        hours = 1000 * (1 + steps)
        found = ends(hours[:known])
        errors.append(found.rest - hours[known:].sum())
        said.append(found.deviation)
    assert float(np.mean(said)) == pytest.approx(float(np.std(errors)), rel=0.25)


def test_the_habit_is_that_of_the_hours_themselves() -> None:
    delivered = np.random.default_rng(5).lognormal(7, 0.3, 100)
    habit = learn(delivered.astype(np.float32).astype(float), parts(GOAL)[:100] / GOAL.target, np.arange(100) % 24)
    assert habit is not None
    assert ends(delivered).habit.level == pytest.approx(habit.level)
