"""What measures take of events: which events, what of each, and into which columns of stored rows. Pure.

Made of a catalogue, and of the columns that were claimed for it. With the core alone there is nothing in it: the core's
own columns are filled by :func:`streams.state.entries.amounts` as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import NO_CLAIMS, Columns, fields_of, mark_of
from kpis.measures import Kind, Measure, Stream, Takes
from kpis.units import Unit


class Form(StrEnum):
    """What a written value is taken for."""

    WHOLE = "whole"
    """A count."""
    MONEY = "money"
    """Money, in the event's currency: micros of the base currency."""
    PLAIN = "plain"
    """A number: millionths."""
    ID = "id"
    """What is told apart: a digest."""


class Field(NamedTuple):
    """A field of events, and what it is taken for."""

    name: str
    form: Form


@dataclass(frozen=True, slots=True)
class Taking:
    """What one measure takes of the events of one stream.

    Attributes:
        column: the column of stored rows that it goes to; the first, of a level.
        kind: how it comes to one number.
        takes: what of each event.
        form: what that is taken for.
        name: of ``ads.measures``, the events of this name; empty elsewhere.
        where: fields, and the values that each may have.
        field: what a :attr:`Takes.FIELD` reads.
        sketch: whose sketch ids go into; empty but for distinct counts.
    """

    column: int
    kind: Kind
    takes: Takes
    form: Form
    name: str
    where: tuple[tuple[str, frozenset[str]], ...]
    field: Field | None
    sketch: str


@dataclass(slots=True)
class AskedValue:
    """What the measures of one name ask of the value of an event.

    Attributes:
        forms: what it is taken for; empty where none of them takes it.
        is_needed: whether an event must have one; a plain count is of one without it.
    """

    forms: set[Form]
    is_needed: bool = False


@dataclass(frozen=True)
class MeasurePlan:
    """What is counted beside the core.

    Attributes:
        catalogue: all measures.
        columns: where they are in stored rows, at least.
    """

    catalogue: Catalogue = CORE
    columns: Columns = NO_CLAIMS

    @cached_property
    def width(self) -> int:
        """How many columns a stored row has."""
        return self.columns.width

    @cached_property
    def takings(self) -> Mapping[Stream, tuple[Taking, ...]]:
        """What is taken of the events of each stream, by measures that have their columns."""
        found: dict[Stream, tuple[Taking, ...]] = dict.fromkeys(Stream, ())
        for measure in self.catalogue.added_measures:
            claimed = self.columns.of(measure)
            for stream in measure.streams if claimed else ():
                found[stream] += (_taking(measure, claimed[0] if claimed else 0),)
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What documents call each column beyond the core's; empty for those that they leave out."""
        return self.columns.names

    @cached_property
    def mark(self) -> int:
        """What tells what is counted from what others count."""
        return mark_of(self.catalogue)

    def fields(self, stream: Stream) -> tuple[Field, ...]:
        """The fields that are read of the events of a stream."""
        return tuple(dict.fromkeys(t.field for t in self.takings[stream] if t.field is not None))

    def decoded(self, stream: Stream) -> tuple[str, ...]:
        """The fields that must be decoded for that, and for what filters ask."""
        filtered = [field for taking in self.takings[stream] for field, _ in taking.where]
        return (*(field.name for field in self.fields(stream)), *filtered)

    def asked(self) -> Mapping[str, AskedValue]:
        """What is asked of events of ``ads.measures``, by the names that any measure takes."""
        found: dict[str, AskedValue] = {}
        for taking in self.takings[Stream.MEASURE]:
            asked = found.setdefault(taking.name, AskedValue(set()))
            if taking.takes is Takes.VALUE:
                asked.forms.add(taking.form)
                asked.is_needed |= taking.kind is Kind.LEVEL or taking.form is not Form.WHOLE
        return found

    def filtered(self, stream: Stream) -> Mapping[str, Iterable[str]]:
        """The fields that filters of a stream look at, and all values that any of them names."""
        found: dict[str, dict[str, None]] = {}
        for taking in self.takings[stream]:
            if taking.name:
                found.setdefault("name", {})[taking.name] = None
            for field, allowed in taking.where:
                found.setdefault(field, {}).update(dict.fromkeys(sorted(allowed)))
        return found


CORE_PLAN = MeasurePlan()


def _taking(measure: Measure, column: int) -> Taking:
    counting = measure.counting
    assert counting is not None
    form = _form(measure)
    field = Field(counting.field, form) if counting.takes is Takes.FIELD else None
    where = tuple((name, frozenset(values)) for name, values in counting.where)
    sketch = fields_of(measure)[0] if measure.kind is Kind.DISTINCT else ""
    return Taking(column, measure.kind, counting.takes, form, counting.name, where, field, sketch)


def _form(measure: Measure) -> Form:
    if measure.kind is Kind.DISTINCT:
        return Form.ID
    return {Unit.EVENTS: Form.WHOLE, Unit.MICROS: Form.MONEY}.get(measure.unit, Form.PLAIN)
