"""The ``kpi --scope`` command: what the portfolio, each account or each channel has together, once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpis.catalogue import HEADLINES, NOTHING_LACKS, Catalogue, Value
from kpis.measures import MEASURES
from kpis.runtime.errors import Misconfigured
from kpis.runtime.printable import printable
from kpis.series import SCOPES, is_parent, of_parent, shown_id, split
from kpis.settings.shared import Settings
from monitors.goals import InvalidGoals, load
from monitors.goals.all_goals import accounts_of
from monitors.read import reader
from monitors.read.scopes.scope_sums import ScopeSums, with_scopes
from monitors.read.scopes.wanted import WantedParts
from monitors.read.snapshot import Snapshot
from monitors.settings import MonitorSettings
from pacewatch.catalogue_named import catalogue
from pacewatch.kpi import Values, cell

LISTED = ("impressions", "clicks", "spend", *(kpi.name for kpi in HEADLINES))
"""What a line of the list has room for."""
_WIDTH = 80


def read_scopes(scope: str) -> Snapshot:
    """A snapshot with the scopes of one kind; accounts are those that the goals file of the settings says.

    Raises:
        Misconfigured: there is no such kind of scope.
        InvalidGoals: the goals file cannot be used.
        Recoverable: Redis is away, or holds nothing yet.
    """
    if scope not in SCOPES:
        raise Misconfigured("--scope", f"{scope[:40]!r} is unknown", f"there are {', '.join(SCOPES)}")
    of, accounts = catalogue(), dict[str, str]()
    if scope == "account" and (path := _goals()) is not None:
        accounts = accounts_of(load(path, of))
    wanted = WantedParts(dimensions=frozenset({scope} - {"portfolio"}))
    sums = ScopeSums((scope,))
    return asyncio.run(reader.read_once(Settings.load(), of, wanted, lambda read: with_scopes(read, sums, accounts)))


def _goals() -> Path | None:
    settings: MonitorSettings = MonitorSettings.load()
    return settings.goals


def values_of(snapshot: Snapshot, name: str | None, window: str | None) -> Values:
    """``{id: {window: {name: value}}}`` of all scopes, or those of a name; those that spent most come first."""
    of, lacking = snapshot.catalogue, snapshot.lacking
    found = {
        shown_id(key): {
            w: of.document(row, lacking.get(w, NOTHING_LACKS)) for w, row in rows.windows.items() if window in {None, w}
        }
        for key, rows in snapshot.scopes.items()
        if name is None or of_parent(key)[1] == name or shown_id(key) == name
    }
    return dict(sorted(found.items(), key=lambda one: (-_spend(one[1]), one[0])))


def account_hint(snapshot: Snapshot, name: str) -> str:
    """What finds the account of a name that is no campaign's; empty where none is known of that name."""
    path = _goals()
    try:
        accounts = set() if path is None else {*accounts_of(load(path, snapshot.catalogue)).values()}
    except InvalidGoals:
        accounts = set()
    for series in snapshot.series:
        accounts |= {value for dimension, value in split(series)[1] if dimension == "account"}
        level, of, _ = of_parent(series) if is_parent(series) else ("", "", "")
        accounts |= {of} if level == "account" else set()
    return f"an account has it: pacewatch kpi --scope account {quote(name)}" if name in accounts else ""


def none_of(scope: str, name: str | None) -> str:
    """That there is none of a name; or why there may be none of a kind."""
    if name is not None:
        return f"there is no {scope} {name[:40]!r} in Redis"
    if scope == "account":
        return "no campaign has an account: name accounts in the goals file, or have PACEWATCH_BREAKDOWNS name account"
    if scope == "portfolio":
        return "there is no campaign in Redis"
    return f"no event says its {scope}, or PACEWATCH_BREAKDOWNS of the worker does not name {scope}"


def print_scopes(values: Values, snapshot: Snapshot, window: str | None, *, is_one: bool) -> None:
    """Print a line for each scope, within 80 columns; of one that is named everything, a line for each number."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    if is_one:
        for shown, windows in values.items():
            console.print(Text(printable(shown), style="bold"))
            console.print(_everything(windows, snapshot.catalogue))
    elif values:
        console.print(_list(values, window or _recent(snapshot), snapshot))
    console.print(f"money in {snapshot.layout.currency}")


def _list(values: Values, window: str, snapshot: Snapshot) -> Table:
    shown = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        caption=window if window == "total" else f"rolling {window}",
        caption_justify="left",
    )
    shown.add_column(next(iter(values)).partition("=")[0], overflow="fold")
    for name in LISTED:
        shown.add_column(name, justify="right")
    for key, windows in values.items():
        row = windows.get(window, {})
        shown.add_row(
            Text(printable(key.partition("=")[2])), *(cell(n, row.get(n), snapshot.catalogue) for n in LISTED)
        )
    return shown


def _everything(windows: Mapping[str, Mapping[str, Value]], of: Catalogue) -> Table:
    """A row for each measure and KPI: as wide as there are windows."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("", overflow="fold")
    for window in windows:
        shown.add_column(window, justify="right")
    for name in (*(m.title for m in of.measures), *(k.name for k in of.kpis)):
        values = [found.get(name) for found in windows.values()]
        if name in _CORE or any(values):
            shown.add_row(name, *(cell(name, value, of) for value in values))
    return shown


_CORE = frozenset((*(m.title for m in MEASURES), *(k.name for k in HEADLINES)))


def _recent(snapshot: Snapshot) -> str:
    return "1h" if "1h" in snapshot.layout.windows else snapshot.layout.windows[-1]


def _spend(windows: Mapping[str, Mapping[str, Value]]) -> float:
    return max((float(row.get("spend") or 0) for row in windows.values()), default=0.0)
