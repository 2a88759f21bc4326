"""Samples of what a catalogue adds to the core: families by label, whatever is added. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kpis.catalogue import NOTHING_LACKS, Catalogue, value_of
from kpis.measures import Kind, Measure, Row
from kpis.series import OTHER, breakdown_part, split
from kpis.units import Unit
from kpis.windows import TOTAL
from monitors import metrics
from monitors.export.samples import Families, campaign_label
from monitors.export.selection import Export
from monitors.metric_kinds import Definition

Lacking = Mapping[str, frozenset[str]]
"""By window the KPIs that have no value in it, see :attr:`monitors.read.snapshot.Snapshot.lacking`."""
ALL_KNOWN: Lacking = MappingProxyType({})
_CORE_SAMPLES = 12
"""Of a campaign in each window: what the budget of series is reckoned by."""


def room(max_series: int, catalogue: Catalogue) -> int:
    """How many series have samples of what is added: so many that these are no more samples than the core's."""
    each = len(catalogue.added_measures) + len(catalogue.added_kpis)
    return max_series if each == 0 else min(max_series, max(max_series * _CORE_SAMPLES // each, 1))


def unit_label(unit: Unit, of: str, currency: str) -> str:
    """What a value is in, as a label."""
    if unit.is_money:
        return currency
    return "events" if unit is Unit.EVENTS else (of or "amount") if unit is Unit.AMOUNT else "ratio"


def added_samples(
    export: Export, catalogue: Catalogue, currency: str, *, breakdowns: bool, lacking: Lacking = ALL_KNOWN
) -> Families:
    """Added measures and KPIs in every window and total: of campaigns, and of breakdowns when asked.

    None is no sample; nor is a measure that a series has never had any of.
    """
    of_breakdowns = (metrics.BREAKDOWN_MEASURE, metrics.BREAKDOWN_KPI) if breakdowns else ()
    found = Families((metrics.ADDED_MEASURE, metrics.ADDED_KPI, *of_breakdowns))
    one = _Series(found, catalogue, currency, lacking)
    for series, rows in export.campaigns.items():
        one.add((metrics.ADDED_MEASURE, metrics.ADDED_KPI), (_campaign(series),), rows.windows)
    one.add((metrics.ADDED_MEASURE, metrics.ADDED_KPI), (OTHER,), export.other_campaigns)
    for series, rows in export.breakdowns.items():
        one.add(of_breakdowns, (_campaign(series), breakdown_part(series)), rows.windows)
    for breakdown, windows in export.other_breakdowns.items():
        one.add(of_breakdowns, (OTHER, breakdown), windows)
    return found


def _campaign(series: str) -> str:
    return campaign_label(split(series)[0])


class _Series:
    """Adds samples of one series after the other."""

    def __init__(self, found: Families, catalogue: Catalogue, currency: str, lacking: Lacking) -> None:
        self._found, self._lacking = found, lacking
        self._measures = [(m, unit_label(m.unit, m.of, currency)) for m in catalogue.added_measures]
        self._kpis = [(k, unit_label(k.unit, "", currency)) for k in catalogue.added_kpis]

    def add(self, families: tuple[Definition, ...], names: tuple[str, ...], windows: Mapping[str, Row]) -> None:
        """All samples of a series."""
        total = windows.get(TOTAL)
        had = [(m, unit) for m, unit in self._measures if total is None or _any(m, total)]
        for window, row in windows.items():
            for measure, unit in had:
                self._found.add(families[0], (*names, measure.title, window, unit), value_of(measure, row))
            unknown = self._lacking.get(window, NOTHING_LACKS)
            for kpi, unit in self._kpis:
                if kpi.name not in unknown:
                    self._found.add(families[1], (*names, kpi.name, window, unit), kpi.of(row))


def _any(measure: Measure, row: Row) -> bool:
    return bool(row[measure.column + (measure.kind is Kind.LEVEL)])
