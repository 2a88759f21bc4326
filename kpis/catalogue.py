"""The KPI catalogue: formulas over measures.

The core's formulas are the field's usual ones (IAB, "Glossary of Terminology"): CTR = clicks / impressions, CPC =
spend / clicks, CPM = spend / impressions x 1000, CPA = spend / conversions, CVR = conversions / clicks, ROAS =
revenue / spend, AOV = revenue / conversions. Packs and users add more, see :mod:`kpis.packs`. Money KPIs are in units
of the base currency. A division by zero has no value: None, never 0 and never NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd

from kpis.formula import Formula, Quotient, parse_formula
from kpis.measures import MEASURES, NAMES, Kind, Measure, Stream
from kpis.units import MICROS, Unit

Value = int | float | None
NOTHING_LACKS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example of a KPI, in the units that people read.

    Attributes:
        of: amounts of measures, by title; those not named have none.
        gives: the KPI's value then.
    """

    of: tuple[tuple[str, float], ...]
    gives: float


@dataclass(frozen=True)
class Kpi:
    """A formula over a row of measures, and all that any place that shows or judges it must know.

    Attributes:
        name: its name everywhere.
        unit: ``PROPORTION`` (a part of a whole), ``CURRENCY`` (money, or money per something) or ``RATIO``.
        formula: what it is computed by.
        meaning: one sentence for people.
        noise: the measure whose events carry its noise. ROAS takes clicks, not conversions: with broken conversion
            tracking there are none, and that must show.
        min_volume: how many events of that it takes to judge one that is no proportion, for which an interval says.
        higher_is_better: whether more of it is good news.
        is_headline: whether it is shown where only few fit.
        label: its name for people: ``CTR``.
        source: who defines it so.
        example: one worked example.
    """

    name: str
    unit: Unit
    formula: Formula
    meaning: str
    noise: Measure
    min_volume: int
    higher_is_better: bool = True
    is_headline: bool = False
    label: str = ""
    source: str = ""
    example: Example | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    @cached_property
    def is_proportion(self) -> bool:
        """Whether it is a share of counts, successes out of trials, for which an interval says what they prove.

        A share of money or hours is no such, nor is one whose parts are levels, distinct or added up.
        """
        quotient = self.formula.quotient
        if self.unit is not Unit.PROPORTION or quotient is None:
            return False
        return not quotient.above.in_micros and not quotient.below.in_micros

    @cached_property
    def quotient(self) -> Quotient:
        """What stands above and below the line, of one that is a quotient of two sums.

        Raises:
            ValueError: it is none; see :attr:`is_quotient`.
        """
        if self.formula.quotient is None:
            raise ValueError(f"{self.name} is no quotient of two sums")
        return self.formula.quotient

    @cached_property
    def is_quotient(self) -> bool:
        """Whether it is one measure over another: only that can be judged by what its counts prove."""
        return self.formula.quotient is not None

    @cached_property
    def is_provable(self) -> bool:
        """Whether evidence can be gathered on it: a quotient of two sums, and of a share their plain one."""
        quotient = self.formula.quotient
        if quotient is None or quotient.scale <= 0:
            return False
        return not self.is_proportion or quotient.scale == 1

    @cached_property
    def may_be_negative(self) -> bool:
        """Whether less than nothing is a value that people may bound it by: ROI, a net score."""
        if self.is_proportion:
            return False
        return not self.is_quotient or (self.above.counting is not None and self.above.can_fall)

    @cached_property
    def is_paid(self) -> bool:
        """Whether budget moves it: spend is in it, or nothing but what comes of ads."""
        measures = self.formula.measures
        return any(m.title == "spend" for m in measures) or all(Stream.MEASURE not in m.streams for m in measures)

    @cached_property
    def above(self) -> Measure:
        """The measure above the line of a quotient."""
        return self.quotient.above

    @cached_property
    def below(self) -> Measure:
        """The measure below it."""
        return self.quotient.below

    def parts(self, row: Sequence[int]) -> tuple[int, int]:
        """What a row has above and below the line, as stored."""
        return row[self.above.column], row[self.below.column]

    def of(self, row: Sequence[int]) -> float | None:
        """The KPI of one row; None when its denominator is zero or negative."""
        if self.formula.quotient is None:
            return self.formula.compute(row)
        above, below = self.parts(row)
        if below <= 0:
            return None
        up, down = self.factors
        return above * up / (below * down)

    @cached_property
    def factors(self) -> tuple[float, int]:
        """What numerator and denominator, as stored, are multiplied by: its scale, and micros made units."""
        quotient = self.quotient
        return _factors(quotient.above.in_micros, quotient.below.in_micros, quotient.scale)


@lru_cache(maxsize=256)
def _factors(is_above: bool, is_below: bool, scale: float) -> tuple[float, int]:
    """In lowest terms where the scale is a whole number, so that all is exact but the one division."""
    up, down = (MICROS if in_micros else 1 for in_micros in (is_below, is_above))
    if scale != int(scale):
        return scale * up / down, 1
    shared = gcd(int(scale) * up, down)
    return int(scale) * up // shared, down // shared


@dataclass(frozen=True)
class Catalogue:
    """All measures, in the order of a row's columns, and all KPIs, in display order."""

    measures: tuple[Measure, ...]
    kpis: tuple[Kpi, ...]

    @cached_property
    def width(self) -> int:
        """How many columns a row has."""
        return sum(measure.width for measure in self.measures)

    @cached_property
    def by_name(self) -> Mapping[str, Kpi]:
        """The KPIs by their names."""
        return {kpi.name: kpi for kpi in self.kpis}

    @cached_property
    def by_title(self) -> Mapping[str, Measure]:
        """The measures by their titles: what formulas name."""
        return {measure.title: measure for measure in self.measures}

    @cached_property
    def totals(self) -> Mapping[str, Measure]:
        """The totals that a goal may be about: sums, by their titles."""
        return {title: m for title, m in self.by_title.items() if m.kind is Kind.SUM}

    @cached_property
    def added_measures(self) -> tuple[Measure, ...]:
        """Those beyond the core."""
        return self.measures[len(MEASURES) :]

    @cached_property
    def added_kpis(self) -> tuple[Kpi, ...]:
        """Those beyond the core."""
        return self.kpis[len(CATALOGUE) :]

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """What each value of :meth:`document` is in; what ends in ``_micros`` is a plain integer there."""
        return {
            **{m.name: Unit.EVENTS for m in self.measures},
            **{m.title: Unit.CURRENCY if m.is_money else Unit.RATIO for m in self.measures if m.in_micros},
            **{m.title: Unit.CURRENCY if m.is_money else Unit.RATIO for m in self.measures if m.kind is Kind.LEVEL},
            **{k.name: k.unit for k in self.kpis},
        }

    def document(self, row: Sequence[int], lacking: frozenset[str] = NOTHING_LACKS) -> dict[str, Value]:
        """Every value of one row: measures (sums exact), what is in micros again in units, and KPIs but for some."""
        values: dict[str, Value] = {}
        for measure in self.measures:
            is_sum = measure.kind is Kind.SUM
            name = measure.title if measure.kind is Kind.LEVEL else measure.name
            values[name] = row[measure.column] if is_sum else value_of(measure, row)
        for measure in self.measures:
            if measure.in_micros:
                values[measure.title] = value_of(measure, row)
        for kpi in self.kpis:
            values[kpi.name] = None if kpi.name in lacking else kpi.of(row)
        return values


def row_of_amounts(measures: Sequence[Measure], amounts: Mapping[str, float]) -> tuple[int, ...]:
    """A row in which measures come to amounts, in the units that people read; those not named have none."""
    row: list[int] = []
    for measure in measures:
        amount = amounts.get(measure.title)
        row.append(round((amount or 0) * (MICROS if measure.in_micros else 1)))
        if measure.kind is Kind.LEVEL:
            row.append(int(amount is not None))
    return tuple(row)


def value_of(measure: Measure, row: Sequence[int]) -> float | None:
    """A measure of a row in the unit that people read; None for a level or distinct count that is not known."""
    value, unit = row[measure.column], MICROS if measure.in_micros else 1
    if measure.kind is Kind.LEVEL:
        told = row[measure.column + 1]
        return value / unit / told if told > 0 else None
    if measure.kind is Kind.DISTINCT and value < 0:
        return None
    return value / unit if measure.in_micros else value


_SHARE, _COST, _RETURN = Unit.PROPORTION, Unit.CURRENCY, Unit.RATIO
_TITLES = {measure.title: measure for measure in MEASURES}
_IAB = "IAB, Glossary of Terminology"


def _core(
    name: str, unit: Unit, formula: str, meaning: str, *, noise: str, min_volume: int, higher_is_better: bool = True,
    is_headline: bool = False, example: tuple[dict[str, float], float],
) -> Kpi:  # fmt: skip
    worked = Example(tuple(example[0].items()), example[1])
    return Kpi(
        name, unit, parse_formula(formula, _TITLES), meaning, _TITLES[noise], min_volume, higher_is_better,
        is_headline, name.upper(), _IAB, worked,
    )  # fmt: skip


CATALOGUE: tuple[Kpi, ...] = (
    _core("ctr", _SHARE, "clicks / impressions", "Click-through rate: clicks per impression.",
          noise="impressions", min_volume=0, is_headline=True, example=({"clicks": 20, "impressions": 1000}, 0.02)),
    _core("cpc", _COST, "spend / clicks", "Cost per click.", noise="clicks", min_volume=30,
          higher_is_better=False, is_headline=True, example=({"spend": 12.5, "clicks": 50}, 0.25)),
    _core("cpm", _COST, "spend / impressions * 1000", "Cost per thousand impressions.", noise="impressions",
          min_volume=1000, higher_is_better=False, example=({"spend": 12.5, "impressions": 5000}, 2.5)),
    _core("cpa", _COST, "spend / conversions", "Cost per conversion.", noise="conversions", min_volume=10,
          higher_is_better=False, example=({"spend": 90, "conversions": 4}, 22.5)),
    _core("cvr", _SHARE, "conversions / clicks", "Conversion rate: conversions per click.", noise="clicks",
          min_volume=0, is_headline=True, example=({"conversions": 4, "clicks": 50}, 0.08)),
    _core("roas", _RETURN, "revenue / spend", "Return on ad spend: revenue per unit spent.", noise="clicks",
          min_volume=300, is_headline=True, example=({"revenue": 360, "spend": 90}, 4.0)),
    _core("aov", _COST, "revenue / conversions", "Average order value: revenue per conversion.",
          noise="conversions", min_volume=10, example=({"revenue": 360, "conversions": 4}, 90.0)),
)  # fmt: skip
"""The core's KPIs, in display order."""

CORE = Catalogue(MEASURES, CATALOGUE)
"""What every installation has."""

BY_NAME: Mapping[str, Kpi] = CORE.by_name
HEADLINES: tuple[Kpi, ...] = tuple(k for k in CATALOGUE if k.is_headline)


def document(row: Sequence[int]) -> dict[str, Value]:
    """Every value of one row of the core: see :meth:`Catalogue.document`."""
    return CORE.document(row)


def row_of(values: Mapping[str, object]) -> tuple[int, ...]:
    """The core's row behind a :func:`document`: its measures, zero where one is absent.

    Raises:
        ValueError: a measure is not an integer.
    """
    row = tuple(values.get(name, 0) for name in NAMES)
    if not all(type(v) is int for v in row):
        raise ValueError("a KPI document holds a measure that is not an integer")
    return row  # type: ignore[return-value]
