"""Scopes on the board: sums with what they are made of, found by their kind, and hostile names shown as text."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from kpis.measures import Row
from kpis.series import key
from monitors.board.board import Board, BoardPolicy
from monitors.board.http.openapi import document
from monitors.board.http.scope_pages import scope_page, scopes_page
from monitors.board.scope_board import ScopeDetail, Scopes, scope_detail, scopes_now
from monitors.read.scopes.scope_sums import ScopeSums, with_scopes
from monitors.read.snapshot import SeriesRows
from tests.kit.monitor_fakes import row
from tests.unit.monitors.export.test_exporter import view

HOSTILE = '<script>alert("x")</script>'
SERIES = {
    "a": row(1000, 10, 0, 2_000_000),
    "b": row(100, 5, 0, 9_000_000),
    "a|channel=search": row(800, 8, 0, 1_000_000),
    key("b", [("channel", HOSTILE)]): row(100, 5, 0, 9_000_000),
}


def board(series: dict[str, Row] | None = None, own: dict[str, Row] | None = None, **accounts: str) -> Board:
    """A board of one view with scopes."""
    found = view(SERIES if series is None else series)
    assert found.snapshot is not None
    mine = {name: SeriesRows({"5m": one, "total": one}, (0,)) for name, one in (own or {}).items()}
    snapshot = replace(found.snapshot, own=mine)
    made = Board("run", BoardPolicy())
    sums = ScopeSums(("portfolio", "account", "channel"))
    made.update(replace(found, snapshot=with_scopes(snapshot, sums, accounts)), 0, 1.0)
    return made


def test_scopes_are_listed_by_their_kind_and_what_spent_most_comes_first() -> None:
    found = scopes_now(board(a="Acme", b="Bolt")).scopes
    assert [(one.id, one.scope, one.name, one.members) for one in found] == [
        ("portfolio=", "portfolio", "", 2),
        ("account=Bolt", "account", "Bolt", 1),
        ("account=Acme", "account", "Acme", 1),
        (f"channel={HOSTILE}", "channel", HOSTILE, 1),
        ("channel=search", "channel", "search", 1),
    ]
    assert found[0].total is not None
    assert (found[0].total.clicks, found[0].total.ctr) == (15, pytest.approx(15 / 1100))
    assert not found[0].has_goals


def test_a_scope_by_itself_has_its_windows_and_its_members() -> None:
    own = {"account=Acme": row(0, 0, 7)}
    found = scope_detail(board(own=own, a="Acme"), "account=Acme")
    assert found is not None
    assert set(found.windows) == {"5m", "total"}
    assert found.windows["total"].conversions == 7
    assert [(one.id, one.part, one.is_listed) for one in found.members] == [
        ("a", "", True),
        ("account=Acme", "", False),
    ]
    channel = scope_detail(board(), "channel=search")
    assert channel is not None
    assert [(one.id, one.name, one.part) for one in channel.members] == [("a", "a", "channel=search")]
    assert scope_detail(board(), "channel=radio") is None
    assert scope_detail(board(), "a") is None


def test_pages_are_whole_without_scripts_and_names_are_text() -> None:
    shown = board(a="Acme")
    listed = scopes_page(shown, scopes_now(shown))
    assert "<h2>Portfolio</h2>" in listed
    assert "<h2>By channel</h2>" in listed
    assert HOSTILE not in listed
    assert 'href="/scope?id=channel%3Dsearch"' in listed
    page = scope_page(shown, scope_detail(shown, f"channel={HOSTILE}"))
    assert HOSTILE not in page
    assert "&lt;script&gt;alert" in page
    assert 'href="/campaign?id=b"' in page
    assert "No such scope" in scope_page(shown, scope_detail(shown, "x"))
    assert "PACEWATCH_SCOPES" in scopes_page(board({}), scopes_now(board({})))


def test_the_api_says_what_it_answers() -> None:
    paths = msgspec.json.decode(document())["paths"]
    assert {"/api/scopes", "/api/scope"} <= paths.keys()
    shown = board(a="Acme")
    for made, kind in ((scopes_now(shown), Scopes), (scope_detail(shown, "portfolio="), ScopeDetail)):
        assert msgspec.json.decode(msgspec.json.encode(made), type=kind) == made
