"""Recent changes of what people are told. Pure and bounded: each monitor lists what it saw since it started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from kpis.series import shown_id
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState
from monitors.goals.subject import Watch, key_of
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.words.phrases import case_of, phrase

KEPT = 200


class StatusChange(Struct, frozen=True):
    """A change of what people are told about a goal or a watch, as this monitor saw it since it started.

    ``campaign`` is its id on the board. ``says`` is its reason in words, with money in the base currency.
    """

    at_ms: int
    campaign: str
    name: str
    goal: str
    label: str
    before: Status
    after: Status
    direction: Direction | None
    reason: Reason
    says: str = ""
    is_watch: bool = False


@dataclass(frozen=True, slots=True)
class RecentChanges:
    """The last status changes.

    Attributes:
        changes: oldest first, at most ``KEPT``.
        count: how many there have been.
        states: of each goal, as they were last seen.
    """

    changes: tuple[StatusChange, ...] = ()
    count: int = 0
    states: Mapping[str, AlertState] = field(default_factory=dict)

    def after(self, assessments: Iterable[Assessment], now_ms: int) -> RecentChanges:
        """With what changed since; a miss that stood before this monitor started counts from when it began."""
        found: list[StatusChange] = []
        states: dict[str, AlertState] = {}
        for one in assessments:
            key = key_of(one.campaign, one.goal)
            states[key] = one.state
            before = self.states.get(key, AlertState())
            if (before.told, before.direction) != (one.state.told, one.state.direction):
                found.append(_change(one, before.told, now_ms))
        found.sort(key=lambda change: change.at_ms)
        return RecentChanges((*self.changes, *found)[-KEPT:], self.count + len(found), states)

    def since(self, count: int) -> list[StatusChange]:
        """Those that came after so many, oldest first."""
        new = self.count - count
        return list(self.changes[-new:]) if new > 0 else []

    def newest(self, campaign: str | None = None) -> list[StatusChange]:
        """The changes of a campaign or of all, newest first."""
        return [c for c in reversed(self.changes) if campaign is None or c.campaign == campaign]


def _change(one: Assessment, before: Status, now_ms: int) -> StatusChange:
    return StatusChange(
        at_ms=one.state.since_ms or now_ms,
        campaign=shown_id(one.campaign.series),
        name=one.campaign.name,
        goal=one.goal.id,
        label=one.goal.label,
        before=before,
        after=one.state.told,
        direction=one.state.direction,
        reason=one.verdict.reason,
        says=phrase(case_of(one.campaign, one.goal, one.verdict, "")),
        is_watch=isinstance(one.goal, Watch),
    )
