"""From rulings to what the board shows of experiments. Pure."""

from __future__ import annotations

from monitors.alerts.assessment import Assessment
from monitors.board.experiment_shapes import ExperimentNow, Experiments, VariantNow
from monitors.board.watching import acknowledged_by
from monitors.experiments.ruling import Ruling
from monitors.experiments.ruling_verdicts import OUTCOME
from monitors.experiments.ruling_words import ruling_says
from monitors.experiments.weighing import VariantRuling
from monitors.view import View


def experiments_now(view: View) -> Experiments:
    """All experiments."""
    outcomes = {one.campaign.campaign: one for one in view.examined.told if one.goal == OUTCOME}
    rows = ((ruling, outcomes[ruling.experiment.stands_for.campaign]) for ruling in view.examined.rulings)
    return Experiments([_row(ruling, outcome) for ruling, outcome in rows])


def _row(ruling: Ruling, outcome: Assessment) -> ExperimentNow:
    one = ruling.experiment
    return ExperimentNow(
        id=outcome.campaign.campaign,
        experiment=one.experiment,
        name=one.name,
        account=one.account,
        owner=one.owner,
        kpi=one.kpi.name,
        label=one.kpi.label,
        unit=one.kpi.unit,
        trials_of=one.kpi.below.title,
        successes_of=one.kpi.above.title,
        finding=ruling.finding,
        says=ruling_says(ruling),
        timezone=one.timezone,
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        as_of_ms=ruling.as_of_ms,
        decided_ms=ruling.decided_ms,
        alpha=one.alpha,
        least_effect=one.least_effect,
        dispersion=ruling.dispersion,
        variants=tuple(map(_variant, ruling.variants)),
        told=outcome.state.told,
        acknowledged_by=acknowledged_by(outcome),
        is_muted=outcome.is_muted,
    )


def _variant(variant: VariantRuling) -> VariantNow:
    return VariantNow(
        variant.name, variant.trials, variant.successes, variant.rate, variant.state,
        variant.lift, variant.low, variant.high, variant.decided_ms,
    )  # fmt: skip
