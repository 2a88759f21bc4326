"""What all dashboards share: colours that always mean the same, units, and the data source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.builders import common as make
from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.models import common, dashboard

from grafana.promql import of
from kpis.units import Unit
from monitors.goals.goal import CRITICAL, WARNING
from monitors.pacing.verdict import Status
from monitors.words.wording import LOOK, LOOKS

SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
STATUS_COLOURS = {look.name: look.grafana for look in LOOKS if look.status}
UNITS = {Unit.PROPORTION: "percentunit", Unit.EVENTS: "short"}
"""What a value is in, for panels; money has no unit of its own, its currency stands in a label."""
ACTUAL, EXPECTED, PROJECTED = "blue", "text", "semi-dark-purple"
EVERY = "5s"
"""Prometheus scrapes every 5 s: asking more often shows nothing new."""
NOTHING = "No data: nobody tells of it at this time."
Steps = tuple[tuple[float | None, str], ...]
"""From which value on which colour; the first one has no value."""
PLAIN: tuple[float | None, str] = (None, "text")
"""The step of what is neither good nor bad, however much it is."""
LATE: Steps = ((None, "green"), (30, "orange"), (60, "red"))
"""Steps of ages in seconds: from the first on verdicts hold, from the second on people are told."""
BANDS: Steps = (
    (None, STATUS_COLOURS["critical"]), (CRITICAL.low, STATUS_COLOURS["warning"]),
    (WARNING.low, STATUS_COLOURS["on_pace"]), (WARNING.high, STATUS_COLOURS["warning"]),
    (CRITICAL.high, STATUS_COLOURS["critical"]),
)  # fmt: skip
"""Steps of paces, by the default bands."""


def nothing(about: str) -> str:
    """What a panel says while it has nothing to show: the sentences of its description that say when it is empty."""
    return " ".join(re.findall(r"Empty\b[^.]*\.", about)) or NOTHING


def steps(*found: tuple[float | None, str]) -> dash.ThresholdsConfig:
    """Colours from a value on; the first one has no value."""
    mode = dashboard.ThresholdsMode.ABSOLUTE
    return dash.ThresholdsConfig().mode(mode).steps([dashboard.Threshold(value=v, color=c) for v, c in found])


def coloured(*found: tuple[float | None, str]) -> list[dashboard.DynamicConfigValue]:
    """A column whose text has the colours of steps."""
    made = {"mode": "absolute", "steps": [{"value": v, "color": c} for v, c in found]}
    cells = dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})
    return [dashboard.DynamicConfigValue("thresholds", made), cells]


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
    return words({name: (LOOK[Status(name)].word, STATUS_COLOURS[name]) for name in CODES})


def mapped(found: Mapping[str, tuple[str, str]]) -> list[dashboard.DynamicConfigValue]:
    """A column whose numbers are shown as words and colours."""
    cells = dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})
    return [dashboard.DynamicConfigValue("mappings", words(found)), cells]


def words(found: Mapping[str, tuple[str, str]]) -> list[dashboard.ValueMapping]:
    """What stands for the numbers from 0 on: a word and its colour."""
    options = {
        str(code): dashboard.ValueMappingResult(text=word, color=colour, index=code)
        for code, (word, colour) in enumerate(found.values())
    }
    return [dashboard.ValueMap(options=options)]


CODES = ("no_data", "on_pace", "warning", "critical", "hold")
"""Statuses by the numbers that they are drawn by, from 0 on."""


def coded(selector: str, label: str = "goal") -> str:
    """The query of the status of goals, or of watches, as a number."""
    metric = "pacewatch_pace_status" if label == "goal" else "pacewatch_watch_status"
    return numbered(metric, selector, "status", CODES, f"campaign, {label}")


def numbered(metric: str, selector: str, label: str, codes: Iterable[str], by: str) -> str:
    """The query of which of some words it is, as its number.

    Args:
        metric: has a sample for each word, which is 1 for the one that it is.
        selector: matchers of what is asked for.
        label: the label that has the word.
        codes: the words, from 0 on.
        by: the labels that are kept.
    """
    has = [of(metric, selector, f'{label}="{word}"') for word in codes]
    parts = (f"{code} * {one}" for code, one in enumerate(has))
    return f"max by ({by}) ({' or '.join(parts)})"
