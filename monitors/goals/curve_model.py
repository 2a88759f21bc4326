"""The curve of a goal in a goals file: a name, or a mapping."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from kpis.runtime.yaml_model import AtField, Fields, FileModel, choice_of, fields_of, text_of
from kpis.runtime.yaml_nodes import shown
from monitors.goals import scalars
from monitors.goals.curves import NAMED
from monitors.goals.fields import CurveName, DurationField
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.spread.week import ALL_DAY, EVERY_DAY, Week, days_of, hours_of, part_of, week_of
from monitors.goals.spread.week import both as multiplied

MAX_WEIGHT = 1000
MAX_DATES = 400
_WEIGHT = {"type": "number", "minimum": 0, "maximum": MAX_WEIGHT}


def _weight(value: Any) -> float:
    found = scalars.number(value)
    if not 0 <= found <= MAX_WEIGHT:
        raise ValueError(f"must be from 0 to {MAX_WEIGHT}, not {shown(text_of(value))}")
    return float(found)


def _date(value: Any) -> date:
    text = text_of(value)
    if len(text) != len("2026-11-27"):
        raise ValueError(f"must be a date such as 2026-11-27, not {shown(text)}")
    return scalars.written_time(value).date()


Weight = Annotated[float, BeforeValidator(_weight), WithJsonSchema(_WEIGHT)]
WeekPart = Annotated[Any, BeforeValidator(lambda value: part_of(text_of(value))), WithJsonSchema({"type": "string"})]
HoursField = Annotated[
    Any,
    BeforeValidator(lambda value: hours_of(text_of(value))),
    WithJsonSchema({"type": "string", "examples": ["08:00-22:00"]}),
]
DaysField = Annotated[
    Any,
    BeforeValidator(lambda value: days_of(text_of(value))),
    WithJsonSchema({"type": "string", "examples": ["mon-fri"]}),
]
LocalDate = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"})]
ShapeName = Annotated[
    str,
    BeforeValidator(lambda value: choice_of(value, "shape", NAMED)),
    WithJsonSchema({"enum": list(NAMED)}),
]


class CurveModel(FileModel):
    """A curve that is put together, of any of these.

    Each moment's share of the target goes by the shape, times the weight of its hour of the week, times the factor of
    its date. Hours, days and dates are local to the flight's timezone; a day of 23 or 25 hours has each hour that
    clocks show.
    """

    hours: HoursField = Field(
        None,
        description="When it is served: 08:00-22:00, or several with commas; 22:00-02:00 goes on past midnight, as "
        "part of the day on which it began. Nothing is expected outside.",
    )
    days: DaysField = Field(None, description="On which days: mon-fri, or sat, sun. Nothing is expected on others.")
    weights: Annotated[dict[WeekPart, Weight] | None, BeforeValidator(fields_of)] = Field(
        None,
        description="How much more or less parts of the week get, 0 to 1000: {mon-fri 18:00-22:00: 2, sat-sun: 0.5}. "
        "What is not named weighs 1; where two overlap, the later one counts.",
    )
    dates: Annotated[dict[LocalDate, Weight] | None, BeforeValidator(fields_of)] = Field(
        None, description="How much more or less local dates get, 0 to 1000: {2026-11-27: 3}."
    )
    shape: ShapeName = Field("even", description="Of the flight as a whole: one of the curves with a name.")
    lag: DurationField = Field(
        0,
        description="By how much outcomes follow what causes them, in the mean: 3d for conversions that come days "
        "after the click. Expected is then the curve, delayed exponentially, and scaled to the target at the flight's "
        "end; up to 90d.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"the curve is empty; give any of {', '.join(type(self).model_fields)}")
        if self.dates and len(self.dates) > MAX_DATES:
            raise AtField("dates", f"at most {MAX_DATES} dates")
        if self.lag and self.shape == "learned":
            raise AtField("lag", "what is learned from outcomes holds their delay already: give no lag")
        return self

    @cached_property
    def value(self) -> CurveSpec:
        """It as a value."""
        served: Week = ()
        if self.hours is not None or self.days is not None:
            served = week_of(((self.days or EVERY_DAY, self.hours or ALL_DAY, 1.0),), outside=0.0)
        weighed = week_of(tuple((*part, weight) for part, weight in (self.weights or {}).items()), outside=1.0)
        named = NAMED[self.shape]
        dates = tuple(sorted((self.dates or {}).items()))
        return CurveSpec(Shape(named.shape), named.learned, multiplied(served, weighed), dates, self.lag)


CurveField = Annotated[
    Annotated[CurveName, Tag("a name")] | Annotated[CurveModel, Tag("a mapping")],
    Discriminator(lambda value: "a mapping" if isinstance(value, Fields | CurveModel) else "a name"),
]


def curve_value(curve: str | CurveModel) -> CurveSpec:
    """A curve as a value, however it was written."""
    return NAMED[curve] if isinstance(curve, str) else curve.value
