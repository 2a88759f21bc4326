"""Units: what a number of Pacewatch is in, and how it reads.

The rules are data, so that every place that shows an amount (pages, terminal, messages, the page's own JavaScript)
shows it alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
    PROPORTION = "proportion"
    """A share of counts: successes out of trials."""
    RATIO = "ratio"
    """A number without unit, free to pass 1."""

    @property
    def is_money(self) -> bool:
        """Whether amounts are of the base currency."""
        return self in {Unit.MICROS, Unit.CURRENCY}


@dataclass(frozen=True, slots=True)
class Style:
    """How amounts of a unit read.

    Attributes:
        scale: what an amount is divided by before it is shown.
        digits: after the point.
        percent: whether it is shown in percent.
        currency: whether the currency follows.
        significant: digits in all, where a threshold must be told from what is just beside it.
    """

    scale: int = 1
    digits: int = 2
    percent: bool = False
    currency: bool = False
    significant: int = 4


STYLES: dict[Unit, Style] = {
    Unit.EVENTS: Style(digits=0),
    Unit.MICROS: Style(scale=MICROS, currency=True),
    Unit.CURRENCY: Style(currency=True),
    Unit.PROPORTION: Style(percent=True),
    Unit.RATIO: Style(),
}
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


def close_amount(value: float | None, unit: Unit, currency: str = "") -> str:
    """The same with as many digits as it takes to tell a KPI from its threshold: ``0.02931``; ``none`` for none."""
    if value is None:
        return "none"
    style = STYLES[unit]
    if unit in {Unit.EVENTS, Unit.MICROS}:
        return amount(value, unit, currency)
    if style.percent:
        return f"{value:.{style.digits + 1}%}"
    shown = f"{value:,.{style.significant}g}"
    return f"{shown} {currency}" if style.currency and currency else shown
