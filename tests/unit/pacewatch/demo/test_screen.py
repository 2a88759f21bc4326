"""What the demo shows on a terminal."""

from __future__ import annotations

from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from monitors.board.shapes import Campaigns
from monitors.pacing.verdict import Status
from pacewatch.demo.screen import Scene, pace_of, screen
from pacewatch.demo.story import Happening, Teller
from tests.kit.monitor_fakes import NOON
from tests.unit.pacewatch.top.test_screen import SUMMARY, campaign

NAMES = ("Ape", "Bee", "Cat", "Dog", "Eel", "Fox")
BOARD = Campaigns("1", SUMMARY, [campaign(name, Status.ON_PACE, 500) for name in NAMES])
ADDRESS = "http://127.0.0.1:9600/"
STORY = tuple(Happening(NOON, Teller.TOLD, "▲", f"Ape: {n} " + "spend is critical " * 8) for n in range(30))


def drawn(board: Campaigns | None = BOARD, width: int = 80, height: int = 24, sent: int = 100) -> list[str]:
    """The lines of a screen."""
    scene = Scene("a launch day in 90 s", ADDRESS, NOON, 0.5, 45.0, sent, 3, board, STORY)
    console = Console(file=StringIO(), width=width, height=height, color_system=None)
    console.print(screen(scene, width, height))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 35), (200, 60), (40, 12)])
def test_it_fits_with_the_address_first_and_the_last_alert_last(width: int, height: int) -> None:
    lines = drawn(width=width, height=height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert ADDRESS in lines[1]
    assert "50%" in lines[2]
    assert any("Ape: 29 spend" in line for line in lines)


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 35)])
def test_all_six_campaigns_are_there_and_at_least_one_alert(width: int, height: int) -> None:
    text = "\n".join(drawn(width=width, height=height))
    assert all(f" {name} " in text for name in NAMES)


def test_a_wider_terminal_has_more_kpis_and_a_higher_one_more_alerts() -> None:
    narrow, wide = drawn(width=60), drawn(width=120, height=60)
    assert "ROAS" not in "".join(narrow)
    assert "ROAS" in "".join(wide)
    assert sum("▲ Ape:" in line for line in wide) > sum("▲ Ape:" in line for line in narrow)


def test_before_the_monitor_answers_that_is_said() -> None:
    assert "the worker and the monitor start …" in drawn(None)


def test_what_all_campaigns_wait_for_stands_beside_what_is_counted() -> None:
    away = replace(BOARD, summary=replace(SUMMARY, problem="Redis does not answer"))
    assert "100 events sent, 3 wait to be counted · Redis does not answer" in drawn(away)
    held = replace(BOARD, campaigns=[campaign("Ape", Status.HOLD, 500)])
    assert any("goals on hold of campaigns: 1" in line for line in drawn(held))


def test_a_campaign_says_what_is_wrong_or_how_much_of_its_total_came() -> None:
    assert pace_of(campaign("Ape", Status.ON_PACE, 500), "EUR").startswith("spend ")
    critical = campaign("Ape", Status.CRITICAL, 500)
    assert pace_of(critical, "EUR") == f"spend {critical.goals[0].says}"
    assert pace_of(campaign("Ape", Status.HOLD, 500), "EUR").startswith("on hold: ")
    assert pace_of(campaign("Ape"), "EUR") == ""
