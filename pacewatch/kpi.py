"""The ``kpi`` command: current values, once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpis.catalogue import BY_NAME, CATALOGUE, Kind, Value
from kpis.measures import MEASURES, Unit
from kpis.runtime.printable import printable

Values = Mapping[str, Mapping[str, Mapping[str, Value]]]
"""``{series: {window: {name: value}}}``."""

COUNTS = tuple(m.name for m in MEASURES if m.unit is Unit.EVENTS)
MONEY = tuple(m.name.removesuffix("_micros") for m in MEASURES if m.unit is Unit.MICROS)


def as_json(values: Values) -> str:
    """The values as one line of JSON."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def cell(name: str, value: Value) -> str:
    """A value for people: counts with separators, money with cents, shares in percent, a dash for no value."""
    if value is None:
        return "-"
    if name in BY_NAME:
        return f"{value:.2%}" if BY_NAME[name].kind is Kind.PROPORTION else f"{value:,.2f}"
    return f"{value:,.2f}" if name in MONEY else f"{value:,}"


def table(values: Values, currency: str) -> Table:
    """The values as a table, a row for each series and window."""
    shown = Table(caption=f"money in {currency}", caption_justify="left")
    shown.add_column("series", overflow="fold")
    shown.add_column("window")
    names = (*COUNTS, *MONEY, *(k.name for k in CATALOGUE))
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
