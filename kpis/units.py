"""Units: what a number of Pacewatch is in, and how it reads.

The rules are data, so that every place that shows an amount (pages, terminal, messages, the page's own JavaScript)
shows it alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor, log10

MICROS = 1_000_000
"""Micros in one unit of currency."""


class Unit(StrEnum):
    """What an amount is in."""

    EVENTS = "events"
    """A count."""
    MICROS = "micros"
    """Millionths of the base currency."""
    CURRENCY = "currency"
    """Units of the base currency."""
    AMOUNT = "amount"
    """Millionths of a unit that is neither a count nor money, such as hours or points."""
    PROPORTION = "proportion"
    """A share of counts: successes out of trials."""
    RATIO = "ratio"
    """A number without unit, free to pass 1."""

    @property
    def is_money(self) -> bool:
        """Whether amounts are of the base currency."""
        return self in {Unit.MICROS, Unit.CURRENCY}

    @property
    def in_micros(self) -> bool:
        """Whether amounts are millionths of what people read."""
        return self in {Unit.MICROS, Unit.AMOUNT}


@dataclass(frozen=True, slots=True)
class Style:
    """How amounts of a unit read.

    Attributes:
        scale: what an amount is divided by before it is shown.
        digits: after the point.
        percent: whether it is shown in percent.
        currency: whether the currency follows.
    """

    scale: int = 1
    digits: int = 2
    percent: bool = False
    currency: bool = False


STYLES: dict[Unit, Style] = {
    Unit.EVENTS: Style(digits=0),
    Unit.MICROS: Style(scale=MICROS, currency=True),
    Unit.CURRENCY: Style(currency=True),
    Unit.AMOUNT: Style(scale=MICROS),
    Unit.PROPORTION: Style(percent=True),
    Unit.RATIO: Style(),
}
WHOLE_FROM = 100
"""From so much on, what stands after the point says nothing."""
MOST_DIGITS = 6
NONE = "–"
"""What stands for no value."""


def amount(value: float | None, unit: Unit, currency: str = "") -> str:
    """An amount for people: ``1,234.50 EUR``, ``2.31%``, ``1,200``; :data:`NONE` for none.

    Args:
        value: in the unit.
        unit: what it is in.
        currency: what follows money; empty where the place says it already.
    """
    if value is None:
        return NONE
    style = STYLES[unit]
    if style.percent:
        return f"{value:.{style.digits}%}"
    shown = f"{value / style.scale:,.{style.digits}f}" if style.digits else f"{value:,}"
    return f"{shown} {currency}" if style.currency and currency else shown


def how_many(count: int, one: str, more: str = "") -> str:
    """A count of things for people: ``1 alert``, ``1,200 alerts``, ``1 message waits``.

    Args:
        count: how many there are.
        one: what one of them is called, with what is said of it.
        more: the same of several; empty where an ``s`` at its end does.
    """
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def close_amount(value: float | None, unit: Unit, currency: str = "") -> str:
    """An amount for a sentence: no cents from a hundred on, and two digits at least of a small one; ``none`` for none.

    Two that are read beside each other are :func:`close_amounts`.
    """
    return close_amounts((value,), unit, currency)[0]


def close_amounts(values: Sequence[float | None], unit: Unit, currency: str = "") -> list[str]:
    """The same of amounts that are read beside each other: ``0.19 EUR`` beside ``0.80 EUR``.

    KPIs have as many digits as each other, and as it takes to tell one from another, such as from its bound.
    """
    style = STYLES[unit]
    if unit in {Unit.EVENTS, Unit.MICROS, Unit.AMOUNT}:
        return [_of_total(value, style, currency) for value in values]
    scale = 100 if style.percent else 1
    shown = [value * scale for value in values if value is not None]
    after = " %" if style.percent else f" {currency}" if style.currency and currency else ""
    digits = _digits(shown)
    return ["none" if v is None else f"{v * scale:,.{digits}f}{after}".replace(" %", "%") for v in values]


def _of_total(value: float | None, style: Style, currency: str) -> str:
    if value is None:
        return "none"
    shown = value / style.scale
    digits = 0 if abs(shown) >= WHOLE_FROM or shown == round(shown) else style.digits
    after = f" {currency}" if style.currency and currency else ""
    return f"{shown:,.{digits}f}{after}"


def _digits(values: Sequence[float]) -> int:
    """How many digits after the point tell these apart, and leave two of the smallest."""
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return 2
    digits = 0 if min(sizes) >= WHOLE_FROM else max(2, 1 - floor(log10(min(sizes))))
    digits = min(digits, MOST_DIGITS)
    while digits < MOST_DIGITS and len({f"{v:.{digits}f}" for v in values}) < len(set(values)):
        digits += 1
    return digits
