"""Channels, creatives, variants of one campaign side by side; needs PACEWATCH_EXPORT_BREAKDOWNS."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import style
from grafana.board import added, board, breakdown_campaign, dimension, window
from grafana.panels import Panel, lines, rows
from grafana.promql import of, raw
from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES
from monitors.metrics import BREAKDOWN, BREAKDOWN_KPI, BREAKDOWN_MEASURE

IN = 'campaign="$campaign",breakdown=~"$dimension=.*",window="$window"'
_ADDED = (
    (BREAKDOWN_KPI.name, "kpi", "Added KPI"),
    (BREAKDOWN_MEASURE.name, "measure", "Added measure"),
)
"""What the catalogue file adds lists itself: each has the label that it is told by."""
_EMPTY = (
    " Empty unless the monitor runs with PACEWATCH_EXPORT_BREAKDOWNS=true and the worker breaks down by $dimension."
)


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "One campaign by channel, creative or variant: which part earns, which part costs."
    made = board("pacewatch-compare", "Pacewatch: Compare", about)
    made = made.with_variable(breakdown_campaign()).with_variable(dimension()).with_variable(window("1h"))
    for metric, label, title in _ADDED:
        made = made.with_variable(added(metric, label, title))
    made = made.with_panel(_table())
    for kpi in CATALOGUE:
        expr = of(BREAKDOWN.kpis[kpi.name].name, IN)
        made = made.with_panel(lines(kpi.label, kpi.meaning + _EMPTY, {"{{breakdown}}": expr}, style.unit_of(kpi.unit)))
    for measure in MEASURES:
        expr = of(BREAKDOWN.windows[measure.name].name, IN)
        about = f"{measure.label} in the window.{_EMPTY}"
        made = made.with_panel(lines(measure.label, about, {"{{breakdown}}": expr}, style.unit_of(measure.unit)))
    for metric, label, title in _ADDED:
        about = (
            f"The {title.lower()} that is chosen above, of those that the catalogue file adds, in the window.{_EMPTY}"
        )
        found = {"{{breakdown}}, {{unit}}": of(metric, f'{IN},{label}="${label}"')}
        made = made.with_panel(lines(f"{title}: ${label}", f"{about} Empty without a catalogue file.", found, "none"))
    return made


def _table() -> Panel:
    metrics = {m.label: BREAKDOWN.windows[m.name].name for m in MEASURES}
    metrics |= {k.label: BREAKDOWN.kpis[k.name].name for k in CATALOGUE}
    columns = {title: f"max by (breakdown) ({raw(metric, IN)})" for title, metric in metrics.items()}
    percent = {k.label: style.unit_of(k.unit) for k in CATALOGUE if k.is_proportion}
    about = "Each value of the dimension beside the others, in the chosen window; the largest spend first." + _EMPTY
    return rows("Side by side", about, columns, percent, by="breakdown", sort="Spend", height=10)
