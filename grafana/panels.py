"""The kinds of panel that the dashboards are made of."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana import style

Panel = Builder[dashboard.Panel]
"""Any kind of panel."""
Lines = dict[str, str]
"""Legend to query."""


def query(expr: str, legend: str = "__auto", *, instant: bool = False, ref: str = "A") -> prometheus.Dataquery:
    """A query; an instant one gives the newest value only, as a table needs."""
    made = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref).datasource(style.SOURCE)
    return made.instant().format(PromQueryFormat.TABLE) if instant else made.range()


def lines(title: str, about: str, found: Lines, unit: str, *, height: int = 8, span: int = 12) -> timeseries.Panel:
    """Lines over time. Names that begin with ``Expected``, ``Projected`` or a severity are dashed."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(style.SOURCE)
        .unit(unit)
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


def figure(
    title: str, about: str, expr: str, unit: str, steps: dash.ThresholdsConfig | None = None, *, span: int = 4
) -> stat.Panel:
    """One number, large, with its last hour behind it."""
    panel = (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(style.SOURCE)
        .unit(unit)
        .height(4)
        .span(span)
        .no_value("no data")
        .graph_mode(common.BigValueGraphMode.AREA)
        .with_target(query(expr))
    )
    return panel.thresholds(steps) if steps else panel.thresholds(style.steps((None, "text")))


def rows(
    title: str, about: str, columns: dict[str, str], units: dict[str, str], *, by: str, sort: str, height: int = 14,
    links: dict[str, str] | None = None,
) -> table.Panel:  # fmt: skip
    """A table: one instant query for each column, joined by a label.

    Args:
        columns: column title to query, whose result has the label ``by``.
        units: column title to its unit.
        by: the label that makes a row.
        sort: the column that the largest values of come first.
        links: column title to where a click on it goes.
    """
    panel = table.Panel().title(title).description(about).datasource(style.SOURCE).height(height).span(24)
    letters = {name: chr(ord("A") + at) for at, name in enumerate(columns)}
    for name, expr in columns.items():
        panel = panel.with_target(query(expr, instant=True, ref=letters[name]))
    joined = {"byField": by, "mode": "outer"}
    panel = panel.with_transformation(dashboard.DataTransformerConfig("joinByField", options=joined))
    titles = {f"Value #{letters[name]}": name for name in columns}
    shown = {"include": {"pattern": f"^({'|'.join([by, *titles])})$"}}
    panel = panel.with_transformation(dashboard.DataTransformerConfig("filterFieldsByName", options=shown))
    organised = {"renameByName": {by: by.capitalize(), **titles}, "indexByName": {by: 0}}
    panel = panel.with_transformation(dashboard.DataTransformerConfig("organize", options=organised))
    for name, unit in units.items():
        panel = panel.override_by_name(name, [style.unit(unit)])
    for name, url in (links or {}).items():
        shows = [{"title": "Open this campaign", "url": url}]
        panel = panel.override_by_name(name, [dashboard.DynamicConfigValue("links", shows)])
    return panel.with_transformation(
        dashboard.DataTransformerConfig("sortBy", options={"sort": [{"field": sort, "desc": True}]})
    )
