"""The ``kpi`` command: current values, once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpis.catalogue import CATALOGUE, UNITS, Value
from kpis.measures import MEASURES
from kpis.runtime.printable import printable
from kpis.units import amount

Values = Mapping[str, Mapping[str, Mapping[str, Value]]]
"""``{series: {window: {name: value}}}``."""

TITLES = tuple(m.title for m in sorted(MEASURES, key=lambda m: m.is_money))
"""Measures as they are shown: counts first, money in units."""


def as_json(values: Values) -> str:
    """The values as one line of JSON."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def cell(name: str, value: Value) -> str:
    """A value of a document for people; a hyphen for none."""
    return "-" if value is None else amount(value, UNITS[name])


def table(values: Values, currency: str) -> Table:
    """The values as a table, a row for each series and window."""
    shown = Table(caption=f"money in {currency}", caption_justify="left")
    shown.add_column("series", overflow="fold")
    shown.add_column("window")
    names = (*TITLES, *(k.name for k in CATALOGUE))
    for name in names:
        shown.add_column(name, justify="right")
    for series, windows in values.items():
        for window, found in windows.items():
            shown.add_row(Text(printable(series)), window, *(cell(n, found.get(n)) for n in names))
    return shown


def print_table(values: Values, currency: str) -> None:
    """Print the table on stdout, as wide as it needs to be when stdout is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table(values, currency))
