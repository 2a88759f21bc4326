"""Channels, creatives, variants of one campaign side by side; needs PACEWATCH_EXPORT_BREAKDOWNS."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import links, style
from grafana.board import added, board, breakdown_campaign, dimension, window
from grafana.panels import Money, Panel, in_unit, lines, rows
from grafana.promql import of, raw
from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES
from kpis.units import Unit
from monitors.metrics import BREAKDOWN, BREAKDOWN_KPI, BREAKDOWN_MEASURE

IN = 'campaign="$campaign",breakdown=~"$dimension=.*",window="$window"'
CAMPAIGN_LINKS = links.campaign("campaign")
_ADDED = (
    (BREAKDOWN_KPI.name, "kpi", "KPI"),
    (BREAKDOWN_MEASURE.name, "measure", "measure"),
)
"""What the catalogue file adds lists itself: each has the label that it is told by."""
_EMPTY = (
    " Empty unless the monitor runs with PACEWATCH_EXPORT_BREAKDOWNS=true and the worker breaks down by the dimension."
)


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "One campaign by channel, creative or variant: which part earns, which part costs."
    made = board("pacewatch-compare", "Pacewatch: Compare", about)
    made = made.with_variable(breakdown_campaign()).with_variable(dimension()).with_variable(window("1h"))
    for metric, label, what in _ADDED:
        made = made.with_variable(added(metric, label, f"Added {what}", 'campaign="$campaign"'))
    made = made.with_panel(_table())
    for kpi in CATALOGUE:
        made = made.with_panel(_lines(kpi.label, kpi.meaning, BREAKDOWN.kpis[kpi.name].name, kpi.unit))
    for measure in MEASURES:
        about = f"{measure.label} in the window."
        made = made.with_panel(_lines(measure.label, about, BREAKDOWN.windows[measure.name].name, measure.unit))
    for metric, label, what in _ADDED:
        made = made.with_panel(_added(metric, label, what))
    return made


def _lines(label: str, about: str, metric: str, unit: Unit) -> Panel:
    expr = of(metric, IN)
    drawn = lines(label, about + _EMPTY, {"{{breakdown}}": expr}, style.unit_of(unit), links=CAMPAIGN_LINKS)
    return in_unit(drawn, expr) if unit.is_money else drawn


def _added(metric: str, label: str, what: str) -> Panel:
    about = f"The added {what} that is chosen above, of those that the catalogue file adds, in the window.{_EMPTY}"
    expr = of(metric, f'{IN},{label}="${label}"')
    about = f"{about} Empty without a catalogue file."
    found = {"{{breakdown}}, {{unit}}": expr}
    return in_unit(lines(f"Added {what}: ${label}", about, found, "none", links=CAMPAIGN_LINKS), expr, "unit")


def _table() -> Panel:
    metrics = {m.label: (BREAKDOWN.windows[m.name].name, m.unit) for m in MEASURES}
    metrics |= {k.label: (BREAKDOWN.kpis[k.name].name, k.unit) for k in CATALOGUE}
    columns = {title: f"max by (breakdown) ({raw(metric, IN)})" for title, (metric, _) in metrics.items()}
    paid = [title for title, (_, unit) in metrics.items() if unit.is_money]
    money = Money(paid, of(metrics[paid[0]][0], IN))
    units = {title: style.unit_of(unit) for title, (_, unit) in metrics.items() if not unit.is_money}
    about = "Each value of the dimension beside the others, in the chosen window; the largest spend first." + _EMPTY
    return rows("Side by side", about, columns, units, by="breakdown", sort="Spend", height=10, money=money)
