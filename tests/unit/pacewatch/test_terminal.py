"""How wide lines are: as the terminal, as they are in a pipe, or as COLUMNS says."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
from io import StringIO

import pytest
from rich.console import Console

from kpis.packs.catalogue_file import parse
from pacewatch.kpi import added_table
from pacewatch.terminal import columns


@pytest.mark.parametrize(
    ("said", "wide"), [("80", 80), ("0", None), ("", None), ("wide", None), ("-3", None), ("²", None)]
)
def test_a_pipe_has_no_width_but_one_that_columns_says(said: str, wide: int | None) -> None:
    code = "from pacewatch.terminal import columns; print(columns())"
    env = os.environ | {"COLUMNS": said}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(wide)


def test_a_terminal_is_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = os.openpty()
    try:
        with os.fdopen(theirs, "w") as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            termios.tcsetwinsize(terminal, (40, 123))
            assert columns() == 123
    finally:
        os.close(ours)


def test_the_unit_of_a_measure_stands_beside_its_name_unless_it_is_that() -> None:
    of = parse("measures: {hours: {unit: hours}, overtime: {unit: hours}}", "x")
    wide = Console(file=StringIO(), width=100, color_system=None)
    wide.print(added_table({"1h": {"hours": 2.0, "overtime": 1.0}}, of))
    first, second = [line.split("  ")[0].strip() for line in wide.file.getvalue().splitlines()[1:]]  # type: ignore[attr-defined]
    assert (first, second) == ("hours", "overtime, hours")
