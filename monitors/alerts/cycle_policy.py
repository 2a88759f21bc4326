"""How the monitor judges and tells, as settings say."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitors.alerts.deciding import TellingPolicy
from monitors.alerts.routing import Routes
from monitors.pacing.evidence import EvidencePolicy
from monitors.pacing.verdict import VerdictPolicy


@dataclass(frozen=True, slots=True)
class CyclePolicy:
    """How the monitor judges and tells.

    Attributes:
        verdicts: when to judge.
        telling: when people are told.
        routes: by whom; what nobody is told of is only logged and kept as told.
        evidence: what counts as proof.
        scopes: which kinds of scopes have sums, see :data:`kpis.series.SCOPES`.
        dimensions: by which breakdowns are read for that.
    """

    verdicts: VerdictPolicy = field(default_factory=VerdictPolicy)
    telling: TellingPolicy = field(default_factory=TellingPolicy)
    routes: Routes = field(default_factory=Routes)
    evidence: EvidencePolicy = field(default_factory=EvidencePolicy)
    scopes: tuple[str, ...] = ()
    dimensions: frozenset[str] = frozenset()
