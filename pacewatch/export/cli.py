"""The ``export`` command line: options in, calls out."""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from kpis.units import how_many
from pacewatch.terminal import out, say

EXAMPLES = """\
Parts: dashboards, provisioning, rules, goals, catalogue, compose, docs.

    pacewatch export pacewatch-files --only dashboards,rules

What an earlier export wrote and nobody changed is brought up to date, so the same command follows an upgrade.
"""
_LISTED = 12


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; it is made.")],
    only: Annotated[str | None, typer.Option(help="Parts, commas between; all when not given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what somebody changed there.")] = False,
) -> None:
    """Write out what comes with Pacewatch: dashboards, rules, example goals, compose file, documentation.

    Files that somebody changed are kept and named, and the exit code is 2 then.
    """
    from pacewatch.export.shipped import PARTS, chosen, part_of, shipped
    from pacewatch.export.writing import Became, write

    parts = chosen(only)
    files = {name: path.read_bytes() for name, path in shipped().items() if part_of(name) in parts}
    became = write(files, directory, force=force)
    for part, about in ((name, one.about) for name, one in PARTS.items() if name in parts):
        counts = Counter(fate for name, fate in became.items() if part_of(name) == part)
        if counts:
            said = ", ".join(f"{counts[fate]} {fate}" for fate in Became if counts[fate])
            out(f"{part:<12} {said:<22} {about}")
    out(f"{how_many(len(became), 'file')} in {directory}")
    kept = [name for name, fate in became.items() if fate is Became.KEPT]
    for name in kept[:_LISTED]:
        say(f"kept, for it was changed there: {directory / name}")
    if len(kept) > _LISTED:
        say(f"and {len(kept) - _LISTED} more")
    if kept:
        say("with --force they are overwritten")
        raise typer.Exit(2)
