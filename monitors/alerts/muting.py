"""What is told and not sent while a campaign is muted or an alert flaps, and what is sent after that. Pure.

People are never left with a miss that is over: its end is sent at once, also in a mute. All else waits, and a miss
that still stands when that ends is sent then.
"""

from __future__ import annotations

from dataclasses import replace

from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.pacing.verdict import Direction, Status, Verdict

_Known = tuple[Status, Direction | None]


def within_mutes(transition: Transition, verdict: Verdict | None, *, is_quiet: bool) -> Transition:
    """A transition as it is while changes wait, or after that.

    Args:
        transition: what :func:`monitors.alerts.lifecycle.step` made of a verdict.
        verdict: it; None where there is none.
        is_quiet: whether changes wait now, see :mod:`monitors.alerts.quieting`.
    """
    before, after, change = transition.before, transition.after, transition.change
    known, now = before.known, (after.told, after.direction)
    if change.is_told:
        waits = is_quiet and after.is_firing
        if waits or _is_same(known, now):
            return replace(transition, after=_sent(after, known), is_sent=False)
        return replace(transition, after=_sent(after, now), change=_between(known, now, change))
    is_missed = verdict is not None and verdict.status in {Status.WARNING, Status.CRITICAL}
    if is_quiet or before.sent is None or not after.is_firing or not is_missed:
        return transition
    return replace(transition, after=_sent(after, now), change=_between(known, now, change))


def _sent(state: AlertState, known: _Known) -> AlertState:
    """A state with what people were sent last."""
    if _is_same(known, (state.told, state.direction)):
        return replace(state, sent=None, sent_direction=None)
    return replace(state, sent=known[0], sent_direction=known[1])


def _is_same(first: _Known, second: _Known) -> bool:
    """Whether both say the same; a side that is not known is no other side."""
    return first[0] is second[0] and (first[1] is second[1] or None in {first[1], second[1]})


def _between(known: _Known, now: _Known, change: Change) -> Change:
    """The kind of change from what people knew to what they know now."""
    if now[0] is Status.ON_PACE:
        return change
    if known[0] is Status.ON_PACE:
        return Change.FIRED
    if known[1] is not now[1] and None not in {known[1], now[1]}:
        return Change.TURNED
    return Change.WORSENED if now[0] is Status.CRITICAL else Change.EASED
