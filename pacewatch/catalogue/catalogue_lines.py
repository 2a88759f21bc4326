"""Packs, measures and KPIs as lines of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from kpis.catalogue import Catalogue
from pacewatch.catalogue import told

WIDTH = 80
_INDENT = 6


def lines(packs: Iterable[told.Pack]) -> Iterator[str]:
    """A head for each pack, then what it counts and what it computes."""
    for at, pack in enumerate(packs):
        if at:
            yield ""
        yield from _wrapped(f"{pack.name}: {pack.title}", 0)
        yield "  measures"
        for measure in pack.measures:
            yield f"    {measure.title} ({told.unit_of_measure(measure)})"
            yield from _wrapped(told.counted(measure), _INDENT)
            yield from _wrapped(measure.meaning, _INDENT)
        yield "  KPIs"
        for kpi in pack.kpis:
            yield from _wrapped(f"{kpi.name}: {kpi.label} ({told.unit_of_kpi(kpi)}, {told.better(kpi)} is better)", 4)
            yield from _wrapped(f"= {kpi.formula.text}", _INDENT)
            yield from _wrapped(kpi.meaning, _INDENT)


def counts(found: Catalogue) -> str:
    """How many a catalogue has beside the core's: ``12 measures, 3 KPIs beside the core's``."""
    measures, kpis = len(found.added_measures), len(found.added_kpis)
    said = f"{measures} measure{'' if measures == 1 else 's'}, {kpis} KPI{'' if kpis == 1 else 's'}"
    return f"{said} beside the core's"


def _wrapped(text: str, indent: int) -> list[str]:
    room = " " * indent
    return textwrap.wrap(text, WIDTH, initial_indent=room, subsequent_indent=f"{room}  ", break_on_hyphens=False)
