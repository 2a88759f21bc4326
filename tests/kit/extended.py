"""Pacewatch with one KPI and one measure more: ``python -m tests.kit.extended`` prints where they show, JSON.

Each is one entry in the source of the catalogue, put in before anything else is imported; nothing else is changed.
"""

from __future__ import annotations

import importlib
import json
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

KPI = '    Kpi("rpm", _COST, "revenue_micros", "impressions", 1000, "Revenue per mille.", "impressions", 1000),\n'
MEASURE = '    Measure("video_views", Unit.EVENTS, (Stream.IMPRESSION,), can_fall=False, is_bought=True),\n'


def with_entry(name: str, table: str, entry: str) -> None:
    """Import a module whose tuple ``table`` has one entry more at its end."""
    path = Path(__file__).parents[2] / f"{name.replace('.', '/')}.py"
    source = path.read_text()
    end = source.index("\n)", source.index(f"\n{table}: ")) + 1
    module = ModuleType(name)
    sys.modules[name] = module
    module.__file__ = str(path)
    exec(compile(source[:end] + entry + source[end:], str(path), "exec"), module.__dict__)  # noqa: S102 - our own source
    package, _, base = name.rpartition(".")
    setattr(importlib.import_module(package), base, module)


GOALS = """
campaigns:
  - campaign: c
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals:
      - {ratio: rpm, at_least: 2}
      - {total: video_views, target: 100}
"""


def read_side() -> dict[str, Any]:
    """What goals, exporter, board, messages, terminal and dashboards make of a campaign."""
    from rich.console import Console

    from grafana.build import rendered
    from kpis.catalogue import document
    from kpis.contract.documents import document as stored
    from kpis.contract.published import Layout
    from kpis.units import Unit
    from monitors.alerts.alert import alert_of
    from monitors.alerts.assessment import Assessment
    from monitors.alerts.lifecycle import AlertState, LifecyclePolicy, step
    from monitors.alerts.notifiers.slack import render
    from monitors.board.board import Board, BoardPolicy
    from monitors.board.detail import detail
    from monitors.board.http import openapi, pages
    from monitors.export.exporter import Exporter, ExportPolicy
    from monitors.export.exposition import Format
    from monitors.goals.file import parse
    from monitors.pacing.judge import judge
    from monitors.pacing.verdict import Observed, VerdictPolicy
    from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, to_json
    from monitors.view import View
    from pacewatch import kpi
    from pacewatch.demo import screen as demo
    from pacewatch.top import screen as top
    from tests.kit.monitor_fakes import NOON
    from tests.kit.slack_page import plain

    row = (2000, 20, 2, 3_000_000, 5_000_000, 7)
    campaign = parse(GOALS, "goals").campaigns[0]
    judged = []
    for goal in campaign.goals:
        verdict = judge(campaign, goal, Observed(row, row, NOON, 0), VerdictPolicy(), NOON)
        judged.append((goal, verdict, step(AlertState(), verdict, LifecyclePolicy(), NOON)))
    health = (PartitionHealth(0, NOON),)
    rows = SeriesRows({"1h": row, "total": row}, (0,))
    snapshot = Snapshot(Layout(1, "EUR", ("1h",), 40), NOON, health, {"c": rows, "c|channel=x": rows}, {})
    goals = tuple(Assessment(campaign, goal, verdict, move.after) for goal, verdict, move in judged)
    view = View(snapshot=snapshot, assessments=goals, redis_up=True, problem="", leads=True)
    board = Board("run", BoardPolicy())
    board.update(view, NOON, 0.0)
    wide = Console(file=StringIO(), width=300, color_system=None)
    wide.print(top.screen(board.campaigns(), top.Choice(), most=None, width=300))
    wide.print(kpi.table(to_json(snapshot), "EUR"))
    terminal = wide.file.getvalue()  # type: ignore[attr-defined]
    return {
        "document": document(row),
        "stored": json.loads(stored(NOON, {"1h": row})),
        "metrics": Exporter(ExportPolicy(breakdowns=True)).text(view, Format.PLAIN),
        "board": pages.board_page(board),
        "api": json.loads(openapi.document())["components"]["schemas"]["Measures"]["properties"],
        "detail": str(detail(board, board.feed.rows["c"]).windows["1h"]),
        "terminal": terminal,
        "demo": demo.lines(demo.rows(snapshot, {}, "1h"), "1h", NOON),
        "slack": [
            plain(render(alert_of(Assessment(campaign, g, v, m.after), m, "EUR", "k", "1"))) for g, v, m in judged
        ],
        "dashboards": {path.stem: text for path, text in rendered().items()},
        "units": {str(goal.unit) for goal, _, _ in judged} == {str(Unit.CURRENCY), str(Unit.EVENTS)},
    }


def write_side() -> dict[str, Any]:
    """What a partition makes of an impression event."""
    from kpis.measures import Stream
    from kpis.windows import parse_windows
    from streams.events.decode import Batch
    from streams.events.schema import Event
    from streams.state.partition import Partition
    from streams.state.policy import PartitionPolicy
    from streams.state.registry import SeriesPolicy

    state = Partition(0, PartitionPolicy(parse_windows("1h"), SeriesPolicy((), 100), frozenset(), 24))
    batch = Batch(Stream.IMPRESSION, [0], [Event("e", 0, "c")], [3], [0])
    numbers = state.register(batch)
    state.adopt({})
    state.add(batch, numbers, "ads.impressions", 1, records=1, now_ms=0)
    state.tick(0)
    found: dict[str, Any] = json.loads(state.take_flush({}).documents["c"])
    return found


if __name__ == "__main__":
    with_entry("kpis.measures", "MEASURES", MEASURE)
    with_entry("kpis.catalogue", "CATALOGUE", KPI)
    print(json.dumps(read_side() | {"counted": write_side()}))
