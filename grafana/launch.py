"""One campaign: is it on pace, since when not, and what do its KPIs say."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import links, style
from grafana.board import account, added, board, goal, goal_campaign, told, window
from grafana.panels import Panel, figure, in_unit, lines, listing, states
from grafana.promql import of
from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import MEASURES
from monitors.alerts.notifiers.links import DASHBOARD, PACE_PANEL
from monitors.metrics import ADDED_KPI, ADDED_MEASURE, CAMPAIGN

ONE = 'campaign="$campaign"'
GOAL = f'{ONE},goal="$goal"'
IN = f'{ONE},window="$window"'
PAGE = (links.page("campaign"),)
_ADDED = ((ADDED_KPI.name, "kpi", "KPI"), (ADDED_MEASURE.name, "measure", "measure"))
"""What the catalogue file adds lists itself: each has the label that it is told by."""


def build() -> dash.Dashboard:
    """The dashboard."""
    # The day so far, from its first minute: what people ask on the day of a launch.
    made = board(DASHBOARD, "Pacewatch: Launch", "One campaign: pace, thresholds, KPIs and spend.", since="now/d")
    made = made.with_variable(account()).with_variable(goal_campaign()).with_variable(goal()).with_variable(window())
    for metric, label, what in _ADDED:
        made = made.with_variable(added(metric, label, f"Added {what}", ONE))
    made = made.annotation(told(ONE))
    made = made.with_row(dash.Row("On pace?"))
    for panel in (_pace_now(), _spent(), _fresh(), _timeline(), _watches(), _line(), _ratio()):
        made = made.with_panel(panel)
    made = made.with_row(dash.Row("KPIs, rolling $window"))
    for kpi in CATALOGUE:
        made = made.with_panel(_kpi(kpi))
    for panel in _added():
        made = made.with_panel(panel)
    return made.with_row(dash.Row("Volume and money")).with_panel(_volume()).with_panel(_budget())


def _kpi(kpi: Kpi) -> Panel:
    about = kpi.meaning + (" In the currency of its legend." if kpi.unit.is_money else "")
    legend = "{{currency}}" if kpi.unit.is_money else kpi.label
    expr = of(CAMPAIGN.kpis[kpi.name].name, IN)
    drawn = lines(
        kpi.label, f"{about} Empty while its denominator is zero.", {legend: expr}, style.unit_of(kpi.unit), span=6,
        links=PAGE,
    )  # fmt: skip
    return in_unit(drawn, expr) if kpi.unit.is_money else drawn


def _added() -> Iterator[Panel]:
    for metric, label, what in _ADDED:
        about = f"The added {what} that is chosen above, of those that the catalogue file adds; in its unit."
        expr = of(metric, f'{IN},{label}="${label}"')
        found = {f"{{{{{label}}}}}, {{{{unit}}}}": expr}
        none = "Empty without a catalogue file."
        yield in_unit(
            lines(f"Added {what}: ${label}", f"{about} {none}", found, "none", span=6, links=PAGE), expr, "unit"
        )
    for metric, label, what in _ADDED:
        about = f"Each added {what} in the window, with what it is in. Empty without a catalogue file."
        columns = {label: f"Added {what}", "Value": "Now", "unit": "In"}
        yield listing(f"Added {what}s", about, f"max by ({label}, unit) ({of(metric, IN)})", columns, span=6)


def _pace_now() -> Panel:
    about = (
        "Actual over expected to date of the chosen goal. 1 is on pace. Empty while the goal has no data. Coloured by "
        "the default bands; the panel on thresholds shows those of the goal."
    )
    expr = of("pacewatch_pace_ratio", GOAL)
    return figure("Pace", about, expr, "percentunit", style.BANDS, span=8, links=PAGE)


def _spent() -> Panel:
    about = "All spend of the campaign so far, in the base currency."
    spend = of("pacewatch_spend", ONE)
    return in_unit(figure("Spend so far", about, f"sum by (currency) ({spend})", "none", span=8, links=PAGE), spend)


def _fresh() -> Panel:
    about = "How old the numbers of the slowest partition are. Verdicts hold when this grows too large."
    expr = f"time() - min({of('pacewatch_stream_clock_timestamp_seconds')})"
    return figure("Age of the numbers", about, expr, "s", style.LATE, span=8)


def _timeline() -> Panel:
    about = (
        "The status of each goal of the campaign over time. Hold: the data was too old to judge, or something else is "
        "wrong that explains it."
    )
    return states("Status of all goals", about, style.coded(ONE), "{{goal}}", style.statuses(), height=5)


def _watches() -> Panel:
    about = (
        "What every campaign is watched for: that it is served, that what is served is clicked, that clicks convert. "
        "On pace: events come as usual. The reason is in pacewatch_watch_reason."
    )
    return states("Watches", about, style.coded(ONE, "watch"), "{{watch}}", style.statuses(), height=4)


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
    drawn = lines("Pace line: $goal", about, found, "short", height=10, links=PAGE).id(PACE_PANEL)
    return in_unit(drawn, of("pacewatch_pace_actual", GOAL), "unit")


def _ratio() -> Panel:
    about = "Pace against the thresholds that the goal is judged by. Between the warning lines it is on pace."
    found = {
        "Actual over expected": of("pacewatch_pace_ratio", GOAL),
        "Warning {{bound}}": of("pacewatch_pace_threshold", GOAL, 'severity="warning"'),
        "Critical {{bound}}": of("pacewatch_pace_threshold", GOAL, 'severity="critical"'),
    }
    return lines("Pace against thresholds", about, found, "percentunit", height=10, links=PAGE)


def _volume() -> Panel:
    about = "Events in the rolling window."
    counts = (m for m in MEASURES if not m.is_money)
    found = {m.label: of(CAMPAIGN.windows[m.name].name, IN) for m in counts}
    return lines("Volume", about, found, "short", links=PAGE)


def _budget() -> Panel:
    about = "Money spent since the flight began, what is expected by now, and the budget. Empty without a spend goal."
    spend = f'{ONE},goal=~"spend.*"'
    found = {
        "Actual ({{unit}})": of("pacewatch_pace_actual", spend),
        "Expected ({{unit}})": of("pacewatch_pace_expected", spend),
        "Critical: the budget ({{unit}})": of("pacewatch_pace_target", spend),
    }
    drawn = lines("Spend against budget", about, found, "none", links=PAGE)
    return in_unit(drawn, of("pacewatch_pace_actual", spend), "unit")
