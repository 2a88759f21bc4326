"""Money: decimals as they come, integer micros of the base currency as they are kept."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

import msgspec

from kpis.reasons import Reject

MAX_UNITS_EXPONENT = 9
"""An amount has at most this many digits after its first, before the point: under ten thousand million units."""
MAX_MICROS = 10 ** (MAX_UNITS_EXPONENT + 7) - 1
"""The same in micros; a setting may allow less."""
_MAX_DIGITS = 60
_MICRO = Decimal("0.000001")
ONE = Decimal(1)

# One rounding only: wide enough that neither a bounded amount nor its product with a rate is rounded before micros.
_EXACT = Context(prec=3 * _MAX_DIGITS, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[InvalidOperation])


NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A number as JSON writes it (RFC 8259, section 6); an amount in quotes is written no other way."""
_PLAIN = re.compile(rb'(")?(-?(?:0|[1-9][0-9]{0,9}))(?:\.([0-9]{1,6}))?(?(1)")')
"""What nearly all amounts look like, whose micros need no decimal arithmetic."""
_plain = _PLAIN.fullmatch


def amount_of(raw: bytes) -> Decimal | Reject | None:
    """The amount that a JSON value is; None for null.

    Args:
        raw: the value as it is written: a number, or a string that is one.

    Returns:
        The amount, or why it is none (``BAD_NUMBER``, ``BAD_FIELD``, ``OUT_OF_RANGE``).
    """
    if raw == b"null":
        return None
    text = raw
    if raw[:1] == b'"':
        text = raw[1:-1]
        if b"\\" in text:
            try:
                text = msgspec.json.decode(raw, type=str).encode()
            except (msgspec.DecodeError, UnicodeError):
                return Reject.BAD_NUMBER
    if NUMBER.fullmatch(text) is None:
        return Reject.BAD_NUMBER if raw[:1] == b'"' else Reject.BAD_FIELD
    try:
        return Decimal(text.decode())
    except InvalidOperation:
        # Its exponent is beyond all that decimals can have.
        return Reject.OUT_OF_RANGE


def plain_micros(raw: bytes) -> int | None:
    """Micros of an amount that is written as nearly all are; None when it takes more to tell."""
    found = _plain(raw)
    if found is None:
        return None
    units, fraction = found.group(2, 3)
    return int(units + fraction.ljust(6, b"0")) if fraction else int(units) * 1_000_000


def micros(amount: Decimal, rate: Decimal = ONE) -> int | Reject:
    """An amount times its rate, rounded half even to integer micros.

    Args:
        amount: in units of its currency.
        rate: base units for one of them, with at most 60 digits.

    Returns:
        Micros of the base currency, or why the amount cannot be money (``BAD_NUMBER``, ``OUT_OF_RANGE``).
    """
    if not amount.is_finite():
        return Reject.BAD_NUMBER
    if not amount:
        return 0
    if amount.adjusted() > MAX_UNITS_EXPONENT or len(amount.as_tuple().digits) > _MAX_DIGITS:
        return Reject.OUT_OF_RANGE
    exact = amount if rate is ONE else _EXACT.multiply(amount, rate)
    if exact.adjusted() > MAX_UNITS_EXPONENT:
        return Reject.OUT_OF_RANGE
    return int(exact.quantize(_MICRO, context=_EXACT).scaleb(6, _EXACT))
