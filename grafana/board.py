"""A dashboard's frame: its variables, links and times."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.models import dashboard

from grafana import links, style
from grafana.promql import EACH_ONCE, HERE, RECENT, raw
from kpis.series import DIMENSIONS
from kpis.settings.shared import Settings
from kpis.windows import parse_windows
from monitors.metrics import SCOPE_KPI

ALERTS = 'alertname=~"Pacewatch.+",alertname!="PacewatchWatchdog",job=~"$job"'
"""Alerts of the rules on Pacewatch itself but the one that always fires; few have an instance."""
EVERY_PROCESS = '{__name__=~"pacewatch_build_info|pacewatch_worker_partitions"'
WINDOWS = tuple(w.name for w in parse_windows(Settings.model_fields["windows"].default))


def board(uid: str, title: str, about: str, since: str = "now-3h") -> dash.Dashboard:
    """A dashboard without panels: it leads to the others, keeps their time and variables, marks what happened."""
    others = dash.DashboardLink("Pacewatch").type(dashboard.DashboardLinkType.DASHBOARDS).tags(["pacewatch"])
    return (
        dash.Dashboard(title)
        .uid(uid)
        .description(about)
        .tags(["pacewatch"])
        .readonly()
        .time(since, "now")
        .timezone("browser")
        .refresh(style.EVERY)
        .timepicker(dash.TimePicker().refresh_intervals([style.EVERY, "15s", "1m", "5m"]))
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(others.as_dropdown(False).include_vars(True).keep_time(True))
        .link(links.board())
        .with_variable(dash.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(dash.ConstantVariable("board").label("Launch board").value(links.BOARD))
        .with_variable(_chosen("job", "Job", f"label_values({EVERY_PROCESS}}}, job)"))
        .with_variable(_chosen("instance", "Instance", f'label_values({EVERY_PROCESS},job=~"$job"}}, instance)'))
        .annotation(marks("Pipeline alerts", f'ALERTS{{{ALERTS},alertstate="firing"}}', "red"))
        .annotation(marks("Monitors that start", _started("pacewatch_redis_reads_total"), "purple"))
        .annotation(marks("Workers that start", _started("pacewatch_worker_flushed_events_total"), "blue"))
        .annotation(marks("New versions", _new_version(), "green"))
    )


def marks(name: str, expr: str, colour: str) -> dash.AnnotationQuery:
    """Marks in all graphs of a dashboard where a query has samples; whoever looks may switch them off."""
    return dash.AnnotationQuery().name(name).datasource(style.SOURCE).enable(True).icon_color(colour).expr(expr)


def told(*labels: str) -> dash.AnnotationQuery:
    """Marks where people were told of another status of a goal or a watch."""
    matchers = ",".join(('__name__=~"pacewatch_(pace|watch)_alert_status"', *labels, HERE))
    # What was told a moment ago is known also where the lead has changed, and with it the instance.
    before = f"last_over_time({{{matchers}}}[1m] offset 15s)"
    changed = f"({EACH_ONCE} ({{{matchers}}}) == 1) unless ({EACH_ONCE} ({before}) == 1)"
    return marks("Status changes", changed, "orange")


def _started(counter: str) -> str:
    """Whose counter began again, or was not there a moment ago."""
    now = raw(counter)
    return f"resets({now}[{RECENT}]) > 0 or ({now} unless last_over_time({now}[1m] offset 15s))"


def _new_version() -> str:
    now = raw("pacewatch_build_info")
    return f"max by (version) ({now}) unless max by (version) (last_over_time({now}[1m] offset 15s))"


def _chosen(name: str, label: str, expr: str) -> dash.QueryVariable:
    """One, several or, at first, all of the values of a label."""
    every = dashboard.VariableOption(text="All", value="$__all", selected=True)
    return _labels(name, label, expr).multi(True).include_all(True).all_value(".+").current(every)


def account() -> dash.QueryVariable:
    """The account of the campaigns to show, as the goals file names it."""
    found = _labels("account", "Account", f"label_values({raw('pacewatch_campaign_info')}, account)")
    return found.include_all(True).all_value(".*")


def goal_campaign() -> dash.QueryVariable:
    """One campaign of the account that has a goal."""
    known = raw("pacewatch_campaign_info", 'account=~"$account"')
    return _labels("campaign", "Campaign", f"label_values({known}, campaign)")


def goal() -> dash.QueryVariable:
    """One goal of the campaign."""
    known = raw("pacewatch_pace_target", 'campaign="$campaign"')
    return _labels("goal", "Goal", f"label_values({known}, goal)")


def experiment() -> dash.QueryVariable:
    """One experiment of the account."""
    known = raw("pacewatch_experiment_info", 'account=~"$account"')
    return _labels("experiment", "Experiment", f"label_values({known}, experiment)")


def breakdown_campaign() -> dash.QueryVariable:
    """One campaign whose breakdowns are exported."""
    return _labels("campaign", "Campaign", f"label_values({raw('pacewatch_breakdown_window_impressions')}, campaign)")


def added(metric: str, label: str, title: str, *of: str) -> dash.QueryVariable:
    """One of the KPIs or measures that the catalogue file adds and campaigns have: they list themselves.

    Args:
        metric, label: where it is told.
        title: what people choose it by.
        of: matchers of the campaigns that are meant.
    """
    known = raw(metric, *of)
    return _labels(label, title, f"label_values({known}, {label})")


def dimension() -> dash.CustomVariable:
    """What to break down by."""
    made = dash.CustomVariable("dimension").label("By").values(",".join(DIMENSIONS))
    return made.current(dashboard.VariableOption(text="channel", value="channel", selected=True))


def scope_kind() -> dash.QueryVariable:
    """What kind of scope: the portfolio, accounts, or a dimension."""
    return _labels("scope", "Scope", f"label_values({raw(SCOPE_KPI.name)}, scope)")


def scope_name() -> dash.QueryVariable:
    """Which of that kind; all of them at first, and the portfolio, which has no name, always."""
    known = raw(SCOPE_KPI.name, 'scope="$scope"')
    every = dashboard.VariableOption(text="All", value="$__all", selected=True)
    found = _labels("name", "Name", f"label_values({known}, name)").multi(True)
    return found.include_all(True).all_value(".*").current(every)


def scope_kpi() -> dash.QueryVariable:
    """One KPI of the catalogue, those of the catalogue file too."""
    return _labels("kpi", "KPI", f"label_values({raw(SCOPE_KPI.name)}, kpi)")


def window(chosen: str = "5m") -> dash.CustomVariable:
    """A rolling window."""
    made = dash.CustomVariable("window").label("Window").values(",".join(WINDOWS))
    return made.current(dashboard.VariableOption(text=chosen, value=chosen, selected=True))


def _labels(name: str, label: str, expr: str) -> dash.QueryVariable:
    return (
        dash.QueryVariable(name)
        .label(label)
        .datasource(style.SOURCE)
        .query({"query": expr, "refId": name})
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )
