"""One entry in the catalogue is all it takes to add a KPI or a measure: it is found everywhere by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What everything makes of a KPI ``rpm`` and a measure ``video_views``."""
    argv = [sys.executable, "-m", "tests.kit.extended"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_events_are_counted_and_documents_hold_both(found: dict[str, Any]) -> None:
    for values in (found["document"], found["stored"]["windows"]["1h"]):
        assert (values["rpm"], values["video_views"]) == (2.5, 7)
    counted = found["counted"]["windows"]
    assert (counted["1h"]["video_views"], counted["total"]["video_views"]) == (3, 3)


def test_they_are_exported_for_campaigns_and_breakdowns(found: dict[str, Any]) -> None:
    for sample in (
        'pacewatch_rpm{campaign="c",currency="EUR",window="1h"} 2.5',
        'pacewatch_window_video_views{campaign="c",window="1h"} 7.0',
        'pacewatch_video_views_total{campaign="c"} 7.0',
        'pacewatch_breakdown_rpm{breakdown="channel=x",campaign="c",currency="EUR",window="1h"} 2.5',
        'pacewatch_pace_ratio{campaign="c",goal="rpm:at_least:1h"} 1.25',
        'pacewatch_pace_target{campaign="c",goal="video_views",unit="events"} 100.0',
    ):
        assert sample in found["metrics"]


def test_the_board_shows_them_and_tells_its_scripts(found: dict[str, Any]) -> None:
    assert ">RPM</th>" in found["board"]
    assert ">2.50 EUR</td>" in found["board"]
    assert ">Video views</th>" in found["board"]
    assert (
        "&quot;name&quot;:&quot;rpm&quot;,&quot;key&quot;:&quot;rpm&quot;,&quot;label&quot;:&quot;RPM&quot;"
        in found["board"]
    )
    assert {"rpm", "video_views"} <= found["api"].keys()
    assert "rpm=2.5" in found["detail"]
    assert "video_views=7" in found["detail"]


def test_terminal_and_demo_show_them(found: dict[str, Any]) -> None:
    assert "RPM 1h" in found["terminal"]
    assert "Video views" in found["terminal"]
    assert " rpm " in found["terminal"]
    assert " video_views " in found["terminal"]
    assert "rpm 2.50" in found["demo"][1]
    assert "video_views 7" in found["demo"][1]


def test_goals_may_be_about_them_and_slack_names_them(found: dict[str, Any]) -> None:
    assert found["units"]
    ratio, total = found["slack"]
    assert "RPM (1h)" in ratio
    assert "Expected: at least 2.00 EUR" in ratio
    assert "video_views" in total
    assert "of 100" in total


@pytest.mark.parametrize("dashboard", ["launch", "compare"])
def test_dashboards_draw_them(found: dict[str, Any], dashboard: str) -> None:
    text = found["dashboards"][dashboard]
    assert "pacewatch_rpm{" in text or "pacewatch_breakdown_rpm{" in text
    assert "window_video_views{" in text
    assert "pacewatch_rpm{" in found["dashboards"]["portfolio"]
