"""Alerts and check-ins as values, for tests of what sends them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from kpis.units import Unit
from monitors.alerts.alert import Alert
from monitors.alerts.check_in import CheckIn, Standing
from monitors.alerts.lifecycle import Change
from monitors.goals.subject import Watched
from monitors.pacing.verdict import Direction, Reason, Status
from tests.kit.monitor_fakes import NOON

MISS = {Status.WARNING, Status.CRITICAL}


def an_alert(before: str, after: str, *, goal: str = "spend", campaign: str = "c42", **more: Any) -> Alert:
    """A change of a total from one status to another; what was a miss before was told by Alertmanager and a webhook."""
    was, now = Status(before), Status(after)
    is_watch = goal.startswith("watch:")
    fields: dict[str, Any] = {
        "id": uuid4().hex, "goal": f"{campaign}|{goal}", "at_ms": NOON, "campaign": campaign, "name": "Launch",
        "account": "Acme", "label": goal, "unit": Unit.EVENTS if is_watch else Unit.MICROS, "currency": "EUR",
        "change": _change(was, now), "before": was, "after": now,
        "reason": Reason.OUTSIDE if now in MISS else Reason.WITHIN,
        "direction": Direction.UNDER, "actual": 300_000_000, "expected": 500_000_000, "target": 1_000_000_000,
        "ratio": 0.6, "projected": 600_000_001, "required_per_day": 1_400_000_000, "bound": None,
        "warning": (0.9, 1.1), "critical": (0.75, 1.25), "as_of_ms": NOON, "timezone": "UTC",
        "watched": Watched(goal.partition(":")[2]) if is_watch else None,
        "known_to": ("alertmanager", "webhook") if was in MISS else (),
    }  # fmt: skip
    return Alert(**(fields | more))


def a_check_in(**more: Any) -> CheckIn:
    """A campaign at half of its flight."""
    standing = Standing(
        label="spend", unit=Unit.MICROS, status=Status.CRITICAL, reason=Reason.OUTSIDE, direction=Direction.UNDER,
        actual=300_000_000, expected=500_000_000, target=1_000_000_000, ratio=0.6, projected=600_000_000,
    )  # fmt: skip
    fields: dict[str, Any] = {
        "id": uuid4().hex, "goal": "c42|milestones", "at_ms": NOON, "campaign": "c42", "name": "Launch",
        "account": "Acme", "fraction": 0.5, "milestone_ms": NOON, "as_of_ms": NOON, "currency": "EUR",
        "timezone": "UTC", "standings": (standing,),
    }  # fmt: skip
    return CheckIn(**(fields | more))


def _change(before: Status, after: Status) -> Change:
    if after not in MISS:
        return Change.RESOLVED
    if before not in MISS:
        return Change.FIRED
    return Change.WORSENED if after is Status.CRITICAL else Change.EASED
