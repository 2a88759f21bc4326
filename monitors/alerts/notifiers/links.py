"""Where people read on: a campaign's page, its panel in Grafana, what to do about a miss. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from kpis.series import SEPARATOR, parent_key
from kpis.times import HOUR_MS
from monitors.goals.parents.scope import Scope
from monitors.pacing.verdict import Status

DASHBOARD = "pacewatch-launch"
"""The dashboard of one campaign, by its uid."""
PACE_PANEL = 7
"""Its panel with the pace line."""
_EXPERIMENT = parent_key(Scope.EXPERIMENT)
"""What ids of experiments begin with, where campaigns have theirs."""
_BEFORE_MS, _AFTER_MS = 6 * HOUR_MS, HOUR_MS
PACE_ALERTS = {Status.WARNING: "PacewatchPaceWarning", Status.CRITICAL: "PacewatchPaceCritical"}
"""Names of alerts and of their runbooks, as Prometheus rules on pace have them: routes hold for either way."""
LONGEST = 2_500
"""No service takes a longer address in a message; what would be longer is not linked."""


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses.

    Attributes:
        board: where the monitor's board is served; None for no links to it.
        grafana: where Grafana is; None for no links to it.
    """

    board: str | None = None
    grafana: str | None = None

    @property
    def of_board(self) -> str:
        """The board with all campaigns; empty for none."""
        return self.board or ""

    def of_campaign(self, campaign: str) -> str:
        """The page of a campaign, or the board where it is of none; empty for no link."""
        if not self.board or not campaign:
            return self.of_board
        if campaign.startswith(_EXPERIMENT):
            return _short(f"{self.board.rstrip('/')}/experiments#{quote(campaign.removeprefix(_EXPERIMENT), safe='')}")
        return _short(f"{self.board.rstrip('/')}/campaign?id={quote(campaign, safe='')}")

    def of_panel(self, campaign: str, goal: str, since_ms: int | None, as_of_ms: int | None) -> str:
        """The pace line of a goal in Grafana around a time; empty for no link.

        Args:
            campaign: its id.
            goal: the goal's field in the state hash.
            since_ms, as_of_ms: the time that matters; None where it is not known.
        """
        if not self.grafana or not campaign or campaign.startswith(_EXPERIMENT):
            return ""
        named = {"var-account": "$__all", "var-campaign": campaign}
        _, _, name = goal.partition(SEPARATOR)
        if name and not name.startswith("watch:"):
            named |= {"var-goal": name, "viewPanel": str(PACE_PANEL)}
        if as_of_ms is not None:
            first = as_of_ms if since_ms is None else min(since_ms, as_of_ms)
            named |= {"from": str(first - _BEFORE_MS), "to": str(as_of_ms + _AFTER_MS)}
        return _short(f"{self.grafana.rstrip('/')}/d/{DASHBOARD}?{urlencode(named)}")


def board_link(public_url: str | None, campaign: str) -> str:
    """The page of a campaign; empty when nobody said where people see the monitor."""
    return Links(public_url).of_campaign(campaign)


def runbook_link(public_url: str | None, status: Status) -> str:
    """What to do about a miss, as the monitor serves it; empty for what is none, or where nobody said where."""
    name = PACE_ALERTS.get(status)
    return f"{public_url.rstrip('/')}/docs/runbooks/{name}.md" if public_url and name else ""


def _short(url: str) -> str:
    return url if len(url) <= LONGEST else ""
