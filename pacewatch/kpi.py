"""The ``kpi`` command: current values, once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpis.catalogue import CATALOGUE, CORE, Catalogue, Value
from kpis.measures import MEASURES, Stream
from kpis.runtime.printable import printable
from kpis.series import campaign_part, is_campaign
from kpis.times import MINUTE_MS, day_of, span_text
from kpis.units import amount
from monitors.read.snapshot import Snapshot
from pacewatch.fitting import fitting
from pacewatch.terminal import columns

Values = Mapping[str, Mapping[str, Mapping[str, Value]]]
"""``{series: {window: {name: value}}}``."""

_LEAST, _WIDE = 12, 1_000
"""The least width of a folded name, and that of a table whose lines are never folded."""

TITLES = tuple(m.title for m in sorted(MEASURES, key=lambda m: m.is_money))
"""Measures as they are shown: counts first, money in units."""


def as_json(values: Values) -> str:
    """The values as one line of JSON."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def cell(name: str, value: Value, catalogue: Catalogue = CORE) -> str:
    """A value of a document for people; a hyphen for none."""
    return "-" if value is None else amount(value, catalogue.units[name])


def table(values: Values, currency: str, width: int | None = None) -> Table:
    """The values as a table, a row for each series and window; columns that do not fit are named below it."""
    rows = [(Text(printable(s)), window, found) for s, windows in values.items() for window, found in windows.items()]
    names = (*TITLES, *(k.name for k in CATALOGUE))
    cells = {name: [cell(name, found.get(name)) for _, _, found in rows] for name in names}
    longest = max((len(series) for series, _, _ in rows), default=0)
    longest = max(longest, len("series"))
    series_width = longest if width is None else min(longest, max(width // 4, _LEAST))
    taken = series_width + len("window") + 2 * 3 + 1
    fits = fitting({name: max(len(text) for text in (name, *cells[name])) for name in names}, taken, width)
    left_out = [name for name in names if name not in fits]
    caption = f"money in {currency}" + (
        f"; in a wider terminal or with --json: {', '.join(left_out)}" if left_out else ""
    )
    shown = Table(caption=caption, caption_justify="left")
    shown.add_column("series", overflow="fold", max_width=series_width)
    shown.add_column("window")
    for name in fits:
        shown.add_column(name, justify="right", no_wrap=True)
    for row, (series, window, _) in enumerate(rows):
        shown.add_row(series, window, *(cells[name][row] for name in fits))
    return shown


def added_table(windows: Mapping[str, Mapping[str, Value]], catalogue: Catalogue) -> Table | None:
    """What the catalogue adds, a row for each measure and KPI that has a value: as wide as there are windows.

    None where nothing has one. A measure that is nothing in all windows is left out.
    """
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("", overflow="fold")
    for window in windows:
        shown.add_column(window, justify="right")
    for name, word in _added_names(catalogue):
        values = [found.get(name) for found in windows.values()]
        if any(values) or (name in catalogue.by_name and any(value is not None for value in values)):
            label = f"{name}, {word}" if word not in {"", name} else name
            shown.add_row(
                label,
                *(cell(name, value, catalogue) for value in values),
            )
    return shown if shown.row_count else None


def _added_names(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Names as they are shown, and the word for what each is in where that is neither a count nor money."""
    for measure in catalogue.added_measures:
        yield measure.title, measure.of
    for kpi in catalogue.added_kpis:
        yield kpi.name, ""


def stream_lines(snapshot: Snapshot) -> Iterator[str]:
    """A line for each stream that is late by habit, or behind by more than that: up to when it is complete."""
    for stream in Stream:
        at, late = snapshot.complete_to(stream), snapshot.late_ms(stream)
        behind = 0 if at is None else snapshot.read_at_ms - at - late
        said = [f"{span_text(late)} late by habit"] if late else []
        if behind >= MINUTE_MS:
            said.append(f"{span_text(behind)} behind")
        if at is not None and said:
            yield f"{stream.topic_suffix}: complete to {_when(at, snapshot.read_at_ms)}, {', '.join(said)}"


def _when(at_ms: int, now_ms: int) -> str:
    """A time of day; of another day than today with its date."""
    day = "" if day_of(at_ms) == day_of(now_ms) else f"{day_of(at_ms)} "
    return f"{day}{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M} UTC"


def print_table(values: Values, currency: str, catalogue: Catalogue = CORE, *, every: bool = False) -> None:
    """Print the table on stdout, no wider than the terminal, and as wide as it needs to be in a pipe.

    Below it is what the catalogue adds, where that has values: of one campaign, or with ``every`` of each series.
    """
    width = columns()
    console = Console(width=width or _WIDE)
    console.print(table(values, currency, width))
    is_one = len({campaign_part(series) for series in values}) == 1
    left_out = 0
    for series, windows in values.items():
        added = added_table(windows, catalogue)
        if added is not None and (every or (is_one and is_campaign(series))):
            console.print(Text(f"\n{printable(series)}", style="bold"))
            console.print(added)
        elif added is not None:
            left_out += 1
    if left_out:
        console.print(
            f"{left_out:,} series have values of added measures and KPIs too: name one campaign, or use --all"
        )
