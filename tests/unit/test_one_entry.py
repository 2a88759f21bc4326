"""One entry in a YAML file is all it takes to add a KPI or a measure: it is found everywhere by itself."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from kpis.catalogue import Catalogue
from kpis.contract.published import Layout
from kpis.measures import Row
from kpis.packs.catalogue_file import parse as parse_catalogue
from monitors.alerts.alert import alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, LifecyclePolicy, step
from monitors.alerts.notifiers.slack import render
from monitors.board.board import Board, BoardPolicy
from monitors.board.campaign_page.detail import detail
from monitors.board.http import openapi, pages
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.goals.file import parse
from monitors.pacing.judge import judge
from monitors.pacing.verdict import Observed, VerdictPolicy
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, to_json
from monitors.view import View
from pacewatch import kpi
from pacewatch.top import screen as top
from tests.kit.monitor_fakes import NOON
from tests.kit.slack_page import plain

ENTRIES = """
measures:
  video_views: {stream: impressions, where: {channel: video}, meaning: Impressions of videos.}
kpis:
  rpm: {formula: revenue / impressions * 1000, label: RPM, meaning: Revenue per mille.}
"""
GOALS = """
campaigns:
  - campaign: c
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals:
      - {ratio: rpm, at_least: 2}
      - {total: video_views, target: 100}
"""
ROW: Row = (2000, 20, 2, 3_000_000, 5_000_000, 7)


@pytest.fixture(scope="module")
def of() -> Catalogue:
    """The core, and what the entries add."""
    return parse_catalogue(ENTRIES, "catalogue.yml")


@pytest.fixture(scope="module")
def judged(of: Catalogue) -> list[Assessment]:
    """A goal about each."""
    campaign = parse(GOALS, "goals.yml", of).campaigns[0]
    found: list[Assessment] = []
    for goal in campaign.goals:
        verdict = judge(campaign, goal, Observed(ROW, ROW, NOON, 0), VerdictPolicy(), NOON)
        state = step(AlertState(), verdict, LifecyclePolicy(), NOON).after
        found.append(Assessment(campaign, goal, verdict, state))
    return found


@pytest.fixture(scope="module")
def view(of: Catalogue, judged: list[Assessment]) -> View:
    """What a monitor knows of one campaign."""
    rows = SeriesRows({"1h": ROW, "total": ROW}, (0,))
    series = {"c": rows, "c|channel=x": rows}
    snapshot = Snapshot(Layout(1, "EUR", ("1h",), 40), NOON, (PartitionHealth(0, NOON),), series, {}, catalogue=of)
    return View(snapshot=snapshot, assessments=tuple(judged), redis_up=True, problem="", leads=True)


@pytest.fixture(scope="module")
def board(view: View) -> Board:
    """The board that shows it."""
    made = Board("run", BoardPolicy())
    made.update(view, NOON, 0.0)
    return made


def test_documents_have_both(of: Catalogue) -> None:
    values = of.document(ROW)
    assert (values["rpm"], values["video_views"]) == (2.5, 7)


def test_they_are_exported_for_campaigns_and_breakdowns(view: View) -> None:
    text = Exporter(ExportPolicy(breakdowns=True)).text(view, Format.PLAIN)
    for sample in (
        'pacewatch_kpi{campaign="c",kpi="rpm",unit="EUR",window="1h"} 2.5',
        'pacewatch_measure{campaign="c",measure="video_views",unit="events",window="1h"} 7.0',
        'pacewatch_measure{campaign="c",measure="video_views",unit="events",window="total"} 7.0',
        'pacewatch_breakdown_kpi{breakdown="channel=x",campaign="c",kpi="rpm",unit="EUR",window="1h"} 2.5',
        'pacewatch_pace_ratio{campaign="c",goal="rpm:at_least:1h"} 1.25',
        'pacewatch_pace_target{campaign="c",goal="video_views",unit="events"} 100.0',
    ):
        assert f"\n{sample}\n" in text


def test_the_board_shows_them_and_tells_its_scripts(board: Board) -> None:
    page = pages.board_page(board)
    for part in (">RPM</th>", ">2.50 EUR</td>", ">Video views</th>", "&quot;name&quot;:&quot;rpm&quot;"):
        assert part in page
    assert [one.name for one in board.campaigns().added] == ["video_views", "rpm"]
    assert detail(board, board.feed.rows["c"]).windows["1h"].added == {"video_views": 7, "rpm": 2.5}
    schemas: dict[str, Any] = json.loads(openapi.document())["components"]["schemas"]
    assert "added" in schemas["Measures"]["properties"]


def test_terminals_show_them(board: Board, view: View) -> None:
    wide = Console(file=StringIO(), width=300, color_system=None)
    wide.print(top.screen(board.campaigns(), top.Choice(), most=None, width=300))
    assert view.snapshot is not None
    values = to_json(view.snapshot)
    wide.print(kpi.added_table(values["c"], view.snapshot.catalogue))
    text = wide.file.getvalue()  # type: ignore[attr-defined]
    for part in ("RPM 1h", "Video views", "rpm", "video_views", "2.50"):
        assert part in text


def test_people_are_told_of_goals_about_them_by_their_names(judged: list[Assessment]) -> None:
    moved = [step(AlertState(), one.verdict, LifecyclePolicy(), NOON) for one in judged]
    ratio, total = (
        plain(render(alert_of(one, move, "EUR", "k", "1"))) for one, move in zip(judged, moved, strict=True)
    )
    assert "RPM (1h)" in ratio
    assert "Expected: at least 2.00 EUR" in ratio
    assert "video_views" in total
    assert "of 100" in total
