"""A KPI in a catalogue file: a formula, and the words and bounds that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isclose
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from kpis.catalogue import Example, Kpi, row_of_amounts
from kpis.formula import BadFormula, Formula, parse_formula, powers_text
from kpis.measures import MONEY, Kind, Measure
from kpis.packs.written import Amount, DefinedName, Flag, FormulaText, Line, Volume
from kpis.runtime.yaml_model import AtField, FileModel, choice_of
from kpis.runtime.yaml_nodes import did_you_mean, shown
from kpis.units import Unit

_UNITS = {"share": Unit.PROPORTION, "ratio": Unit.RATIO, MONEY: Unit.CURRENCY}
_MIN_VOLUME = 30
"""Events it takes to judge a KPI that says nothing of its own, and is no share."""
_CLOSE = 1e-3
"""How far an example's value, as people write it, may be from what the formula gives."""


def _one_of(what: str, names: tuple[str, ...]) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(lambda v: choice_of(v, what, names)), WithJsonSchema({"enum": list(names)})


UnitOfKpi = Annotated[str, *_one_of("unit", tuple(_UNITS))]
Better = Annotated[str, *_one_of("answer", ("higher", "lower"))]


class ExampleModel(FileModel):
    """A worked example: what the measures come to, and what the KPI is then."""

    of: dict[DefinedName, Amount] = Field(description="Amounts of measures, in units that people read.")
    gives: Amount = Field(description="The KPI's value: a share of 2 % is 0.02.")


class KpiModel(FileModel):
    """A formula over measures, with all that shows or judges it."""

    formula: FormulaText = Field(
        description="Names of measures, numbers, + - * / and parentheses: (revenue - spend) / spend."
    )
    meaning: Line = Field(description="One sentence for people.")
    label: Line | None = Field(None, description="Its name for people, as the head of a column.")
    unit: UnitOfKpi | None = Field(
        None,
        description="share (part of a whole, shown in percent), ratio (a plain number, or one of something per "
        "something), or money. By default money where the formula says so, else ratio.",
    )
    better: Better = Field("higher", description="Whether more of it is good news: higher, or lower.")
    min_volume: Volume | None = Field(
        None,
        description="How many of what it counts below the line (above it, where money or hours are below) it takes to "
        "judge it; 30 by default, 0 where it counts nothing.",
    )
    headline: Flag = Field(False, description="Whether the list of campaigns on the board shows it; few fit.")
    source: Line = Field("", description="Who defines it so.")
    example: ExampleModel | None = Field(None, description="One worked example.")

    def kpi(self, name: str, known: Mapping[str, Measure]) -> Kpi:
        """It as a value, over the measures of a catalogue.

        Raises:
            AtField: the formula means nothing, or is in another unit; the place is below the model.
        """
        formula = self._formula(known)
        unit = self._unit(formula)
        noise, counts = _noise(formula)
        found = Kpi(
            name,
            unit,
            formula,
            self.meaning,
            noise,
            0,
            higher_is_better=self.better == "higher",
            is_headline=self.headline,
            label=self.label or name.replace("_", " ").capitalize(),
            source=self.source,
            example=self._example(formula, known),
        )
        return replace(found, min_volume=self._volume(found, counts))

    def _volume(self, kpi: Kpi, counts: bool) -> int:
        if self.min_volume and kpi.is_proportion:
            raise AtField("min_volume", "a share is judged by what its counts prove: it has no min_volume")
        if self.min_volume and not counts:
            raise AtField("min_volume", "nothing in the formula is a sum of counts: it has no min_volume")
        if self.min_volume is not None:
            return self.min_volume
        return _MIN_VOLUME if counts and not kpi.is_proportion else 0

    def _formula(self, known: Mapping[str, Measure]) -> Formula:
        try:
            return parse_formula(str(self.formula), known)
        except BadFormula as e:
            raise AtField("formula", f"{e}{_hint(str(e), known)}") from None

    def _unit(self, formula: Formula) -> Unit:
        if self.unit is None:
            return Unit.CURRENCY if formula.is_money else Unit.RATIO
        found = _UNITS[self.unit]
        if (found is Unit.CURRENCY) != formula.is_money or (found is Unit.PROPORTION and formula.powers):
            raise AtField("unit", f"the formula is in {powers_text(formula.powers)}, not a {self.unit}")
        if found is Unit.PROPORTION and formula.quotient is not None and formula.quotient.scale != 1:
            raise AtField("unit", "a share is shown in percent: its formula is one measure over another, times nothing")
        return found

    def _example(self, formula: Formula, known: Mapping[str, Measure]) -> Example | None:
        if self.example is None:
            return None
        for title in self.example.of:
            if title not in known:
                raise AtField(("example", "of", title), f"{shown(title)} is no measure{did_you_mean(title, known)}")
        for measure in formula.measures:
            if measure.title not in self.example.of:
                raise AtField(("example", "of"), f"it says nothing of {measure.title}")
        gives = _worked(formula, self.example.of)
        if gives is None or not isclose(gives, self.example.gives, rel_tol=_CLOSE, abs_tol=1e-9):
            shown_value = "has no value" if gives is None else f"comes to {gives:.6g}"
            raise AtField(("example", "gives"), f"with these amounts the formula {shown_value}")
        return Example(tuple(self.example.of.items()), self.example.gives)


def _worked(formula: Formula, amounts: Mapping[str, float]) -> float | None:
    """What a formula comes to when its measures come to these amounts."""
    row = list(row_of_amounts(formula.measures, amounts))
    # Their places in the catalogue, which may be far apart.
    placed = [0] * (max(m.column + m.width for m in formula.measures))
    for measure in formula.measures:
        placed[measure.column : measure.column + measure.width] = row[: measure.width]
        del row[: measure.width]
    return formula.compute(placed)


def _noise(formula: Formula) -> tuple[Measure, bool]:
    """The measure whose events carry a KPI's noise, and whether it counts any: the lowest in it that does."""
    quotient = formula.quotient
    found = formula.measures[::-1] if quotient is None else (quotient.below, quotient.above)
    counts = [m for m in found if m.kind is Kind.SUM and not m.in_micros]
    return (counts or found)[0], bool(counts)


def _hint(text: str, known: Mapping[str, Measure]) -> str:
    """A name that is close to the unknown one that an error quotes."""
    _, quote, rest = text.partition("'")
    if not quote or not text.endswith("is no measure"):
        return ""
    return did_you_mean(rest.partition("'")[0], known)
