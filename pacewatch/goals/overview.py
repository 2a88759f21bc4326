"""The goals of a file as a table, a line each."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from kpis.runtime.durations import written
from kpis.runtime.printable import printable
from kpis.times import DAY_MS, minute_in
from kpis.units import amount, how_many
from monitors.goals import Bound, Campaign, Flight, Goal, Goals, Period, TotalGoal
from monitors.goals.parents.roll_up import goal_of, target_within

_HEADS = ("campaign", "goal", "target", "flight", "curve", "rule")
_NAMES = (0, 1, 4)
"""Columns that may be cut; amounts and times are whole or wrong."""
_AMOUNTS = 2
_LEAST = 8
_ELLIPSIS = "…"
_MOST = 20
"""Shares that are listed of one total."""

Cells = tuple[str, ...]


def lines(goals: Goals, width: int | None) -> list[str]:
    """A head, then a line for each goal; names that do not fit a width are cut, the longest first."""
    rows = [_HEADS, *(_cells(called(campaign), campaign.flight, goal) for campaign, goal in goals)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    while width is not None and sum(widths) + len(widths) - 1 > width:
        longest = max(_NAMES, key=lambda at: widths[at])
        if widths[longest] <= _LEAST:
            break
        widths[longest] -= 1
    return [_line(row, widths) for row in rows]


def shares(goals: Goals, width: int | None) -> list[str]:
    """Of each total of an account and of the portfolio, how much its campaigns' own targets make of it: a line each.

    A campaign's target is as much of it as is due in the parent's flight; the largest come first.
    """
    known, said = {one.series: one for one in goals.campaigns}, list[str]()
    for parent in goals.parents:
        if parent.scope.is_breakdown:
            continue
        members = [known[name] for name in parent.members]
        for goal in parent.goals:
            if not isinstance(goal, TotalGoal) or goal.per is not Period.FLIGHT:
                continue
            if any(goal_of(one, goal.total) for one in members):
                said += ["", f"{printable(called(parent))}: {goal.label} {amount(goal.target, goal.unit)}, of which"]
                said += _shares(goal, parent.flight, members, width)
    return said


def called(campaign: Campaign) -> str:
    """What a campaign or a parent is called here: by its id, and by its name."""
    return campaign.name if campaign.is_parent else campaign.campaign


def counted(goals: Goals) -> str:
    """How many there are: ``2 campaigns, 5 goals``, ``2 campaigns and 1 parent, 7 goals``."""
    parents = len(goals.parents)
    of_them = f" and {how_many(parents, 'parent')}" if parents else ""
    compared = f", {how_many(len(goals.experiments), 'experiment')}" if goals.experiments else ""
    found = f"{how_many(len(goals.campaigns), 'campaign')}{of_them}, {how_many(sum(1 for _ in goals), 'goal')}"
    return f"{found}{compared}"


def experiments(goals: Goals) -> list[str]:
    """A line for each experiment: what it compares, by what, since when."""
    return [
        printable(
            f"experiment {one.experiment}: {one.kpi.name} of {', '.join(v.name for v in one.variants)} "
            f"since {minute_in(one.start_ms, one.timezone)}"
        )
        for one in goals.experiments
    ]


def _shares(goal: TotalGoal, flight: Flight, members: list[Campaign], width: int | None) -> list[str]:
    found = [(target_within(one, goal.total, flight), one.campaign) for one in members]
    found.sort(key=lambda share: (share[0] is None, -(share[0] or 0)))
    cells = [
        (f"  {printable(name)}", "–" if target is None else amount(target, goal.unit), _percent(target, goal.target))
        for target, name in found[:_MOST]
    ]
    first, second, third = (max(len(cell[at]) for cell in cells) for at in (0, 1, 2))
    if width is not None:
        first = min(first, max(width - second - third - 2, _LEAST))
    more = [f"  and {len(found) - _MOST:,} more"] if len(found) > _MOST else []
    return [f"{_cut(name, first).ljust(first)} {money.rjust(second)} {share}" for name, money, share in cells] + more


def _percent(target: int | None, whole: int) -> str:
    return "no target" if target is None else f"{target / whole:.0%}"


def _cells(campaign: str, flight: Flight, goal: Goal) -> Cells:
    curve = goal.curve.label if isinstance(goal, TotalGoal) else "–"
    cells = (campaign, goal.label, _target(goal), _dates(flight), curve, _rule(goal))
    return tuple(printable(cell) for cell in cells)


def _line(row: Cells, widths: list[int]) -> str:
    shown: list[str] = []
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        text = _cut(cell, width)
        shown.append(text.rjust(width) if at == _AMOUNTS else text.ljust(width))
    return " ".join(shown).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - len(_ELLIPSIS)] + _ELLIPSIS


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
