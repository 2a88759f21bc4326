"""What is wrong with a file that a person wrote, all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpis.runtime.errors import Permanent

MOST = 100
"""Problems that are listed; whoever has more mends these first."""


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One error in a file.

    Attributes:
        line: its line, from 1.
        column: its column, from 1.
        where: the path to it (``campaigns[0].goals[1].target``); empty for the file itself.
        text: what is wrong and what would be right, for people.
    """

    line: int
    column: int
    where: str
    text: str

    def __str__(self) -> str:
        """One line: ``line 7, column 3: campaigns[0].flight: end is not after start``."""
        return f"line {self.line}, column {self.column}: " + (f"{self.where}: " if self.where else "") + self.text


class InvalidFile(Permanent):
    """A file cannot be used.

    Args:
        name: what it is, and which: ``goals file goals.yml``.
        problems: every error.
        how: how to see all of them.

    Attributes:
        problems: the errors by line, :data:`MOST` of them at most.
        count: how many there are.
    """

    def __init__(self, name: str, problems: Sequence[FileProblem], how: str = "") -> None:
        self.problems = tuple(sorted(problems))[:MOST]
        self.count = len(problems)
        more = f" (and {self.count - 1} more{how})" if self.count > 1 else ""
        super().__init__(f"{name}: {self.problems[0]}{more}")
