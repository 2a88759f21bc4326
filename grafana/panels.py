"""The kinds of panel that the dashboards are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import common as make
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana import promql, style
from grafana.links import Links

Panel = Builder[dashboard.Panel]
"""Any kind of panel."""
Lines = dict[str, str]
"""Legend to query."""
Drawn = TypeVar("Drawn", timeseries.Panel, stat.Panel, table.Panel)
"""Panels that may be of money."""


@dataclass(frozen=True, slots=True)
class Money:
    """Columns of a table that are money.

    Attributes:
        columns: their titles.
        samples: those that tell what all of them are in.
        label: what they tell it in.
    """

    columns: Sequence[str]
    samples: str
    label: str = "currency"


UNIT = "U"
"""The query that tells the unit of a panel's values."""


def query(expr: str, legend: str = "__auto", *, instant: bool = False, ref: str = "A") -> prometheus.Dataquery:
    """A query; an instant one gives the newest value only, as a table needs."""
    made = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref).datasource(style.SOURCE)
    return made.instant().format(PromQueryFormat.TABLE) if instant else made.range()


def lines(
    title: str, about: str, found: Lines, unit: str, *, height: int = 8, span: int = 12, steps: style.Steps = (),
    links: Links = (),
) -> timeseries.Panel:  # fmt: skip
    """Lines over time. Names that begin with ``Expected``, ``Projected`` or a severity are dashed.

    Args:
        found: legend to query.
        unit: what values are in; :func:`in_unit` has it told by samples.
        height, span: of the panel, in rows and 24ths.
        steps: what is good and bad, drawn as dashed lines.
        links: where a click on a line may go.
    """
    drawn = common.GraphTresholdsStyleMode.DASHED if steps else common.GraphTresholdsStyleMode.OFF
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(style.SOURCE)
        .unit(unit)
        .no_value(style.nothing(about))
        .thresholds(style.steps(*(steps or (style.PLAIN,))))
        .thresholds_style(make.GraphThresholdsStyleConfig().mode(drawn))
        .data_links(list(links))
        .height(height)
        .span(span)
        .line_width(2)
        .fill_opacity(4)
        .show_points(common.VisibilityMode.NEVER)
        .legend(style.legend())
        .tooltip(style.tooltip())
    )
    for at, (legend, expr) in enumerate(found.items()):
        panel = panel.with_target(query(expr, legend, ref=chr(ord("A") + at)))
    for pattern, colour in (
        ("/^Actual/", style.ACTUAL), ("/^Expected/", style.EXPECTED), ("/^Projected/", style.PROJECTED),
        ("/^Warning/", style.STATUS_COLOURS["warning"]), ("/^Critical/", style.STATUS_COLOURS["critical"]),
    ):  # fmt: skip
        own = [style.fixed(colour)] if pattern == "/^Actual/" else [style.fixed(colour), style.dashed()]
        panel = panel.override_by_regexp(pattern, own)
    return panel


def in_unit(panel: Drawn, samples: str, label: str = "currency", values: str = "") -> Drawn:
    """The panel with the unit that samples tell: only they know the currency. Several leave it to the legend.

    Args:
        panel: what it is for.
        samples: those that it shows, as in its query.
        label: what they tell their unit in.
        values: of a table, the letters of the queries that are in it.
    """
    where = {"id": "byRegexp", "options": f"/^Value #[{values}]$/"} if values else {"id": "byType", "options": "number"}
    mapped = [{"fieldName": "unit", "handlerKey": "unit"}]
    options = {"configRefId": UNIT, "mappings": mapped, "applyTo": where}
    panel = panel.with_target(query(promql.unit(samples, label), instant=True, ref=UNIT))
    return panel.with_transformation(dashboard.DataTransformerConfig("configFromData", options=options))


def figure(
    title: str,
    about: str,
    expr: str,
    unit: str,
    steps: style.Steps = (style.PLAIN,),
    *,
    span: int = 4,
    links: Links = (),
) -> stat.Panel:
    """One number, large, with its last hour behind it."""
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(style.SOURCE)
        .unit(unit)
        .height(4)
        .span(span)
        .no_value(style.nothing(about))
        .thresholds(style.steps(*steps))
        .data_links(list(links))
        .graph_mode(common.BigValueGraphMode.AREA)
        .with_target(query(expr))
    )


def states(
    title: str, about: str, expr: str, legend: str, words: list[dashboard.ValueMapping], *, height: int
) -> statetimeline.Panel:
    """How what has one of some words has changed over time."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(about)
        .datasource(style.SOURCE)
        .unit("none")
        .no_value(style.nothing(about))
        .thresholds(style.steps(style.PLAIN))
        .height(height)
        .span(24)
        .mappings(words)
        .with_target(query(expr, legend))
    )


def listing(
    title: str, about: str, expr: str, columns: dict[str, str], *, height: int = 8, span: int = 24,
    links: Mapping[str, Links] | None = None,
) -> table.Panel:  # fmt: skip
    """A table of the labels of one query, and of its values where ``columns`` names ``Value``.

    Args:
        expr: its query.
        columns: label to column title, in their order.
        height, span: of the panel, in rows and 24ths.
        links: column title to where a click on it may go.
    """
    panel = _table(title, about, height).span(span).with_target(query(expr, instant=True))
    organised = {
        "excludeByName": {"Time": True, "Value": "Value" not in columns},
        "renameByName": columns, "indexByName": {label: at for at, label in enumerate(columns)},
    }  # fmt: skip
    panel = panel.with_transformation(dashboard.DataTransformerConfig("organize", options=organised))
    return _linked(panel, links or {})


def rows(
    title: str, about: str, columns: dict[str, str], units: dict[str, str], *, by: str, sort: str, height: int = 14,
    links: Mapping[str, Links] | None = None, money: Money | None = None,
    steps: Mapping[str, style.Steps] | None = None,
) -> table.Panel:  # fmt: skip
    """A table: one instant query for each column, joined by a label.

    Args:
        columns: column title to query, whose result has the label ``by``.
        units: column title to its unit.
        by: the label that makes a row.
        sort: the column that the largest values of come first.
        links: column title to where a click on it may go.
        money: the columns that are money, and which samples tell the currency of all of them.
        steps: column title to its colours.
    """
    panel = _table(title, about, height)
    letters = {name: chr(ord("A") + at) for at, name in enumerate(columns)}
    for name, expr in columns.items():
        panel = panel.with_target(query(expr, instant=True, ref=letters[name]))
    if money:
        panel = in_unit(panel, money.samples, money.label, "".join(letters[name] for name in money.columns))
    joined = {"byField": by, "mode": "outer"}
    panel = panel.with_transformation(dashboard.DataTransformerConfig("joinByField", options=joined))
    titles = {f"Value #{letters[name]}": name for name in columns}
    shown = {"include": {"pattern": f"^({'|'.join([by, *titles])})$"}}
    panel = panel.with_transformation(dashboard.DataTransformerConfig("filterFieldsByName", options=shown))
    organised = {"renameByName": {by: by.capitalize(), **titles}, "indexByName": {by: 0}}
    panel = panel.with_transformation(dashboard.DataTransformerConfig("organize", options=organised))
    for name, unit in units.items():
        panel = panel.override_by_name(name, [style.unit(unit)])
    for name, colours in (steps or {}).items():
        panel = panel.override_by_name(name, style.coloured(*colours))
    return _linked(panel, links or {}).with_transformation(
        dashboard.DataTransformerConfig("sortBy", options={"sort": [{"field": sort, "desc": True}]})
    )


def _table(title: str, about: str, height: int) -> table.Panel:
    made = table.Panel().title(title).description(about).datasource(style.SOURCE).height(height).span(24)
    return made.unit("none").no_value(style.nothing(about)).thresholds(style.steps(style.PLAIN))


def _linked(panel: table.Panel, links: Mapping[str, Links]) -> table.Panel:
    for name, to in links.items():
        shown = [{"title": link.title, "url": link.url} for link in (one.build() for one in to)]
        panel = panel.override_by_name(name, [dashboard.DynamicConfigValue("links", shown)])
    return panel
