"""The ``goals`` commands: options in, calls out."""
# ruff: noqa: PLC0415

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacewatch.terminal import columns, file_problems, out

if TYPE_CHECKING:
    from monitors.goals import InvalidGoals

goals_app = typer.Typer(no_args_is_help=True, help="Goals files: check one, see what is in it, put it in place.")
GoalsPath = Annotated[Path, typer.Argument(help="The goals file.")]


@goals_app.command("check")
def check(file: GoalsPath) -> None:
    """Check a goals file: every error with its line."""
    from monitors import goals
    from pacewatch.catalogue_named import catalogue
    from pacewatch.goals.overview import counted

    try:
        found = goals.load(file, catalogue())
    except goals.InvalidGoals as e:
        raise _refused(file, e) from None
    out(f"{file}: {counted(found)}, no errors")


@goals_app.command("list")
def show(file: GoalsPath) -> None:
    """Print the goals of a file as a table, with what accounts give their campaigns, and what these add up to."""
    from monitors import goals
    from pacewatch.catalogue_named import catalogue
    from pacewatch.goals.overview import experiments, lines, shares

    try:
        found = goals.load(file, catalogue())
    except goals.InvalidGoals as e:
        raise _refused(file, e) from None
    for line in [*lines(found, columns()), *shares(found, columns()), *experiments(found)]:
        out(line)


@goals_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of goals files, for editors that complete and check; with what the catalogue file adds."""
    from monitors.goals import file
    from pacewatch.catalogue_named import catalogue

    out(json.dumps(file.schema(catalogue()), indent=2))


@goals_app.command("apply")
def put(
    file: GoalsPath,
    to: Annotated[Path, typer.Option("--to", help="The file that the monitor reads; replaced in one step.")],
) -> None:
    """Check a goals file and put it in the place of another; says what changes. With errors nothing is done."""
    from monitors import goals
    from pacewatch.goals.apply import apply

    try:
        said = apply(file, to)
    except goals.InvalidGoals as e:
        raise _refused(file, e) from None
    for line in said:
        out(line)


def _refused(file: Path, error: InvalidGoals) -> typer.Exit:
    """Every error on a line of its own; what ends the command."""
    file_problems(file, error)
    return typer.Exit(2)
