"""The ``doctor`` command line: options in, call out."""
# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from pacewatch.terminal import columns, out


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON: {level, findings: [{level, what, cure}]}.")
    ] = False,
) -> None:
    """Look at what is reachable and what is misconfigured, and say what to do; changes nothing, and tells nobody.

    Exits with 0 when all is well, with 1 where there is a warning (WARN), with 2 where there is an error (FAIL).
    """
    from pacewatch.doctor import findings
    from pacewatch.doctor.command import examine

    found = asyncio.run(examine())
    if as_json:
        out(findings.as_json(found))
    else:
        # In a pipe each is one line, to be searched for, whatever COLUMNS says of the terminal around it.
        for line in findings.lines(found, columns() if sys.stdout.isatty() else None):
            out(line)
    raise typer.Exit(findings.EXIT_CODES[findings.worst(found)])
