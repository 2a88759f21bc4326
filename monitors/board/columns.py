"""The columns of the board, and what the page's scripts must know: derived, and sent to them as data. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Protocol

import msgspec

from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES
from kpis.units import NONE, STYLES, Unit
from monitors.board.shapes import AddedColumn, Measures
from monitors.words.wording import AS_USUAL, LOOKS, NO_GOAL, REASONS


class HasNumbers(Protocol):
    """A campaign, or anything else that has numbers of all time and of late."""

    @property
    def total(self) -> Measures | None:
        """Of all time."""

    @property
    def recent(self) -> Measures | None:
        """Of the recent window."""


@dataclass(frozen=True, slots=True)
class Column:
    """A measure or KPI of a campaign.

    Attributes:
        name: its field in :class:`~monitors.board.shapes.Measures`.
        key: what people sort by it with.
        label: its head.
        unit: what it is in.
        is_total: of all time; else of the recent window, which its head names.
        is_headline: whether it is shown where only few fit.
        ascending: whether the smallest comes first when people sort by it: where more is good news.
        is_added: whether the catalogue file adds it: it is one of ``added`` of the measures.
    """

    name: str
    key: str
    label: str
    unit: Unit
    is_total: bool = False
    is_headline: bool = True
    ascending: bool = False
    is_added: bool = False

    def value(self, row: HasNumbers) -> float | None:
        """What a row has of it; None before its first event, and without a denominator."""
        measures = row.total if self.is_total else row.recent
        if measures is None:
            return None
        found: float | None = measures.added.get(self.name) if self.is_added else getattr(measures, self.name)
        return found


_BOUGHT = sorted((m for m in MEASURES if m.is_bought), key=lambda m: not m.is_money)
COLUMNS: tuple[Column, ...] = (
    *(Column(m.name, m.title, m.label, m.unit, is_total=True) for m in _BOUGHT),
    *(
        Column(k.name, k.name, k.label, k.unit, is_headline=k.is_headline, ascending=k.higher_is_better)
        for k in CATALOGUE
    ),
)
"""Of the list of campaigns: what was bought so far, money first, and every KPI of the recent window."""
DETAIL: tuple[Column, ...] = (
    *(Column(m.name, m.title, m.label, m.unit) for m in MEASURES),
    *(Column(k.name, k.name, k.label, k.unit) for k in CATALOGUE),
)
"""Of one campaign's windows and breakdowns: everything."""


def column_of(one: AddedColumn) -> Column:
    """A column of what the catalogue file adds."""
    label = f"{one.label}, {one.of}" if one.of else one.label
    return Column(one.name, one.name, label, one.unit, ascending=one.higher_is_better, is_added=True)


@lru_cache(maxsize=8)
def page_data(shown: tuple[AddedColumn, ...] = (), every: tuple[AddedColumn, ...] = (), mark: str = "") -> str:
    """What the page's scripts need, JSON: statuses worst first, reasons, units, columns.

    Args:
        shown: what the list has beside the core's columns.
        every: what a campaign's page has.
        mark: what tells these columns from others.
    """
    found = {
        "none": NONE,
        "no_goal": NO_GOAL,
        "as_usual": AS_USUAL,
        "statuses": [{"name": look.name, "word": look.title, "mark": look.mark} for look in LOOKS],
        "reasons": {str(reason): text for reason, text in REASONS.items()},
        "units": {str(unit): asdict(style) for unit, style in STYLES.items()},
        "columns": [asdict(column) for column in (*COLUMNS, *map(column_of, shown))],
        "detail": [asdict(column) for column in (*DETAIL, *map(column_of, every))],
        "mark": mark,
    }
    return msgspec.json.encode(found).decode()
