"""The goals of a file as a table of 80 columns, a line each."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from kpis.runtime.durations import written
from kpis.runtime.printable import printable
from kpis.times import DAY_MS
from kpis.units import amount
from monitors.goals import Bound, Flight, Goal, Goals, TotalGoal

WIDTH = 80
_HEADS = ("campaign", "goal", "target", "flight", "curve", "rule")
_NAMES = (0, 1, 4)
"""Columns that may be cut; amounts and times are whole or wrong."""
_AMOUNTS = 2
_LEAST = 8
_CUT = "…"

Cells = tuple[str, ...]


def lines(goals: Goals) -> list[str]:
    """A head, then a line for each goal; names that do not fit are cut, the longest first."""
    rows = [_HEADS, *(_cells(campaign.campaign, campaign.flight, goal) for campaign, goal in goals)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    while sum(widths) + len(widths) - 1 > WIDTH:
        longest = max(_NAMES, key=lambda at: widths[at])
        if widths[longest] <= _LEAST:
            break
        widths[longest] -= 1
    return [_line(row, widths) for row in rows]


def _cells(campaign: str, flight: Flight, goal: Goal) -> Cells:
    curve = goal.curve.label if isinstance(goal, TotalGoal) else "–"
    cells = (campaign, goal.label, _target(goal), _dates(flight), curve, _rule(goal))
    return tuple(printable(cell) for cell in cells)


def _line(row: Cells, widths: list[int]) -> str:
    shown: list[str] = []
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        text = cell if len(cell) <= width else cell[: width - len(_CUT)] + _CUT
        shown.append(text.rjust(width) if at == _AMOUNTS else text.ljust(width))
    return " ".join(shown).rstrip()


def _target(goal: Goal) -> str:
    if isinstance(goal, TotalGoal):
        return amount(goal.target, goal.unit)
    return f"{'≥' if goal.bound is Bound.AT_LEAST else '≤'} {amount(goal.target, goal.unit)}"


def _dates(flight: Flight) -> str:
    """The first day and the length: ``2026-11-22 7d``."""
    first = datetime.fromtimestamp(flight.start_ms / 1000, ZoneInfo(flight.timezone))
    # A flight of days of 23 or 25 hours is as many days long.
    days = round(flight.span_ms / DAY_MS)
    return f"{first:%Y-%m-%d} {f'{days}d' if days else written(flight.span_ms)}"


def _rule(goal: Goal) -> str:
    return f"after {written(goal.for_ms)}" if goal.for_ms else str(goal.rule)
