"""What every command has: -h, the settings it reads, completion; logs for programs; names that are none."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kpis.runtime.logs import JsonLine, LogFormat
from kpis.runtime.printable import printable
from kpis.settings.unknown import variables
from pacewatch.cli import app
from pacewatch.fitting import FIRST, fitting, meant
from pacewatch.helping import READ_BY
from pacewatch.kpi import table
from pacewatch.variables import ALL
from tests.unit.pacewatch.test_commands import pacewatch


def named(command: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command below one."""
    for name, one in getattr(command, "commands", {}).items():
        yield (*before, name)
        yield from named(one, (*before, name))


GROUPS = {("alerts",), ("rejected",)}
COMMANDS = sorted(named(typer.main.get_command(app)))


@pytest.mark.parametrize("words", [(), *COMMANDS], ids=" ".join)
def test_every_command_knows_the_short_help(words: tuple[str, ...]) -> None:
    short, long = (CliRunner().invoke(app, [*words, option]) for option in ("-h", "--help"))
    assert (short.exit_code, short.output) == (0, long.output)
    assert "Usage" in short.output


def test_help_names_settings_that_there_are_and_says_where_all_of_them_are() -> None:
    known = variables(ALL)
    assert [name for names in READ_BY.values() for name in names if f"PACEWATCH_{name}" not in known] == []
    for words in COMMANDS:
        told = CliRunner().invoke(app, [*words, "-h"]).output
        assert ("PACEWATCH_" in told) == (words[0] in READ_BY and READ_BY[words[0]] != () and words not in GROUPS), (
            words
        )
    said = CliRunner().invoke(app, ["monitor", "-h"]).output
    assert {"PACEWATCH_GOALS", "PACEWATCH_SLACK_WEBHOOK_URL", "docs/settings.md"} <= set(re.findall(r"[\w/.]+", said))


def test_a_shell_is_told_what_a_word_may_become() -> None:
    """As bash asks, by the variables that the installed completion sets."""
    env = os.environ | {"_PACEWATCH_COMPLETE": "complete_bash", "COMP_WORDS": "pacewatch goals ", "COMP_CWORD": "2"}
    argv = [sys.executable, "-c", "from pacewatch.cli import app; app(prog_name='pacewatch')"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert set(done.stdout.split()) == {"check", "list", "schema", "apply"}


def test_a_variable_that_is_no_setting_is_named_by_every_command_and_its_value_by_none() -> None:
    for words in (("goals", "schema"), ("kpi",)):
        said = pacewatch(*words, PACEWATCH_REDISS="hunter2").stderr
        assert "PACEWATCH_REDISS is no setting and is ignored; did you mean PACEWATCH_REDIS?" in said
        assert "hunter2" not in said


@pytest.mark.parametrize("command", ["worker", "monitor"])
def test_what_ends_a_service_is_a_line_of_json_where_its_log_is(command: str) -> None:
    """Also where the settings, which say so, cannot be read."""
    asked: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
        ((command, "--log-format", "json"), {}),
        ((command,), {"PACEWATCH_LOG_FORMAT": "json"}),
    )
    for words, env in asked:
        done = pacewatch(*words, PACEWATCH_CLOCK="fast", PACEWATCH_HOME="x", **env)
        (line,) = done.stderr.splitlines()
        said = json.loads(line)
        assert (done.returncode, said["level"], said["logger"]) == (2, "CRITICAL", "pacewatch")
        assert said["message"].startswith("PACEWATCH_CLOCK")
    wrong = pacewatch(command, PACEWATCH_LOG_FORMAT="xml")
    assert (wrong.returncode, "PACEWATCH_LOG_FORMAT" in wrong.stderr) == (2, True)


def test_a_record_is_one_json_object_with_its_exception_in_it() -> None:
    try:
        raise ValueError("two\nlines \x1b[31m")
    except ValueError:
        record = logging.LogRecord("a.b", logging.ERROR, "f", 1, "told %s\r\n\u2028", ("x",), sys.exc_info())
    record.created = 1_795_392_000.5
    line = JsonLine().format(record)
    said = json.loads(line)
    assert line.isascii()
    assert printable(line) == line
    assert list(said) == ["time", "level", "logger", "message", "exception"]
    assert (said["time"], said["level"], said["logger"]) == ("2026-11-23T00:00:00.500Z", "ERROR", "a.b")
    assert said["message"] == "told x\r\n\u2028"
    assert "ValueError: two\nlines" in said["exception"]


def test_an_error_that_nobody_foresaw_is_json_too() -> None:
    said = f"""
import warnings
from kpis.runtime import logs
logs.set_up("INFO", logs.LogFormat.{LogFormat.JSON.name})
warnings.warn("old")
1 / 0
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, timeout=60, check=False)
    warning, end = (json.loads(line) for line in done.stderr.splitlines())
    assert (warning["level"], warning["logger"]) == ("WARNING", "py.warnings")
    assert (end["level"], "ZeroDivisionError" in end["exception"]) == ("CRITICAL", True)


def test_columns_fit_with_what_campaigns_are_steered_by_first() -> None:
    widths = dict.fromkeys(("impressions", "revenue", "ctr", "aov", "spend"), 8)
    assert fitting(widths, 10, None) == list(widths)
    assert fitting(widths, 10, 10 + 5 * 11) == list(widths)
    assert fitting(widths, 10, 10 + 3 * 11) == ["impressions", "ctr", "spend"]
    assert fitting(widths, 10, 11) == ["impressions"]
    assert {"ctr", "spend"} <= set(FIRST)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_table_of_values_is_as_wide_as_the_terminal_and_names_what_is_left_out(width: int) -> None:
    from rich.console import Console

    values = {
        f"a-campaign-of-a-long-name-{i}|channel=search": {"24h": {"impressions": 10**9, "spend": 1e7}} for i in "ab"
    }
    console = Console(width=width, record=True)
    console.print(table(values, "EUR", width))
    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "impressions" in lines[1]
    assert ("aov" in "".join(lines[-3:])) == (width < 200)
    assert "…" not in "".join(lines)


def test_a_name_that_is_none_is_told_what_it_may_be() -> None:
    assert meant("sprong", ["spring", "brand"]) == "did you mean 'spring'?"
    assert meant("zzz", ["spring"]) == "there is spring"
    assert meant("zzz", [f"c{i}" for i in range(9)]) == "there are c0, c1, c2, c3, c4, c5 and 3 more"
    assert meant("zzz", []) == "there is none yet"
    assert "\x1b" not in meant("zzz", ["\x1b[31m"])


def test_errors_name_files_whole(tmp_path: Path) -> None:
    deep = tmp_path / ("a-folder-of-a-long-name-" * 4) / "goals.yml"
    for words, env in ((("goals", "check", str(deep)), {}), (("monitor",), {"PACEWATCH_GOALS": str(deep)})):
        assert str(deep) in pacewatch(*words, **env).stderr
    assert str(deep) in pacewatch("backtest", "--goals", "x", "--data", str(deep)).stderr
