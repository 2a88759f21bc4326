"""What the demo shows on a terminal: as much as fits, the most important first. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kpis.runtime.printable import blanked
from kpis.units import Unit, amount, close_amounts
from monitors.board.campaign_rows import worst_first
from monitors.board.columns import COLUMNS, Column
from monitors.board.shapes import CampaignNow, Campaigns
from monitors.board.watching import shown_of
from monitors.pacing.verdict import Status
from monitors.words.wording import LOOK, LOOKS
from pacewatch.demo.story import Happening, Teller, hour

_STYLES = {look.mark: look.terminal for look in LOOKS}
_HEAD, _STORY_LEAST = 5, 4
_HEADLINES_FROM = (72, 100, 110, 120)
"""How wide a terminal must be for the headline KPIs, in their order."""
_MOST_LINES = 2
_OF_TOTALS = frozenset({Unit.EVENTS, Unit.MICROS})


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known now.

    Attributes:
        what: is played.
        address: of the board.
        now_ms: the demo's clock.
        part: which part of it is past.
        left_s: real seconds until its end; None when that is not known.
        sent: events so far.
        waiting: of them, those that are not counted yet.
        board: the launch board; None while the monitor does not answer.
        happenings: what happened, oldest first.
    """

    what: str
    address: str
    now_ms: int
    part: float
    left_s: float | None
    sent: int
    waiting: int
    board: Campaigns | None
    happenings: Sequence[Happening]


def screen(scene: Scene, width: int, height: int) -> RenderableType:
    """All of it, in so many columns and lines."""
    board = scene.board
    rows = sorted(board.campaigns, key=worst_first) if board else []
    most = max(1, height - _HEAD - _STORY_LEAST)
    shown = rows[:most]
    parts: list[RenderableType] = [*_head(scene, width)]
    if board is None:
        parts.append(Text("the worker and the monitor start …", style="dim"))
    else:
        parts.append(_table(board, shown, width))
    left = height - _HEAD - max(len(shown), 1)
    parts.append(Text(f"{'What happens, and what people are told ':─<{width}.{width}}", style="dim"))
    parts += _told(scene.happenings, width, max(left - 1, 1))
    return Group(*parts)


def _head(scene: Scene, width: int) -> list[Text]:
    first = f"Pacewatch demo: {scene.what}"
    keys = "Ctrl-C ends"
    gap = width - len(first) - len(keys)
    top = Text(first + (" " * gap + keys if gap > 1 else ""), style="bold", no_wrap=True, overflow="ellipsis")
    at = Text.assemble("board  ", (scene.address, "bold cyan"), no_wrap=True, overflow="ellipsis")
    left = "" if scene.left_s is None else f" {scene.left_s:.0f} s left"
    after = f" {scene.part:4.0%}{left}"
    space = max(width - 7 - len(after), 4)
    full = round(space * scene.part)
    bar = Text.assemble(
        (f"{hour(scene.now_ms)}  ", "bold"), ("━" * full, "green"), ("─" * (space - full), "dim"), after, no_wrap=True
    )
    return [top, at, bar, _pipeline(scene)]


def _pipeline(scene: Scene) -> Text:
    """How the pipeline stands: what is sent and counted, and what all campaigns wait for."""
    waits = f"{scene.waiting:,} wait to be counted" if scene.waiting else "all counted"
    text, style = f"{scene.sent:,} events sent, {waits}", ""
    if scene.board is not None:
        summary = scene.board.summary
        held = sum(any(g.status is Status.HOLD for g in row.goals) for row in scene.board.campaigns)
        said = [summary.problem, *(one.says for one in summary.common if one.status.is_miss)]
        if any(said):
            text, style = f"{text} · {blanked(next(one for one in said if one))}", "bold yellow"
        elif held:
            text, style = f"{text} · goals on hold of campaigns: {held}", "yellow"
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _columns(width: int) -> list[Column]:
    money = [column for column in COLUMNS if column.is_total][:1]
    headlines = [column for column in COLUMNS if column.is_headline and not column.is_total]
    return money + [column for column, least in zip(headlines, _HEADLINES_FROM, strict=False) if width >= least]


def _table(board: Campaigns, rows: Sequence[CampaignNow], width: int) -> Table:
    table = Table(expand=True, box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("Campaign", no_wrap=True, overflow="ellipsis", max_width=18)
    table.add_column("Pace", no_wrap=True, overflow="ellipsis", ratio=1)
    columns = _columns(width)
    for column in columns:
        table.add_column(column.label, justify="right", no_wrap=True)
    for row in rows:
        look = LOOK[row.status]
        pace = pace_of(row, board.summary.currency)
        cells = [Text(amount(column.value(row), column.unit, "")) for column in columns]
        name = Text.assemble((f"{look.mark} ", look.terminal), blanked(row.name))
        table.add_row(name, Text(blanked(pace), style=look.terminal), *cells)
    return table


def pace_of(row: CampaignNow, currency: str) -> str:
    """What is wrong with a campaign, or else what it waits for, or else how much of its total came."""
    bad = [watch.says for watch in shown_of(row) if watch.status.is_miss]
    bad += [f"{goal.label} {goal.says}" for goal in row.goals if goal.status.is_miss]
    if bad:
        return " · ".join(bad)
    held = [goal.says for goal in row.goals if goal.status is Status.HOLD]
    if held:
        return f"on hold: {held[0]}"
    goals = sorted(row.goals, key=lambda goal: goal.unit not in _OF_TOTALS)
    if not goals or goals[0].ratio is None:
        return goals[0].says if goals else ""
    first = goals[0]
    actual, expected = close_amounts((first.actual, first.expected), first.unit)
    after = f" {currency}" if first.unit is Unit.MICROS else ""
    return f"{first.label} {first.ratio:.0%} of what is due: {actual} of {expected}{after}"


def _told(happenings: Sequence[Happening], width: int, room: int) -> list[Text]:
    """The last that fit, oldest first."""
    found: list[Text] = []
    for one in reversed(happenings):
        lines = happening_lines(one, width)
        if len(found) + len(lines) > room:
            break
        found = lines + found
    return found


def happening_lines(one: Happening, width: int, most: int = _MOST_LINES) -> list[Text]:
    """Something that happened, in so many lines at most."""
    at = f"{hour(one.at_ms)} " if one.at_ms is not None else "      "
    mark = {Teller.HAPPENS: "»", Teller.NOTE: " "}.get(one.teller, one.mark or " ")
    style = _STYLES.get(one.mark, "") if one.teller is Teller.TOLD else "dim" if one.teller is Teller.NOTE else "italic"
    words = textwrap.wrap(one.text, max(width - 9, 20)) or [""]
    if len(words) > most:
        words = [*words[: most - 1], words[most - 1][: max(width - 11, 18)] + " …"]
    first = Text.assemble((at, "dim"), (f"{mark} {words[0]}", style), no_wrap=True)
    return [first, *(Text(f"        {line}", style=style, no_wrap=True) for line in words[1:])]
