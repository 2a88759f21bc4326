"""What the portfolio, accounts, channels and other breakdowns have together: KPIs of sums, over time."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import style
from grafana.board import board, scope_kind, scope_kpi, scope_name, window
from grafana.panels import Panel, lines, rows
from grafana.promql import of
from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES
from kpis.units import Unit
from monitors.metrics import SCOPE_KPI, SCOPE_MEASURE

IN = 'scope="$scope",name=~"$name",window="$window"'
_WHICH = " Made of the sums of all campaigns; which scopes there are is PACEWATCH_SCOPES of the monitor."
LEGEND = "{{scope}} {{name}}"


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "The portfolio, each account, each channel or creative over all campaigns: what they have together."
    made = board("pacewatch-scopes", "Pacewatch: Scopes", about)
    for variable in (scope_kind(), scope_name(), scope_kpi()):
        made = made.with_variable(variable)
    made = made.with_variable(window("1h")).with_panel(_table())
    chosen = of(SCOPE_KPI.name, IN, 'kpi="$kpi"')
    about = f"The KPI that is chosen above, of the catalogue file too.{_WHICH}"
    made = made.with_panel(lines("$kpi", about, {f"{LEGEND} {{{{unit}}}}": chosen}, "none", span=24))
    made = made.with_row(dash.Row("KPIs, rolling $window"))
    for kpi in CATALOGUE:
        expr = of(SCOPE_KPI.name, IN, f'kpi="{kpi.name}"')
        made = made.with_panel(
            lines(kpi.label, kpi.meaning + _WHICH, {_legend(kpi.unit): expr}, style.unit_of(kpi.unit))
        )
    made = made.with_row(dash.Row("Volume and money, rolling $window"))
    for measure in MEASURES:
        expr = of(SCOPE_MEASURE.name, IN, f'measure="{measure.title}"')
        about = f"{measure.label} in the window.{_WHICH}"
        made = made.with_panel(lines(measure.label, about, {_legend(measure.unit): expr}, style.unit_of(measure.unit)))
    return made


def _legend(unit: Unit) -> str:
    return f"{LEGEND} {{{{unit}}}}" if unit.is_money else LEGEND


def _table() -> Panel:
    columns = {m.label: of(SCOPE_MEASURE.name, IN, f'measure="{m.title}"') for m in MEASURES}
    columns |= {k.label: of(SCOPE_KPI.name, IN, f'kpi="{k.name}"') for k in CATALOGUE}
    shown = {title: _by_name(expr) for title, expr in columns.items()}
    percent = {k.label: style.unit_of(k.unit) for k in CATALOGUE if k.is_proportion}
    about = f"Each of the chosen scope beside the others, in the chosen window; the largest spend first.{_WHICH}"
    return rows("Side by side", about, shown, percent, by="name", sort="Spend", height=10)


def _by_name(expr: str) -> str:
    """A query by name, in which the portfolio, which has none, is called so."""
    return f'max by (name) (label_replace({expr}, "name", "(portfolio)", "scope", "portfolio"))'
