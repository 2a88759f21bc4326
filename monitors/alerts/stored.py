"""Alert states and messages as they lie in Redis: JSON, written the same way every time so that they compare."""

from __future__ import annotations

from typing import Any

import msgspec

from monitors.alerts.lifecycle import AlertState
from monitors.alerts.message import Message
from monitors.goals.values import Campaign, Goal
from monitors.pacing.verdict import Direction, Status


class Stored(msgspec.Struct, frozen=True):
    """A goal's alert state, with the end of the flight it belongs to."""

    told: Status
    direction: Direction | None
    since_ms: int | None
    waiting: Status | None
    waiting_since_ms: int | None
    flight_end_ms: int


class Outgoing(msgspec.Struct, frozen=True):
    """A message on its way.

    Attributes:
        id: unique, so that no two messages are equal bytes.
        goal: its :func:`goal_key`.
        at_ms: the stream clock of the change.
        text: for notifications.
        blocks: Slack Block Kit.
    """

    id: str
    goal: str
    at_ms: int
    text: str
    blocks: list[dict[str, Any]]


_encode = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Stored).decode
_decode_outgoing = msgspec.json.Decoder(Outgoing).decode


def goal_key(campaign: Campaign, goal: Goal) -> str:
    """The field of a goal in the state hash: series key (which escapes ``|``), then the goal's id."""
    return f"{campaign.series}|{goal.id}"


def encode_state(state: AlertState, campaign: Campaign) -> bytes:
    """A state as stored."""
    return _encode(
        Stored(
            state.told,
            state.direction,
            state.since_ms,
            state.waiting,
            state.waiting_since_ms,
            campaign.flight.end_ms,
        )
    )


def decode_state(raw: bytes | None, campaign: Campaign) -> AlertState:
    """A stored state; a fresh one when there is none, it cannot be read, or it is of an earlier flight."""
    if raw is None:
        return AlertState()
    try:
        held = _decode_state(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return AlertState()
    if held.flight_end_ms <= campaign.flight.start_ms:
        return AlertState()
    return AlertState(held.told, held.direction, held.since_ms, held.waiting, held.waiting_since_ms)


def encode_message(message: Message, key: str, at_ms: int, unique: str) -> bytes:
    """A message as stored."""
    return _encode(Outgoing(unique, key, at_ms, message.text, message.blocks))


def decode_message(raw: bytes) -> Outgoing | None:
    """A stored message; None when it cannot be read."""
    try:
        return _decode_outgoing(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
