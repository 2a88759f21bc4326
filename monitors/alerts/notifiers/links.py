"""Where people read on: the page of a campaign, and what to do about a miss. Pure."""

from __future__ import annotations

from urllib.parse import quote

from monitors.pacing.verdict import Status

PACE_ALERTS = {Status.WARNING: "PacewatchPaceWarning", Status.CRITICAL: "PacewatchPaceCritical"}
"""Names of alerts and of their runbooks, as Prometheus rules on pace have them: routes hold for either way."""


def board_link(public_url: str | None, campaign: str) -> str:
    """The page of a campaign; empty when nobody said where people see the monitor."""
    return f"{public_url.rstrip('/')}/campaign?id={quote(campaign, safe='')}" if public_url else ""


def runbook_link(public_url: str | None, status: Status) -> str:
    """What to do about a miss, as the monitor serves it; empty for what is none, or where nobody said where."""
    name = PACE_ALERTS.get(status)
    return f"{public_url.rstrip('/')}/docs/runbooks/{name}.md" if public_url and name else ""
