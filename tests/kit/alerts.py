"""Alerts as tests write them down."""

from __future__ import annotations

import msgspec

from kpis.units import Unit
from monitors.alerts.alert import Alert
from monitors.alerts.lifecycle import Change
from monitors.pacing.verdict import Direction, Reason, Status

ALERT = Alert(
    id="1", goal="c1|spend", at_ms=5, campaign="c1", name="Spring launch", account="", label="spend",
    unit=Unit.MICROS, currency="EUR", change=Change.FIRED, before=Status.ON_PACE, after=Status.CRITICAL,
    reason=Reason.OUTSIDE, direction=Direction.UNDER, actual=300_000_000, expected=500_000_000, target=1_000_000_000,
    ratio=0.6, projected=600_000_000, required_per_day=0, bound=None, warning=(0.9, 1.1), critical=(0.75, 1.25),
    as_of_ms=5, timezone="UTC",
)  # fmt: skip


def alert(name: str, campaign: str = "", goal: str = "") -> Alert:
    """An alert that is told by its name, about a goal of its own where none is given."""
    campaign = campaign or name
    return msgspec.structs.replace(ALERT, id=name, goal=goal or f"{campaign}|spend", campaign=campaign, name=name)
