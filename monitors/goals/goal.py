"""The two kinds of goals in a goals file, and their defaults."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from math import inf
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationInfo, model_validator
from pydantic.json_schema import SkipJsonSchema

from kpis.catalogue import CORE, Kpi
from kpis.measures import Kind, Measure
from kpis.runtime.yaml_model import AtField, Fields, FileModel, noted
from kpis.runtime.yaml_nodes import Problems, did_you_mean, shown
from kpis.times import HOUR_MS
from kpis.windows import parse_window
from monitors.goals.curve_model import CurveField, curve_value
from monitors.goals.fields import (
    BandField,
    ForField,
    Limit,
    PatienceField,
    PeriodName,
    PlatformName,
    Positive,
    RatioName,
    RuleName,
    Share,
    TotalName,
    WindowName,
)  # fmt: skip
from monitors.goals.platforms import PLATFORMS
from monitors.goals.scalars import MAX_AMOUNT, whole
from monitors.goals.values import MATERIALITY, Band, Bound, Period, RatioGoal, Rule, TotalGoal

WARNING = Band(0.9, 1.1)
"""What Slack is told should be rarer than the ordinary day-to-day swing."""
CRITICAL = Band(0.75, 1.25)
"""A quarter off cannot be caught up late in a flight."""
RATIO_CRITICAL = 0.25
"""How far beyond its bound a ratio is critical, as a part of the bound."""
DEFAULT_WINDOW = "1h"


class TotalModel(FileModel):
    """A target for a sum over the flight, or each period of it, judged by pace: actual over expected to date.

    Spend and impressions are bought, so both sides count; more clicks, conversions or revenue than planned is no miss,
    so their default bands are open above.
    """

    total: TotalName = Field(description="Of what: a measure, see Totals.")
    target: Positive = Field(
        description="Above 0: money and other amounts in their units, to the micro; counts are whole numbers."
    )
    curve: CurveField = Field("even", description="How the target spreads: a name, or a mapping; see Curves.")
    per: PeriodName = Field(
        "flight",
        description="What the target is for: flight, or each local month, week (from Monday) or day of it. The first "
        "and the last one count for as much as the flight has of them; the curve spreads the target within each.",
    )
    platform: PlatformName | None = Field(
        None,
        description="Whose daily budget it is, see Platforms: what that platform may spend on a day is no miss. For "
        "spend per day.",
    )
    warning: BandField = Field(
        None, description="Outside this band [low, high] it is a warning; null opens a side. [0.9, 1.1] by default."
    )
    critical: BandField = Field(
        None,
        description="Outside this one it is critical; contains the other. [0.75, 1.25] by default.",
    )
    materiality: Share = Field(
        MATERIALITY, description="The part of the target below which a difference is not told, from 0 to below 1."
    )
    rule: RuleName = Field("evidence", description="When a miss is told, see Rules.")
    for_: ForField = 0
    patience: PatienceField = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.written_target()
        warning, critical = self._bands()
        if not _contains(critical, warning):
            raise AtField("critical", "critical must be outside of warning, on both sides")
        if self.platform and (self.per != Period.DAY or self.total.title != "spend"):
            raise AtField("platform", "a platform has a rule for daily budgets: give it with total: spend and per: day")
        if self.per != Period.FLIGHT and curve_value(self.curve).lag_ms:
            raise AtField(("curve", "lag"), "a lag goes on from one period into the next: give it with per: flight")
        _check_for(self.rule, self.for_)
        return self

    @cached_property
    def value(self) -> TotalGoal:
        """It as a value."""
        return TotalGoal(
            total=self._measure,
            target=self.written_target(),
            warning=self._bands()[0],
            critical=self._bands()[1],
            curve=curve_value(self.curve),
            per=Period(self.per),
            platform=self.platform or "",
            rule=Rule(self.rule),
            for_ms=self.for_,
            materiality=self.materiality,
            patience_ms=self.patience,
        )

    @property
    def _measure(self) -> Measure:
        found: Measure = self.total
        return found

    def written_target(self) -> int:
        """Its target: millionths for money and other units, else a count."""
        try:
            return whole(self.target, self._measure.unit)
        except ValueError as e:
            raise AtField("target", str(e)) from None

    def _bands(self) -> tuple[Band, Band]:
        usual, far = WARNING, CRITICAL
        if self.platform:
            most = PLATFORMS[self.platform].daily
            usual, far = replace(WARNING, high=most), replace(CRITICAL, high=most * (CRITICAL.high or 1))
        warning: Band = self.warning or _side(usual, self._measure)
        critical: Band = self.critical or _around(_side(far, self._measure), warning)
        return warning, critical


class RatioModel(FileModel):
    """A bound for a KPI in a rolling window.

    Proportions (CTR, CVR) miss when the evidence of all looks since the flight began proves it: of the days that meet
    their bound exactly, at most one in twenty is told anything. Money ratios are judged from a minimum volume on, so
    that three clicks prove nothing. A KPI that is no quotient of two sums, and a bound that is not above 0, is judged
    by rule: threshold.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": False,
            "if": {"properties": {"ratio": {"pattern": f"^({'|'.join(CORE.by_name)})$"}}},
            "then": {"properties": {key: {"exclusiveMinimum": 0} for key in (*Bound, "critical")}},
        }
    )

    ratio: RatioName = Field(description="Which KPI: see Ratios, and those that the catalogue file adds.")
    at_least: Limit | None = Field(
        None, description="Its lower bound; either this or at_most. Above 0, but of what may be negative, such as ROI."
    )
    at_most: Limit | None = Field(None, description="Its upper bound, likewise; either this or at_least.")
    critical: Limit | None = Field(
        None,
        description="From beyond here on it is critical; a quarter beyond its bound by default, and of a bound of 0 "
        "nothing is.",
    )
    window: WindowName = Field(DEFAULT_WINDOW, description="A rolling window that is kept, see PACEWATCH_WINDOWS.")
    rule: RuleName = Field("evidence", description="When a miss is told, see Rules; threshold where nothing is proven.")
    for_: ForField = 0
    patience: PatienceField = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = [bound for bound in Bound if getattr(self, bound) is not None]
        if len(given) != 1:
            raise ValueError("a ratio needs either at_least or at_most" + (", not both" if given else ""))
        (bound,), limit = given, float(getattr(self, given[0]))
        for field in (bound, "critical"):
            _check_bound(self._kpi, field, getattr(self, field))
        critical = None if self.critical is None else float(self.critical)
        nearer = critical is not None and critical != limit and (critical > limit) == (bound is Bound.AT_LEAST)
        if nearer:
            side = "below at_least" if bound is Bound.AT_LEAST else "above at_most"
            raise AtField("critical", f"critical must be {side}, further off than the warning")
        if parse_window(self.window).span_ms < HOUR_MS:
            distinct = [m.title for m in self._kpi.formula.measures if m.kind is Kind.DISTINCT]
            if distinct:
                text = f"{distinct[0]} is a distinct count, which has no value in windows below 1h"
                raise AtField("window" if "window" in self.model_fields_set else "ratio", text)
        _check_for(self._judged_by, self.for_)
        if self._judged_by is Rule.EVIDENCE and not self._is_provable:
            why = "no quotient of two sums" if not self._kpi.is_provable else "bounded by what is not above 0"
            raise AtField("rule", f"{self._kpi.name} is {why}, of which nothing can be proven: rule: threshold")
        return self

    @property
    def _kpi(self) -> Kpi:
        found: Kpi = self.ratio
        return found

    @property
    def _is_provable(self) -> bool:
        """Whether evidence can be gathered: of a quotient of two sums, against bounds above zero."""
        bounds = (self.at_least, self.at_most, self.critical)
        return self._kpi.is_provable and all(one is None or one > 0 for one in bounds)

    @property
    def _judged_by(self) -> Rule:
        """The rule that is given, or the one that can be."""
        if "rule" in self.model_fields_set:
            return Rule(self.rule)
        return Rule.EVIDENCE if self._is_provable else Rule.THRESHOLD

    @cached_property
    def value(self) -> RatioGoal:
        """It as a value."""
        bound = Bound.AT_LEAST if self.at_least is not None else Bound.AT_MOST
        limit = float(getattr(self, bound))
        # Below zero a quarter beyond is further from it for a lower bound, and nearer to it for an upper one.
        is_further_up = (bound is Bound.AT_MOST) == (limit > 0)
        further = 1 + RATIO_CRITICAL if is_further_up else 1 - RATIO_CRITICAL
        # Of nothing a quarter is nothing: without a bound of its own nothing is critical, rather than every warning.
        usual = limit * further if limit else -inf if bound is Bound.AT_LEAST else inf
        critical = usual if self.critical is None else float(self.critical)
        return RatioGoal(
            kpi=self._kpi,
            bound=bound,
            limit=limit,
            critical_limit=critical,
            window=self.window,
            rule=self._judged_by,
            for_ms=self.for_,
            patience_ms=self.patience,
        )


def _check_bound(kpi: Kpi, field: str, limit: Decimal | None) -> None:
    """Refuse a bound that a KPI is always beyond, or never.

    Raises:
        AtField: it is one.
    """
    if limit is None:
        return
    if kpi.is_proportion and limit > 1 and field != "critical":
        raise AtField(field, f"{kpi.name} is a share, from 0 to 1 (2 % is 0.02), not {limit}")
    if limit <= 0 and not kpi.may_be_negative:
        raise AtField(field, f"must be above 0 and at most {MAX_AMOUNT}, not {shown(str(limit))}")


def kind_of_goal(value: Any) -> str:
    """The tag of a goal's kind; what is no mapping is told as a total that is none."""
    if not isinstance(value, Fields):
        return "a total"
    return {(True, False): "a total", (False, True): "a ratio"}.get(("total" in value, "ratio" in value), "neither")


def refuse(value: Any, info: ValidationInfo) -> Any:
    """Note why a goal is of neither kind."""
    problems: Problems = info.context  # type: ignore[assignment]
    if {"ratio", "total"} <= value.keys():
        problems.at(value.node, value.where, "a goal is either a total or a ratio, not both")
        raise noted()
    problems.at(value.node, value.where, "a goal needs total or ratio")
    fields = TotalModel.model_fields | RatioModel.model_fields
    known = [field.alias or name for name, field in fields.items()]
    for name in value.keys() - set(known):
        problems.at(value.keys_at[name], value.where, f"unknown key {shown(name)}{did_you_mean(name, known)}")
    raise noted()


GoalModel = Annotated[
    Annotated[TotalModel, Tag("a total")]
    | Annotated[RatioModel, Tag("a ratio")]
    | Annotated[SkipJsonSchema[Any], BeforeValidator(refuse), Tag("neither")],
    Discriminator(kind_of_goal),
]


def _check_for(rule: str, for_ms: int) -> None:
    if for_ms and rule != Rule.THRESHOLD:
        raise AtField("for", "for needs rule: threshold; evidence takes as long as it takes")


def _side(band: Band, measure: Measure) -> Band:
    return band if measure.is_bought else Band(band.low, None)


def _around(critical: Band, warning: Band) -> Band:
    """The default critical band, widened where a given warning band is wider; open where that is open."""
    low = None if warning.low is None or critical.low is None else min(critical.low, warning.low)
    high = None if warning.high is None or critical.high is None else max(critical.high, warning.high)
    return Band(low, high)


def _contains(outer: Band, inner: Band) -> bool:
    low = outer.low is None or (inner.low is not None and outer.low <= inner.low)
    return low and (outer.high is None or (inner.high is not None and outer.high >= inner.high))
