"""All campaigns: what needs somebody now, sorted by the money at risk."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import links, style
from grafana.board import account, added, board, told, window
from grafana.panels import Money, Panel, figure, in_unit, lines, listing, rows
from grafana.promql import of, raw
from kpis.catalogue import CATALOGUE
from monitors.metrics import ADDED_KPI, CAMPAIGN

_INFO = raw("pacewatch_campaign_info", 'account=~"$account"')
OF_ACCOUNT = f"on (job, campaign) group_left () max by (job, campaign) ({_INFO})"
RECORDED = '{job=~"$job"}'
"""What rules record of campaigns has no instance: it is the same, whoever leads."""
OF_ROW = {"Campaign": links.campaign(links.column("Campaign"))}
OF_LINE = links.campaign(links.CLICKED)
COLOURS: dict[str, style.Steps] = {
    "Critical goals": (style.PLAIN, (1, style.STATUS_COLOURS["critical"])),
    "Warning goals": (style.PLAIN, (1, style.STATUS_COLOURS["warning"])),
    **dict.fromkeys(("Lowest pace", "Highest pace"), style.BANDS),
}


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "All campaigns: how many miss their pace, what money that is, and which to open first."
    made = board("pacewatch-portfolio", "Pacewatch: Portfolio", about).with_variable(account()).with_variable(window())
    made = made.with_variable(added(ADDED_KPI.name, "kpi", "Added KPI"))
    # Only what somebody should see to: of hundreds of campaigns all changes would be a curtain.
    made = made.annotation(told('status="critical"'))
    for status, meaning in (
        ("critical", "Goals that miss their critical threshold."),
        ("warning", "Goals between warning and critical."),
        ("hold", "Goals that are not judged because the data is too old."),
        ("on_pace", "Goals that are on pace."),
    ):
        expr = f"sum({_in(status)} * {OF_ACCOUNT}) or vector(0)"
        colour = style.STATUS_COLOURS[status]
        steps = (style.PLAIN, (1, colour))
        made = made.with_panel(figure(status.replace("_", " ").capitalize(), meaning, expr, "none", steps, span=5))
    risk = f"sum by (unit) (campaign:pacewatch_money_at_risk:max{RECORDED} * {OF_ACCOUNT})"
    meaning = "What the flights of goals in warning or critical will miss or exceed of their budgets, by currency."
    at_risk = figure("Money at risk", f"{meaning} Empty when there is none.", risk, "none", span=4)
    made = made.with_panel(in_unit(at_risk, f"campaign:pacewatch_money_at_risk:max{RECORDED}", "unit"))
    for panel in (_table(), _parents(), _told(), _over_time(), _spend(), _added()):
        made = made.with_panel(panel)
    return made


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
    units = dict.fromkeys(("Lowest pace", "Highest pace"), "percentunit")
    units |= {k.label: style.unit_of(k.unit) for k in CATALOGUE if not k.unit.is_money}
    # All of it is in the base currency.
    paid = ("Money at risk", "Spend", *(k.label for k in CATALOGUE if k.unit.is_money))
    money = Money(paid, of("pacewatch_window_spend", kpi))
    return rows(
        "Campaigns", about, columns, units, by="campaign", sort="Money at risk", links=OF_ROW, height=16, money=money,
        steps={**COLOURS, "Watches": COLOURS["Warning goals"]},
    )  # fmt: skip


def _told() -> Panel:
    about = (
        "Which goals and watches people were told of, and how bad it was; what is over is not listed. Empty while "
        "nobody needs to be told of anything."
    )
    bad = 'status=~"warning|critical"'
    goals = of("pacewatch_pace_alert_status", bad)
    watches = of("pacewatch_watch_alert_status", bad)
    either = f'{goals} == 1 or label_replace({watches} == 1, "goal", "watch: $1", "watch", "(.*)")'
    expr = f"max by (campaign, goal, status) (({either}) * {OF_ACCOUNT})"
    columns = {"campaign": "Campaign", "goal": "Goal", "status": "Status"}
    return listing("What people were told", about, expr, columns, links=OF_ROW)


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
    risk = Money(("Money at risk",), of("pacewatch_parent_pace_target", money), "unit")
    return rows(
        "Accounts and portfolio", about, columns, percent, by="account", sort="Money at risk", height=8, money=risk,
        steps=COLOURS,
    )  # fmt: skip


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
    drawn = lines("Largest spenders", about, {"{{campaign}}": f"topk(10, {spends})"}, "none", links=OF_LINE)
    return in_unit(drawn, spends)


def _added() -> Panel:
    about = "The ten campaigns that have most of the KPI that is chosen above, of those that the catalogue file adds."
    expr = of(ADDED_KPI.name, 'kpi="$kpi",window="$window"')
    about = f"{about} Empty without a catalogue file."
    found = {"{{campaign}}, {{unit}}": f"topk(10, {expr})"}
    return in_unit(lines("Added KPI: $kpi", about, found, "none", links=OF_LINE), expr, "unit")


def _in(status: str) -> str:
    return of("pacewatch_pace_status", f'status="{status}"')
