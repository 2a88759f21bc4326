"""The ``init`` command line: options in, calls out."""
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pacewatch.terminal import out


def init(
    to: Annotated[Path, typer.Option("--out", help="The file; one that is there is never overwritten.")] = Path(
        "goals.yml"
    ),
    most: Annotated[int, typer.Option(min=1, max=1000, help="Campaigns in it: those that spent most.")] = 50,
) -> None:
    """Write a first goals file from the campaigns in Redis: flights, daily totals and bounds, guessed from history."""
    from kpis.settings.shared import Settings
    from pacewatch.first_goals.command import exists, first_goals, write_new

    if to.exists() or to.is_symlink():
        raise exists(to)
    found = first_goals(Settings.load(), most)
    write_new(to, found.text)
    for line in found.said:
        out(f"{to}: {line}")
    if found.campaigns:
        out(f"look it through, then: PACEWATCH_GOALS={to} pacewatch monitor")
