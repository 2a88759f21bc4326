"""The life of an alert: ok, pending, firing (warning or critical), and back. A pure state machine.

A miss must last ``for_ms`` before it fires or becomes worse. It ends when the verdict's ``recovered`` status says so,
which stands further in than the threshold that raised it; a critical one is over once its value is back in the band.
Verdicts that judge nothing change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitors.pacing.verdict import Direction, Status, Verdict

_LEVEL = {Status.ON_PACE: 0, Status.WARNING: 1, Status.CRITICAL: 2}
_STATUS = {level: status for status, level in _LEVEL.items()}


class AlertPhase(StrEnum):
    """Where an alert is in its life."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"


class Change(StrEnum):
    """What one verdict did to an alert."""

    NONE = "none"
    """As before."""
    HELD = "held"
    """The verdict judges nothing: as before."""
    PENDING = "pending"
    """A miss, or a worse one, began to wait."""
    WITHDRAWN = "withdrawn"
    """What was waiting went away untold."""
    FIRED = "fired"
    """On pace before, a miss now."""
    WORSENED = "worsened"
    """Warning before, critical now."""
    EASED = "eased"
    """Critical before, warning now."""
    TURNED = "turned"
    """A miss on the other side than before."""
    RESOLVED = "resolved"
    """A miss before, on pace now."""

    @property
    def is_told(self) -> bool:
        """Whether people get a message about it."""
        return self not in {Change.NONE, Change.HELD, Change.PENDING, Change.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class LifecyclePolicy:
    """How patient alerts are.

    Attributes:
        for_ms: how long a miss must last before it is told. 0 by default: pace is a sum over the flight and the
            ratios are tested for chance, so a miss is no flicker.
    """

    for_ms: int = 0


@dataclass(frozen=True, slots=True)
class AlertState:
    """What people were told about a goal, and what waits.

    Attributes:
        told: the status they know.
        direction: the side of the miss they know; None on pace.
        since_ms: the watermark at which ``told`` began.
        waiting: a worse status that waits; None when nothing does.
        waiting_since_ms: the watermark at which it began to wait.
    """

    told: Status = Status.ON_PACE
    direction: Direction | None = None
    since_ms: int | None = None
    waiting: Status | None = None
    waiting_since_ms: int | None = None

    @property
    def phase(self) -> AlertPhase:
        """Where the alert is in its life (a firing one that waits to become worse is firing)."""
        if self.told is not Status.ON_PACE:
            return AlertPhase.FIRING
        return AlertPhase.OK if self.waiting is None else AlertPhase.PENDING


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: the state before and after, and what kind of change it is."""

    before: AlertState
    after: AlertState
    change: Change


def step(state: AlertState, verdict: Verdict, policy: LifecyclePolicy, now_ms: int) -> Transition:
    """What a verdict makes of an alert.

    Args:
        state: before; a goal that was never judged has ``AlertState()``.
        verdict: the new judgement.
        policy: how patient to be.
        now_ms: the watermark of the verdict.
    """
    if not verdict.status.is_judgement:
        return Transition(state, state, Change.HELD)
    told, seen, back = _LEVEL[state.told], _LEVEL[verdict.status], _LEVEL[verdict.recovered]
    if seen > told or _has_turned(state, verdict):
        return _worse(state, verdict, policy, now_ms)
    calm = AlertState(state.told, state.direction, state.since_ms)
    if back < told:
        # A critical miss whose value is back in its band is no warning, however near the bound it still is.
        eased = back > 0 and not _is_met(verdict)
        target = _STATUS[back] if eased else Status.ON_PACE
        side = verdict.direction if eased else None
        return Transition(state, AlertState(target, side, now_ms), Change.EASED if eased else Change.RESOLVED)
    return Transition(state, calm, Change.NONE if state.waiting is None else Change.WITHDRAWN)


def _is_met(verdict: Verdict) -> bool:
    """Whether the value itself is in its band, which is more than that no miss can be proven."""
    return verdict.status is Status.ON_PACE and verdict.ratio is not None and verdict.ratio in verdict.warning


def _has_turned(state: AlertState, verdict: Verdict) -> bool:
    """Whether a told miss is now one on the other side."""
    missed = verdict.status is not Status.ON_PACE and state.told is not Status.ON_PACE
    return missed and None not in {verdict.direction, state.direction} and verdict.direction is not state.direction


def _worse(state: AlertState, verdict: Verdict, policy: LifecyclePolicy, now_ms: int) -> Transition:
    since = state.waiting_since_ms
    if state.waiting is None or since is None:
        since = now_ms
    if now_ms - since < policy.for_ms:
        change = Change.PENDING if state.waiting is None else Change.NONE
        after = AlertState(state.told, state.direction, state.since_ms, verdict.status, since)
        return Transition(state, after, change)
    if state.told is Status.ON_PACE:
        change = Change.FIRED
    else:
        change = Change.TURNED if _has_turned(state, verdict) else Change.WORSENED
    return Transition(state, AlertState(verdict.status, verdict.direction, now_ms), change)
