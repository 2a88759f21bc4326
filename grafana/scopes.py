"""What the portfolio, accounts, channels and other breakdowns have together: KPIs of sums, over time."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import style
from grafana.board import board, scope_kind, scope_kpi, scope_name, window
from grafana.panels import Money, Panel, in_unit, lines, rows
from grafana.promql import of
from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import MEASURES, Measure
from kpis.units import Unit
from monitors.metrics import SCOPE_KPI, SCOPE_MEASURE

IN = 'scope="$scope",name=~"$name",window="$window"'
_WHICH = " Made of the sums of all campaigns; which scopes there are is PACEWATCH_SCOPES of the monitor."
_NOTHING = "Empty while its denominator is zero."
LEGEND = "{{scope}} {{name}}"


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "The portfolio, each account, each channel or creative over all campaigns: what they have together."
    made = board("pacewatch-scopes", "Pacewatch: Scopes", about)
    for variable in (scope_kind(), scope_name(), scope_kpi()):
        made = made.with_variable(variable)
    made = made.with_variable(window("1h")).with_panel(_table())
    chosen = of(SCOPE_KPI.name, IN, 'kpi="$kpi"')
    about = f"The KPI that is chosen above, of the catalogue file too. {_NOTHING}{_WHICH}"
    drawn = lines("$kpi", about, {f"{LEGEND} {{{{unit}}}}": chosen}, "none", span=24)
    made = made.with_panel(in_unit(drawn, chosen, "unit"))
    made = made.with_row(dash.Row("KPIs, rolling $window"))
    for kpi in CATALOGUE:
        made = made.with_panel(_lines(kpi.label, f"{kpi.meaning} {_NOTHING}", _kpi(kpi), kpi.unit))
    made = made.with_row(dash.Row("Volume and money, rolling $window"))
    for measure in MEASURES:
        made = made.with_panel(
            _lines(measure.label, f"{measure.label} in the window.", _measure(measure), measure.unit)
        )
    return made


def _lines(label: str, about: str, expr: str, unit: Unit) -> Panel:
    if not unit.is_money:
        return lines(label, about + _WHICH, {LEGEND: expr}, style.unit_of(unit))
    return in_unit(lines(label, about + _WHICH, {f"{LEGEND} {{{{unit}}}}": expr}, "none"), expr, "unit")


def _kpi(kpi: Kpi) -> str:
    return of(SCOPE_KPI.name, IN, f'kpi="{kpi.name}"')


def _measure(measure: Measure) -> str:
    return of(SCOPE_MEASURE.name, IN, f'measure="{measure.title}"')


def _table() -> Panel:
    found = {m.label: (_measure(m), m.unit) for m in MEASURES} | {k.label: (_kpi(k), k.unit) for k in CATALOGUE}
    columns = {title: _by_name(expr) for title, (expr, _) in found.items()}
    units = {title: style.unit_of(unit) for title, (_, unit) in found.items() if not unit.is_money}
    paid = [title for title, (_, unit) in found.items() if unit.is_money]
    money = Money(paid, found[paid[0]][0], "unit")
    about = "Each of the chosen scope beside the others, in the chosen window; the largest spend first."
    about = f"{about} Empty where nothing was counted.{_WHICH}"
    return rows("Side by side", about, columns, units, by="name", sort="Spend", height=10, money=money)


def _by_name(expr: str) -> str:
    """A query by name, in which the portfolio, which has none, is called so."""
    return f'max by (name) (label_replace({expr}, "name", "(portfolio)", "scope", "portfolio"))'
