"""Evidence on proportions: what is proof, what is none, and that looking often is no proof."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import Row
from kpis.times import MINUTE_MS
from monitors.goals import Bound, Flight, RatioGoal
from monitors.pacing.evidence import Evidence, EvidencePolicy, begin, gain, proven
from monitors.pacing.onset import MOST as MOST_GAINED
from monitors.pacing.onset import Onset
from monitors.pacing.verdict import Status
from tests.kit.monitor_fakes import row

POLICY = EvidencePolicy()
FLIGHT = Flight(0, 30 * 24 * 60 * MINUTE_MS, "UTC")
LEAST = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")
MOST = RatioGoal(BY_NAME["cvr"], Bound.AT_MOST, 0.02, 0.025, "1h")


def counted(goal: RatioGoal, successes: int, trials: int) -> Row:
    """A row with so many successes out of so many trials of a goal's KPI."""
    return row(trials, successes) if goal is LEAST else row(0, trials, successes)


def fresh(goal: RatioGoal = LEAST) -> Evidence:
    """Evidence of a look at nothing, one minute after the flight began."""
    return begin(goal, FLIGHT, row(), row(), MINUTE_MS, policy=POLICY)


def after(goal: RatioGoal, minutes: list[tuple[int, int]]) -> Status:
    """What is proven after minutes of so many successes out of so many trials."""
    held, successes, trials = fresh(goal), 0, 0
    for n, (won, tried) in enumerate(minutes, 2):
        successes, trials = successes + won, trials + tried
        held = gain(held, goal, counted(goal, successes, trials), n * MINUTE_MS, POLICY)
    return proven(held, POLICY)


def test_a_rate_that_breaks_is_proven_as_soon_as_its_misses_could_not_be_chance() -> None:
    """At 2%, 200 trials without a success happen once in 57 times, 1,000 once in a billion."""
    assert after(LEAST, [(0, 100)] * 2) is Status.ON_PACE
    assert after(LEAST, [(0, 100)] * 10) is Status.CRITICAL


@pytest.mark.parametrize(
    ("goal", "won", "status"),
    [
        (LEAST, 2, Status.ON_PACE),
        (LEAST, 3, Status.ON_PACE),
        (LEAST, 1, Status.CRITICAL),
        (MOST, 2, Status.ON_PACE),
        (MOST, 1, Status.ON_PACE),
        (MOST, 4, Status.CRITICAL),
    ],
)
def test_a_day_says_on_which_side_of_its_bound_a_rate_is(goal: RatioGoal, won: int, status: Status) -> None:
    assert after(goal, [(won, 100)] * 1440) is status


def test_between_the_two_bounds_it_is_a_warning() -> None:
    assert after(LEAST, [(17, 1000)] * 200) is Status.WARNING


def test_days_that_meet_their_goal_exactly_are_hardly_ever_told() -> None:
    """At most one in twenty, looked at every minute; eight of forty would happen once in two thousand times."""
    rng = np.random.default_rng(20261127)
    days = [rng.poisson(30, 1440) for _ in range(40)]
    told = sum(_ever(list(zip(rng.binomial(day, 0.02).tolist(), day.tolist(), strict=True))) for day in days)
    assert told <= 8


def _ever(minutes: list[tuple[int, int]]) -> bool:
    held, successes, trials = fresh(), 0, 0
    for n, (won, tried) in enumerate(minutes, 2):
        successes, trials = successes + won, trials + tried
        held = gain(held, LEAST, counted(LEAST, successes, trials), n * MINUTE_MS, POLICY)
        if proven(held, POLICY) is not Status.ON_PACE:
            return True
    return False


def test_what_has_ended_fades_in_less_time_than_it_lasted() -> None:
    """A day without clicks, then the rate of the goal by half above it: no day is needed to see that."""
    path = [(0, 100)] * 1440
    assert after(LEAST, path) is Status.CRITICAL
    assert after(LEAST, path + [(3, 100)] * 30) is Status.ON_PACE


def test_a_miss_is_known_to_have_begun_where_its_rate_fell() -> None:
    """Three hours at 2.2%, then 1.4% of 1,000 impressions a minute: to ten minutes, and what came since is 1.4%."""
    rng = np.random.default_rng(5)
    held, successes, trials = fresh(), 0, 0
    for n in range(2, 241):
        successes, trials = successes + int(rng.binomial(1000, 0.022 if n <= 180 else 0.014)), trials + 1000
        held = gain(held, LEAST, counted(LEAST, successes, trials), n * MINUTE_MS, POLICY)
    assert held.onset is not None
    assert held.onset.at_ms == pytest.approx(180 * MINUTE_MS, abs=10 * MINUTE_MS)
    assert (successes - held.onset.successes) / (trials - held.onset.trials) == pytest.approx(0.014, abs=0.001)


def test_what_misses_no_more_begins_anew_with_the_next_look() -> None:
    held = gain(fresh(), LEAST, counted(LEAST, 0, 10_000), 2 * MINUTE_MS, POLICY)
    assert held.onset == Onset(MOST_GAINED, 0, 0, 0)
    over = gain(held, LEAST, counted(LEAST, 9_000, 20_000), 3 * MINUTE_MS, POLICY)
    assert over.onset is not None
    assert over.onset.gained == 0
    again = gain(over, LEAST, counted(LEAST, 9_000, 30_000), 4 * MINUTE_MS, POLICY)
    assert again.onset == Onset(MOST_GAINED, 3 * MINUTE_MS, 9_000, 20_000)


def test_each_wager_may_come_to_proof_by_itself_and_not_to_much_more() -> None:
    held = fresh()
    for n, most in enumerate(POLICY.most):
        alone = replace(held, warning=tuple(most if n == m else -1e9 for m in range(len(POLICY.factors))))
        assert proven(alone, POLICY) is Status.WARNING
        short = replace(held, warning=tuple(most - 0.7 if n == m else -1e9 for m in range(len(POLICY.factors))))
        assert proven(short, POLICY) is Status.ON_PACE


COUNTS = st.tuples(st.integers(-5, 1000), st.integers(-50, 100_000))


@given(
    st.floats(1e-6, 1), st.floats(0.01, 1), st.sampled_from(Bound), st.lists(COUNTS, max_size=20), st.integers(0, 10**9)
)
def test_any_counts_give_finite_evidence(
    limit: float, further: float, bound: Bound, looks: list[tuple[int, int]], apart_ms: int
) -> None:
    """More successes than trials, corrections, a bound of one, no time between looks."""
    critical = limit * further if bound is Bound.AT_LEAST else limit / further
    goal = replace(LEAST, bound=bound, limit=limit, critical_limit=critical)
    held, successes, trials = fresh(goal), 0, 0
    for n, (won, tried) in enumerate(looks, 1):
        successes, trials = successes + won, trials + tried
        held = gain(held, goal, row(trials, successes), MINUTE_MS + n * apart_ms, POLICY)
    assert all(map(isfinite, (*held.warning, *held.critical)))
    assert proven(held, POLICY) in {Status.ON_PACE, Status.WARNING, Status.CRITICAL}


@given(st.integers(0, 50), st.integers(100, 1000), st.integers(1, 600))
def test_a_look_at_nothing_new_changes_nothing_and_its_time_counts_later(won: int, tried: int, idle: int) -> None:
    held = gain(fresh(), LEAST, counted(LEAST, won, tried), 2 * MINUTE_MS, POLICY)
    same = gain(held, LEAST, counted(LEAST, won, tried), (2 + idle) * MINUTE_MS, POLICY)
    assert same == held
    more = counted(LEAST, won, tried + 1)
    at = (3 + idle) * MINUTE_MS
    assert gain(same, LEAST, more, at, POLICY) == gain(held, LEAST, more, at, POLICY)


def test_evidence_is_of_one_bound_and_one_flight() -> None:
    held = fresh()
    assert held.is_about(LEAST, FLIGHT, POLICY)
    assert not held.is_about(replace(LEAST, limit=0.03), FLIGHT, POLICY)
    assert not held.is_about(replace(LEAST, critical_limit=0.01), FLIGHT, POLICY)
    assert not held.is_about(LEAST, replace(FLIGHT, start_ms=5), POLICY)
    assert not held.is_about(LEAST, FLIGHT, replace(POLICY, factors=(0.5,)))
