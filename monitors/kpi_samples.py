"""Samples of measures and KPIs. Pure."""

from __future__ import annotations

from monitors import metrics
from monitors.metrics import KpiMetrics
from monitors.samples import Families
from monitors.snapshot import Snapshot
from streams import layout
from streams.kpis import CATALOGUE, Kind
from streams.measures import INDEX, MEASURES, MICROS, Unit
from streams.series import is_campaign, split


def kpi_samples(snapshot: Snapshot, *, breakdowns: bool) -> Families:
    """Measures and KPIs of every campaign, window and total; of breakdowns too when asked. None is no sample."""
    groups = (metrics.CAMPAIGN, metrics.BREAKDOWN) if breakdowns else (metrics.CAMPAIGN,)
    found = Families(d for g in groups for d in (*g.totals.values(), *g.windows.values(), *g.kpis.values()))
    for series in sorted(snapshot.series):
        if is_campaign(series):
            _series(found, metrics.CAMPAIGN, (split(series)[0],), snapshot, series)
        elif breakdowns:
            campaign, _, breakdown = series.partition("|")
            _series(found, metrics.BREAKDOWN, (split(campaign)[0], breakdown), snapshot, series)
    return found


def _series(found: Families, group: KpiMetrics, names: tuple[str, ...], snapshot: Snapshot, series: str) -> None:
    currency = snapshot.layout.currency
    for window, row in snapshot.series[series].windows.items():
        is_total = window == layout.TOTAL
        at = names if is_total else (*names, window)
        for measure in MEASURES:
            value = row[INDEX[measure.name]]
            definition = (group.totals if is_total else group.windows)[measure.name]
            if measure.unit is Unit.MICROS:
                found.add(definition, (*at, currency), value / MICROS)
            else:
                found.add(definition, at, value)
        for kpi in CATALOGUE:
            money = (currency,) if kpi.kind is Kind.MONEY else ()
            found.add(group.kpis[kpi.name], (*names, window, *money), kpi.of(row))
