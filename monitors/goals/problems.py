"""What is wrong with a goals file, all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streams.errors import Permanent


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error in a goals file.

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


class InvalidGoals(Permanent):
    """A goals file cannot be used.

    Attributes:
        problems: every error, by line.
    """

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        more = f" (and {count - 1} more: pacewatch goals check lists them)" if count > 1 else ""
        super().__init__(f"goals file {name}: {self.problems[0]}{more}")
