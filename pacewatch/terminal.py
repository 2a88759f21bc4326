"""What the commands say: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """A line on stderr: progress, warnings, errors."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def out(text: str) -> None:
    """A line on stdout: the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
