"""What people are told of a pack, a measure and a KPI: the same on a terminal, on a page and in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpis.catalogue import CORE, Kpi
from kpis.measures import MONEY, Kind, Measure, Stream, Takes
from kpis.packs.catalogue_file import pack, pack_names
from kpis.units import Unit

CORE_NAME = "core"
_CORE_TITLE = "What every installation has, switched on or not"
_UNITS = {Unit.PROPORTION: "share", Unit.CURRENCY: MONEY, Unit.RATIO: "ratio"}
_WITHOUT_DIGITS = 10
_TAKEN = {
    Takes.COUNT: "one each", Takes.QUANTITY: "their quantity", Takes.MONEY: "their money", Takes.VALUE: "their value",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack adds.

    Attributes:
        name: what switches it on.
        title: what it is about.
        measures: what it counts.
        kpis: what it computes.
    """

    name: str
    title: str
    measures: tuple[Measure, ...]
    kpis: tuple[Kpi, ...]


def packs() -> list[Pack]:
    """The core and all packs that are shipped."""
    found = [(name, pack(name)) for name in pack_names()]
    own = [Pack(name, file.title, file.value.added_measures, file.value.added_kpis) for name, file in found]
    return [Pack(CORE_NAME, _CORE_TITLE, CORE.measures, CORE.kpis), *own]


def counted(measure: Measure) -> str:
    """Which events a measure takes, and what of each: ``conversions of kind lead: their quantity``."""
    counting = measure.counting
    if counting is None:
        return f"{streams(measure.streams)}: {'their money' if measure.is_money else 'their quantity'}"
    events = f"measures named {counting.name}" if counting.name else streams(measure.streams)
    asked = [f"{field} {' or '.join(values)}" for field, values in counting.where]
    of = f" of {' and '.join(asked)}" if asked else ""
    if measure.kind is Kind.DISTINCT:
        taken = f"different {counting.field}"
    elif measure.kind is Kind.LEVEL:
        taken = "the last value"
    else:
        taken = _TAKEN.get(counting.takes) or f"their {counting.field}"
    return f"{events}{of}: {taken}"


def unit_of_measure(measure: Measure) -> str:
    """What a measure is in: ``count``, ``money``, ``hours``."""
    return measure.word or "count"


def unit_of_kpi(kpi: Kpi) -> str:
    """What a KPI is in, as catalogue files say it."""
    return _UNITS[kpi.unit]


def better(kpi: Kpi) -> str:
    """Which direction is good news."""
    return "higher" if kpi.higher_is_better else "lower"


def needed(kpi: Kpi) -> str:
    """The streams that feed it."""
    return streams(tuple(dict.fromkeys(stream for measure in kpi.formula.measures for stream in measure.streams)))


def streams(found: Sequence[Stream]) -> str:
    """Streams as people name them."""
    return ", ".join(stream.topic_suffix for stream in found)


def example(kpi: Kpi) -> str:
    """Its worked example: ``spend 900, leads 30: 30``; empty without one."""
    if kpi.example is None:
        return ""
    of = ", ".join(f"{title} {number(amount)}" for title, amount in kpi.example.of)
    gives = kpi.example.gives
    shown = f"{number(gives * 100)} %" if kpi.unit is Unit.PROPORTION else number(gives)
    return f"{of}: {shown}"


def number(value: float) -> str:
    """A number of an example, without digits that say nothing."""
    return f"{value:,.10g}" if value == round(value) else f"{round(value, _WITHOUT_DIGITS):,.6g}"
