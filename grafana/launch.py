"""One campaign: is it on pace, since when not, and what do its KPIs say."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.builders import statetimeline

from grafana import style
from grafana.board import account, added, board, goal, goal_campaign, window
from grafana.panels import Panel, figure, lines, query
from grafana.promql import EACH_ONCE, HERE, of
from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import MEASURES
from monitors.alerts.notifiers.links import DASHBOARD, PACE_PANEL
from monitors.goals.goal import CRITICAL, WARNING
from monitors.metrics import ADDED_KPI, CAMPAIGN

ONE = 'campaign="$campaign"'
GOAL = f'{ONE},goal="$goal"'
IN = f'{ONE},window="$window"'


def build() -> dash.Dashboard:
    """The dashboard."""
    told = f'{{__name__=~"pacewatch_(pace|watch)_alert_status",{ONE},{HERE}}}'
    # What was told a moment ago is known also where the lead has changed, and with it the instance.
    before = f"last_over_time({told}[1m] offset 15s)"
    changes = dash.AnnotationQuery().name("Status changes").datasource(style.SOURCE).enable(True).icon_color("orange")
    changes = changes.expr(f"({EACH_ONCE} ({told}) == 1) unless ({EACH_ONCE} ({before}) == 1)")
    made = board(DASHBOARD, "Pacewatch: Launch", "One campaign: pace, thresholds, KPIs and spend.")
    made = made.with_variable(account()).with_variable(goal_campaign()).with_variable(goal()).with_variable(window())
    made = made.with_variable(added(ADDED_KPI.name, "kpi", "Added KPI"))
    made = made.annotation(changes)
    made = made.with_row(dash.Row("On pace?"))
    for panel in (_pace_now(), _spent(), _fresh(), _timeline(), _watches(), _line(), _ratio()):
        made = made.with_panel(panel)
    made = made.with_row(dash.Row("KPIs, rolling $window"))
    for kpi in CATALOGUE:
        made = made.with_panel(_kpi(kpi))
    made = made.with_panel(_added())
    return made.with_row(dash.Row("Volume and money")).with_panel(_volume()).with_panel(_budget())


def _kpi(kpi: Kpi) -> Panel:
    about = kpi.meaning + (" In the currency of its legend." if kpi.unit.is_money else "")
    legend = "{{currency}}" if kpi.unit.is_money else kpi.label
    query_of = {legend: of(CAMPAIGN.kpis[kpi.name].name, IN)}
    return lines(kpi.label, f"{about} Empty while its denominator is zero.", query_of, style.unit_of(kpi.unit), span=6)


def _added() -> Panel:
    about = "The KPI that is chosen above, of those that the catalogue file adds; in the unit of its legend."
    found = {"{{kpi}}, {{unit}}": of(ADDED_KPI.name, f'{IN},kpi="$kpi"')}
    return lines("Added KPI: $kpi", f"{about} Empty without a catalogue file.", found, "none", span=6)


def _pace_now() -> Panel:
    about = (
        "Actual over expected to date of the chosen goal. 1 is on pace. Empty while the goal has no data. Coloured by "
        "the default bands; the panel on thresholds shows those of the goal."
    )
    low, high = style.STATUS_COLOURS["critical"], style.STATUS_COLOURS["warning"]
    bands = style.steps(
        (None, low), (CRITICAL.low, high), (WARNING.low, style.STATUS_COLOURS["on_pace"]), (WARNING.high, high),
        (CRITICAL.high, low),
    )  # fmt: skip
    return figure("Pace", about, of("pacewatch_pace_ratio", GOAL), "percentunit", bands, span=8)


def _spent() -> Panel:
    about = "All spend of the campaign so far, in the base currency."
    return figure("Spend so far", about, f"sum by (currency) ({of('pacewatch_spend', ONE)})", "none", span=8)


def _fresh() -> Panel:
    about = "How old the numbers of the slowest partition are. Verdicts hold when this grows too large."
    expr = f"time() - min({of('pacewatch_stream_clock_timestamp_seconds')})"
    return figure(
        "Age of the numbers", about, expr, "s", style.steps((None, "green"), (30, "orange"), (60, "red")), span=8
    )


def _timeline() -> Panel:
    about = (
        "The status of each goal of the campaign over time. Hold: the data was too old to judge, or something else is "
        "wrong that explains it."
    )
    return _states("Status of all goals", about, style.coded(ONE), "{{goal}}", height=5)


def _watches() -> Panel:
    about = (
        "What every campaign is watched for: that it is served, that what is served is clicked, that clicks convert. "
        "On pace: events come as usual. The reason is in pacewatch_watch_reason."
    )
    return _states("Watches", about, style.coded(ONE, "watch"), "{{watch}}", height=4)


def _states(title: str, about: str, expr: str, legend: str, *, height: int) -> Panel:
    return (
        statetimeline.Panel()
        .title(title)
        .description(about)
        .datasource(style.SOURCE)
        .height(height)
        .span(24)
        .mappings(style.statuses())
        .with_target(query(expr, legend))
    )


def _line() -> Panel:
    about = (
        "What the goal counts, what its curve expects by now, and where the flight will end, with where it ends in "
        "nine of ten cases. Empty where the past says too little yet: the least and the most."
    )
    found = {
        "Actual ({{unit}})": of("pacewatch_pace_actual", GOAL),
        "Expected ({{unit}})": of("pacewatch_pace_expected", GOAL),
        "Projected at the end ({{unit}})": of("pacewatch_pace_projected", GOAL),
        "Projected at the least ({{unit}})": of("pacewatch_pace_projected_low", GOAL),
        "Projected at the most ({{unit}})": of("pacewatch_pace_projected_high", GOAL),
    }
    # Messages link to it by its number.
    return lines("Pace line: $goal", about, found, "short", height=10).id(PACE_PANEL)


def _ratio() -> Panel:
    about = "Pace against the thresholds that the goal is judged by. Between the warning lines it is on pace."
    found = {
        "Actual over expected": of("pacewatch_pace_ratio", GOAL),
        "Warning {{bound}}": of("pacewatch_pace_threshold", GOAL, 'severity="warning"'),
        "Critical {{bound}}": of("pacewatch_pace_threshold", GOAL, 'severity="critical"'),
    }
    return lines("Pace against thresholds", about, found, "percentunit", height=10)


def _volume() -> Panel:
    about = "Events in the rolling window."
    counts = (m for m in MEASURES if not m.is_money)
    return lines("Volume", about, {m.label: of(CAMPAIGN.windows[m.name].name, IN) for m in counts}, "short")


def _budget() -> Panel:
    about = "Money spent since the flight began, what is expected by now, and the budget. Empty without a spend goal."
    spend = f'{ONE},goal=~"spend.*"'
    found = {
        "Actual ({{unit}})": of("pacewatch_pace_actual", spend),
        "Expected ({{unit}})": of("pacewatch_pace_expected", spend),
        "Critical: the budget ({{unit}})": of("pacewatch_pace_target", spend),
    }
    return lines("Spend against budget", about, found, "none")
