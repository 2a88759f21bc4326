"""What stands: the misses that a notifier told people of and that are not over, as people know them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from monitors.alerts.alert import Alert
from monitors.alerts.stored import Held, decode_held


def standing(held: Held, notifier: str) -> Alert | None:
    """The alert of a goal as people know it by a notifier; None when they know of none.

    What is told and not sent, in a mute, while it flaps or because someone takes care of it, is not what they know.
    """
    status, direction = held.state.known
    alert = held.alert
    if alert is None or notifier not in held.lanes or not (held.state.is_firing and status.is_miss):
        return None
    if alert.after is status and not alert.muted:
        return alert
    return msgspec.structs.replace(alert, after=status, direction=direction or alert.direction, muted=False)


def all_standing(states: Mapping[str, bytes], notifier: str, leave_out: AbstractSet[str]) -> Iterator[Alert]:
    """Those of all goals.

    Args:
        states: what is stored, by the field of the state hash.
        notifier: whose.
        leave_out: fields of goals that are not asked for.
    """
    for key in sorted(states.keys() - leave_out):
        alert = standing(decode_held(states[key]), notifier)
        if alert is not None:
            yield alert
