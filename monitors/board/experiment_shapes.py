"""What the API answers of experiments; the OpenAPI page is generated from these types too."""

from __future__ import annotations

from msgspec import Struct

from kpis.units import Unit
from monitors.experiments.ruling import ExperimentFinding
from monitors.experiments.weighing import VariantState
from monitors.pacing.verdict import Status


class VariantNow(Struct, frozen=True):
    """A variant of an experiment: ``successes`` out of ``trials`` since the start, and what is proven of it.

    ``lift`` is its rate over that of the first variant, less 1; it is between ``low`` and ``high``, at all looks
    together. They are null of the first variant, while it is too soon, and where nothing bounds them.
    """

    name: str
    trials: int
    successes: int
    rate: float | None
    state: VariantState
    lift: float | None
    low: float | None
    high: float | None
    decided_ms: int | None


class ExperimentNow(Struct, frozen=True):
    """An experiment. ``says`` is how it stands in words; ``id`` is what alerts on it are acknowledged and muted by.

    It is counted from ``start_ms`` to ``as_of_ms``. ``dispersion`` is how much more than by chance its counts shake.
    ``told`` is what people were told; ``acknowledged_by`` who takes care of that, empty for nobody.
    """

    id: str
    experiment: str
    name: str
    account: str
    owner: str
    kpi: str
    label: str
    unit: Unit
    trials_of: str
    successes_of: str
    finding: ExperimentFinding
    says: str
    timezone: str
    start_ms: int
    end_ms: int | None
    as_of_ms: int | None
    decided_ms: int | None
    alpha: float
    least_effect: float
    dispersion: float
    variants: tuple[VariantNow, ...]
    told: Status
    acknowledged_by: str
    is_muted: bool


class Experiments(Struct, frozen=True):
    """All experiments of the goals file, in its order."""

    experiments: list[ExperimentNow]
