"""What ``pacewatch top`` shows: the launch board as a table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kpis.catalogue import CATALOGUE, HEADLINES
from kpis.runtime.printable import blanked
from kpis.units import Unit, amount
from monitors.board.campaign_rows import worst_first
from monitors.board.columns import COLUMNS, Column, column_of
from monitors.board.http.pages import pace_text, watch_text
from monitors.board.shapes import CampaignNow, Campaigns, Summary
from monitors.board.watching import shown_of
from monitors.pacing.verdict import Reason, Status
from monitors.words.wording import LOOK, LOOKS

_LEVELS = " ▁▂▃▄▅▆▇█"
_PULSE = 12
_PULSE_FROM, _COUNTS_FROM = 100, 120
_HEADLINES_FROM = (90, 120, 140, 140)
_OTHERS_FROM, _EACH = 150, 12
"""How wide a terminal must be for KPIs: the headlines in their order, and then the others."""
KEYS = "q quit · s sort · / filter · Esc all"


def _spend(row: CampaignNow) -> tuple[int, str]:
    return (-row.total.spend_micros if row.total else 0), row.id


def _pace(row: CampaignNow) -> tuple[float, str]:
    ratio = row.goals[0].ratio if row.goals else None
    return (float("inf") if ratio is None else ratio), row.id


SORTS: dict[str, Callable[[CampaignNow], tuple[object, ...]]] = {
    "worst": worst_first,
    "spend": _spend,
    "pace": _pace,
    "name": lambda row: (row.name.lower(), row.id),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader asked for.

    Attributes:
        sort: a key of :data:`SORTS`.
        find: only campaigns with this in name, id or account.
        typing: whether ``find`` is being typed.
    """

    sort: str = "worst"
    find: str = ""
    typing: bool = False

    def pressed(self, key: str) -> Choice:
        """The choice after a key; keys that mean nothing change nothing."""
        if self.typing:
            return self._typed(key)
        if key == "s":
            names = list(SORTS)
            return Choice(names[(names.index(self.sort) + 1) % len(names)], self.find)
        return Choice(self.sort, typing=key == "/") if key in {"/", "\x1b"} else self

    def _typed(self, key: str) -> Choice:
        if key in {"\r", "\n"}:
            return Choice(self.sort, self.find)
        if key == "\x1b":
            return Choice(self.sort)
        if key in {"\x7f", "\b"}:
            return Choice(self.sort, self.find[:-1], typing=True)
        return Choice(self.sort, (self.find + key)[:100], typing=True) if key.isprintable() else self


def chosen(rows: Sequence[CampaignNow], choice: Choice) -> list[CampaignNow]:
    """The campaigns that are asked for, in the order that is asked for."""
    find = choice.find.lower()
    found = [row for row in rows if find in f"{row.name}\n{row.id}\n{row.account}".lower()]
    return sorted(found, key=SORTS[choice.sort])


def screen(
    board: Campaigns, choice: Choice, *, most: int | None, problem: str = "", width: int | None = None
) -> RenderableType:
    """The board as a table under a line on how old it is; ``most`` is how many campaigns there is room for.

    Where it is narrow, numbers are left out before names and pace are; without a ``width`` nothing is cut.
    """
    rows = chosen(board.campaigns, choice)
    shown = rows if most is None else rows[: max(1, most)]
    table = Table(expand=width is not None, box=None, pad_edge=False, header_style="bold")
    table.add_column("Status", no_wrap=True)
    table.add_column("Campaign", no_wrap=True, overflow="ellipsis", ratio=2)
    table.add_column("Pace", no_wrap=True, overflow="ellipsis", ratio=3)
    added = [column_of(one) for one in board.added]
    columns = [column for column in COLUMNS if width is None or width >= _needed(column, len(added))]
    columns += [column for at, column in enumerate(added, 1) if width is None or width >= _OTHERS_FROM + _EACH * at]
    has_pulse = width is None or width >= _PULSE_FROM
    for column in columns:
        head = column.label if column.is_total else f"{column.label} {board.summary.window}"
        table.add_column(head, justify="right", no_wrap=True)
    if has_pulse:
        table.add_column("Last minutes", no_wrap=True)
    for row in shown:
        cells = [Text(amount(column.value(row), column.unit, board.summary.currency)) for column in columns]
        pulse = [Text(sparkline(row.pulse))] if has_pulse else []
        table.add_row(*_first(row, board.summary.currency), *cells, *pulse)
    said = [*([problem] if problem else []), *notices(board.summary)]
    lines = [Text(f"! {blanked(line)}", style="bold yellow") for line in said]
    if not rows:
        lines.append(Text("No campaign is like that." if board.campaigns else "No campaigns yet.", style="dim"))
    keys = [] if most is None else [Text(KEYS, style="dim")]
    return Group(Text(_head(board.summary, len(rows), len(shown), choice)), *lines, table, *keys)


def notices(summary: Summary) -> list[str]:
    """What is wrong with the numbers as a whole."""
    found = [f"{summary.problem}. The numbers are the last that were read."] if summary.problem else []
    behind = 0 if summary.as_of_ms is None else summary.now_ms - summary.as_of_ms
    is_told = any(one.reason is Reason.PIPELINE_LATE and one.status is Status.CRITICAL for one in summary.common)
    if not found and behind > summary.max_lag_ms and not is_told:
        found.append(f"The pipeline is {behind // 1000:,} s behind: pace is on hold until it catches up.")
    return [*found, *summary.notices, *(stream.says for stream in summary.streams if stream.says)]


def sparkline(pulse: str) -> str:
    """The last points of a campaign's pulse as blocks; what is above zero never looks like it."""
    return "".join(_LEVELS[-(-int(digit, 36) * 8 // 35)] for digit in pulse[-_PULSE:])


def _head(summary: Summary, found: int, shown: int, choice: Choice) -> str:
    at = "no event yet"
    if summary.as_of_ms is not None:
        when = datetime.fromtimestamp(summary.as_of_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        at = f"as of {when}, {max(0, summary.now_ms - summary.as_of_ms) // 1000} s ago"
    counts = " ".join(f"{look.mark} {summary.statuses[look.name]}" for look in LOOKS if look.name in summary.statuses)
    find = f" · filter: {blanked(choice.find)}{'_' if choice.typing else ''}" if choice.find or choice.typing else ""
    return f"Pacewatch, {at} · {counts} · {shown} of {found} shown, by {choice.sort}{find}"


def _first(row: CampaignNow, currency: str) -> tuple[Text, Text, Text]:
    """What is always there: status, campaign, pace."""
    look = LOOK[row.status]
    pace = " · ".join([*map(watch_text, shown_of(row)), *(pace_text(goal, currency) for goal in row.goals[:2])])
    return (
        Text(f"{look.mark} {look.title}", style=look.terminal),
        Text(blanked(row.name)),
        Text(pace, style=look.terminal),
    )


def _needed(column: Column, before: int) -> int:
    """How wide a terminal must be for a column; what the catalogue file adds to the board comes before the others."""
    if column.is_total:
        return 0 if column.unit is Unit.MICROS else _COUNTS_FROM
    if column.is_headline:
        place = [k.name for k in HEADLINES].index(column.name)
        return _HEADLINES_FROM[min(place, len(_HEADLINES_FROM) - 1)]
    place = [k.name for k in CATALOGUE if not k.is_headline].index(column.name)
    return _OTHERS_FROM + _EACH * (place + 1 + before)
