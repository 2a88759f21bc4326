"""Samples of measures and KPIs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES, Row
from kpis.series import OTHER, breakdown_part, split
from kpis.units import MICROS
from kpis.windows import TOTAL
from monitors import metrics
from monitors.export.samples import Families, campaign_label
from monitors.export.selection import Export
from monitors.metrics import KpiMetrics

_MEASURES = tuple((m.name, m.column, m.is_money) for m in MEASURES)


def kpi_samples(export: Export, currency: str, *, breakdowns: bool) -> Families:
    """Measures and KPIs in every window and total: of campaigns, and of breakdowns when asked. None is no sample."""
    groups = (metrics.CAMPAIGN, metrics.BREAKDOWN) if breakdowns else (metrics.CAMPAIGN,)
    found = Families(definition for group in groups for definition in group.all)
    for series, rows in export.campaigns.items():
        _series(found, metrics.CAMPAIGN, (_campaign(series),), rows.windows, currency)
    for series, rows in export.breakdowns.items():
        breakdown = breakdown_part(series)
        _series(found, metrics.BREAKDOWN, (_campaign(series), breakdown), rows.windows, currency)
    _series(found, metrics.CAMPAIGN, (OTHER,), export.other_campaigns, currency)
    for breakdown, windows in export.other_breakdowns.items():
        _series(found, metrics.BREAKDOWN, (OTHER, breakdown), windows, currency)
    return found


def _campaign(series: str) -> str:
    return campaign_label(split(series)[0])


def _series(
    found: Families, group: KpiMetrics, names: tuple[str, ...], windows: Mapping[str, Row], currency: str
) -> None:
    for window, row in windows.items():
        if window == TOTAL:
            _totals(found, group, names, row, currency)
        else:
            for name, column, is_money in _MEASURES:
                at = (*names, window, currency) if is_money else (*names, window)
                found.add(group.windows[name], at, row[column] / MICROS if is_money else row[column])
        for kpi in CATALOGUE:
            at = (*names, window, currency) if kpi.unit.is_money else (*names, window)
            found.add(group.kpis[kpi.name], at, kpi.of(row))


def _totals(found: Families, group: KpiMetrics, names: tuple[str, ...], row: Row, currency: str) -> None:
    is_other = names[0] == OTHER
    for name, column, is_money in _MEASURES:
        definition = (group.other_totals if is_other else group.totals)[name]
        at = names if definition is group.totals[name] else names[1:]
        found.add(definition, (*at, currency) if is_money else at, row[column] / MICROS if is_money else row[column])
