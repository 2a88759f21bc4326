"""Money: decimals as they come, integer micros of the base currency as they are kept."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from streams.reasons import Reject

MAX_UNITS_EXPONENT = 9
"""An amount has at most this many digits after its first, before the point: under ten thousand million units."""
_MAX_DIGITS = 60
_MICRO = Decimal("0.000001")
_ONE = Decimal(1)

# One rounding only: wide enough that neither a bounded amount nor its product with a rate is rounded before micros.
_EXACT = Context(prec=3 * _MAX_DIGITS, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[InvalidOperation])


def micros(amount: Decimal, rate: Decimal = _ONE) -> int | Reject:
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
    exact = amount if rate is _ONE else _EXACT.multiply(amount, rate)
    if exact.adjusted() > MAX_UNITS_EXPONENT:
        return Reject.OUT_OF_RANGE
    return int(exact.quantize(_MICRO, context=_EXACT).scaleb(6, _EXACT))
