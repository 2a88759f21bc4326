"""A catalogue file: reads all of it and of the packs it switches on, notes every error, and only then gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from kpis.catalogue import CORE, Catalogue, Kpi
from kpis.measures import Measure
from kpis.packs.kpi_model import KpiModel
from kpis.packs.measure_model import MeasureModel
from kpis.packs.written import DefinedName, Line, choice_of
from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_model import AtField, Fields, FileModel, items_of, validate
from kpis.runtime.yaml_nodes import Problems

MAX_COLUMNS = 256
"""The most columns of a row: what a worker holds of each series grows with them."""
MAX_KPIS = 400


class InvalidCatalogue(InvalidFile):
    """A catalogue file cannot be used."""

    def __init__(self, name: str, problems: Sequence[FileProblem]) -> None:
        super().__init__(f"catalogue file {name}", problems, ": pacewatch catalogue --check lists them")


def pack_names() -> tuple[str, ...]:
    """The packs that can be switched on, but for the core, which always is."""
    found = (path.name for path in files("kpis.packs").iterdir() if path.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in found))


def _packs(value: Any) -> list[str]:
    found = [choice_of(item, "pack", (*pack_names(), "core")) for item in items_of(value)]
    for name in found:
        if found.count(name) > 1:
            raise ValueError(f"{name} is given twice")
    return found


def _some(value: Any) -> Any:
    if isinstance(value, Fields) and not value:
        raise ValueError("the mapping is empty")
    return value


class CatalogueFile(FileModel):
    """Measures and KPIs beside the core's."""

    title: Line = Field("", description="What the file is about, for people.")
    packs: Annotated[list[str], BeforeValidator(_packs)] = Field(
        [], description="Packs to switch on; pacewatch catalogue lists them."
    )
    measures: Annotated[dict[DefinedName, MeasureModel], BeforeValidator(_some)] = Field(
        {}, description="Measures by name: what events add to."
    )
    kpis: Annotated[dict[DefinedName, KpiModel], BeforeValidator(_some)] = Field(
        {}, description="KPIs by name: formulas over these, those of the packs, and the core's."
    )

    @model_validator(mode="after")
    def _adds_up(self, info: ValidationInfo) -> CatalogueFile:
        self._value = self._built()
        return self

    _value: Catalogue = CORE

    @property
    def value(self) -> Catalogue:
        """It as a value, with the core and the packs before it."""
        return self._value

    def _built(self) -> Catalogue:
        """Raises: AtField where the first thing is that does not add up."""
        base = CORE
        for name in self.packs:
            if name != "core":
                base = _joined(base, pack(name), name)
        return _extended(base, self)


def _extended(base: Catalogue, file: CatalogueFile) -> Catalogue:
    """A catalogue with what a file defines at its end."""
    measures, width = list(base.measures), base.width
    for name, model in file.measures.items():
        _free(name, base, ("measures", name))
        measures.append(model.measure(name, width))
        width += measures[-1].width
    known = {measure.title: measure for measure in measures}
    kpis = list(base.kpis)
    for name, kpi in file.kpis.items():
        _free(name, base, ("kpis", name))
        if name in file.measures:
            raise AtField(("kpis", name), f"{name} is the name of a measure")
        kpis.append(_made(name, kpi, known))
    return _within_bounds(Catalogue(tuple(measures), tuple(kpis)))


def _made(name: str, model: KpiModel, known: Mapping[str, Measure]) -> Kpi:
    try:
        return model.kpi(name, known)
    except AtField as e:
        context: Mapping[str, Any] = e.context or {}
        field = context["field"]
        place = field if isinstance(field, tuple) else (field,)
        raise AtField(("kpis", name, *place), context["text"]) from None


def _free(name: str, base: Catalogue, place: tuple[str, ...]) -> None:
    if name in base.by_title or name in base.by_name:
        raise AtField(place, f"{name} is defined already, in the core or in a pack that is switched on")


def _within_bounds(found: Catalogue) -> Catalogue:
    if found.width > MAX_COLUMNS:
        raise AtField("measures", f"with the packs these are {found.width} columns; {MAX_COLUMNS} is the most")
    if len(found.kpis) > MAX_KPIS:
        raise AtField("kpis", f"with the packs these are {len(found.kpis)} KPIs; {MAX_KPIS} is the most")
    return found


def _joined(base: Catalogue, file: CatalogueFile, name: str) -> Catalogue:
    """A catalogue with a shipped pack at its end; what several packs define alike is there once."""
    alone = _extended(CORE, file)
    fresh: dict[str, MeasureModel] = {}
    for title, model in file.measures.items():
        mine = base.by_title.get(title)
        if mine is None:
            fresh[title] = model
        elif mine.counting != alone.by_title[title].counting or mine.kind != alone.by_title[title].kind:
            raise AtField("packs", f"pack {name} defines {title} otherwise than another pack")
    kpis = {title: model for title, model in file.kpis.items() if title not in base.by_name}
    return _extended(base, file.model_copy(update={"measures": fresh, "kpis": kpis}))


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
    problems = Problems()
    text = nodes.read(path, problems)
    if text is None:
        raise InvalidCatalogue(str(path), problems.found)
    return text


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
    problems = Problems()
    root = nodes.compose(text, problems)
    if root is None and not problems.found:
        return CatalogueFile.model_validate({})
    found = validate(CatalogueFile, root, problems) if root is not None else None
    if found is None or problems.found:
        raise InvalidCatalogue(name, problems.found)
    return found
