"""Recent changes of what people are told. Pure, bounded, in memory: each monitor lists what it saw since it started."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.stored import goal_key
from monitors.board.shapes import StatusChange
from monitors.pacing.verdict import Status

KEPT = 200


class StatusChanges:
    """The last status changes."""

    def __init__(self) -> None:
        self._known: dict[str, AlertState] = {}
        self._changes: deque[StatusChange] = deque(maxlen=KEPT)

    def add(self, judged: Iterable[Assessment], now_ms: int) -> list[StatusChange]:
        """Note what changed, oldest first; a miss that stood before this monitor started counts from when it began."""
        found: list[StatusChange] = []
        known: dict[str, AlertState] = {}
        for one in judged:
            key = goal_key(one.campaign, one.goal)
            known[key] = one.state
            before = self._known.get(key, AlertState())
            if (before.told, before.direction) != (one.state.told, one.state.direction):
                found.append(_change(one, before.told, now_ms))
        self._known = known
        found.sort(key=lambda change: change.at_ms)
        self._changes.extend(found)
        return found

    def newest(self, campaign: str | None = None) -> list[StatusChange]:
        """The changes of a campaign or of all, newest first."""
        return [c for c in reversed(self._changes) if campaign is None or c.campaign == campaign]


def _change(one: Assessment, before: Status, now_ms: int) -> StatusChange:
    return StatusChange(
        at_ms=one.state.since_ms or now_ms,
        campaign=one.campaign.campaign,
        name=one.campaign.name,
        goal=one.goal.id,
        label=one.goal.label,
        before=before,
        after=one.state.told,
        direction=one.state.direction,
        reason=one.verdict.reason,
    )
