"""What the commands say: results on stdout, everything else on stderr; names that others chose move no cursor."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kpis.runtime.printable import printable_lines
from kpis.runtime.problems import InvalidFile


def say(text: str) -> None:
    """A line on stderr: progress, warnings, errors."""
    sys.stderr.write(printable_lines(text) + "\n")
    sys.stderr.flush()


def out(text: str) -> None:
    """A line on stdout: the result."""
    sys.stdout.write(printable_lines(text) + "\n")
    sys.stdout.flush()


def columns() -> int | None:
    """How wide lines may be: as ``COLUMNS`` says, else as the terminal is; None in a pipe, where lines are whole."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def file_problems(file: Path, error: InvalidFile) -> None:
    """Every error of a file that a person wrote, each on a line of its own on stderr."""
    for p in error.problems:
        say(f"{file}:{p.line}:{p.column}: {p.where + ': ' if p.where else ''}{p.text}")
    if error.count > len(error.problems):
        say(f"{file}: and {error.count - len(error.problems):,} more")
