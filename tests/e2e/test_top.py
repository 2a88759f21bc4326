"""``pacewatch top`` in a real terminal, from a real monitor on a real Redis."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.test_board import launch, ready
from tests.kit.launch import Launch
from tests.kit.processes import until
from tests.kit.terminal import Terminal

__all__ = ["launch"]

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mevil\x9b5m\u202e\r\nname"
"""A campaign's id: it would set the title, clear the screen, and turn the text around."""


@contextmanager
def top(launch: Launch, *words: str, rows: int = 24) -> Iterator[Terminal]:
    """The board in a terminal, once it shows something."""
    with Terminal(launch.system.command("top", *words), launch.system.env, rows) as made:
        until(lambda: "Pacewatch, as of" in made.screen() or made.process.poll() is not None, "the board")
        assert made.process.poll() is None, made.drawn()
        yield made


def order(shown: str, *names: str) -> list[str]:
    """These campaigns as they come on a screen; those that are not on it are left out."""
    return sorted((n for n in names if f" {n} " in shown), key=lambda n: shown.index(f" {n} "))


def awaited(made: Terminal, *names: str, among: tuple[str, ...]) -> None:
    """Wait until the screen shows exactly these of the campaigns, in this order."""
    until(lambda: order(made.screen(), *among) == list(names), f"{names}, while the screen is\n{made.screen()}")


def ended(made: Terminal) -> None:
    """The program ended well, and the terminal is as before."""
    assert made.process.wait(30) == 0
    assert made.modes() == made.before
    until(lambda: made.drawn().rstrip().endswith(("\x1b[?1049l", "\x1b[?25h")), "the first screen and the cursor")
    drawn = made.drawn()
    assert drawn.rindex("\x1b[?1049l") > drawn.rindex("\x1b[?1049h")
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def seeded(launch: Launch) -> tuple[str, ...]:
    """Three campaigns whose order differs by each sort, all shown."""
    launch.goals(("a", "Ape"), ("b", "Mule"), ("c", "Zebra"))
    launch.put({"a": 1.0, "b": 1.3, "c": 0.85})
    ready(launch)
    return ("Ape", "Mule", "Zebra")


def test_the_worst_is_first_and_keys_sort_filter_and_end_it(launch: Launch) -> None:
    all_ = seeded(launch)
    with top(launch) as made:
        assert made.modes() != made.before, "keys come one by one"
        awaited(made, "Mule", "Zebra", "Ape", among=all_)
        assert "▲ Critical" in made.screen().splitlines()[2]
        assert "3 of 3 shown, by worst" in made.screen()
        for sort, names in (
            ("spend", ("Mule", "Ape", "Zebra")),
            ("pace", ("Zebra", "Mule", "Ape")),
            ("name", ("Ape", "Mule", "Zebra")),
            ("worst", ("Mule", "Zebra", "Ape")),
        ):
            made.press("s")
            awaited(made, *names, among=all_)
            assert f"by {sort}" in made.screen()
        made.press("/")
        until(lambda: "filter: _" in made.screen(), "the filter to be asked for")
        made.press("zeq")
        until(lambda: "No campaign is like that." in made.screen(), "q to be a letter of the filter")
        made.press("\x7f")
        awaited(made, "Zebra", among=all_)
        made.press("\n")
        until(lambda: "filter: ze" in made.screen() and "filter: ze_" not in made.screen(), "the filter to stand")
        # An arrow is no Escape.
        made.press("\x1b[As")
        until(lambda: "by spend · filter: ze" in made.screen(), "the filter to stand under another sort")
        made.press("\x1b")
        awaited(made, "Mule", "Ape", "Zebra", among=all_)
        made.press("q")
        ended(made)


def test_what_changes_in_redis_shows(launch: Launch) -> None:
    all_ = seeded(launch)
    with top(launch) as made:
        awaited(made, "Mule", "Zebra", "Ape", among=all_)
        launch.put({"a": 0.1, "b": 1.0, "c": 1.0})
        until(lambda: order(made.screen(), *all_)[:1] == ["Ape"], "the campaign that became worst to be first")


def test_options_choose_what_is_shown_first_and_a_small_terminal_shows_what_it_has_room_for(launch: Launch) -> None:
    launch.put({}, extra=100)
    ready(launch)
    with top(launch, "--sort", "name", "--filter", "x00", rows=12) as made:
        until(lambda: "6 of 100 shown, by name · filter: x00" in made.screen(), "six of those that are asked for")
        assert order(made.screen(), "x0000", "x0005", "x0006") == ["x0000", "x0005"]
        # Ctrl-D ends it while a filter is typed too.
        made.press("/")
        until(lambda: "filter: _" in made.screen(), "the filter to be asked for")
        made.press("\x04")
        ended(made)


def test_ctrl_c_leaves_the_terminal_as_it_was(launch: Launch) -> None:
    launch.put({"c": 1})
    ready(launch)
    with top(launch) as made:
        made.process.send_signal(signal.SIGINT)
        assert made.process.wait(30) == 130
        assert made.modes() == made.before
        until(lambda: "\x1b[?1049l" in made.drawn(), "the first screen")
        assert "Traceback" not in made.drawn()


def test_a_pipe_gets_all_of_it_once(launch: Launch) -> None:
    launch.put({}, extra=300)
    ready(launch)
    for words in ((), ("--once",)):
        done = launch.system.run("top", *words, "--sort", "name")
        assert done.returncode == 0, done.stderr
        assert "300 of 300 shown, by name" in done.stdout
        lines = [line for line in done.stdout.splitlines() if " x0" in line]
        assert [line.split()[3] for line in lines] == [f"x{n:04}" for n in range(300)]
        assert "\x1b" not in done.stdout
        assert "q quit" not in done.stdout


def test_once_in_a_terminal_prints_all_and_ends_on_the_same_screen(launch: Launch) -> None:
    launch.put({}, extra=100)
    ready(launch)
    with Terminal(launch.system.command("top", "--once"), launch.system.env) as made:
        assert made.process.wait(30) == 0
        until(lambda: "x0000" in made.drawn() and "x0099" in made.drawn(), "all campaigns")
        assert "\x1b[?1049h" not in made.drawn()
        assert made.modes() == made.before


def test_a_name_with_escape_sequences_is_text(launch: Launch) -> None:
    """On the screen, piped, and in what is typed as a filter."""
    launch.put({ESCAPES: 1, "fine": 1})
    ready(launch)
    with top(launch) as made:
        until(lambda: "evil" in made.screen(), "the campaign")
        assert made.commands() == set()
        made.press("/")
        until(lambda: "filter: _" in made.screen(), "the filter to be asked for")
        made.press("evil")
        until(lambda: "1 of 1 shown" in made.screen(), "only that campaign")
        assert made.commands() == set()
        made.press("\n")
        until(lambda: "evil_" not in made.screen(), "the filter to stand")
        made.press("q")
        ended(made)
    piped = launch.system.run("top").stdout
    assert "evil" in piped
    assert all(c.isprintable() or c == "\n" for c in piped)


def test_no_monitor_at_the_start_is_one_clear_line_and_a_failure(launch: Launch) -> None:
    for words in ((), ("--once",)):
        done = launch.system.run("top", *words)
        assert done.returncode == 1
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"pacewatch: the monitor at {launch.url} does not answer: ")
    with Terminal(launch.system.command("top"), launch.system.env) as made:
        assert made.process.wait(30) == 1
        until(lambda: "does not answer" in made.drawn(), "the error")
        assert "\x1b[?1049h" not in made.drawn()
        assert made.modes() == made.before


def test_what_is_no_monitor_is_said_so(launch: Launch) -> None:
    """Redis itself, a page that is not there, and options that mean nothing."""
    ready_made = {
        f"http://127.0.0.1:{launch.port}": (1, "does not answer"),
        "ftp://x": (2, "--url"),
        "http://": (1, "does not answer"),
    }
    for url, (code, said) in ready_made.items():
        done = launch.system.run("top", "--url", url)
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr
    assert launch.system.run("top", "--sort", "size").returncode == 2
    launch.put({"c": 1})
    ready(launch)
    done = launch.system.run("top", "--url", f"{launch.url}/none/")
    assert (done.returncode, "it answers with status 404" in done.stderr) == (1, True)


def test_a_monitor_that_goes_away_is_said_and_one_that_comes_back_is_found(launch: Launch) -> None:
    launch.put({"c": 1})
    ready(launch)
    with top(launch) as made:
        until(lambda: order(made.screen(), "c") == ["c"], "the campaign")
        launch.system.stop()
        until(lambda: "does not answer" in made.screen() and "these numbers are old" in made.screen(), "the notice")
        assert order(made.screen(), "c") == ["c"], "what was read last still stands"
        ready(launch)
        until(lambda: "these numbers are old" not in made.screen(), "the notice to go")
        launch.system.stop()
        until(lambda: "these numbers are old" in made.screen(), "the notice again")
        made.press("q")
        ended(made)
