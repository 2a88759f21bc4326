"""What written values of events are as integers: numbers of fields that measures ask for, and ids that are told apart.

Pure. A value that is none is a reason why not; absent ones are None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from kpis.money import MAX_MICROS, ONE, amount_of, micros, plain_micros
from kpis.reasons import Reject
from kpis.units import MICROS
from streams.events.schema import ABSENT, MAX_EVENT_ID, MAX_QUANTITY
from streams.events.takings import AskedValue, Field, Form

Read = int | bytes | Reject | None
_INTEGER = re.compile(rb"-?[0-9]{1,256}")
_QUOTES = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is accepted of values.

    Attributes:
        rates: base units for one unit of each known currency.
        currency: the base currency, meant where an event names none.
        max_micros: the most money, either way.
        max_quantity: the largest count, either way.
    """

    rates: Mapping[str, Decimal]
    currency: str
    max_micros: int = MAX_MICROS
    max_quantity: int = MAX_QUANTITY

    def read(self, raw: bytes, form: Form, currency: str | None) -> int | Reject | None:
        """A written number; None for null.

        Args:
            raw: as it is written.
            form: what it is taken for.
            currency: the event's, None for the base; looked at for money only.
        """
        rate: Decimal | None = ONE
        if form is Form.MONEY and currency not in {None, self.currency}:
            rate = self.rates.get(str(currency))
        exact: Decimal | int | None = None
        found: int | Reject | None = plain_micros(raw) if rate is ONE else None
        if found is None:
            amount = amount_of(raw)
            if amount is None or isinstance(amount, Reject):
                return amount
            if rate is None:
                return Reject.UNKNOWN_CURRENCY
            found, exact = micros(amount, rate), amount
        if isinstance(found, Reject):
            return found
        if form is Form.WHOLE:
            return self._whole(found, exact)
        return Reject.OUT_OF_RANGE if form is Form.MONEY and abs(found) > self.max_micros else found

    def _whole(self, found: int, exact: Decimal | int | None) -> int | Reject:
        count, rest = divmod(found, MICROS)
        if rest or (exact is not None and exact != count):
            return Reject.NOT_WHOLE
        return Reject.OUT_OF_RANGE if abs(count) > self.max_quantity else count


def read_field(events: Sequence[Any], field: Field, bounds: Bounds) -> list[Read]:
    """What a field of each event says."""
    name, form = field
    written = [getattr(event, name) for event in events]
    if form is Form.ID:
        return [_id(value) for value in written]
    return [_number(value, form, event.currency, bounds) for value, event in zip(written, events, strict=True)]


def read_told(events: Sequence[Any], asked: Mapping[str, AskedValue], bounds: Bounds) -> tuple[list[int], list[Any]]:
    """The values of events of ``ads.measures``.

    Returns:
        Plain millionths of each, and micros of the base currency, or why the event is refused.
    """
    plain, money = [0] * len(events), [0] * len(events)
    told: list[Any] = money
    for i, event in enumerate(events):
        mine = asked.get(event.name)
        if mine is None:
            told[i] = Reject.UNKNOWN_MEASURE
        elif event.campaign_id is None and event.account is None:
            told[i] = Reject.MISSING_FIELD
        elif mine.forms:
            raw = bytes(event.value)
            if raw in {b"", b"null"}:
                plain[i], told[i] = (MICROS, 0) if not mine.is_needed else (0, Reject.MISSING_FIELD)
                continue
            for form in mine.forms:
                found = bounds.read(raw, form, event.currency)
                if not isinstance(found, int):
                    told[i] = found
                    break
                if form is Form.MONEY:
                    told[i] = found
                else:
                    plain[i] = found * MICROS if form is Form.WHOLE else found
    return plain, told


def _number(value: Any, form: Form, currency: str | None, bounds: Bounds) -> int | Reject | None:
    raw = _raw(value)
    return raw if raw is None or isinstance(raw, Reject) else bounds.read(raw, form, currency)


def _raw(value: Any) -> bytes | Reject | None:
    """A value as JSON writes it, of fields that are decoded anyway too."""
    if value is None or value is ABSENT:
        return None
    if isinstance(value, str):
        # No number is written with what would have to be escaped.
        return Reject.BAD_NUMBER if _QUOTES.search(value) else f'"{value}"'.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, msgspec.Raw) else str(value).encode()


def _id(value: Any) -> bytes | Reject | None:
    """The digest of an id, text or a whole number; None where there is none, or an empty one."""
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else _text_of(value)
    if not raw or isinstance(raw, Reject):
        return raw or None
    if len(raw) > MAX_EVENT_ID and len(raw.decode("utf-8", "replace")) > MAX_EVENT_ID:
        return Reject.ID_TOO_LONG
    return blake2b(raw, digest_size=8).digest()


def _text_of(value: Any) -> bytes | Reject:
    """The text of an id that is kept as it was written; empty where there is none."""
    raw = b"" if value is None else bytes(value) if isinstance(value, msgspec.Raw) else str(value).encode()
    if raw[:1] == b'"':
        try:
            return msgspec.json.decode(raw, type=str).encode()
        except (msgspec.MsgspecError, UnicodeError):
            return Reject.BAD_FIELD
    if raw in {b"", b"null"}:
        return b""
    return raw if _INTEGER.fullmatch(raw) else Reject.BAD_FIELD
