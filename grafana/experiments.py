"""Experiments: how each stands, and what is proven of the variants of one of them."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import links, style
from grafana.board import account, board, experiment
from grafana.panels import Panel, lines, listing, rows, states
from grafana.promql import of, raw
from monitors import metrics
from monitors.experiments.ruling import ExperimentFinding
from monitors.experiments.weighing import VariantState
from monitors.metric_kinds import Definition

ONE = 'experiment="$experiment"'
FINDINGS: dict[str, tuple[str, str]] = {
    finding: (finding.value.replace("_", " "), "green" if finding.is_final else "text") for finding in ExperimentFinding
}
STATES: dict[str, tuple[str, str]] = {
    VariantState.UNDECIDED: ("undecided", "text"), VariantState.ALIKE: ("alike", "blue"),
    VariantState.LOSER: ("loser", "red"), VariantState.WINNER: ("winner", "green"),
}  # fmt: skip
_INFO = raw(metrics.EXPERIMENT_INFO.name, 'account=~"$account"')
_NONE = "Empty where no goals file has an experiment."


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "Variants compared by a share, as pages of the launch board and messages say it; docs/experiments.md."
    made = board("pacewatch-experiments", "Pacewatch: Experiments", about, since="now-7d")
    made = made.with_variable(account()).with_variable(experiment())
    for panel in (_all(), _variants(), _finding(), _lift(), _rates(), _trials()):
        made = made.with_panel(panel)
    return made


def _all() -> Panel:
    about = f"How each experiment of the account stands; a click opens it on the launch board. {_NONE}"
    known = "on (job, experiment) group_left (name, kpi, account) "
    known += f"max by (job, experiment, name, kpi, account) ({_INFO})"
    holds = f"({of(metrics.EXPERIMENT_FINDING.name)} == 1)"
    expr = f"max by (experiment, name, account, kpi, finding) ({holds} * {known})"
    columns = {"experiment": "Experiment", "name": "Name", "account": "Account", "kpi": "KPI", "finding": "Finding"}
    to = {"Experiment": (links.experiment(links.column("Experiment")),)}
    return listing("All experiments", about, expr, columns, links=to)


def _variants() -> Panel:
    about = (
        "The variants of the chosen experiment. Lift: its rate over that of the first variant, less 1, and between "
        f"what it lies at all looks together. {_NONE}"
    )
    columns = {
        "State": style.numbered(metrics.EXPERIMENT_STATE.name, ONE, "state", STATES, "variant"),
        "Rate": _of(metrics.EXPERIMENT_RATE), "Lift": _of(metrics.EXPERIMENT_LIFT),
        "Lift at the least": _of(metrics.EXPERIMENT_LIFT_LOW), "Lift at the most": _of(metrics.EXPERIMENT_LIFT_HIGH),
        "Trials": _of(metrics.EXPERIMENT_TRIALS), "Successes": _of(metrics.EXPERIMENT_SUCCESSES),
    }  # fmt: skip
    units = {name: "percentunit" for name in columns if name.startswith(("Rate", "Lift"))}
    units |= {"Trials": "short", "Successes": "short"}
    made = rows("Variants of $experiment", about, columns, units, by="variant", sort="Rate", height=8)
    return made.override_by_name("State", style.mapped(STATES))


def _finding() -> Panel:
    about = f"How the chosen experiment stood over time. {_NONE}"
    expr = style.numbered(metrics.EXPERIMENT_FINDING.name, ONE, "finding", FINDINGS, "experiment")
    return states("Finding of $experiment", about, expr, "{{experiment}}", style.words(FINDINGS), height=4)


def _lift() -> Panel:
    about = f"The lift of each variant, and the interval that it lies in: above 0 is better than the first. {_NONE}"
    found = {
        "{{variant}}": of(metrics.EXPERIMENT_LIFT.name, ONE),
        "{{variant}} at the least": of(metrics.EXPERIMENT_LIFT_LOW.name, ONE),
        "{{variant}} at the most": of(metrics.EXPERIMENT_LIFT_HIGH.name, ONE),
    }
    drawn = lines("Lift", about, found, "percentunit", links=(links.experiment("experiment"),))
    return drawn.override_by_regexp("/ at the (least|most)$/", [style.dashed()])


def _rates() -> Panel:
    about = f"What the experiment compares, of each variant since the start. {_NONE}"
    return lines("Rate", about, {"{{variant}}": of(metrics.EXPERIMENT_RATE.name, ONE)}, "percentunit")


def _trials() -> Panel:
    about = f"What each variant was tried on so far: with an even split all lines are one. {_NONE}"
    return lines("Trials", about, {"{{variant}}": of(metrics.EXPERIMENT_TRIALS.name, ONE)}, "short", span=24)


def _of(metric: Definition) -> str:
    return f"max by (variant) ({raw(metric.name, ONE)})"
