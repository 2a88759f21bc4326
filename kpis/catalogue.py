"""The KPI catalogue: formulas over measures.

Formulas are the field's usual ones (IAB, "Glossary of Terminology"): CTR = clicks / impressions, CPC = spend / clicks,
CPM = spend / impressions x 1000, CPA = spend / conversions, CVR = conversions / clicks, ROAS = revenue / spend,
AOV = revenue / conversions. Money KPIs are in units of the base currency. A division by zero has no value: None,
never 0 and never NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import gcd

from kpis.measures import INDEX, MEASURES, MICROS, NAMES, Unit

Value = int | float | None


class Kind(StrEnum):
    """What a KPI's number means, so that readers can format and judge it."""

    PROPORTION = "proportion"
    """Successes out of trials (CTR, CVR): a share of counts."""
    MONEY = "money"
    """Units of the base currency per something."""
    RATIO = "ratio"
    """Without unit, and free to pass 1 (ROAS)."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A formula over a row of measures.

    Attributes:
        name: its name everywhere.
        kind: proportion, money or ratio.
        numerator: the measure above the line.
        denominator: the measure below the line.
        scale: what the quotient of counts is multiplied by (1000 for CPM).
        meaning: one sentence for people.
    """

    name: str
    kind: Kind
    numerator: str
    denominator: str
    scale: int
    meaning: str

    def of(self, row: Sequence[int]) -> float | None:
        """The KPI of one row; None when its denominator is zero or negative."""
        below = row[INDEX[self.denominator]]
        if below <= 0:
            return None
        up, down = self.factors
        return row[INDEX[self.numerator]] * up / (below * down)

    @property
    def factors(self) -> tuple[int, int]:
        """What numerator and denominator, as stored, are multiplied by: ``scale``, and micros made units."""
        up, down = (MICROS if _UNITS[name] is Unit.MICROS else 1 for name in (self.denominator, self.numerator))
        shared = gcd(self.scale * up, down)
        return self.scale * up // shared, down // shared


_UNITS = {m.name: m.unit for m in MEASURES}

CATALOGUE: tuple[Kpi, ...] = (
    Kpi("ctr", Kind.PROPORTION, "clicks", "impressions", 1, "Click-through rate: clicks per impression."),
    Kpi("cpc", Kind.MONEY, "spend_micros", "clicks", 1, "Cost per click."),
    Kpi("cpm", Kind.MONEY, "spend_micros", "impressions", 1000, "Cost per thousand impressions."),
    Kpi("cpa", Kind.MONEY, "spend_micros", "conversions", 1, "Cost per conversion."),
    Kpi("cvr", Kind.PROPORTION, "conversions", "clicks", 1, "Conversion rate: conversions per click."),
    Kpi("roas", Kind.RATIO, "revenue_micros", "spend_micros", 1, "Return on ad spend: revenue per unit spent."),
    Kpi("aov", Kind.MONEY, "revenue_micros", "conversions", 1, "Average order value: revenue per conversion."),
)
"""All KPIs, in display order."""

BY_NAME: Mapping[str, Kpi] = {k.name: k for k in CATALOGUE}

_MONEY = tuple((name, name.removesuffix("_micros")) for name in NAMES if _UNITS[name] is Unit.MICROS)


def document(row: Sequence[int]) -> dict[str, Value]:
    """Every value of one row: the measures (exact), money again in units (``spend``, ``revenue``) and the KPIs."""
    values: dict[str, Value] = dict(zip(NAMES, row, strict=True))
    for micros, unit in _MONEY:
        values[unit] = row[INDEX[micros]] / MICROS
    for kpi in CATALOGUE:
        values[kpi.name] = kpi.of(row)
    return values


def row_of(values: Mapping[str, object]) -> tuple[int, ...]:
    """The row behind a :func:`document`: its measures, zero where one is absent.

    Raises:
        ValueError: a measure is not an integer.
    """
    row = tuple(values.get(name, 0) for name in NAMES)
    if not all(type(v) is int for v in row):
        raise ValueError("a KPI document holds a measure that is not an integer")
    return row  # type: ignore[return-value]
