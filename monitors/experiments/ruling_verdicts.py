"""A ruling as verdicts of watches: what alerts, notifiers and the board tell of everything else. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from monitors.experiments.ruling import ExperimentFinding, Ruling
from monitors.experiments.ruling_words import loser_says, ruling_says
from monitors.experiments.weighing import VariantState
from monitors.goals.subject import Watch, Watched
from monitors.pacing.verdict import Reason, Status, Verdict

OUTCOME, SPLIT = Watch(Watched.EXPERIMENT), Watch(Watched.SPLIT)
_STATUS: dict[ExperimentFinding, tuple[Status, Reason]] = {
    ExperimentFinding.WINNER: (Status.WARNING, Reason.DECIDED),
    ExperimentFinding.ALIKE: (Status.WARNING, Reason.ALIKE),
    ExperimentFinding.ENDED_UNDECIDED: (Status.WARNING, Reason.ENDED_UNDECIDED),
    ExperimentFinding.UNDECIDED: (Status.ON_PACE, Reason.UNDECIDED),
    ExperimentFinding.TOO_SOON: (Status.NO_DATA, Reason.TOO_FEW),
    ExperimentFinding.NO_EVENTS: (Status.NO_DATA, Reason.TOO_FEW),
    ExperimentFinding.UNEVEN: (Status.HOLD, Reason.EXPLAINED),
    ExperimentFinding.AWAITS_STREAM: (Status.HOLD, Reason.AWAITS_STREAM),
    ExperimentFinding.STALE_DATA: (Status.HOLD, Reason.STALE_DATA),
    ExperimentFinding.NO_CLOCK: (Status.NO_DATA, Reason.NO_CLOCK),
    ExperimentFinding.HISTORY_GONE: (Status.NO_DATA, Reason.HISTORY_GONE),
    ExperimentFinding.PARTLY_COUNTED: (Status.NO_DATA, Reason.PARTLY_COUNTED),
    ExperimentFinding.NOT_STARTED: (Status.NO_DATA, Reason.NOT_STARTED),
    ExperimentFinding.CLOSED: (Status.NO_DATA, Reason.FLIGHT_CLOSED),
}
_SAYS_NOTHING = frozenset(finding for finding, (status, _) in _STATUS.items() if not status.is_judgement)


def verdicts_of(ruling: Ruling) -> list[tuple[Watch, Verdict]]:
    """What is told of an experiment: of all of it, of its split, and of more than two variants of each."""
    found = [(OUTCOME, _outcome(ruling))]
    if ruling.experiment.is_even:
        found.append((SPLIT, _split(ruling)))
    if len(ruling.variants) > 2:
        found += _losers(ruling)
    return found


def _outcome(ruling: Ruling) -> Verdict:
    status, reason = _STATUS[ruling.finding]
    verdict = Verdict.withheld(status, reason, OUTCOME, ruling.as_of_ms)
    waits_for = "" if ruling.waits_for is None else str(ruling.waits_for)
    return replace(verdict, since_ms=ruling.decided_ms, waits_for=waits_for, says=ruling_says(ruling))


def _split(ruling: Ruling) -> Verdict:
    if ruling.finding is ExperimentFinding.UNEVEN:
        verdict = Verdict.withheld(Status.WARNING, Reason.UNEVEN, SPLIT, ruling.as_of_ms)
        return replace(verdict, says=ruling_says(ruling))
    return _otherwise(ruling, SPLIT)


def _losers(ruling: Ruling) -> list[tuple[Watch, Verdict]]:
    found: list[tuple[Watch, Verdict]] = []
    is_said = ruling.finding in _SAYS_NOTHING
    for one in ruling.variants:
        watch = Watch(Watched.VARIANT, one.name)
        verdict = _otherwise(ruling, watch)
        # Who reads that another wins needs no message of each loser.
        if one.state is VariantState.LOSER and not is_said and ruling.finding is not ExperimentFinding.WINNER:
            verdict = Verdict.withheld(Status.WARNING, Reason.WORSE, watch, ruling.as_of_ms)
            verdict = replace(verdict, since_ms=one.decided_ms, says=loser_says(ruling, one))
        elif one.state is VariantState.LOSER and not is_said:
            verdict = Verdict.withheld(Status.HOLD, Reason.EXPLAINED, watch, ruling.as_of_ms)
        found.append((watch, verdict))
    return found


def _otherwise(ruling: Ruling, watch: Watch) -> Verdict:
    """Of what there is nothing to say of: as the whole where that is not judged, as usual where it is."""
    status, reason = _STATUS[ruling.finding]
    if status.is_judgement:
        status, reason = Status.ON_PACE, Reason.FLOWING
    return Verdict.withheld(status, reason, watch, ruling.as_of_ms)
