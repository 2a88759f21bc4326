"""A KPI in a catalogue file: a formula, and the words and bounds that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from kpis.catalogue import Example, Kpi
from kpis.formula import BadFormula, Formula, parse_formula, powers_text
from kpis.measures import MONEY, Measure
from kpis.packs.written import Amount, DefinedName, Flag, FormulaText, Line, Volume, choice_of
from kpis.runtime.yaml_model import AtField, FileModel
from kpis.runtime.yaml_nodes import did_you_mean, shown
from kpis.units import Unit

_UNITS = {"share": Unit.PROPORTION, "ratio": Unit.RATIO, MONEY: Unit.CURRENCY}
_MIN_VOLUME = 30
"""Events it takes to judge a KPI that says nothing of its own, and is no share."""


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
        None, description="Events of what stands below the line that it takes to judge it; 30 by default."
    )
    headline: Flag = Field(False, description="Whether the list of campaigns on the board shows it; few fit.")
    source: Line = Field("", description="Who defines it so.")
    example: ExampleModel | None = Field(None, description="One worked example.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.unit == "share" and self.min_volume:
            raise AtField("min_volume", "a share is judged by what its counts prove: it has no min_volume")
        return self

    def kpi(self, name: str, known: Mapping[str, Measure]) -> Kpi:
        """It as a value, over the measures of a catalogue.

        Raises:
            AtField: the formula means nothing, or is in another unit; the place is below the model.
        """
        formula = self._formula(known)
        unit = self._unit(formula)
        noise = formula.quotient.below if formula.quotient is not None else formula.measures[-1]
        volume = self.min_volume if self.min_volume is not None else 0 if unit is Unit.PROPORTION else _MIN_VOLUME
        return Kpi(
            name,
            unit,
            formula,
            self.meaning,
            noise,
            volume,
            higher_is_better=self.better == "higher",
            is_headline=self.headline,
            label=self.label or name.replace("_", " ").capitalize(),
            source=self.source,
            example=self._example(known),
        )

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
        quotient = formula.quotient
        if found is Unit.PROPORTION and quotient is not None and quotient.above.in_micros:
            # A share of money is a ratio of sums: no interval of counts says anything of it.
            return Unit.RATIO
        return found

    def _example(self, known: Mapping[str, Measure]) -> Example | None:
        if self.example is None:
            return None
        for title in self.example.of:
            if title not in known:
                raise AtField(("example", "of", title), f"{shown(title)} is no measure{did_you_mean(title, known)}")
        return Example(tuple(self.example.of.items()), self.example.gives)


def _hint(text: str, known: Mapping[str, Measure]) -> str:
    """A name that is close to the unknown one that an error quotes."""
    _, quote, rest = text.partition("'")
    if not quote or not text.endswith("is no measure"):
        return ""
    return did_you_mean(rest.partition("'")[0], known)
