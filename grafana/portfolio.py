"""All campaigns: what needs somebody now, sorted by the money at risk."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import style
from grafana.board import account, board, window
from grafana.panels import Panel, figure, lines, rows
from grafana.promql import of, raw
from kpis.catalogue import CATALOGUE
from monitors.metrics import CAMPAIGN

_INFO = raw("pacewatch_campaign_info", 'account=~"$account"')
OF_ACCOUNT = f"on (job, campaign) group_left () max by (job, campaign) ({_INFO})"
RECORDED = '{job=~"$job"}'
"""What rules record of campaigns has no instance: it is the same, whoever leads."""
LAUNCH = "/d/pacewatch-launch?${__url_time_range}&var-campaign=${__data.fields.Campaign}"


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "All campaigns: how many miss their pace, what money that is, and which to open first."
    made = board("pacewatch-portfolio", "Pacewatch: Portfolio", about).with_variable(account()).with_variable(window())
    for status, meaning in (
        ("critical", "Goals that miss their critical threshold."),
        ("warning", "Goals between warning and critical."),
        ("hold", "Goals that are not judged because the data is too old."),
        ("on_pace", "Goals that are on pace."),
    ):
        expr = f"sum({_in(status)} * {OF_ACCOUNT}) or vector(0)"
        colour = style.STATUS_COLOURS[status]
        steps = style.steps((None, "text"), (1, colour))
        made = made.with_panel(figure(status.replace("_", " ").capitalize(), meaning, expr, "none", steps, span=5))
    risk = f"sum by (unit) (campaign:pacewatch_money_at_risk:max{RECORDED} * {OF_ACCOUNT})"
    meaning = "What the flights of goals in warning or critical will miss or exceed of their budgets, by currency."
    made = made.with_panel(figure("Money at risk", f"{meaning} Empty when there is none.", risk, "none", span=4))
    return made.with_panel(_table()).with_panel(_parents()).with_panel(_over_time()).with_panel(_spend())


def _table() -> Panel:
    about = (
        "A row for each campaign; the most money at risk first. Money at risk: how far the projected end of the flight "
        "is from the target, for money goals in warning or critical. "
        "Watches: how many of serving, clicks and conversions say that something is wrong. Click a campaign to open it."
    )
    kpi = 'window="$window"'
    columns = {
        "Money at risk": f"max by (campaign) (campaign:pacewatch_money_at_risk:max{RECORDED})",
        "Critical goals": f"sum by (campaign) ({_in('critical')} * {OF_ACCOUNT})",
        "Warning goals": f"sum by (campaign) ({_in('warning')})",
        "Watches": f"sum by (campaign) (campaign_status:pacewatch_watches:count{RECORDED})",
        "Lowest pace": f"min by (campaign) ({raw('pacewatch_pace_ratio')})",
        "Highest pace": f"max by (campaign) ({raw('pacewatch_pace_ratio')})",
        "Spend": f"sum by (campaign) ({of('pacewatch_window_spend', kpi)})",
        **{k.label: f"max by (campaign) ({raw(CAMPAIGN.kpis[k.name].name, kpi)})" for k in CATALOGUE},
    }
    shares = [k.label for k in CATALOGUE if k.is_proportion]
    percent = dict.fromkeys(("Lowest pace", "Highest pace", *shares), "percentunit")
    return rows(
        "Campaigns", about, columns, percent, by="campaign", sort="Money at risk", links={"Campaign": LAUNCH}, height=16
    )


def _parents() -> Panel:
    about = (
        "A row for each account that has goals of its own, one for the portfolio, and one for each channel or other "
        "breakdown that has goals: what their campaigns are meant to reach together. These are sums of campaigns that "
        "are listed above, so they are in no figure there. Empty where no goals file has any."
    )
    status, money = "pacewatch_parent_pace_status", 'unit!~"events|ratio"'
    missed = of(status, 'status=~"warning|critical"') + " == 1"
    gap = f"{of('pacewatch_parent_pace_projected', money)} - {of('pacewatch_parent_pace_target', money)}"
    columns = {
        "Money at risk": _by_account("max", f"abs({gap}) and on (scope, account, name, goal) ({missed})"),
        "Critical goals": _by_account("sum", of(status, 'status="critical"')),
        "Warning goals": _by_account("sum", of(status, 'status="warning"')),
        "Lowest pace": _by_account("min", of("pacewatch_parent_pace_ratio")),
        "Highest pace": _by_account("max", of("pacewatch_parent_pace_ratio")),
        "Campaigns": _by_account("max", of("pacewatch_parent_members")),
    }
    percent = dict.fromkeys(("Lowest pace", "Highest pace"), "percentunit")
    return rows("Accounts and portfolio", about, columns, percent, by="account", sort="Money at risk", height=8)


def _by_account(how: str, expr: str) -> str:
    """A query by account, in which the portfolio is one of its own, and so is a channel: ``channel search Acme``."""
    whole = f'label_replace({expr}, "account", "(portfolio)", "scope", "portfolio")'
    part = f'label_join({whole}, "part", "|", "name", "scope", "account")'
    called = r'"account", "$2 $1 $3", "part", "(.+)\\|(\\w+)\\|(.*)"'
    return f"{how} by (account) (label_replace({part}, {called}))"


def _over_time() -> Panel:
    found = {
        "Critical": f"sum({_in('critical')} * {OF_ACCOUNT})",
        "Warning": f"sum({_in('warning')} * {OF_ACCOUNT})",
        "Watches": f"sum(campaign_status:pacewatch_watches:count{RECORDED} * {OF_ACCOUNT})",
    }
    about = "How many goals are in warning and in critical, and how many watches say that something is wrong."
    return lines("Goals that miss their pace", about, found, "none")


def _spend() -> Panel:
    about = "The ten campaigns that spend most in the rolling window."
    spends = of("pacewatch_window_spend", 'window="$window"')
    return lines("Largest spenders", about, {"{{campaign}}": f"topk(10, {spends})"}, "none")


def _in(status: str) -> str:
    return of("pacewatch_pace_status", f'status="{status}"')
