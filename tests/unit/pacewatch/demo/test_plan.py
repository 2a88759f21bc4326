"""What a demo plays, and with which goals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from kpis.runtime.clock import Clock
from monitors.goals.file import load
from pacewatch.demo.plan import DemoOptions, plan

DAY_MS = 86_400_000
GOALS = """
campaigns:
  - campaign: c
    flight: {start: 2026-01-01T00:00, end: 2026-01-02T00:00, timezone: UTC}
    goals: [{total: spend, target: 5}]
"""
STARTS_MS = 1_767_225_600_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """One impression at the noon of the flight's day."""
    event = {"type": "impression", "event_id": "a", "ts": STARTS_MS + DAY_MS // 2, "campaign_id": "c"}
    path = tmp_path / "events.ndjson"
    path.write_text(json.dumps(event) + "\n")
    return path


@pytest.fixture(autouse=True)
def goals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own goals."""
    path = tmp_path / "mine.yml"
    path.write_text(GOALS)
    monkeypatch.setenv("PACEWATCH_GOALS", str(path))
    return path


def test_goals_move_as_far_as_the_events_of_a_recording_sent_at_once(recording: Path, tmp_path: Path) -> None:
    """Its last event is now, so half of the flight is still to come."""
    made = asyncio.run(plan(DemoOptions(data=recording, at_once=True), tmp_path))
    (campaign,) = load(Path(made.own["GOALS"])).campaigns
    assert abs(campaign.flight.start_ms + DAY_MS // 2 - Clock().now_ms()) < 60_000
    assert campaign.flight.span_ms == DAY_MS


def test_goals_stay_where_the_recording_is_played_on_its_own_clock(recording: Path, tmp_path: Path) -> None:
    made = asyncio.run(plan(DemoOptions(data=recording), tmp_path))
    assert "GOALS" not in made.own


def test_a_demo_without_goals_needs_none(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PACEWATCH_GOALS")
    made = asyncio.run(plan(DemoOptions(data=recording, at_once=True), tmp_path))
    assert "GOALS" not in made.own


def test_the_launch_day_is_known_to_its_last_event_and_its_clock_is_fast_no_longer_than_that(tmp_path: Path) -> None:
    made = asyncio.run(plan(DemoOptions(), tmp_path))
    clock = made.clock()
    assert made.truth is not None
    assert made.until_ms is not None
    assert made.until_ms > made.ends_ms > made.origin_ms
    assert clock.until_ms == made.until_ms
    assert clock.now_ms() < made.origin_ms, "worker and monitor have time to start"
    assert [act.at_ms for act in made.acts] == sorted(act.at_ms for act in made.acts)
    assert [act.says for act in made.acts if act.kills] == ["the worker is killed (kill -9)"]
    assert len(load(Path(made.own["GOALS"])).campaigns) == 6


def test_a_fast_day_asks_that_a_miss_lasts_as_long_in_truth_as_in_a_slow_one(tmp_path: Path) -> None:
    """What takes two real seconds is no miss, however many minutes of the day that is."""
    lasting = {}
    for speed in (60, 720, 1440):
        made = asyncio.run(plan(DemoOptions(speed=speed), tmp_path))
        lasting[speed] = int(made.settings["ALERT_FOR_S"]) / speed
        assert made.lasts_ms == int(made.settings["ALERT_FOR_S"]) * 1000
    assert set(lasting.values()) == {2.0}


def test_no_message_of_the_launch_day_waits_for_more_than_some_minutes_of_it(tmp_path: Path) -> None:
    """Else a forecast is told when the day is over."""
    made = asyncio.run(plan(DemoOptions(), tmp_path))
    waits_s = float(made.settings["ALERT_GATHER_S"]) + float(made.settings["REFRESH_S"])
    assert made.rate is not None
    assert waits_s * made.rate <= 10 * 60
