"""What the board shows of scopes: the portfolio, accounts, channels, ... with what each is the sum of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from kpis.measures import INDEX, Row
from kpis.series import SCOPES, breakdown_part, campaign_part, of_parent, of_shown, shown_id
from kpis.windows import TOTAL
from monitors.board.board import Board
from monitors.board.campaign_rows import measures
from monitors.board.shapes import AddedColumn, Measures, Summary
from monitors.read.snapshot import SeriesRows

MAX_SCOPES = 1_000
MAX_PARTS = 200
_SPEND = INDEX["spend_micros"]
_NOTHING: Mapping[str, SeriesRows] = {}


class ScopeNow(Struct, frozen=True):
    """Several series together, made of summed measures. ``scope`` is ``portfolio``, ``account`` or a dimension.

    ``name`` is which: of an account, or the value of the dimension; ``members`` how many series it is the sum of.
    ``total`` is all that was ever counted, ``recent`` is of the window that the summary names. ``has_goals`` says
    whether it has goals too: then ``/api/campaign`` has it under the same id.
    """

    id: str
    scope: str
    name: str
    members: int
    total: Measures | None
    recent: Measures | None
    has_goals: bool


class Scopes(Struct, frozen=True):
    """All scopes that the monitor adds up (``PACEWATCH_SCOPES``), by their kind; of each kind what spent most first."""

    summary: Summary
    scopes: list[ScopeNow]
    added: tuple[AddedColumn, ...] = ()


class ScopeMember(Struct, frozen=True):
    """A series that a scope is the sum of: a campaign, or the ``part`` of one, such as ``channel=search``.

    What was counted of an account itself is under the account's id. ``is_listed`` says whether ``/api/campaign`` has
    one of this id.
    """

    id: str
    name: str
    part: str
    total: Measures | None
    recent: Measures | None
    is_listed: bool


class ScopeDetail(Struct, frozen=True):
    """One scope with its windows, and its members: those that spent most first, 200 at most."""

    summary: Summary
    scope: ScopeNow
    windows: dict[str, Measures]
    members: list[ScopeMember]
    added: tuple[AddedColumn, ...] = ()


def scopes_now(board: Board) -> Scopes:
    """All scopes."""
    found = board.view.snapshot.scopes if board.view.snapshot else _NOTHING
    keys = sorted(found, key=lambda key: (SCOPES.index(of_parent(key)[0]), -_spent(found[key]), key))
    return Scopes(board.summary, [_now(board, key, found[key]) for key in keys[:MAX_SCOPES]], board.listed.columns)


def scope_detail(board: Board, shown: str) -> ScopeDetail | None:
    """One scope by its id; None where there is none."""
    snapshot, key = board.view.snapshot, of_shown(shown)
    rows = snapshot.scopes.get(key) if snapshot else None
    if snapshot is None or rows is None:
        return None
    windows = ((name, measures(rows.windows, name, board.every)) for name in rows.windows)
    return ScopeDetail(
        board.summary,
        _now(board, key, rows),
        {name: made for name, made in windows if made is not None},
        list(_members(board, {one: known for one in rows.members if (known := _row(board, one)) is not None})),
        board.every.columns,
    )


def _now(board: Board, key: str, rows: SeriesRows) -> ScopeNow:
    scope, name, _ = of_parent(key)
    shown = shown_id(key)
    has_goals = shown in board.feed.rows
    return ScopeNow(shown, scope, name, len(rows.members), *_numbers(board, rows.windows), has_goals)


def _members(board: Board, found: Mapping[str, SeriesRows]) -> Iterator[ScopeMember]:
    for series in sorted(found, key=lambda one: (-_spent(found[one]), one))[:MAX_PARTS]:
        shown = shown_id(campaign_part(series))
        row = board.feed.rows.get(shown)
        name = row.name if row else shown
        yield ScopeMember(shown, name, breakdown_part(series), *_numbers(board, found[series].windows), row is not None)


def _row(board: Board, series: str) -> SeriesRows | None:
    found = board.view.snapshot
    return None if found is None else found.series.get(series) or found.own.get(series)


def _numbers(board: Board, windows: Mapping[str, Row]) -> tuple[Measures | None, Measures | None]:
    return measures(windows, TOTAL, board.every), measures(windows, board.summary.window, board.every)


def _spent(rows: SeriesRows) -> int:
    total = rows.windows.get(TOTAL)
    return total[_SPEND] if total else 0
