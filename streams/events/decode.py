"""Decoding a chunk: bytes in, columns and refusals out; every record is in exactly one of them.

Pure: ``now`` and all policy are arguments. Nothing raises for what an event contains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from kpis.measures import Stream
from kpis.money import MAX_MICROS, ONE, amount_of, micros, plain_micros
from kpis.reasons import Reject
from kpis.times import parse_time
from streams.events.refusal import of_refund, why
from streams.events.schema import ABSENT, MAX_BYTES, MAX_QUANTITY, REFUND, Event, OfAccount, struct_of
from streams.events.takings import CORE_PLAN, Field, MeasurePlan
from streams.events.written_values import Bounds, Read, read_field, read_told

_CANNOT_DECODE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class DecodePolicy:
    """What is accepted.

    Attributes:
        rates: base units for one unit of each known currency.
        currency: the base currency, meant where an event names none.
        max_age_ms: how far before now an event may lie.
        max_ahead_ms: how far ahead of now.
        dedupe: streams whose event ids are digested.
        max_micros: the most money that one event may be about, either way.
        max_quantity: the largest count that one event may carry, either way.
    """

    rates: Mapping[str, Decimal]
    currency: str
    max_age_ms: int
    max_ahead_ms: int
    dedupe: frozenset[Stream]
    max_micros: int = MAX_MICROS
    max_quantity: int = MAX_QUANTITY


@dataclass(slots=True)
class Batch:
    """A decoded chunk, as columns of equal length (``digests`` is empty where ids are not compared).

    Attributes:
        stream: whose events.
        times: epoch milliseconds.
        events: the events themselves, for their campaign and the values of their dimensions.
        quantities: counts.
        money: micros of the base currency.
        digests: 8-byte digests of the event ids.
        rejected: index in the chunk, and why.
        fields: what the fields say that added measures ask for; None where an event has none.

    Of events of ``ads.measures`` quantities are values in millionths, and money is the value as money.
    """

    stream: Stream
    times: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    money: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    rejected: list[tuple[int, Reject]] = field(default_factory=list)
    fields: dict[Field, list[Read]] = field(default_factory=dict)

    def without(self, events: Sequence[int], reason: Reject) -> Batch:
        """The batch with some of its events, by their place among the accepted, refused for a reason."""
        gone, refused = set(events), {i for i, _ in self.rejected}
        places = [i for i in range(len(self.times) + len(refused)) if i not in refused]
        kept = [i for i in range(len(self.times)) if i not in gone]
        return Batch(
            self.stream,
            [self.times[i] for i in kept],
            [self.events[i] for i in kept],
            [self.quantities[i] for i in kept],
            [self.money[i] for i in kept],
            [self.digests[i] for i in kept] if self.digests else [],
            sorted([*self.rejected, *((places[i], reason) for i in events)]),
            {name: [read[i] for i in kept] for name, read in self.fields.items()},
        )


def digest(event_id: str) -> bytes:
    """The 8 bytes an event id is remembered by: BLAKE2b, so that nobody can craft two ids that collide."""
    return blake2b(event_id.encode(), digest_size=8).digest()


class Decoder:
    """Decodes the chunks of one stream.

    Works a column at a time: what is right about all events of a chunk is looked at once, and only where something is
    wrong is each event looked at by itself.
    """

    def __init__(self, stream: Stream, policy: DecodePolicy, plan: MeasurePlan = CORE_PLAN) -> None:
        self._stream = stream
        self._policy = policy
        self._decode = msgspec.json.Decoder(struct_of(stream, plan.decoded(stream))).decode
        self._fields, self._asked = plan.fields(stream), plan.asked()
        self._bounds = Bounds(policy.rates, policy.currency, policy.max_micros, policy.max_quantity)

    def decode(self, values: Sequence[bytes | None], now_ms: int) -> Batch:
        """Decode the values of a chunk as of ``now_ms``."""
        events, places, refused = self._parse(values)
        times = [e.ts for e in events]
        if self._stream is Stream.MEASURE:
            quantities, money = read_told(events, self._asked, self._bounds)
        else:
            quantities, money = self._quantities(events), self._money(events)
        wrong = self._wrong_times(times, now_ms)
        if Reject in map(type, money):
            wrong |= {i: m for i, m in enumerate(money) if type(m) is Reject and i not in wrong}
        most = self._policy.max_quantity
        if most < MAX_QUANTITY and self._stream is not Stream.MEASURE:
            large = (i for i, q in enumerate(quantities) if abs(q) > most and i not in wrong)
            wrong |= dict.fromkeys(large, Reject.OUT_OF_RANGE)
        if self._stream is Stream.CONVERSION:
            signs = ((i, of_refund(e, quantities[i], money[i])) for i, e in enumerate(events) if i not in wrong)
            wrong |= {i: reason for i, reason in signs if reason is not None}
        fields = self._read_fields(events, wrong) if self._fields else {}
        if wrong:
            refused += [(places[i], reason) for i, reason in wrong.items()]
            refused.sort()
            kept = [i for i in range(len(events)) if i not in wrong]
            events, times, quantities, money = ([c[i] for i in kept] for c in (events, times, quantities, money))
            fields = {name: [read[i] for i in kept] for name, read in fields.items()}
        digests = [digest(e.event_id) for e in events] if self._stream in self._policy.dedupe else []
        if self._stream is Stream.MEASURE:
            for event in events:
                event.campaign_id = event.campaign_id or OfAccount(event.account)
        return Batch(self._stream, times, events, quantities, money, digests, refused, fields)

    def _read_fields(self, events: list[Any], wrong: dict[int, Reject]) -> dict[Field, list[Read]]:
        """What fields say; adds the events that one of them makes wrong."""
        found = {name: read_field(events, name, self._bounds) for name in self._fields}
        for read in found.values():
            if Reject in map(type, read):
                wrong |= {i: r for i, r in enumerate(read) if isinstance(r, Reject) and i not in wrong}
        return found

    def _parse(self, values: Sequence[bytes | None]) -> tuple[list[Any], Sequence[int], list[tuple[int, Reject]]]:
        """The events that are well formed, their places in the chunk, and why the others are not."""
        decode = self._decode
        if None not in values and max(map(len, values), default=0) <= MAX_BYTES:  # type: ignore[arg-type]
            with suppress(*_CANNOT_DECODE):
                return list(map(decode, values)), range(len(values)), []  # type: ignore[arg-type]
        events: list[Any] = []
        places: list[int] = []
        refused: list[tuple[int, Reject]] = []
        for i, raw in enumerate(values):
            if not raw or len(raw) > MAX_BYTES:
                refused.append((i, Reject.TOO_LARGE if raw else Reject.EMPTY))
                continue
            try:
                events.append(decode(raw))
                places.append(i)
            except _CANNOT_DECODE:
                refused.append((i, why(raw, self._stream)))
        return events, places, refused

    def _quantities(self, events: list[Any]) -> list[int]:
        if self._stream is Stream.SPEND:
            return [0] * len(events)
        found: list[int | None] = [e.quantity for e in events]
        if self._stream is Stream.CONVERSION:
            return [q if q is not None else _default(e) for q, e in zip(found, events, strict=True)]
        return found  # type: ignore[return-value]

    def _wrong_times(self, times: list[Any], now_ms: int) -> dict[int, Reject]:
        """Turns written times into milliseconds, in place; says which are no times, or out of bounds."""
        oldest, newest = now_ms - self._policy.max_age_ms, now_ms + self._policy.max_ahead_ms
        # Comparing a written time with a number fails, so this holds for whole chunks of numbers only.
        with suppress(TypeError):
            if oldest <= min(times, default=oldest) and max(times, default=newest) <= newest:
                return {}
        wrong: dict[int, Reject] = {}
        for i, ts in enumerate(times):
            at = times[i] = ts if type(ts) is int else parse_time(ts)
            if at is None:
                wrong[i] = Reject.BAD_TIME
            elif not oldest <= at <= newest:
                wrong[i] = Reject.TOO_OLD if at < oldest else Reject.TOO_FAR_AHEAD
        return wrong

    def _money(self, events: list[Any]) -> list[Any]:
        """Micros of each event, or why it has none."""
        amounts = _AMOUNTS[self._stream](events)
        if amounts.count(ABSENT) == len(amounts):
            return [0] * len(amounts)
        found = [self._micros(e, bytes(a)) if a is not ABSENT else 0 for e, a in zip(events, amounts, strict=True)]
        if self._stream in {Stream.IMPRESSION, Stream.CLICK}:
            found = [Reject.NEGATIVE if type(m) is int and m < 0 else m for m in found]
        most = self._policy.max_micros
        if most < MAX_MICROS:
            found = [Reject.OUT_OF_RANGE if type(m) is int and abs(m) > most else m for m in found]
        return found

    def _micros(self, event: Any, raw: bytes) -> int | Reject:
        currency = event.currency
        if currency is None or currency == self._policy.currency:
            found = plain_micros(raw)
            if found is not None:
                return found
            rate: Decimal | None = ONE
        else:
            rate = self._policy.rates.get(currency)
        amount = amount_of(raw)
        if self._stream is Stream.SPEND and (amount is None or raw == b'""'):
            return Reject.MISSING_FIELD
        if amount is None:
            return 0
        if isinstance(amount, Reject):
            return amount
        return Reject.UNKNOWN_CURRENCY if rate is None else micros(amount, rate)


# An attribute that is written out is found three times as fast as one that is named.
_AMOUNTS: Mapping[Stream, Callable[[list[Any]], list[msgspec.Raw]]] = {
    Stream.IMPRESSION: lambda events: [e.cost for e in events],
    Stream.CLICK: lambda events: [e.cost for e in events],
    Stream.CONVERSION: lambda events: [e.revenue for e in events],
    Stream.SPEND: lambda events: [e.amount for e in events],
}


def _default(conversion: Any) -> int:
    return -1 if conversion.kind == REFUND else 1
