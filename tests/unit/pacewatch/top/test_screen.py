"""What ``pacewatch top`` makes of keys and of a board."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from kpis.runtime.printable import blanked
from kpis.series import key
from monitors.board.campaign_rows import campaign_row
from monitors.board.shapes import CampaignNow, Campaigns, Summary
from monitors.pacing.verdict import Status
from monitors.read.snapshot import SeriesRows
from monitors.words.wording import LOOK
from pacewatch.top.screen import KEYS, SORTS, Choice, chosen, notices, screen, sparkline
from tests.kit.monitor_fakes import NOON, row
from tests.unit.monitors.board.test_board import dark, judged

SUMMARY = Summary(
    now_ms=NOON + 3_000, rate=1.0, as_of_ms=NOON, clocks=(NOON,), max_lag_ms=60_000, lag=0, problem="", currency="EUR",
    window="1h", pulse_window="1m", campaigns=1, shown=1, goals=1, statuses={"critical": 1}, waiting=0,
)  # fmt: skip
KEYS_PRESSED = st.lists(st.sampled_from(["s", "/", "\x1b", "\r", "\n", "\x7f", "\b", "a", "ß", " ", "\t", "q", "\x00"]))


def campaign(name: str, /, status: Status | None = None, spent: int = 0, **more: Any) -> CampaignNow:
    """A campaign's row; with a status it has a goal of 500."""
    counted = SeriesRows({"1h": row(1000, 10), "total": row(9000, 90, 1, spent)}, (0,))
    goals = (judged(name, status, spent),) if status else ()
    return replace(campaign_row(key(name), counted, goals, "1h", ("0az", 9)), **more)


def pressed(choice: Choice, *keys: str) -> Choice:
    """The choice after these keys."""
    for one in keys:
        choice = choice.pressed(one)
    return choice


def drawn(board: Campaigns, choice: Choice | None = None, width: int = 200, **how: Any) -> list[str]:
    """The lines of a screen; ``width`` is the console's, and the board's where ``how`` has no other ``how_wide``."""
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(screen(board, choice or Choice(), **{"most": None, "width": how.pop("how_wide", width), **how}))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


def test_s_goes_through_all_sorts_and_comes_round() -> None:
    seen = [pressed(Choice("worst", "find"), *"s" * n) for n in range(len(SORTS) + 1)]
    assert [c.sort for c in seen] == [*SORTS, "worst"]
    assert {c.find for c in seen} == {"find"}, "the filter stays"


def test_a_filter_is_typed_corrected_and_kept_by_enter() -> None:
    typing = pressed(Choice("spend", "old"), "/", "s", "q", "x", "\x7f", "ß", "\b", "/")
    assert typing == Choice("spend", "sq/", typing=True), "what are keys elsewhere are letters here"
    assert pressed(typing, "\r") == pressed(typing, "\n") == Choice("spend", "sq/")
    assert pressed(Choice(), "/", "\x7f", "\x7f") == Choice(typing=True)


def test_escape_shows_all_again() -> None:
    assert pressed(Choice("name"), "/", "a", "\x1b") == Choice("name")
    assert pressed(Choice("name", "kept"), "\x1b") == Choice("name")


@given(KEYS_PRESSED)
def test_whatever_is_pressed_the_choice_can_be_shown(keys: list[str]) -> None:
    choice = pressed(Choice(), *keys)
    assert choice.sort in SORTS
    assert len(choice.find) <= 100
    assert choice.find.isprintable()
    assert Choice().pressed("\x00") == Choice(), "a key that means nothing changes nothing"


def test_a_filter_has_an_end() -> None:
    assert pressed(Choice(), "/", *"ab" * 100).find == "ab" * 50


def test_campaigns_are_found_by_name_id_or_account_in_any_case() -> None:
    rows = [campaign("one", name="Spring"), campaign("two", account="ACME"), campaign("three")]
    for find, ids in (("SPRING", ["one"]), ("acme", ["two"]), ("thr", ["three"]), ("", ["one", "three", "two"])):
        assert sorted(r.id for r in chosen(rows, Choice("name", find))) == ids
    assert chosen(rows, Choice(find="gone\nby")) == []


def test_each_sort_orders_as_it_says() -> None:
    rows = [
        campaign("calm", Status.ON_PACE, 510_000_000, name="Calm"),
        campaign("bad", Status.CRITICAL, 100_000_000, name="bad"),
        campaign("rich", spent=900_000_000, name="Rich"),
        campaign("warned", Status.WARNING, 400_000_000, name="Another"),
        replace(campaign("none", name="none"), total=None),
    ]
    expected = {
        "worst": ["bad", "warned", "calm", "rich", "none"],
        "spend": ["rich", "calm", "warned", "bad", "none"],
        "pace": ["bad", "warned", "calm", "none", "rich"],
        "name": ["warned", "bad", "calm", "none", "rich"],
    }
    assert {sort: [r.id for r in chosen(rows, Choice(sort))] for sort in SORTS} == expected


def test_a_line_of_blocks_shows_the_last_points_and_nothing_above_zero_as_nothing() -> None:
    assert sparkline("") == ""
    assert sparkline("0") == " "
    assert sparkline("1") == "▁"
    assert sparkline("z") == "█"
    assert sparkline("zzzz" + "0" * 11 + "z") == " " * 11 + "█"
    levels = [sparkline(digit) for digit in "0123456789abcdefghijklmnopqrstuvwxyz"]
    assert levels == sorted(levels)
    assert len(set(levels)) == 9


@given(st.text(st.characters()))
def test_what_a_terminal_would_obey_is_not_printed(text: str) -> None:
    shown = blanked(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert all(a in {b, " "} for a, b in zip(shown, text, strict=True))


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x9b5m", "\x07", "\r", "\n", "\u202e", "\u2028", "\x00", "\ud800"])
def test_no_name_filter_or_problem_reaches_the_terminal_as_it_is(evil: str) -> None:
    named = campaign("c", Status.CRITICAL, name=f"a{evil}b")
    board = Campaigns("1", replace(SUMMARY, problem=f"x{evil}y"), [named])
    lines = drawn(board, Choice(find=f"a{evil}b"), most=5, problem=f"x{evil}y")
    assert not any(evil in line for line in lines)
    assert any("a b" in line or "a [2Jb" in line or "a5mb" in line or "a 5mb" in line for line in lines)


def test_markup_in_a_name_is_text() -> None:
    (line,) = (line for line in drawn(Campaigns("1", SUMMARY, [campaign("[bold]x[/bold]")])) if "x[/" in line)
    assert "[bold]x[/bold]" in line


def test_what_is_wrong_with_the_numbers_is_said_and_nothing_else() -> None:
    assert notices(SUMMARY) == []
    assert notices(replace(SUMMARY, as_of_ms=None)) == []
    assert notices(replace(SUMMARY, now_ms=NOON + 60_000)) == [], "as old as may be"
    late = notices(replace(SUMMARY, now_ms=NOON + 3_661_000))
    assert late == ["The pipeline is 3,661 s behind: pace is on hold until it catches up."]
    away = notices(replace(SUMMARY, now_ms=NOON + 3_661_000, problem="Redis is away"))
    assert away == ["Redis is away. The numbers are the last that were read."], "the cause, not what follows from it"


def test_the_head_says_how_old_the_numbers_are_and_what_is_shown() -> None:
    rows = [campaign(f"c{n}", Status.CRITICAL) for n in range(5)]
    lines = drawn(Campaigns("1", SUMMARY, rows), Choice("name", "c", typing=True), most=2)
    assert lines[0] == "Pacewatch, as of 2026-11-22 12:00:00 UTC, 3 s ago · ▲ 1 · 2 of 5 shown, by name · filter: c_"
    assert [line.split()[2] for line in lines[2:4]] == ["C0", "C1"]
    assert lines[-1] == KEYS
    printed = drawn(Campaigns("1", SUMMARY, rows))
    assert "5 of 5 shown" in printed[0]
    assert KEYS not in printed, "on paper no key does anything"
    assert drawn(Campaigns("1", replace(SUMMARY, as_of_ms=None), rows))[0].startswith("Pacewatch, no event yet")


def test_an_empty_board_says_why() -> None:
    assert "No campaigns yet." in drawn(Campaigns("1", SUMMARY, []))
    assert "No campaign is like that." in drawn(Campaigns("1", SUMMARY, [campaign("a")]), Choice(find="b"))


@pytest.mark.parametrize("width", [80, 90, 100, 120, 140, 200])
def test_name_and_pace_are_readable_on_a_terminal_of_common_width(width: int) -> None:
    named = campaign("c", Status.CRITICAL, 300_000_000, name="Spring launch")
    lines = drawn(Campaigns("1", SUMMARY, [named]), width=width, most=5)
    (line,) = (line for line in lines if "Critical" in line)
    assert "Spring launch" in line
    assert "spend 60%" in line
    assert "300.00 EUR" in line
    assert all(len(line) <= width for line in lines)
    assert any("ROAS" in line for line in lines) == (width >= 140)


def test_a_watch_is_said_first_and_fits_a_narrow_terminal() -> None:
    counted = SeriesRows({"1h": row(1000, 10), "total": row(9000, 90, 1, 5)}, (0,))
    lines = drawn(Campaigns("1", SUMMARY, [campaign_row("a", counted, dark("a"), "1h", ("0az", 9))]), width=80, most=5)
    (line,) = (line for line in lines if "Critical" in line)
    assert "nothing served since 11:00" in line
    assert len(line) <= 80
    wide = drawn(Campaigns("1", SUMMARY, [campaign_row("a", counted, dark("a"), "1h", ("0az", 9))]), width=400)
    assert any("clicks, conversions on hold: waits" in line for line in wide)


SHOWN = (Status.CRITICAL, Status.WARNING, Status.ON_PACE)


def test_in_a_pipe_nothing_is_cut_and_nothing_is_padded_to_a_width() -> None:
    name = "A very long name " * 20
    lines = drawn(Campaigns("1", SUMMARY, [campaign("c", Status.CRITICAL, name=name)]), width=10_000, how_wide=None)
    assert name.strip() in lines[2]
    assert "…" not in "".join(lines)
    assert "AOV" in lines[1]
    assert max(map(len, lines)) < 800


@pytest.mark.parametrize("width", [80, 100, 260])
def test_printed_once_each_status_is_a_word_and_amounts_are_whole(width: int) -> None:
    """However long names are: numbers are left out before, and a pipe has room for all of them."""
    rows = [campaign(f"c{n}", s, 300_000_000, name="A very long name " * 4) for n, s in enumerate(SHOWN)]
    lines = drawn(Campaigns("1", SUMMARY, rows), width=width)
    assert all(any(LOOK[s].title in line for line in lines) for s in SHOWN)
    head = next(line for line in lines if line.startswith("Status"))
    assert "…" not in head
    assert ("AOV" in head) == (width == 260)


def test_a_terminal_without_room_shows_one_campaign_and_a_narrow_one_does_not_fail() -> None:
    rows = [campaign(f"c{n}", Status.CRITICAL) for n in range(5)]
    assert "1 of 5 shown" in drawn(Campaigns("1", SUMMARY, rows), most=-3)[0]
    assert drawn(Campaigns("1", SUMMARY, rows), width=20, most=3)
