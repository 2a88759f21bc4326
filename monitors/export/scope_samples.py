"""Samples of what all campaigns, each account and each value of a dimension have together. Pure.

They have families of their own, so that no sum over campaigns counts twice, and all of them are gauges: what a scope
has ever counted falls when one of its campaigns is let go of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kpis.catalogue import NOTHING_LACKS, Catalogue, value_of
from kpis.measures import Kind, Measure, Row
from kpis.series import OTHER, of_parent, parent_key
from kpis.windows import TOTAL
from monitors import metrics
from monitors.export.added_samples import ALL_KNOWN, Lacking, unit_label
from monitors.export.budget import BudgetPolicy, keep
from monitors.export.samples import Families
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.sums import sum_rows

PART = 5
"""Scopes may be so many times fewer than series."""
_PINNED = frozenset({parent_key("portfolio")})


@dataclass(frozen=True, slots=True)
class ExportedScopes:
    """What is exported.

    Attributes:
        kept: the scopes with samples of their own.
        rows: by kind and name; ``__other__`` is the sum of those of the kind that are not there.
        folded: how many are in those sums.
    """

    kept: frozenset[str] = frozenset()
    rows: Mapping[tuple[str, str], Mapping[str, Row]] = field(default_factory=dict)
    folded: int = 0


def chosen_scopes(snapshot: Snapshot, held: Collection[str], policy: BudgetPolicy) -> ExportedScopes:
    """The scopes that are exported: those that spent most, and the sum of the others of each kind.

    Args:
        snapshot: what was read.
        held: which were exported last time.
        policy: how many series are.
    """
    found = snapshot.scopes
    kept = keep(found, max(policy.max_series // PART, 1), held, _PINNED, policy)
    names = (*snapshot.layout.windows, TOTAL)
    others: dict[str, list[SeriesRows]] = {}
    rows: dict[tuple[str, str], Mapping[str, Row]] = {}
    for key in sorted(found):
        kind, name, _ = of_parent(key)
        if key not in kept:
            others.setdefault(kind, []).append(found[key])
        elif name == OTHER:
            others.setdefault(kind, []).insert(0, found[key])
        else:
            rows[kind, name] = found[key].windows
    for kind, parts in others.items():
        rows[kind, OTHER] = sum_rows((one.windows for one in parts), names, snapshot.catalogue)
    return ExportedScopes(kept, rows, len(found) - len(kept))


def scope_samples(
    chosen: ExportedScopes, catalogue: Catalogue, currency: str, lacking: Lacking = ALL_KNOWN
) -> Families:
    """Measures and KPIs in every window and total, what a catalogue adds too; None is no sample.

    Nor is an added measure that a scope has never had any of.
    """
    found = Families((metrics.SCOPE_MEASURE, metrics.SCOPE_KPI))
    measures = [(m, unit_label(m.unit, m.of, currency)) for m in catalogue.measures]
    kpis = [(k, unit_label(k.unit, "", currency)) for k in catalogue.kpis]
    added = frozenset(catalogue.added_measures)
    for names, windows in chosen.rows.items():
        had = _had(windows.get(TOTAL), added)
        for window, row in windows.items():
            for measure, unit in measures:
                if measure not in added or measure in had:
                    found.add(metrics.SCOPE_MEASURE, (*names, measure.title, window, unit), value_of(measure, row))
            unknown = lacking.get(window, NOTHING_LACKS)
            for kpi, unit in kpis:
                if kpi.name not in unknown:
                    found.add(metrics.SCOPE_KPI, (*names, kpi.name, window, unit), kpi.of(row))
    return found


def _had(total: Row | None, added: Iterable[Measure]) -> frozenset[Measure]:
    """Those of some measures that there ever were any of."""
    if total is None:
        return frozenset(added)
    return frozenset(m for m in added if total[m.column + (m.kind is Kind.LEVEL)])
