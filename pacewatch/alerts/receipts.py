"""Who took what was last told of an alert: each notifier that was to send it, and whether it did. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from monitors.alerts.alert import Outgoing
from monitors.alerts.outbox.queued import Parked, decode_parked, decode_queued
from monitors.alerts.stored import Held


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it for one notifier: taken, where neither of these is so.

    Attributes:
        notifier: whose.
        is_waiting: whether it lies in its lane.
        why: the reason for which it was given up; empty where it was not.
    """

    notifier: str
    is_waiting: bool = False
    why: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether its service took it."""
        return not (self.is_waiting or self.why)


GivenUpBy = Mapping[tuple[str, str], tuple[Parked, Outgoing]]
"""The newest message of a goal that was given up, by notifier and goal."""


def given_up_by(raws: Iterable[bytes]) -> GivenUpBy:
    """It, of all that were parked, oldest first; what cannot be read is of no goal."""
    found: dict[tuple[str, str], tuple[Parked, Outgoing]] = {}
    for raw in raws:
        parked = decode_parked(raw)
        message = None if parked is None else decode_queued(parked.message.encode()).alert
        if parked is not None and message is not None:
            found[parked.notifier, message.goal] = (parked, message)
    return found


def receipts(key: str, held: Held, waiting: Mapping[str, Collection[str]], given_up: GivenUpBy) -> tuple[Receipt, ...]:
    """One for each notifier that was to tell of a goal's miss.

    Args:
        key: the goal's field in the state hash.
        held: what is stored of it.
        waiting: the goals of the messages in each notifier's lane.
        given_up: what was parked.
    """
    return tuple(
        Receipt(name, is_waiting=True)
        if key in waiting.get(name, ())
        else Receipt(name, why=_why(held, given_up.get((name, key))))
        for name in held.lanes
    )


def reason_of(parked: Parked) -> str:
    """Why a message was given up, for people: ``refused (HTTP 404)``."""
    return f"{parked.outcome} ({parked.detail})" if parked.detail else parked.outcome


def _why(held: Held, found: tuple[Parked, Outgoing] | None) -> str:
    """Why what was told last was given up; empty where what was given up is not that."""
    if found is None:
        return ""
    parked, message = found
    alert = held.alert
    if alert is not None and not alert.muted:
        return reason_of(parked) if message.id == alert.id else ""
    # What was told last was not sent, or cannot be read: people should know what was sent before it.
    return reason_of(parked) if getattr(message, "after", None) is held.state.known[0] else ""
