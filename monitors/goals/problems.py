"""What is wrong with a goals file."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.runtime.problems import InvalidFile, Problem


class InvalidGoals(InvalidFile):
    """A goals file cannot be used."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        super().__init__(f"goals file {name}", problems, ": pacewatch goals check lists them")
