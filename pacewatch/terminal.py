"""What the commands say: results on stdout, everything else on stderr; names that others chose move no cursor."""

from __future__ import annotations

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


def file_problems(file: Path, error: InvalidFile) -> None:
    """Every error of a file that a person wrote, each on a line of its own on stderr."""
    for p in error.problems:
        say(f"{file}:{p.line}:{p.column}: {p.where + ': ' if p.where else ''}{p.text}")
    if error.count > len(error.problems):
        say(f"{file}: and {error.count - len(error.problems):,} more")
