"""Alert states, evidence and alerts as they lie in Redis: JSON, written the same each time so that they compare."""

from __future__ import annotations

import msgspec

from kpis.contract.documents import UNREADABLE
from kpis.measures import WIDTH, fits
from monitors.alerts.alert import Alert, Outgoing, Rendered
from monitors.alerts.lifecycle import AlertState
from monitors.goals.values import Campaign
from monitors.habits.heard import Heard
from monitors.pacing.evidence import Evidence
from monitors.pacing.verdict import Direction, Status


class Stored(msgspec.Struct, frozen=True):
    """A goal's alert state, with the end of the flight it belongs to."""

    told: Status
    direction: Direction | None
    since_ms: int | None
    waiting: Status | None
    waiting_since_ms: int | None
    flight_end_ms: int


_encode = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Stored).decode
_decode_evidence = msgspec.json.Decoder(Evidence).decode
_decode_heard = msgspec.json.Decoder(Heard).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_rendered = msgspec.json.Decoder(Rendered).decode


def encode_state(state: AlertState, campaign: Campaign) -> bytes:
    """A state as stored."""
    held = (state.told, state.direction, state.since_ms, state.waiting, state.waiting_since_ms)
    return _encode(Stored(*held, campaign.flight.end_ms))


def decode_state(raw: bytes | None, campaign: Campaign) -> AlertState:
    """A stored state; a fresh one when there is none, it cannot be read, or it is of an earlier flight."""
    if raw is None:
        return AlertState()
    try:
        held = _decode_state(raw)
    except UNREADABLE:
        return AlertState()
    if held.flight_end_ms <= campaign.flight.start_ms:
        return AlertState()
    return AlertState(held.told, held.direction, held.since_ms, held.waiting, held.waiting_since_ms)


def encode_evidence(held: Evidence) -> bytes:
    """Evidence as stored."""
    return _encode(held)


def decode_evidence(raw: bytes) -> Evidence | None:
    """Stored evidence; None when it cannot be read, or holds what no monitor writes."""
    try:
        held = _decode_evidence(raw)
    except UNREADABLE:
        return None
    return held if fits((held.at_ms, held.successes, held.trials)) else None


def encode_heard(heard: Heard) -> bytes:
    """When a campaign's measures last grew, as stored."""
    return _encode(heard)


def decode_heard(raw: bytes) -> Heard | None:
    """The same, read; None when it cannot be, or is of other measures."""
    try:
        held = _decode_heard(raw)
    except UNREADABLE:
        return None
    is_whole = set(
        map(len, (held.then, held.before, held.step_ms, held.gaps, held.total, held.since_ms, *held.then))
    ) == {WIDTH}
    return held if is_whole and fits((*held.total, *held.since_ms, *held.before, held.armed_ms)) else None


def encode_alert(alert: Outgoing) -> bytes:
    """An alert as stored."""
    return _encode(alert)


def decode_alert(raw: bytes) -> Outgoing | None:
    """A stored alert, or a message that an older version left; None when it cannot be read."""
    for decode in (_decode_alert, _decode_rendered):
        try:
            return decode(raw)
        except UNREADABLE:
            continue
    return None
