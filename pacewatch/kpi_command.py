"""The ``kpi`` command: what was asked for, read once and printed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kpis.runtime.errors import Misconfigured
from kpis.series import campaign_part, is_campaign, split
from kpis.settings.shared import Settings
from kpis.units import how_many
from monitors.read import reader
from monitors.read.snapshot import Snapshot
from pacewatch import kpi as show
from pacewatch import kpi_scopes
from pacewatch.catalogue_named import catalogue
from pacewatch.fitting import meant
from pacewatch.kpi import Values
from pacewatch.terminal import out, say


@dataclass(frozen=True, slots=True)
class AskedKpis:
    """What to print.

    Attributes:
        name: of a campaign, or of a scope; all when None.
        window: only this one.
        scope: which kind of scope, in place of campaigns.
        breakdowns: whether campaigns' breakdowns too.
        every: whether all that the catalogue adds too.
        as_json: whether as JSON.
    """

    name: str | None
    window: str | None
    scope: str | None
    breakdowns: bool
    every: bool
    as_json: bool


def print_kpis(asked: AskedKpis) -> None:
    """Read Redis once and print the values.

    Raises:
        Misconfigured: there is no such window, campaign or scope.
        Recoverable: Redis is away, or holds nothing yet.
    """
    if asked.scope is None:
        snapshot = asyncio.run(reader.read_once(Settings.load(), catalogue()))
    else:
        snapshot = kpi_scopes.read_scopes(asked.scope)
    known = (*snapshot.layout.windows, "total")
    if asked.window is not None and asked.window not in known:
        raise Misconfigured("--window", f"{asked.window[:40]!r} is unknown", meant(asked.window, known))
    values_of = reader.to_json if asked.scope is None else kpi_scopes.values_of
    values = values_of(snapshot, asked.name, asked.window)
    for problem, count in snapshot.problems.items():
        say(f"{how_many(count, 'value')} in Redis cannot be used, and left out: {problem}")
    _check(asked, snapshot, values)
    if asked.as_json:
        out(show.as_json(values))
    elif asked.scope is not None:
        is_one = asked.name is not None or asked.scope == "portfolio"
        kpi_scopes.print_scopes(values, snapshot, asked.window, is_one=is_one)
    else:
        _print_campaigns(asked, snapshot, values)


def _check(asked: AskedKpis, snapshot: Snapshot, values: Values) -> None:
    if values:
        return
    if asked.scope is not None:
        say(kpi_scopes.none_of(asked.scope, asked.name))
    elif asked.name is not None:
        names = sorted({split(campaign_part(series))[0] for series in snapshot.series})
        hint = kpi_scopes.account_hint(snapshot, asked.name) or meant(asked.name, names)
        raise Misconfigured("CAMPAIGN", f"there is no campaign {asked.name[:40]!r} in Redis", hint)


def _print_campaigns(asked: AskedKpis, snapshot: Snapshot, values: Values) -> None:
    few = {series: of for series, of in values.items() if asked.breakdowns or is_campaign(series)}
    show.print_table(few, snapshot.layout.currency, snapshot.catalogue, every=asked.every)
    if len(few) < len(values):
        out(f"{how_many(len(values) - len(few), 'breakdown')}: --breakdowns")
    for line in show.stream_lines(snapshot):
        out(line)
