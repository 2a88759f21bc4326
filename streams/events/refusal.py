"""Why the decoder refused an event: the slow path, taken for bad events only.

The fast path decodes straight into a struct and learns only that something is wrong. Here the event is read again as
plain JSON and looked at field by field, so that the reason does not hang on the wording of a library's errors.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kpis.measures import Stream
from kpis.money import NUMBER
from kpis.reasons import Reject
from kpis.series import DIMENSIONS
from streams.events.schema import MAX_EVENT_ID, MAX_NAME, MAX_QUANTITY, MONEY_FIELD, REFUND, Event

_LONGEST = dict.fromkeys((*DIMENSIONS, "campaign_id", "kind"), MAX_NAME) | {"event_id": MAX_EVENT_ID}
_REQUIRED = {
    **dict.fromkeys(Stream, ("event_id", "ts", "campaign_id")),
    Stream.SPEND: ("event_id", "ts", "campaign_id", "amount"),
    Stream.MEASURE: ("event_id", "ts", "name"),
}
_PLAIN = msgspec.json.Decoder()


def why(raw: bytes, stream: Stream) -> Reject:
    """The reason why ``raw`` is no event of ``stream``; ``BAD_FIELD`` when nothing more exact is found."""
    try:
        value = _PLAIN.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reject.NOT_JSON
    if not isinstance(value, dict):
        return Reject.NOT_AN_OBJECT
    if any(value.get(name) in (None, "") for name in _REQUIRED[stream]):
        return Reject.MISSING_FIELD
    longest = _LONGEST | ({"name": MAX_NAME} if stream is Stream.MEASURE else {})
    if any(isinstance(value.get(n), str) and len(value[n]) > limit for n, limit in longest.items()):
        return Reject.ID_TOO_LONG
    return _of_time(value["ts"]) or _of_quantity(value) or _of_money(value, stream) or Reject.BAD_FIELD


def of_refund(event: Event, quantity: int, money: int) -> Reject | None:
    """Why a conversion's signs are wrong: only a refund takes away, and a refund never adds."""
    if getattr(event, "kind", None) == REFUND:
        return Reject.REFUND_SIGN if quantity > 0 or money > 0 else None
    return Reject.NEGATIVE if quantity < 0 or money < 0 else None


def _of_time(ts: object) -> Reject | None:
    return None if isinstance(ts, (int, str)) and not isinstance(ts, bool) else Reject.BAD_TIME


def _of_quantity(value: dict[str, Any]) -> Reject | None:
    quantity = value.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        return None
    if quantity < 0 and value.get("kind") != REFUND:
        return Reject.NEGATIVE
    return Reject.OUT_OF_RANGE if abs(quantity) > MAX_QUANTITY else None


def _of_money(value: dict[str, Any], stream: Stream) -> Reject | None:
    amount = value.get(MONEY_FIELD[stream])
    return Reject.BAD_NUMBER if isinstance(amount, str) and NUMBER.fullmatch(amount.encode()) is None else None
