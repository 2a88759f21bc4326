"""Where a click on a panel may go: other dashboards, and pages of the launch board."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from monitors.alerts.notifiers.links import DASHBOARD

BOARD = "http://127.0.0.1:9600"
"""Where the launch board is: what docs/operations.md says to replace."""
_BOARD = "${board:raw}"
_SAME = "${__url_time_range}&var-datasource=${datasource}&${job:queryparam}&${instance:queryparam}"
"""What the other dashboard is to show alike."""
Links = Sequence[dash.DashboardLink]
"""Where a click may go."""
CLICKED = "__field.labels.campaign"
"""The campaign of a line."""


def campaign(name: str) -> Links:
    """The dashboard and the page of a campaign.

    Args:
        name: the variable of Grafana that has its id: a column, a label or a choice.
    """
    return (_launch(name), page(name))


def page(name: str) -> dash.DashboardLink:
    """The page of a campaign on the launch board."""
    return _link("Open its page on the launch board", f"{_BOARD}/campaign?id=${{{name}:percentencode}}")


def experiment(name: str) -> dash.DashboardLink:
    """An experiment on the launch board's page of experiments."""
    return _link("Open it on the launch board", f"{_BOARD}/experiments#${{{name}:percentencode}}")


def runbook(name: str) -> dash.DashboardLink:
    """What to do about an alert, as monitors serve it."""
    return _link("Open its runbook", f"{_BOARD}/docs/runbooks/${{{name}:percentencode}}.md")


def board() -> dash.DashboardLink:
    """The launch board, for the head of a dashboard."""
    return _link("Launch board", f"{_BOARD}/").icon("external link").target_blank(True)


def column(title: str) -> str:
    """The variable that has what a row has in a column."""
    return f"__data.fields.{title}"


def _launch(name: str) -> dash.DashboardLink:
    url = f"/d/{DASHBOARD}?{_SAME}&var-account=$__all&var-campaign=${{{name}:percentencode}}"
    return _link("Open its dashboard", url)


def _link(title: str, url: str) -> dash.DashboardLink:
    return dash.DashboardLink(title).type(DashboardLinkType.LINK).url(url)
