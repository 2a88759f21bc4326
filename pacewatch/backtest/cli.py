"""The ``backtest`` command line: options in, call out."""
# ruff: noqa: PLC0415, PLR0917

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacewatch.terminal import say

if TYPE_CHECKING:
    from kpis.runtime.problems import InvalidFile

EXAMPLES = """\
Recorded events, with the write side's own decoding and counting, looked at each minute of event time:

    pacewatch backtest --goals goals.yml --data events.ndjson.gz

What is in Redis already, looked at each quarter hour:

    pacewatch backtest --goals goals.yml --from 2026-11-01T00:00:00Z --to 2026-11-15T00:00:00Z

Against incidents that are known, and with other values of a policy:

    pacewatch backtest --goals goals.yml --data events.ndjson.gz --labels incidents.yml

    pacewatch backtest --goals goals.yml --data events.ndjson.gz --labels incidents.yml --sweep z_proof=3,3.5,4
"""


def backtest(
    goals: Annotated[Path, typer.Option(help="The goals file.")],
    data: Annotated[Path | None, typer.Option(help="Recorded events: NDJSON or CSV, plain or gzip.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First look, RFC 3339 with a zone; without --data: at Redis.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last look.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML that maps CSV columns to event fields.")] = None,
    every: Annotated[str | None, typer.Option(help="Event time between two looks at --data; 1m by default.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Incidents that are known: campaign, from, to, by, what.")] = None,
    sweep: Annotated[
        list[str] | None, typer.Option(help="NAME=V1,V2: try values of a policy field; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON: a line for each message, and a summary.")] = False,
) -> None:
    """Say what people would have been told, over recorded events or over history in Redis."""
    from kpis.runtime.problems import InvalidFile
    from pacewatch.backtest.command import BacktestOptions
    from pacewatch.backtest.command import backtest as run

    options = BacktestOptions(goals, data, mapping, since, until, every, labels, tuple(sweep or ()), as_json)
    try:
        code = asyncio.run(run(options))
    except InvalidFile as e:
        raise _refused(e) from None
    raise typer.Exit(code)


def _refused(error: InvalidFile) -> typer.Exit:
    """Every error of a file on a line of its own; what ends the command."""
    say(f"pacewatch: {error}")
    for problem in error.problems[1:]:
        say(f"  {problem}")
    return typer.Exit(2)
