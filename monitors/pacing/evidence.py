"""Evidence that a proportion misses its bound, gathered look by look so that looking often is no false alarm.

An e-detector of the Shiryaev-Roberts kind: J. Shin, A. Ramdas and A. Rinaldo, "E-detectors: a nonparametric framework
for sequential change detection" (2022). Each minute a wager begins that the rate is worse than the bound by some
factor; each multiplies by the likelihood ratio of what was counted. While the goal is met none gains on average, so
their sum grows by one a minute at most, and Markov's inequality bounds the chance that it passes a threshold within a
day, however often one looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, log1p
from typing import TypeGuard

from kpis.measures import Row
from kpis.times import MINUTE_MS
from monitors.goals.subject import Subject
from monitors.goals.values import Bound, Flight, RatioGoal
from monitors.pacing.onset import Onset
from monitors.pacing.verdict import Status
from monitors.pacing.wagers import is_mean_over

_BELOW_ONE = 1 - 1e-9
_TENTH = (0.9,)
"""The factor by which the beginning of a miss is looked for: of a smaller one it is a matter of days, not of looks."""
_NOTHING = -1e9
"""The logarithm of nothing, which JSON can hold."""
Wagers = tuple[float, ...]
"""The logarithm of what the wagers on each factor have come to."""


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """What counts as proof.

    Attributes:
        false_a_day: the chance that a day of a goal that is met exactly is told anything, at most.
        factors: how much worse than the bound wagers suppose the rate to be; from what takes thousands of events to
            see to what is no less than broken.
        weights: how much of the stakes each has. Most is on a tenth to a third: a smaller miss takes its time, and of
            a larger one each event says so much that less of the stakes is as soon proof.
    """

    false_a_day: float = 0.05
    factors: Wagers = (0.95, 0.9, 0.8, 0.65, 0.45, 0.2, 0.05)
    weights: Wagers = (1.0, 2.0, 3.0, 2.0, 1.0, 1.0, 1.0)

    @property
    def threshold(self) -> float:
        """The logarithm of what wagers must come to: those of a day, one a minute, over the chance."""
        return _threshold(self.false_a_day)

    @property
    def most(self) -> Wagers:
        """The logarithm of what each wager may come to: by itself, twice what is proof."""
        return _most(self.threshold, self.weights)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one goal, up to a moment.

    Attributes:
        flight_ms: the start of the flight it is about.
        limit: the bound it is about.
        critical_limit: the critical one.
        at_ms: the watermark it reaches to.
        successes: all that had been counted of the flight by then.
        trials: out of so many.
        warning: wagers that the goal's bound is missed.
        critical: wagers that its critical bound is.
        onset: where what misses lately began; None where an older version did not say.
        members: of a parent, which campaigns it is of, see :attr:`monitors.goals.values.Campaign.members_digest`.
    """

    flight_ms: int
    limit: float
    critical_limit: float
    at_ms: int
    successes: int
    trials: int
    warning: Wagers
    critical: Wagers
    onset: Onset | None = None
    members: str = ""

    def is_about(self, goal: RatioGoal, flight: Flight, policy: EvidencePolicy, members: str = "") -> bool:
        """Whether it is about this goal as it is written now, and has the wagers that are made now."""
        mine = (self.flight_ms, self.limit, self.critical_limit, len(self.warning), len(self.critical), self.members)
        wagers = len(policy.factors)
        return mine == (flight.start_ms, goal.limit, goal.critical_limit, wagers, wagers, members)


def begin(goal: RatioGoal, flight: Flight, since: Row, total: Row, at_ms: int, *, policy: EvidencePolicy) -> Evidence:
    """Evidence of one look.

    Args:
        goal: a proportion.
        flight: its campaign's.
        since: what was counted lately: the first thing that is known.
        total: all that was counted of the flight.
        at_ms: the watermark of both.
        policy: what counts as proof.
    """
    none = (_NOTHING,) * len(policy.factors)
    (all_successes, all_trials), (successes, trials) = goal.kpi.parts(total), goal.kpi.parts(since)
    before = (all_successes - successes, all_trials - trials)
    fresh = Evidence(flight.start_ms, goal.limit, goal.critical_limit, at_ms - MINUTE_MS, *before, none, none)
    return gain(fresh, goal, total, at_ms, policy)


def gain(
    held: Evidence, goal: RatioGoal, total: Row, at_ms: int, policy: EvidencePolicy, *, dispersion: float = 1.0
) -> Evidence:
    """Evidence after another look; what was taken back since (a refund, a correction) is taken back here too.

    Args:
        held: up to the look before.
        goal: what it is about.
        total: all that was counted of the flight.
        at_ms: the watermark; nothing is gained where it has not moved.
        policy: what counts as proof.
        dispersion: how many events say no more than one would if they were independent.
    """
    all_successes, all_trials = goal.kpi.parts(total)
    successes, trials = all_successes - held.successes, all_trials - held.trials
    if at_ms <= held.at_ms or not (successes or trials):
        # Wagers that would begin meanwhile begin with the next event: nothing multiplies them until then.
        return held
    minutes = (at_ms - held.at_ms) / MINUTE_MS
    warning, critical = (
        _wagered(
            wagers,
            _odds(goal.bound, limit, policy.factors),
            (successes / dispersion, trials / dispersion),
            minutes,
            policy,
        )
        for wagers, limit in ((held.warning, goal.limit), (held.critical, goal.critical_limit))
    )
    ((win, lose),) = _odds(goal.bound, goal.limit, _TENTH)
    begins = Onset(0.0, held.at_ms, held.successes, held.trials)
    onset = (held.onset or begins).after((successes * win + (trials - successes) * lose) / dispersion, begins)
    return Evidence(
        held.flight_ms, held.limit, held.critical_limit, at_ms, all_successes, all_trials, warning, critical,
        onset, held.members,
    )  # fmt: skip


def proven(held: Evidence, policy: EvidencePolicy) -> Status:
    """What is proven: critical, warning, or nothing, which is on pace."""
    if is_mean_over(held.critical, policy.threshold, policy.weights):
        return Status.CRITICAL
    is_warned = is_mean_over(held.warning, policy.threshold, policy.weights)
    return Status.WARNING if is_warned else Status.ON_PACE


@lru_cache(maxsize=64)
def _threshold(false_a_day: float) -> float:
    return log(24 * 60 / false_a_day)


def applies_to(goal: Subject) -> TypeGuard[RatioGoal]:
    """Whether a goal is about a proportion."""
    return isinstance(goal, RatioGoal) and goal.kpi.is_proportion and goal.kpi.is_provable


@lru_cache(maxsize=4096)
def _odds(bound: Bound, limit: float, factors: Wagers) -> tuple[tuple[float, float], ...]:
    """What a success and a failure multiply each factor's wager by, as logarithms.

    Above an upper bound the rate is supposed to be as much nearer to 1 as it is smaller below a lower one.
    """
    found: list[tuple[float, float]] = []
    limit = min(limit, _BELOW_ONE)
    for factor in factors:
        rate = limit * factor if bound is Bound.AT_LEAST else min(limit / factor, (1 + limit) / 2)
        found.append((log(rate / limit), log1p(-rate) - log1p(-limit)))
    return tuple(found)


@lru_cache(maxsize=64)
def _most(threshold: float, weights: Wagers) -> Wagers:
    whole = sum(weights)
    return tuple(threshold + log(2 * whole / weight) for weight in weights)


def _wagered(
    wagers: Wagers,
    odds: tuple[tuple[float, float], ...],
    counted: tuple[float, float],
    minutes: float,
    policy: EvidencePolicy,
) -> Wagers:
    successes, trials = counted
    # Beyond proof nothing is kept: what has ended should not take as long to fade as it lasted.
    begun, failures = log(minutes), trials - successes
    found: list[float] = []
    for wager, (win, lose), most in zip(wagers, odds, policy.most, strict=True):
        # This is monitors.pacing.wagers.with_begun(wager, minutes), for what runs at each look.
        high, apart = (wager, begun - wager) if wager > begun else (begun, wager - begun)
        gained = high + log1p(exp(apart)) + successes * win + failures * lose
        found.append(gained if gained < most else most)
    return tuple(found)
