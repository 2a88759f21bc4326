"""A part of a benchmark that runs as a program of its own and prints what it found as its last line, JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar
from uuid import uuid4

import msgspec

from tests.kit.processes import Program
from tests.kit.system import System

Report = TypeVar("Report", bound=msgspec.Struct)
_PATIENCE_S = 60.0


class Running(Generic[Report]):
    """A program at work.

    Args:
        program: it.
        report: the type of what it prints.
        seconds: how long it runs.
    """

    def __init__(self, program: Program, report: type[Report], seconds: float) -> None:
        self._program = program
        self._type = report
        self._seconds = seconds

    def report(self) -> Report:
        """Wait until it has ended; what it found."""
        code = self._program.wait(self._seconds + _PATIENCE_S)
        assert code == 0, self._program.output()
        return msgspec.json.decode(self._program.output().splitlines()[-1], type=self._type)


@contextmanager
def running(
    place: System, module: str, report: type[Report], seconds: float, **options: object
) -> Iterator[Running[Report]]:
    """Run ``python -m module`` for this system with ``--seconds`` and other options; it is ended at the end."""
    words = [w for name, value in options.items() for w in (f"--{name.replace('_', '-')}", str(value))]
    argv = [sys.executable, "-m", module, "--seconds", str(seconds), *words]
    program = Program(argv, place.directory / f"{module}-{uuid4().hex[:8]}.log", place.env)
    try:
        yield Running(program, report, seconds)
    finally:
        program.stop()
