"""What the commands say: results on stdout, everything else on stderr."""

from __future__ import annotations

from rich.console import Console

_stderr = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
_stdout = Console(highlight=False, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """A line on stderr: progress, warnings, errors."""
    _stderr.print(text)


def out(text: str) -> None:
    """A line on stdout: the result."""
    _stdout.print(text)
