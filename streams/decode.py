"""Decoding a chunk: bytes in, columns and refusals out; every record is in exactly one of them.

Pure: ``now`` and all policy are arguments. Nothing raises for what an event contains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import msgspec

from streams.events import MAX_BYTES, MONEY_FIELD, REFUND, STRUCTS, parse_time
from streams.measures import Stream
from streams.money import micros
from streams.reasons import Reject
from streams.refusal import of_refund, why

Group = tuple[str | None, ...]
"""Campaign id, then the value of each dimension that a breakdown uses (None where absent)."""

_CANNOT_DECODE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class DecodePolicy:
    """What is accepted.

    Attributes:
        rates: base units for one unit of each known currency.
        currency: the base currency, meant where an event names none.
        dimensions: event fields that make a group, after the campaign.
        max_age_ms: how far before now an event may lie.
        max_ahead_ms: how far ahead of now.
        dedupe: streams whose event ids are digested.
    """

    rates: Mapping[str, Decimal]
    currency: str
    dimensions: tuple[str, ...]
    max_age_ms: int
    max_ahead_ms: int
    dedupe: frozenset[Stream]


@dataclass(slots=True)
class Batch:
    """A decoded chunk, as columns of equal length (``digests`` is empty where ids are not compared).

    Attributes:
        stream: whose events.
        times: epoch milliseconds.
        groups: campaign and dimension values.
        quantities: counts.
        money: micros of the base currency.
        digests: 8-byte digests of the event ids.
        rejected: index in the chunk, and why.
    """

    stream: Stream
    times: list[int] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    money: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    rejected: list[tuple[int, Reject]] = field(default_factory=list)


def digest(event_id: str) -> bytes:
    """The 8 bytes an event id is remembered by: BLAKE2b, so that nobody can craft two ids that collide."""
    return blake2b(event_id.encode(), digest_size=8).digest()


def _campaign_alone(event: Any) -> Group:
    return (event.campaign_id,)


class Decoder:
    """Decodes the chunks of one stream."""

    def __init__(self, stream: Stream, policy: DecodePolicy) -> None:
        self._stream = stream
        self._policy = policy
        self._decode = msgspec.json.Decoder(STRUCTS[stream]).decode
        fields = ("campaign_id", *policy.dimensions)
        # attrgetter of one name gives the bare value, of several a tuple.
        self._group: Callable[[Any], Group] = attrgetter(*fields) if policy.dimensions else _campaign_alone
        self._amount: Callable[[Any], Decimal | None] = attrgetter(MONEY_FIELD[stream])
        self._has_quantity = stream is not Stream.SPEND
        self._signed = stream is Stream.CONVERSION

    def decode(self, values: Sequence[bytes | None], now_ms: int) -> Batch:
        """Decode the values of a chunk as of ``now_ms``."""
        batch = Batch(self._stream)
        oldest, newest = now_ms - self._policy.max_age_ms, now_ms + self._policy.max_ahead_ms
        digested = self._stream in self._policy.dedupe
        # Localised: this loop runs once per event.
        times, groups, quantities = batch.times.append, batch.groups.append, batch.quantities.append
        monies, digests, reject = batch.money.append, batch.digests.append, batch.rejected.append
        decode, group, amount = self._decode, self._group, self._amount
        for i, raw in enumerate(values):
            if not raw or len(raw) > MAX_BYTES:
                reject((i, Reject.TOO_LARGE if raw else Reject.EMPTY))
                continue
            try:
                event: Any = decode(raw)
            except _CANNOT_DECODE:
                reject((i, why(raw, self._stream)))
                continue
            ts = event.ts
            if type(ts) is not int:
                ts = parse_time(ts)
                if ts is None:
                    reject((i, Reject.BAD_TIME))
                    continue
            if not oldest <= ts <= newest:
                reject((i, Reject.TOO_OLD if ts < oldest else Reject.TOO_FAR_AHEAD))
                continue
            value = amount(event)
            money = 0 if value is None else self._micros(event, value)
            if type(money) is Reject:
                reject((i, money))
                continue
            quantity = event.quantity if self._has_quantity else 0
            if self._signed:
                if quantity is None:
                    quantity = -1 if event.kind == REFUND else 1
                wrong = of_refund(event, quantity, int(money))
                if wrong is not None:
                    reject((i, wrong))
                    continue
            times(ts)
            groups(group(event))
            quantities(quantity)
            monies(int(money))
            if digested:
                digests(digest(event.event_id))
        return batch

    def _micros(self, event: Any, value: Decimal) -> int | Reject:
        currency = event.currency
        if currency is None or currency == self._policy.currency:
            found = micros(value)
        else:
            rate = self._policy.rates.get(currency)
            if rate is None:
                return Reject.UNKNOWN_CURRENCY
            found = micros(value, rate)
        if type(found) is int and found < 0 and self._stream in (Stream.IMPRESSION, Stream.CLICK):
            return Reject.NEGATIVE
        return found
