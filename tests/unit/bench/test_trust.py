"""The trust measurements: streams are what they say, and figures count what they should."""

from __future__ import annotations

import numpy as np
import pytest

from bench.trust.cases import CASES
from bench.trust.engine import run
from bench.trust.figures import Delay, Share
from bench.trust.ratios import at_least
from bench.trust.streams import evening, flat, gusts, served, sold, spent, times
from kpis.measures import INDEX, TOTALS
from kpis.times import DAY_MS, HOUR_MS
from monitors.alerts.lifecycle import Change
from monitors.goals import Band, Flight, TotalGoal

MINUTE_MS = 60_000
GOAL = TotalGoal(TOTALS["spend"], 10_000_000_000, Band(0.9, 1.1), Band(0.75, 1.25))
DAY = Flight(0, DAY_MS, "UTC")


def test_shapes_are_one_on_average_and_as_far_apart_as_they_say() -> None:
    at = times(DAY_MS, MINUTE_MS)
    assert evening(at).mean() == pytest.approx(1)
    assert evening(at).max() / evening(at).min() == pytest.approx(10)
    many = gusts(times(400 * DAY_MS, HOUR_MS), np.random.default_rng(1))
    assert many.mean() == pytest.approx(1, abs=0.01)
    assert np.log(many).std() == pytest.approx(0.3, abs=0.01)


def test_what_is_sold_costs_and_brings_what_it_should_on_average() -> None:
    upto = sold(100, 20_000, np.random.default_rng(2)).sum(axis=0)
    clicks, orders = upto[INDEX["clicks"]], upto[INDEX["conversions"]]
    assert orders / clicks == pytest.approx(0.05, rel=0.02)
    assert upto[INDEX["spend_micros"]] / clicks / 1e6 == pytest.approx(0.50, rel=0.01)
    assert upto[INDEX["revenue_micros"]] / orders / 1e6 == pytest.approx(60, rel=0.03)


def test_delivery_by_the_curve_is_told_nothing_and_twice_as_much_is_told() -> None:
    at = times(DAY_MS, MINUTE_MS)
    assert list(run(GOAL, DAY, at, spent(flat(at) * 10_000 / len(at)))) == []
    told = list(run(GOAL, DAY, at, spent(flat(at) * 20_000 / len(at))))
    assert told[0].change is Change.FIRED


def test_a_rate_that_breaks_is_told_after_it_broke_and_by_its_window() -> None:
    at = times(DAY_MS // 4, 5_000)
    rng = np.random.default_rng(3)
    stream = served(np.full(len(at), 50.0), np.where(at > DAY_MS // 8, 0.0, 0.02), rng)
    told = list(run(at_least("ctr", 0.018, "5m"), DAY, at, stream))
    assert told
    assert DAY_MS // 8 < told[0].at_ms < DAY_MS // 8 + 10 * MINUTE_MS


def test_figures_say_whether_what_must_be_is_met() -> None:
    assert Share(1, 100, 0.01, 3).is_met
    assert not Share(2, 100, 0.01, 3).is_met
    assert Delay([5.0, None, 7.0], 7).is_met
    assert not Delay([None, None, 7.0], 7).is_met
    assert str(Delay([None, 200.0, 400.0], 7)).startswith("6.7 h (80%: 3.3 h to never), 3 runs")
    assert str(Share(0, 40, 0.01, 0)).startswith("0.0% (0.0% to 8.8%) of 40")


def test_every_case_has_words_of_its_own() -> None:
    assert len(CASES) >= 27
