"""What is wrong with a goals file."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.runtime.problems import FileProblem, InvalidFile


class InvalidGoals(InvalidFile):
    """A goals file cannot be used."""

    def __init__(self, name: str, problems: Sequence[FileProblem]) -> None:
        super().__init__(f"goals file {name}", problems, ": pacewatch goals check lists them")
