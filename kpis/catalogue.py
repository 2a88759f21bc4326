"""The KPI catalogue: formulas over measures.

Formulas are the field's usual ones (IAB, "Glossary of Terminology"): CTR = clicks / impressions, CPC = spend / clicks,
CPM = spend / impressions x 1000, CPA = spend / conversions, CVR = conversions / clicks, ROAS = revenue / spend,
AOV = revenue / conversions. Money KPIs are in units of the base currency. A division by zero has no value: None,
never 0 and never NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from kpis.measures import INDEX, MEASURES, NAMES
from kpis.units import MICROS, Unit

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Kpi:
    """A formula over a row of measures, and all that any place that shows or judges it must know.

    Attributes:
        name: its name everywhere.
        unit: ``PROPORTION`` (a share of counts), ``CURRENCY`` (money per something) or ``RATIO``.
        numerator: the measure above the line.
        denominator: the measure below the line.
        scale: what the quotient of counts is multiplied by (1000 for CPM).
        meaning: one sentence for people.
        noise: the measure whose events carry its noise. ROAS takes clicks, not conversions: with broken conversion
            tracking there are none, and that must show.
        min_volume: how many events of that it takes to judge one that is no proportion, for which an interval says.
        higher_is_better: whether more of it is good news.
        is_headline: whether it is shown where only few fit.
    """

    name: str
    unit: Unit
    numerator: str
    denominator: str
    scale: int
    meaning: str
    noise: str
    min_volume: int
    higher_is_better: bool = True
    is_headline: bool = False

    @property
    def label(self) -> str:
        """Its name for people: ``CTR``."""
        return self.name.upper()

    @property
    def is_proportion(self) -> bool:
        """Whether it is a share of counts: successes out of trials."""
        return self.unit is Unit.PROPORTION

    def parts(self, row: Sequence[int]) -> tuple[int, int]:
        """What a row has above and below the line, as stored."""
        return row[INDEX[self.numerator]], row[INDEX[self.denominator]]

    def of(self, row: Sequence[int]) -> float | None:
        """The KPI of one row; None when its denominator is zero or negative."""
        above, below = self.parts(row)
        if below <= 0:
            return None
        up, down = self.factors
        return above * up / (below * down)

    @property
    def factors(self) -> tuple[int, int]:
        """What numerator and denominator, as stored, are multiplied by: ``scale``, and micros made units."""
        return _factors(self.numerator, self.denominator, self.scale)


@lru_cache(maxsize=256)
def _factors(numerator: str, denominator: str, scale: int) -> tuple[int, int]:
    up, down = (MICROS if _UNITS[name] is Unit.MICROS else 1 for name in (denominator, numerator))
    shared = gcd(scale * up, down)
    return scale * up // shared, down // shared


_UNITS = {m.name: m.unit for m in MEASURES}
_SHARE, _COST, _RETURN = Unit.PROPORTION, Unit.CURRENCY, Unit.RATIO

CATALOGUE: tuple[Kpi, ...] = (
    Kpi("ctr", _SHARE, "clicks", "impressions", 1, "Click-through rate: clicks per impression.",
        noise="impressions", min_volume=0, is_headline=True),
    Kpi("cpc", _COST, "spend_micros", "clicks", 1, "Cost per click.",
        noise="clicks", min_volume=30, higher_is_better=False, is_headline=True),
    Kpi("cpm", _COST, "spend_micros", "impressions", 1000, "Cost per thousand impressions.",
        noise="impressions", min_volume=1000, higher_is_better=False),
    Kpi("cpa", _COST, "spend_micros", "conversions", 1, "Cost per conversion.",
        noise="conversions", min_volume=10, higher_is_better=False),
    Kpi("cvr", _SHARE, "conversions", "clicks", 1, "Conversion rate: conversions per click.",
        noise="clicks", min_volume=0, is_headline=True),
    Kpi("roas", _RETURN, "revenue_micros", "spend_micros", 1, "Return on ad spend: revenue per unit spent.",
        noise="clicks", min_volume=300, is_headline=True),
    Kpi("aov", _COST, "revenue_micros", "conversions", 1, "Average order value: revenue per conversion.",
        noise="conversions", min_volume=10),
)  # fmt: skip
"""All KPIs, in display order. An entry here is all it takes to add one: everything that shows or judges reads this."""

BY_NAME: Mapping[str, Kpi] = {k.name: k for k in CATALOGUE}
HEADLINES: tuple[Kpi, ...] = tuple(k for k in CATALOGUE if k.is_headline)

UNITS: Mapping[str, Unit] = {
    **{m.name: Unit.EVENTS for m in MEASURES},
    **{m.title: Unit.CURRENCY for m in MEASURES if m.is_money},
    **{k.name: k.unit for k in CATALOGUE},
}
"""What each value of a :func:`document` is in; micros are plain integers there."""


def document(row: Sequence[int]) -> dict[str, Value]:
    """Every value of one row: the measures (exact), money again in units (``spend``, ``revenue``) and the KPIs."""
    values: dict[str, Value] = dict(zip(NAMES, row, strict=True))
    for measure in MEASURES:
        if measure.is_money:
            values[measure.title] = row[measure.column] / MICROS
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
