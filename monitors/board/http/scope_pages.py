"""The pages of scopes as the server sends them, without any script: they are of the moment they were loaded. Pure.

Every text that comes from elsewhere goes through :func:`html.escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from urllib.parse import quote

from kpis.units import amount, how_many
from monitors.board.board import Board
from monitors.board.columns import COLUMNS, DETAIL, Column, column_of
from monitors.board.http.pages import framed
from monitors.board.scope_board import MAX_PARTS, ScopeDetail, ScopeMember, ScopeNow, Scopes
from monitors.board.shapes import Measures

_NONE = (
    "<p>There are none yet. PACEWATCH_SCOPES of the monitor says what is added up: the portfolio, accounts, channels "
    "and other breakdowns.</p>"
)
_HEADS = {"portfolio": "Portfolio", "account": "By account"}


def scopes_page(board: Board, found: Scopes) -> str:
    """All scopes, a table for each kind."""
    columns = (*COLUMNS, *map(column_of, found.added))
    tables = [
        _table(_head(kind), "Name", ((_link(one), one) for one in mine), columns, board)
        for kind, mine in groupby(found.scopes, lambda one: one.scope)
    ]
    about = f"<p>Sums of all that is counted, KPIs of the last {escape(found.summary.window)}, as of this load.</p>"
    return framed("Scopes", f"<h1>Scopes</h1>{about if tables else _NONE}{''.join(tables)}")


def scope_page(board: Board, found: ScopeDetail | None) -> str:
    """One scope, with its members."""
    if found is None:
        return framed("No such scope", '<h1>No such scope</h1><p><a href="/scopes">All scopes</a></p>')
    title = _title(found.scope)
    windows = _windows(found, board)
    goals = f' · <a href="{_campaign(found.scope.id)}">its goals</a>' if found.scope.has_goals else ""
    most = f", the {MAX_PARTS} that spent most" if len(found.members) < found.scope.members else ""
    members = _table(
        f"What it is the sum of{most}", "Campaign", ((_member(one), one) for one in found.members), COLUMNS, board
    )
    main = (
        f'<p class="crumb"><a href="/scopes">All scopes</a></p><h1>{escape(title)}</h1>'
        f"<p>{escape(how_many(found.scope.members, 'member'))}{goals}</p>{windows}{members}"
    )
    return framed(title, main)


def _head(kind: str) -> str:
    return _HEADS.get(kind, f"By {kind.replace('_', ' ')}")


def _title(scope: ScopeNow) -> str:
    return f"{scope.scope.replace('_', ' ').capitalize()} {scope.name}".strip()


def _link(scope: ScopeNow) -> str:
    url = f"/scope?id={escape(quote(scope.id, safe=''))}"
    return f'<a href="{url}">{escape(scope.name or _title(scope))}</a> <small>{scope.members} together</small>'


def _member(one: ScopeMember) -> str:
    part = f" <small>{escape(one.part)}</small>" if one.part else ""
    name = escape(one.name)
    return (f'<a href="{_campaign(one.id)}">{name}</a>' if one.is_listed else name) + part


def _campaign(shown: str) -> str:
    return f"/campaign?id={escape(quote(shown, safe=''))}"


def _windows(found: ScopeDetail, board: Board) -> str:
    columns = (*DETAIL, *map(column_of, found.added))
    rows = ((escape(name), _Only(values)) for name, values in found.windows.items())
    return _table("Windows", "Window", rows, columns, board)


class _Only:
    """One row of numbers, whichever of both a column asks for."""

    def __init__(self, values: Measures) -> None:
        self.total = self.recent = values


_Row = ScopeNow | ScopeMember | _Only


def _table(title: str, first: str, rows: Iterable[tuple[str, _Row]], columns: Iterable[Column], board: Board) -> str:
    columns, currency, window = tuple(columns), board.summary.currency, board.summary.window
    heads = "".join(f'<th scope="col">{escape(_label(c, window, first))}</th>' for c in columns)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(_cells(row, columns, currency))}</tr>' for name, row in rows
    )
    return (
        f'<section class="wide"><h2>{escape(title)}</h2><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(title)}"><table><thead><tr><th scope="col">{first}</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _label(column: Column, window: str, first: str) -> str:
    return column.label if column.is_total or first == "Window" else f"{column.label} {window}"


def _cells(row: _Row, columns: Iterable[Column], currency: str) -> Iterator[str]:
    for column in columns:
        yield f'<td class="number">{escape(amount(column.value(row), column.unit, currency))}</td>'
