"""What the commands say: results on stdout, everything else on stderr; names that others chose move no cursor."""

from __future__ import annotations

import sys

from kpis.runtime.printable import printable_lines


def say(text: str) -> None:
    """A line on stderr: progress, warnings, errors."""
    sys.stderr.write(printable_lines(text) + "\n")
    sys.stderr.flush()


def out(text: str) -> None:
    """A line on stdout: the result."""
    sys.stdout.write(printable_lines(text) + "\n")
    sys.stdout.flush()
