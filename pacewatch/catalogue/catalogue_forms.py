"""Packs, measures and KPIs for other programs: Markdown for pages, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kpis.catalogue import Kpi
from kpis.measures import Measure
from pacewatch.catalogue import told

_MEASURES = ("measure", "unit", "counts", "meaning", "source")
_KPIS = ("KPI", "name", "formula", "unit", "better", "meaning", "needs", "source", "example")


def markdown(packs: Iterable[told.Pack]) -> str:
    """A chapter for each pack, with a table of what it counts and one of what it computes."""
    parts: list[str] = []
    for pack in packs:
        parts += [f"## Pack {pack.name}", f"{pack.title}."]
        parts += [_table(_MEASURES, [_measure_cells(measure) for measure in pack.measures])]
        parts += [_table(_KPIS, [_kpi_cells(kpi) for kpi in pack.kpis])]
    return "\n\n".join(parts) + "\n"


def as_json(packs: Iterable[told.Pack]) -> str:
    """The same as one JSON list of packs."""
    found = [
        {
            "pack": pack.name,
            "title": pack.title,
            "measures": [_measure_values(measure) for measure in pack.measures],
            "kpis": [_kpi_values(kpi) for kpi in pack.kpis],
        }
        for pack in packs
    ]
    return json.dumps(found, indent=1, ensure_ascii=False)


def _measure_values(measure: Measure) -> dict[str, Any]:
    return {
        "name": measure.title,
        "kind": measure.kind.value,
        "unit": told.unit_of_measure(measure),
        "streams": [stream.topic_suffix for stream in measure.streams],
        "counts": told.counted(measure),
        "meaning": measure.meaning,
        "source": measure.source,
    }


def _kpi_values(kpi: Kpi) -> dict[str, Any]:
    return {
        "name": kpi.name,
        "label": kpi.label,
        "formula": kpi.formula.text,
        "measures": [measure.title for measure in kpi.formula.measures],
        "unit": told.unit_of_kpi(kpi),
        "better": told.better(kpi),
        "meaning": kpi.meaning,
        "source": kpi.source,
        "example": kpi.example and {"of": dict(kpi.example.of), "gives": kpi.example.gives},
    }


def _measure_cells(measure: Measure) -> tuple[str, ...]:
    unit, counts = told.unit_of_measure(measure), told.counted(measure)
    return f"`{measure.title}`", unit, counts, measure.meaning, measure.source


def _kpi_cells(kpi: Kpi) -> tuple[str, ...]:
    return (
        kpi.label, f"`{kpi.name}`", f"`{kpi.formula.text}`", told.unit_of_kpi(kpi), told.better(kpi), kpi.meaning,
        told.needed(kpi), kpi.source, told.example(kpi),
    )  # fmt: skip


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
