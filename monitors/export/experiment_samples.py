"""Samples of experiments. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors import metrics
from monitors.experiments.ruling import ExperimentFinding, Ruling
from monitors.experiments.weighing import VariantState
from monitors.export.samples import Families, seconds


def experiment_samples(rulings: Iterable[Ruling]) -> Families:
    """How each experiment stands, and each of its variants."""
    found = Families(
        (
            metrics.EXPERIMENT_INFO, metrics.EXPERIMENT_FINDING, metrics.EXPERIMENT_DECIDED, metrics.EXPERIMENT_AS_OF,
            metrics.EXPERIMENT_STATE, metrics.EXPERIMENT_TRIALS, metrics.EXPERIMENT_SUCCESSES, metrics.EXPERIMENT_RATE,
            metrics.EXPERIMENT_LIFT, metrics.EXPERIMENT_LIFT_LOW, metrics.EXPERIMENT_LIFT_HIGH,
        )
    )  # fmt: skip
    for ruling in rulings:
        one = ruling.experiment
        found.add(metrics.EXPERIMENT_INFO, (one.experiment, one.name, one.kpi.name, one.account), 1)
        for finding in ExperimentFinding:
            found.add(metrics.EXPERIMENT_FINDING, (one.experiment, finding), float(finding is ruling.finding))
        found.add(metrics.EXPERIMENT_DECIDED, (one.experiment,), seconds(ruling.decided_ms))
        found.add(metrics.EXPERIMENT_AS_OF, (one.experiment,), seconds(ruling.as_of_ms))
        _variants(found, ruling)
    return found


def _variants(found: Families, ruling: Ruling) -> None:
    for variant in ruling.variants:
        at = ruling.experiment.experiment, variant.name
        for state in VariantState:
            found.add(metrics.EXPERIMENT_STATE, (*at, state), float(state is variant.state))
        found.add(metrics.EXPERIMENT_TRIALS, at, variant.trials)
        found.add(metrics.EXPERIMENT_SUCCESSES, at, variant.successes)
        found.add(metrics.EXPERIMENT_RATE, at, variant.rate)
        found.add(metrics.EXPERIMENT_LIFT, at, variant.lift)
        found.add(metrics.EXPERIMENT_LIFT_LOW, at, variant.low)
        found.add(metrics.EXPERIMENT_LIFT_HIGH, at, variant.high)
