"""How peers are run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.peers.run import run_to_end
from tests.kit.processes import until

PYTHON = Path(sys.executable)


def program(directory: Path, text: str) -> list[Path]:
    file = directory / "program.py"
    file.write_text(text)
    return [PYTHON, file]


def test_a_program_gives_its_exit_code_and_both_outputs(tmp_path: Path) -> None:
    argv = program(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert run_to_end(argv, os.environ, 30) == (3, "out\n", "err\n")


def test_a_program_that_is_not_done_in_time_ends_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    argv = program(
        tmp_path,
        f"""
import pathlib, subprocess, time
child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
pathlib.Path({str(pid)!r}).write_text(str(child.pid))
time.sleep(60)
""",
    )
    assert run_to_end(argv, os.environ, 5) == (None, "", "")
    child = int(pid.read_text())
    until(lambda: not runs(child), "the child to end", 10)


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
