"""What all dashboards share: colours that always mean the same, units, and the data source."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common as make
from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.models import common, dashboard

from grafana.promql import of
from kpis.units import Unit
from monitors.pacing.verdict import Status
from monitors.words.wording import LOOK, LOOKS

SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
STATUS_COLOURS = {look.name: look.grafana for look in LOOKS if look.status}
UNITS = {Unit.PROPORTION: "percentunit", Unit.EVENTS: "short"}
"""What a value is in, for panels; money has no unit of its own, its currency stands in a label."""
ACTUAL, EXPECTED, PROJECTED = "blue", "text", "semi-dark-purple"
EVERY = "5s"
"""Prometheus scrapes every 5 s: asking more often shows nothing new."""


def steps(*found: tuple[float | None, str]) -> dash.ThresholdsConfig:
    """Colours from a value on; the first one has no value."""
    mode = dashboard.ThresholdsMode.ABSOLUTE
    return dash.ThresholdsConfig().mode(mode).steps([dashboard.Threshold(value=v, color=c) for v, c in found])


def fixed(colour: str) -> dashboard.DynamicConfigValue:
    """Always this colour."""
    return dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


def dashed() -> dashboard.DynamicConfigValue:
    """A dashed line: expected, projected or a threshold, not what happened."""
    return dashboard.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 6]})


def unit_of(what: Unit) -> str:
    """The unit of a panel."""
    return UNITS.get(what, "none")


def unit(name: str) -> dashboard.DynamicConfigValue:
    """The unit of one column."""
    return dashboard.DynamicConfigValue("unit", name)


def legend() -> make.VizLegendOptions:
    """Below the panel, as a list."""
    return make.VizLegendOptions().show_legend(True).display_mode(common.LegendDisplayMode.LIST).placement(
        common.LegendPlacement.BOTTOM
    )  # fmt: skip


def tooltip() -> make.VizTooltipOptions:
    """All series at the pointer, the largest first."""
    return make.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def statuses() -> list[dashboard.ValueMapping]:
    """The numbers that :data:`CODES` stand for as words and colours, never as colours alone."""
    options = {
        str(code): dashboard.ValueMappingResult(text=LOOK[Status(name)].word, color=STATUS_COLOURS[name], index=code)
        for name, code in CODES.items()
    }
    return [dashboard.ValueMap(options=options)]


CODES = {"no_data": 0, "on_pace": 1, "warning": 2, "critical": 3, "hold": 4}


def coded(selector: str, label: str = "goal") -> str:
    """The query of the status of goals, or of watches, as a number."""
    metric = "pacewatch_pace_status" if label == "goal" else "pacewatch_watch_status"
    has = {name: of(metric, selector, f'status="{name}"') for name in CODES}
    parts = (f"{code} * {has[name]}" for name, code in CODES.items())
    return f"max by (campaign, {label}) ({' or '.join(parts)})"
