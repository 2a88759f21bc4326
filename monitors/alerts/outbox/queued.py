"""Messages as they lie in the lanes of notifiers, in Redis: JSON around the alert. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kpis.contract.documents import UNREADABLE
from monitors.alerts.alert import Outgoing
from monitors.alerts.stored import decode_alert

PARKED = "pw:{alerts}:parked"


def lane_key(notifier: str) -> str:
    """The list of a notifier's messages, oldest first."""
    return f"pw:{{alerts}}:lane:{notifier}"


class LaneEntry(msgspec.Struct, frozen=True):
    """A message as it lies in a lane, with the real time at which it was put there, epoch milliseconds."""

    queued_ms: int
    alert: msgspec.Raw


class Parked(msgspec.Struct, frozen=True):
    """A message that was given up.

    Attributes:
        notifier: whose lane it lay in.
        outcome: why: an :class:`~monitors.alerts.notifiers.protocol.Outcome`.
        at_ms: when, real time.
        message: it as it lay there, as text.
        detail: what the service said, as far as it may be shown.
    """

    notifier: str
    outcome: str
    at_ms: int
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that waits.

    Attributes:
        raw: it as it lies in the lane.
        queued_ms: since when, real time; 0 where nobody knows.
        alert: it; None when it cannot be read.
    """

    raw: bytes
    queued_ms: int
    alert: Outgoing | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits in a lane, and since when the oldest does, epoch milliseconds; None when nothing waits."""

    count: int = 0
    oldest_ms: int | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LaneEntry).decode
_decode_parked = msgspec.json.Decoder(Parked).decode


def encode_entry(message: bytes, queued_ms: int) -> bytes:
    """A stored alert as it lies in a lane."""
    return _encode(LaneEntry(queued_ms, msgspec.Raw(message)))


def decode_queued(raw: bytes) -> Queued:
    """What lies in a lane, read."""
    try:
        entry = _decode(raw)
    except UNREADABLE:
        return Queued(raw, 0, None)
    return Queued(raw, entry.queued_ms, decode_alert(bytes(entry.alert)))


def encode_parked(parked: Parked) -> bytes:
    """A message that was given up, as stored."""
    return _encode(parked)


def decode_parked(raw: bytes) -> Parked | None:
    """A parked message, read; None when it cannot be."""
    try:
        return _decode_parked(raw)
    except UNREADABLE:
        return None
