"""A measure in a catalogue file: which events, and what of them."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from kpis.measures import MONEY, Counting, Kind, Measure, Stream, Takes
from kpis.packs.written import STREAMS, FieldName, FilterField, Flag, Line, StreamName, UnitName
from kpis.runtime.yaml_model import AtField, FileModel
from kpis.units import Unit

_TAKEN = {one.value: one for one in Takes}


class MeasureModel(FileModel):
    """A number that events add to. With nothing said, it adds the values of ``ads.measures`` events of its name."""

    stream: StreamName = Field("measures", description="Whose events.")
    name: Line | None = Field(
        None, description="Of the stream measures, which events: those of this name; the measure's own by default."
    )
    where: FilterField = Field(None, description="Fields and the value, or list of values, that each must have.")
    value: FieldName | None = Field(
        None,
        description="What of each event: count (one an event), quantity, money, value, or a field that is a number. "
        "By default value on the stream measures, money on spend, and quantity on the others.",
    )
    unit: UnitName = Field("count", description="What it is in: count, money, or a word such as hours.")
    level: Flag = Field(False, description="Whether the last value holds, as of followers, in place of their sum.")
    distinct: FieldName | None = Field(None, description="Counts different values of this field, such as user_id.")
    meaning: Line = Field("", description="One sentence for people.")
    source: Line = Field("", description="Who counts it so.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        own = STREAMS[self.stream] is Stream.MEASURE
        if not own and self.stream != "conversions" and any(field == "kind" for field, _ in self.where or ()):
            raise AtField("where", f"events of the stream {self.stream} have no kind")
        if self.name is not None and not own:
            raise AtField("name", "only events of the stream measures have a name")
        if self.distinct and (self.level or self.value or self.unit != "count"):
            field = "level" if self.level else "value" if self.value else "unit"
            raise AtField(field, f"distinct counts ids: it goes without {field}")
        if self.level and not own:
            raise AtField("level", "a level is told by events of the stream measures")
        taken = self._taken
        if taken is Takes.VALUE and not own:
            raise AtField("value", "only events of the stream measures have a value; quantity, money or a field")
        if taken in {Takes.QUANTITY, Takes.MONEY} and own:
            raise AtField("value", f"events of the stream measures have a value, no {taken}; money is unit: {MONEY}")
        if taken is Takes.QUANTITY and self.stream == "spend":
            raise AtField("value", "events of the stream spend have no quantity; money or count")
        if taken is Takes.MONEY and self.unit not in {MONEY, "count"}:
            raise AtField("unit", f"money is in {MONEY}")
        if self.unit != "count" and taken in {Takes.COUNT, Takes.QUANTITY}:
            raise AtField("unit", f"{taken} is a count")
        return self

    @property
    def _taken(self) -> Takes:
        if self.distinct:
            return Takes.FIELD
        if self.value is not None:
            return _TAKEN.get(self.value, Takes.FIELD) if self.value != Takes.FIELD else Takes.FIELD
        stream = STREAMS[self.stream]
        return {Stream.MEASURE: Takes.VALUE, Stream.SPEND: Takes.MONEY}.get(stream, Takes.QUANTITY)

    def measure(self, name: str, column: int) -> Measure:
        """It as a value.

        Args:
            name: its title.
            column: its place in a row.
        """
        taken, stream = self._taken, STREAMS[self.stream]
        is_money = taken is Takes.MONEY or self.unit == MONEY
        unit = Unit.MICROS if is_money else Unit.EVENTS if self.unit == "count" else Unit.AMOUNT
        kind = Kind.DISTINCT if self.distinct else Kind.LEVEL if self.level else Kind.SUM
        field = self.distinct or (self.value or "" if taken is Takes.FIELD else "")
        events = (self.name or name) if stream is Stream.MEASURE else ""
        return Measure(
            f"{name}_micros" if unit.in_micros else name,
            unit,
            (stream,),
            can_fall=stream in {Stream.MEASURE, Stream.CONVERSION, Stream.SPEND} or taken is Takes.FIELD,
            is_bought=False,
            column=column,
            kind=kind,
            counting=Counting(taken, events, self.where or (), field),
            of=self.unit if unit is Unit.AMOUNT else "",
            meaning=self.meaning,
            source=self.source,
        )
