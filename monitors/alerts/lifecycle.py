"""The life of an alert: ok, pending, firing (warning or critical), and back. A pure state machine.

A miss must last ``for_ms`` before it fires or becomes worse. It fires as bad as it looks, and becomes worse only by
what is proven: that its proof is complete some hours later is no news to who was told the same numbers. It ends when
the verdict's ``recovered`` status says so, which stands further in than the threshold that raised it; a critical one is
over once its value is back in the band. Verdicts that judge nothing change nothing, but no told miss outlives its
flight, or a day without a judgement.

What people are told is not always what they were sent: while a campaign is muted or an alert flaps, changes are told
and not sent (:mod:`monitors.alerts.quieting`, :mod:`monitors.alerts.muting`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from kpis.times import DAY_MS
from monitors.goals.subject import Subject, Watch
from monitors.pacing.verdict import Direction, Reason, Status, Verdict

UNJUDGED_MS = DAY_MS
"""A miss that could not be judged again for a day says nothing of now."""
_OVER = frozenset({Reason.FLIGHT_ENDED, Reason.FLIGHT_CLOSED, Reason.NO_FLIGHT})
LEVEL = {Status.ON_PACE: 0, Status.WARNING: 1, Status.CRITICAL: 2}
"""How bad what people are told is."""
_STATUS = {level: status for status, level in LEVEL.items()}


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
    CORRECTED = "corrected"
    """A miss before, on pace now, for what was counted before has been corrected."""
    REPEATED = "repeated"
    """A miss that still stands, told again."""
    ENDED = "ended"
    """A miss before that nobody judges any more."""

    @property
    def is_told(self) -> bool:
        """Whether people get a message about it."""
        return self not in {Change.NONE, Change.HELD, Change.PENDING, Change.WITHDRAWN}

    @property
    def follows(self) -> bool:
        """Whether it is about an alert that people know of already."""
        return self is not Change.FIRED and self.is_told


@dataclass(frozen=True, slots=True)
class LifecyclePolicy:
    """How patient alerts are.

    Attributes:
        for_ms: how long a miss must last before it is told. 0 by default: pace is a sum over the flight and the
            ratios are tested for chance, so a miss is no flicker.
    """

    for_ms: int = 0

    def of(self, goal: Subject) -> LifecyclePolicy:
        """That of one goal, which may be more patient by what its file says."""
        if isinstance(goal, Watch):
            return self
        return LifecyclePolicy(max(self.for_ms, goal.for_ms, goal.patience_ms))


@dataclass(frozen=True, slots=True)
class AlertState:
    """What people were told about a goal, and what waits.

    Attributes:
        told: the status they know.
        direction: the side of the miss they know; None on pace.
        since_ms: the watermark at which ``told`` began.
        waiting: a worse status that waits; None when nothing does.
        waiting_since_ms: the watermark at which it began to wait.
        unjudged_since_ms: since when a told miss is not judged; None while it is.
        sent: the status that was sent last, where that is not the told one; None where it is.
        sent_direction: the side of the miss that was sent.
    """

    told: Status = Status.ON_PACE
    direction: Direction | None = None
    since_ms: int | None = None
    waiting: Status | None = None
    waiting_since_ms: int | None = None
    unjudged_since_ms: int | None = None
    sent: Status | None = None
    sent_direction: Direction | None = None

    @property
    def known(self) -> tuple[Status, Direction | None]:
        """What people were sent last: they know no more."""
        return (self.told, self.direction) if self.sent is None else (self.sent, self.sent_direction)

    @property
    def is_firing(self) -> bool:
        """Whether a miss is told, and not its end."""
        return self.told is not Status.ON_PACE

    @property
    def phase(self) -> AlertPhase:
        """Where the alert is in its life (a firing one that waits to become worse is firing)."""
        if self.is_firing:
            return AlertPhase.FIRING
        return AlertPhase.OK if self.waiting is None else AlertPhase.PENDING


@dataclass(frozen=True, slots=True)
class Transition:
    """One step.

    Attributes:
        before: the state before it.
        after: the state after it.
        change: what kind of change it is.
        is_sent: whether people get it; False for what is only told in a mute.
    """

    before: AlertState
    after: AlertState
    change: Change
    is_sent: bool = True

    @property
    def statuses(self) -> tuple[Status, Status]:
        """The status people knew and the one they know now; what ended has no status any more."""
        was = self.before.known[0] if self.is_sent else self.before.told
        return was, Status.NO_DATA if self.change is Change.ENDED else self.after.told


def step(state: AlertState, verdict: Verdict, policy: LifecyclePolicy, now_ms: int) -> Transition:
    """What a verdict makes of an alert.

    Args:
        state: before; a goal that was never judged has ``AlertState()``.
        verdict: the new judgement.
        policy: how patient to be, see :meth:`LifecyclePolicy.of`.
        now_ms: the watermark of the verdict.
    """
    if not verdict.status.is_judgement:
        return _unjudged(state, verdict, now_ms)
    turned = _has_turned(state, verdict)
    status = verdict.status if turned or not state.is_firing else verdict.proven or verdict.status
    told, seen, back = LEVEL[state.told], LEVEL[status], LEVEL[verdict.recovered]
    if seen > told or turned:
        return _worse(state, verdict, status, policy, now_ms)
    if back < told:
        # A critical miss whose value is back in its band is no warning, however near the bound it still is.
        eased = back > 0 and not _is_met(verdict)
        target = _STATUS[back] if eased else Status.ON_PACE
        after = _told(state, target, verdict.direction if eased else None, now_ms)
        return Transition(state, after, Change.EASED if eased else Change.RESOLVED)
    calm = _told(state, state.told, state.direction, state.since_ms)
    return Transition(state, calm, Change.NONE if state.waiting is None else Change.WITHDRAWN)


def ended(state: AlertState, now_ms: int) -> Transition:
    """The end of a miss that nobody judges any more; of what does not fire, nothing."""
    if not state.is_firing:
        return Transition(state, state, Change.NONE)
    return Transition(state, _told(state, Status.ON_PACE, None, now_ms), Change.ENDED)


def _unjudged(state: AlertState, verdict: Verdict, now_ms: int) -> Transition:
    """Old data leaves a miss as it is; where there is nothing to judge it ends with the flight, or in a day."""
    if not state.is_firing or verdict.status is Status.HOLD:
        return Transition(state, state, Change.HELD)
    since = now_ms if state.unjudged_since_ms is None else state.unjudged_since_ms
    if verdict.reason in _OVER or now_ms - since >= UNJUDGED_MS:
        return ended(state, now_ms)
    return Transition(state, replace(state, unjudged_since_ms=since), Change.HELD)


def _told(state: AlertState, told: Status, direction: Direction | None, since_ms: int | None) -> AlertState:
    """A state in which nothing waits; what was sent is as before."""
    return AlertState(told, direction, since_ms, sent=state.sent, sent_direction=state.sent_direction)


def _is_met(verdict: Verdict) -> bool:
    """Whether the value itself is in its band, which is more than that no miss can be proven."""
    return verdict.status is Status.ON_PACE and verdict.ratio is not None and verdict.ratio in verdict.warning


def _has_turned(state: AlertState, verdict: Verdict) -> bool:
    """Whether a told miss is now one on the other side."""
    missed = verdict.status is not Status.ON_PACE and state.is_firing
    return missed and None not in {verdict.direction, state.direction} and verdict.direction is not state.direction


def _worse(state: AlertState, verdict: Verdict, status: Status, policy: LifecyclePolicy, now_ms: int) -> Transition:
    since = state.waiting_since_ms
    if state.waiting is None or since is None:
        since = now_ms
    if now_ms - since < policy.for_ms:
        change = Change.PENDING if state.waiting is None else Change.NONE
        calm = _told(state, state.told, state.direction, state.since_ms)
        return Transition(state, replace(calm, waiting=status, waiting_since_ms=since), change)
    after = _told(state, status, verdict.direction, now_ms)
    if not state.is_firing:
        return Transition(state, after, Change.FIRED)
    return Transition(state, after, Change.TURNED if _has_turned(state, verdict) else Change.WORSENED)
