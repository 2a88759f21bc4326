"""A catalogue file: reads all of it and of the packs it switches on, notes every error, and only then gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from kpis.catalogue import CORE, Catalogue, Kpi
from kpis.measures import Measure
from kpis.packs.kpi_model import KpiModel
from kpis.packs.measure_model import MeasureModel
from kpis.packs.written import DefinedName, Line
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_model import (
    AtField,
    AtFields,
    Fields,
    FileModel,
    Items,
    Text,
    choice_of,
    fields_of,
    items_of,
    parsed,
    read_text_of,
    shown_place,
)
from kpis.runtime.yaml_nodes import Problems

MAX_COLUMNS = 256
"""The most columns of a row: what a worker holds of each series grows with them."""
MAX_KPIS = 400


class InvalidCatalogue(InvalidFile):
    """A catalogue file cannot be used."""

    def __init__(self, name: str, problems: Sequence[FileProblem]) -> None:
        super().__init__(f"catalogue file {name}", problems, ": pacewatch catalogue check lists them")


def pack_names() -> tuple[str, ...]:
    """The packs that can be switched on, but for the core, which always is."""
    found = (path.name for path in files("kpis.packs").iterdir() if path.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in found))


def _packs(value: Any, info: ValidationInfo) -> list[str]:
    """Those that are known: each that is not is noted, so that it hides nothing of the rest."""
    problems = cast(Problems, info.context)
    known, found = (*pack_names(), "core"), list[str]()
    for i, item in enumerate(items_of(value)):
        try:
            name = choice_of(item, "pack", known)
            if name in found:
                raise ValueError(f"{name} is given twice")
            found.append(name)
        except ValueError as e:
            # An empty item has no node of its own.
            node = item.node if isinstance(item, Fields | Items | Text) else value.node
            problems.at(node, shown_place(("packs", i)), str(e))
    return found


def _at_most(most: int) -> BeforeValidator:
    """Of a mapping: not empty, and no more than are looked at at all."""

    def check(value: Any) -> Any:
        found = fields_of(value)
        if len(found) > most:
            raise ValueError(f"these are {len(found):,}; {most} is the most")
        return value

    return BeforeValidator(check)


_PACKS = {"type": "array", "items": {"enum": ["core", *pack_names()]}, "minItems": 1, "uniqueItems": True}


class CatalogueFile(FileModel):
    """Measures and KPIs beside the core's."""

    title: Line = Field("", description="What the file is about, for people.")
    packs: Annotated[list[str], BeforeValidator(_packs), WithJsonSchema(_PACKS)] = Field(
        [], description="Packs to switch on; pacewatch catalogue lists them."
    )
    measures: Annotated[dict[DefinedName, MeasureModel], _at_most(MAX_COLUMNS)] = Field(
        {}, description="Measures by name: what events add to."
    )
    kpis: Annotated[dict[DefinedName, KpiModel], _at_most(MAX_KPIS)] = Field(
        {}, description="KPIs by name: formulas over these, those of the packs, and the core's."
    )

    @model_validator(mode="after")
    def _adds_up(self) -> CatalogueFile:
        self._value = self._built()
        return self

    _value: Catalogue = CORE

    @property
    def value(self) -> Catalogue:
        """It as a value, with the core and the packs before it."""
        return self._value

    def _built(self) -> Catalogue:
        """Raises: AtFields for all that does not add up."""
        base = CORE
        for name in self.packs:
            if name != "core":
                base = _joined(base, pack(name), name)
        return _extended(base, self)


def _extended(base: Catalogue, file: CatalogueFile) -> Catalogue:
    """A catalogue with what a file defines at its end."""
    wrong: list[AtField] = []
    measures, width = list(base.measures), base.width
    for name, model in file.measures.items():
        wrong += _taken(name, base, ("measures", name))
        measures.append(model.measure(name, width))
        width += measures[-1].width
    # What the file defines twice is noted; its formulas mean the one that was there first.
    known = {measure.title: measure for measure in reversed(measures)}
    kpis = list(base.kpis)
    for name, kpi in file.kpis.items():
        wrong += _taken(name, base, ("kpis", name))
        if name in file.measures:
            wrong.append(AtField(("kpis", name), f"{name} is the name of a measure"))
        try:
            kpis.append(kpi.kpi(name, known))
        except AtField as e:
            wrong.append(_below(("kpis", name), e))
    found = Catalogue(tuple(measures), tuple(kpis))
    wrong += _beyond_bounds(found)
    if wrong:
        raise AtFields(wrong)
    return found


def _below(place: tuple[str, ...], error: AtField) -> AtField:
    """An error of a model, as one of what the model is a part of."""
    context: Mapping[str, Any] = error.context or {}
    field = context["field"]
    return AtField((*place, *(field if isinstance(field, tuple) else (field,))), context["text"])


def _taken(name: str, base: Catalogue, place: tuple[str, ...]) -> list[AtField]:
    if name in base.by_title or name in base.by_name:
        return [AtField(place, f"{name} is defined already, in the core or in a pack that is switched on")]
    return []


def _beyond_bounds(found: Catalogue) -> list[AtField]:
    wrong: list[AtField] = []
    if found.width > MAX_COLUMNS:
        wrong.append(AtField("measures", f"with the packs these are {found.width} columns; {MAX_COLUMNS} is the most"))
    if len(found.kpis) > MAX_KPIS:
        wrong.append(AtField("kpis", f"with the packs these are {len(found.kpis)} KPIs; {MAX_KPIS} is the most"))
    return wrong


def _joined(base: Catalogue, file: CatalogueFile, name: str) -> Catalogue:
    """A catalogue with a shipped pack at its end; what several packs define alike is there once."""
    known = base.by_title
    otherwise = [
        t for t, model in file.measures.items() if t in known and known[t] != model.measure(t, known[t].column)
    ]
    otherwise += [t for t, model in file.kpis.items() if t in base.by_name and not _same(base.by_name[t], model, known)]
    if otherwise:
        raise AtFields([AtField("packs", f"pack {name} defines {t} otherwise than another pack") for t in otherwise])
    measures = {title: model for title, model in file.measures.items() if title not in base.by_title}
    kpis = {title: model for title, model in file.kpis.items() if title not in base.by_name}
    return _extended(base, file.model_copy(update={"measures": measures, "kpis": kpis}))


def _same(mine: Kpi, model: KpiModel, known: Mapping[str, Measure]) -> bool:
    try:
        return mine == model.kpi(mine.name, known)
    except AtField:
        return False


@cache
def pack(name: str) -> CatalogueFile:
    """A pack that is shipped.

    Raises:
        InvalidCatalogue: it holds an error.
    """
    return _read((files("kpis.packs") / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def load(path: Path | str | None) -> Catalogue:
    """Read a catalogue file; without one there is the core.

    Raises:
        InvalidCatalogue: it cannot be read, or holds errors; all of them are in ``problems``.
    """
    return CORE if path is None else parse(read_text(Path(path)), str(path))


def read_text(path: Path) -> str:
    """The text of a catalogue file, whatever it says.

    Raises:
        InvalidCatalogue: it cannot be read whole.
    """
    return read_text_of(path, InvalidCatalogue)


def parse(text: str, name: str) -> Catalogue:
    """Read the text of a catalogue file; ``name`` is for errors.

    Raises:
        InvalidCatalogue: it holds errors; all of them are in ``problems``.
    """
    return _read(text, name).value


def everything() -> Catalogue:
    """The core and all packs: for the reference page and for tests."""
    return parse(f"packs: [{', '.join(pack_names())}]", "all packs") if pack_names() else CORE


def _read(text: str, name: str) -> CatalogueFile:
    # One that was emptied by mistake would drop all that it had.
    needs = "packs, measures or kpis (packs: [core] adds nothing)"
    return parsed(CatalogueFile, text, name, Problems(), needs=needs, invalid=InvalidCatalogue)
