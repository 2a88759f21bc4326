"""Events as they come: one msgspec struct per stream, and what a valid one must look like.

The bounds live in the types, so that the decoder checks them while it parses. Unknown fields are ignored. Amounts are
taken as they are written, see :mod:`kpis.money`: a parser that makes numbers of them is more generous than JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from kpis.measures import Stream

MAX_BYTES = 65_536
"""The longest event that is decoded, in bytes."""
MAX_EVENT_ID = 256
"""The longest event id, in characters."""
MAX_NAME = 128
"""The longest campaign id or breakdown value, in characters."""
MAX_QUANTITY = 10**9
"""The largest count one event may carry."""
REFUND = "refund"
"""The conversion kind that takes away."""

ABSENT = msgspec.Raw()
"""The amount of an event that brings none."""

EventId = Annotated[str, Meta(min_length=1, max_length=MAX_EVENT_ID)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Count = Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]
SignedCount = Annotated[int, Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]


class Event(msgspec.Struct, gc=False):
    """What all events carry. ``ts`` is epoch milliseconds, or RFC 3339 with a zone."""

    event_id: EventId
    ts: int | str
    campaign_id: Name
    account: Name | None = None
    channel: Name | None = None
    ad_group: Name | None = None
    creative: Name | None = None
    variant: Name | None = None
    country: Name | None = None
    device: Name | None = None
    currency: str | None = None


class Impression(Event, gc=False):
    """One impression, or a delivery report of many; ``cost`` is for all of them."""

    quantity: Count = 1
    cost: msgspec.Raw = ABSENT


class Click(Event, gc=False):
    """One click, or a report of many; ``cost`` is for all of them."""

    quantity: Count = 1
    cost: msgspec.Raw = ABSENT


class Conversion(Event, gc=False):
    """One conversion, or a report of many; ``revenue`` is for all of them.

    A refund takes away: its quantity (-1 unless given) and revenue are at most zero.
    """

    quantity: SignedCount | None = None
    revenue: msgspec.Raw = ABSENT
    kind: Name | None = None


class Spend(Event, kw_only=True, gc=False):
    """Money spent; a negative amount is a correction."""

    amount: msgspec.Raw


class OfAccount(NamedTuple):
    """In place of the campaign id of what belongs to no campaign: no campaign is equal to it, whatever it is called."""

    name: str


class Told(Event, kw_only=True, gc=False):
    """What is no ad event: so many sessions, followers, hours, of a campaign or else of an account."""

    campaign_id: Name | None = None  # type: ignore[assignment]
    name: Name
    value: msgspec.Raw = ABSENT
    kind: Name | None = None


STRUCTS: dict[Stream, type[Event]] = {
    Stream.IMPRESSION: Impression,
    Stream.CLICK: Click,
    Stream.CONVERSION: Conversion,
    Stream.SPEND: Spend,
    Stream.MEASURE: Told,
}

MONEY_FIELD: dict[Stream, str] = {
    Stream.IMPRESSION: "cost",
    Stream.CLICK: "cost",
    Stream.CONVERSION: "revenue",
    Stream.SPEND: "amount",
    Stream.MEASURE: "value",
}


def struct_of(stream: Stream, fields: Iterable[str]) -> type[Event]:
    """What the events of a stream are decoded into when some more of their fields are asked for.

    Such a field is kept as it is written, but for ``kind``, which is a name on every stream. Without any it is the
    stream's own struct: what nobody asks for costs nothing.
    """
    base = STRUCTS[stream]
    more = sorted(set(fields) - set(base.__struct_fields__))
    if not more:
        return base
    added: list[tuple[str, Any, Any]] = [
        (field, Name | None, None) if field == "kind" else (field, msgspec.Raw, ABSENT) for field in more
    ]
    made: Any = msgspec.defstruct(f"{base.__name__}WithMore", added, bases=(base,), kw_only=True, gc=False)
    return made  # type: ignore[no-any-return]
