"""What becomes of an experiment: a winner, losers, nothing proven, or a reason why it cannot be said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kpis.measures import Stream
from kpis.times import DAY_MS, QUARTER_MS
from monitors.experiments.weighing import VariantCounts, VariantRuling, VariantState, Weighed
from monitors.goals.experiments.experiment import Experiment

CLOSED_MS = DAY_MS
"""How long after its end an experiment is still judged: late events and corrections come within a day."""


class ExperimentFinding(StrEnum):
    """Why an experiment stands as it does."""

    WINNER = "winner"
    """One variant is proven better than all others."""
    ALIKE = "alike"
    """Those that are not proven worse differ by less than is worth telling."""
    UNDECIDED = "undecided"
    """What differs may be chance."""
    ENDED_UNDECIDED = "ended_undecided"
    """It is over, and what differs may be chance."""
    TOO_SOON = "too_soon"
    """Not all variants have been tried for long enough."""
    NO_EVENTS = "no_events"
    """Nothing was counted of any variant."""
    UNEVEN = "uneven"
    """Variants are not tried equally often, though they should be: what differs may come of that."""
    AWAITS_STREAM = "awaits_stream"
    """A stream that it needs stands still or is late."""
    STALE_DATA = "stale_data"
    """What is counted is too old."""
    NO_CLOCK = "no_clock"
    """No event has come yet."""
    HISTORY_GONE = "history_gone"
    """It began before the history that is kept."""
    PARTLY_COUNTED = "partly_counted"
    """A measure that it needs is counted only since after it began, or is not counted any more."""
    NOT_STARTED = "not_started"
    """It has not begun."""
    CLOSED = "closed"
    """It ended more than a day ago."""

    @property
    def is_final(self) -> bool:
        """Whether people are to do something now."""
        return self in {ExperimentFinding.WINNER, ExperimentFinding.ALIKE, ExperimentFinding.ENDED_UNDECIDED}


@dataclass(frozen=True, slots=True)
class Ruling:
    """How an experiment stands.

    Attributes:
        experiment: which.
        finding: why it stands so.
        as_of_ms: up to when was counted; None where nobody knows.
        variants: as they are in the file.
        decided_ms: by when it was decided; None while it is not.
        waits_for: the stream that it waits for; None for none.
        dispersion: how much more than by chance counts shake, at least 1; the most of any pair.
    """

    experiment: Experiment
    finding: ExperimentFinding
    as_of_ms: int | None = None
    variants: tuple[VariantRuling, ...] = ()
    decided_ms: int | None = None
    waits_for: Stream | None = None
    dispersion: float = 1.0

    @property
    def winner(self) -> VariantRuling | None:
        """The variant that is better than all others."""
        return next((one for one in self.variants if one.state is VariantState.WINNER), None)


def rule(experiment: Experiment, counts: VariantCounts, weighed: Weighed, now_ms: int) -> Ruling:
    """How an experiment stands.

    Args:
        experiment: which.
        counts: what was counted of it.
        weighed: what that proves.
        now_ms: the clock.
    """
    variants = weighed.variants
    finding = _withheld(experiment, counts, weighed, now_ms) or _found(experiment, counts, weighed, now_ms)
    is_decided = finding in {ExperimentFinding.WINNER, ExperimentFinding.ALIKE}
    times = [one.decided_ms for one in variants if one.decided_ms is not None]
    return Ruling(
        experiment,
        finding,
        counts.as_of_ms,
        variants,
        max(times, default=None) if is_decided else None,
        counts.waits_for if finding is ExperimentFinding.AWAITS_STREAM else None,
        weighed.dispersion,
    )


def _withheld(experiment: Experiment, counts: VariantCounts, weighed: Weighed, now_ms: int) -> ExperimentFinding | None:
    """Why nothing is said now; None when something is."""
    end_ms = experiment.end_ms
    reasons = (
        (now_ms < experiment.start_ms, ExperimentFinding.NOT_STARTED),
        (end_ms is not None and now_ms >= end_ms + CLOSED_MS, ExperimentFinding.CLOSED),
        (experiment.start_ms < counts.history_from_ms, ExperimentFinding.HISTORY_GONE),
        (counts.is_partly, ExperimentFinding.PARTLY_COUNTED),
        (counts.as_of_ms is None, ExperimentFinding.NO_CLOCK),
        (counts.waits_for is not None, ExperimentFinding.AWAITS_STREAM),
        (counts.is_stale, ExperimentFinding.STALE_DATA),
        (weighed.is_uneven, ExperimentFinding.UNEVEN),
    )
    return next((finding for applies, finding in reasons if applies), None)


def _found(experiment: Experiment, counts: VariantCounts, weighed: Weighed, now_ms: int) -> ExperimentFinding:
    states = {one.state for one in weighed.variants}
    if VariantState.WINNER in states:
        return ExperimentFinding.WINNER
    if VariantState.ALIKE in states:
        return ExperimentFinding.ALIKE
    # What came in the last hours of it is known when it is counted.
    if experiment.end_ms is not None and now_ms >= experiment.end_ms and _is_counted(experiment, counts):
        return ExperimentFinding.ENDED_UNDECIDED
    if not counts.trials.any():
        return ExperimentFinding.NO_EVENTS
    return ExperimentFinding.TOO_SOON if weighed.is_early else ExperimentFinding.UNDECIDED


def _is_counted(experiment: Experiment, counts: VariantCounts) -> bool:
    return counts.as_of_ms is not None and counts.as_of_ms >= (experiment.end_ms or 0) // QUARTER_MS * QUARTER_MS
