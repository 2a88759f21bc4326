"""Alert states, evidence and alerts as they lie in Redis: JSON, written the same each time so that they compare."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kpis.contract.documents import UNREADABLE
from kpis.measures import WIDTH, fits
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn, Milestones
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.quieting import Sends
from monitors.goals.values import Flight
from monitors.habits.heard import Heard
from monitors.outage.common_cause import Common
from monitors.pacing.evidence import Evidence
from monitors.pacing.onset import Onset
from monitors.pacing.verdict import Direction, Status

_NONE = msgspec.Raw(b"null")


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """A goal's alert state, with the flight it belongs to, and the last alert while it fires."""

    told: Status
    direction: Direction | None
    since_ms: int | None
    waiting: Status | None
    waiting_since_ms: int | None
    flight_end_ms: int
    unjudged_since_ms: int | None = None
    sent: Status | None = None
    sent_direction: Direction | None = None
    flight_start_ms: int | None = None
    counted: tuple[int, int] | None = None
    sends: Sends = ()
    lanes: tuple[str, ...] = ()
    alert: msgspec.Raw = _NONE


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored of a goal.

    Attributes:
        state: its alert state.
        flight_start_ms, flight_end_ms: of the flight it belongs to; None where an older version did not say.
        raw: the last alert as it is stored, while it fires.
        counted: a quarter hour's begin that had passed then, and all that was known to have been counted by it.
        sends: what was sent of it of late.
        lanes: the notifiers that were told of it while it fires, and so are told of its end.
    """

    state: AlertState
    flight_start_ms: int | None = None
    flight_end_ms: int | None = None
    raw: bytes | None = None
    counted: tuple[int, int] | None = None
    sends: Sends = ()
    lanes: tuple[str, ...] = ()

    @property
    def alert(self) -> Alert | None:
        """The last alert; None when none is kept, or another version wrote it."""
        found = None if self.raw is None else decode_alert(self.raw)
        return found if isinstance(found, Alert) else None

    def is_before(self, flight: Flight) -> bool:
        """Whether it is of an earlier flight."""
        return self.flight_end_ms is not None and self.flight_end_ms <= flight.start_ms


NOTHING_HELD = Held(AlertState())
_encode = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Stored).decode
_decode_evidence = msgspec.json.Decoder(Evidence).decode
_decode_common = msgspec.json.Decoder(Common).decode
_decode_heard = msgspec.json.Decoder(Heard).decode
_decode_milestones = msgspec.json.Decoder(Milestones).decode
_decode_check_in = msgspec.json.Decoder(CheckIn).decode
_decode_alert = msgspec.json.Decoder(Alert).decode


def encode_held(held: Held, flight: Flight) -> bytes:
    """What is kept of a goal of a flight, as stored; the last alert only while it fires."""
    state, is_firing = held.state, held.state.is_firing
    return _encode(
        Stored(
            told=state.told,
            direction=state.direction,
            since_ms=state.since_ms,
            waiting=state.waiting,
            waiting_since_ms=state.waiting_since_ms,
            flight_end_ms=flight.end_ms,
            unjudged_since_ms=state.unjudged_since_ms,
            sent=state.sent,
            sent_direction=state.sent_direction,
            flight_start_ms=flight.start_ms,
            counted=held.counted if is_firing else None,
            sends=held.sends,
            lanes=held.lanes,
            alert=msgspec.Raw(held.raw) if held.raw is not None and is_firing else _NONE,
        )
    )


def decode_held(raw: bytes | None) -> Held:
    """What is stored of a goal; nothing when there is none, or it cannot be read."""
    if raw is None:
        return NOTHING_HELD
    try:
        held = _decode_state(raw)
    except UNREADABLE:
        return NOTHING_HELD
    state = AlertState(
        held.told, held.direction, held.since_ms, held.waiting, held.waiting_since_ms, held.unjudged_since_ms,
        held.sent, held.sent_direction,
    )  # fmt: skip
    alert = bytes(held.alert)
    raw_alert = None if alert == b"null" else alert
    return Held(
        state, held.flight_start_ms, held.flight_end_ms, raw_alert, held.counted, sends=held.sends, lanes=held.lanes
    )


def encode_milestones(held: Milestones) -> bytes:
    """A campaign's milestones as stored."""
    return _encode(held)


def decode_milestones(raw: bytes | None) -> Milestones | None:
    """The same, read; None when there are none, or they cannot be."""
    try:
        return None if raw is None else _decode_milestones(raw)
    except UNREADABLE:
        return None


def encode_evidence(held: Evidence) -> bytes:
    """Evidence as stored."""
    return _encode(held)


def decode_evidence(raw: bytes) -> Evidence | None:
    """Stored evidence; None when it cannot be read, or holds what no monitor writes."""
    try:
        held = _decode_evidence(raw)
    except UNREADABLE:
        return None
    onset = held.onset or Onset(0.0, 0, 0, 0)
    counts = (held.at_ms, held.successes, held.trials, onset.at_ms, onset.successes, onset.trials)
    return held if fits(counts) else None


def encode_heard(heard: Heard) -> bytes:
    """When a campaign's measures last grew, as stored."""
    return _encode(heard)


def decode_heard(raw: bytes) -> Heard | None:
    """The same, read; None when it cannot be, or is of other measures."""
    try:
        held = _decode_heard(raw)
    except UNREADABLE:
        return None
    return held if _is_whole(held) else None


def encode_common(held: Common) -> bytes:
    """What is kept of all campaigns together, as stored."""
    return _encode(held)


def decode_common(raw: bytes) -> Common | None:
    """The same, read; None when it cannot be, or is of other measures."""
    try:
        held = _decode_common(raw)
    except UNREADABLE:
        return None
    return held if _is_whole(held.heard) else None


def _is_whole(held: Heard) -> bool:
    rows = (held.then, held.before, held.step_ms, held.gaps, held.total, held.since_ms, *held.then)
    return set(map(len, rows)) == {WIDTH} and fits((*held.total, *held.since_ms, *held.before, held.armed_ms))


def encode_alert(alert: Outgoing) -> bytes:
    """An alert as stored."""
    return _encode(alert)


def decode_alert(raw: bytes) -> Outgoing | None:
    """A stored alert or check-in; None when it cannot be read."""
    for decode in (_decode_alert, _decode_check_in):
        try:
            return decode(raw)
        except UNREADABLE:
            continue
    return None
