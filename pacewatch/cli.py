"""The command line: options in, calls out; the work is in the other modules.

Exit codes: 0 done; 1 something is away or went wrong that may be tried again; 2 a person has to change something.
Modules of a command are imported when it runs, so that each starts fast.
"""
# ruff: noqa: PLC0415, PLR0917

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from kpis.runtime import logs
from kpis.runtime.errors import Misconfigured, PacewatchError, Permanent
from kpis.units import how_many
from pacewatch import __version__
from pacewatch.alerts.cli import alerts_app
from pacewatch.backtest import cli as backtest_cli
from pacewatch.goals.cli import goals_app
from pacewatch.rejected.cli import rejected_app
from pacewatch.terminal import out, say

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Streaming real-time KPI and pacing monitor for ad campaigns.",
)
app.add_typer(alerts_app, name="alerts")
app.add_typer(goals_app, name="goals")
app.add_typer(rejected_app, name="rejected")
app.command(epilog=backtest_cli.EXAMPLES, context_settings=backtest_cli.HELP)(backtest_cli.backtest)


def main() -> None:
    """Run a command; errors meant for people become one line on stderr."""
    logs.hush()
    try:
        app()
    except PacewatchError as e:
        say(f"pacewatch: {' '.join(str(e).split())}")
        sys.exit(2 if isinstance(e, Permanent) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output is gone: the interpreter must not try to flush it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        out(f"pacewatch {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@app.command()
def demo(
    data: Annotated[Path | None, typer.Option(help="Replay this file instead of the simulated launch day.")] = None,
    speed: Annotated[str | None, typer.Option(help="How many times real time, or max.")] = None,
    duration: Annotated[float | None, typer.Option(min=0, help="End after so many seconds.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the values as JSON in the last line, and end.")
    ] = False,
) -> None:
    """Start everything embedded and show live KPIs, pace and what Slack is told."""
    from pacewatch.demo.command import DemoOptions, run
    from pacewatch.replay.command import parse_speed

    paced = None if speed is None else parse_speed(speed)
    raise typer.Exit(run(DemoOptions(data, paced, speed == "max", duration, as_json)))


@app.command()
def worker() -> None:
    """Run the write side: Kafka in, KPIs in Redis."""
    from streams.process.ending import hold_signals

    hold_signals()
    from kpis.settings.shared import Settings
    from streams import service as write_side

    settings = Settings.load()
    _begin(settings.log_level)
    raise typer.Exit(write_side.run(settings))


@app.command()
def monitor() -> None:
    """Run the read side: pace, Prometheus metrics, Slack."""
    from monitors import service
    from monitors.settings import MonitorSettings

    settings = MonitorSettings.load()
    _begin(settings.log_level)
    asyncio.run(service.run(settings))


def _begin(log_level: str) -> None:
    """Set up the log of a service, and tell it of variables that only look like settings."""
    from pacewatch.variables import strange

    logs.set_up(log_level)
    for line in strange():
        logging.getLogger("pacewatch").warning("%s", line)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="Recorded events: NDJSON or CSV, plain or gzip.")],
    speed: Annotated[str, typer.Option(help="How many times real time, or max.")] = "max",
    shift: Annotated[str, typer.Option(help="now: the last event lands on now. none: times stay.")] = "none",
    mapping: Annotated[Path | None, typer.Option(help="YAML that maps CSV columns to event fields.")] = None,
    goals: Annotated[Path | None, typer.Option(help="A goals file whose flights move along.")] = None,
    shifted_goals: Annotated[Path | None, typer.Option(help="Where the moved goals file goes.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Lines without a usable event are no failure.")] = False,
    idempotent: Annotated[
        bool, typer.Option("--idempotent", help="Have Kafka drop what a retry would double (not the embedded broker).")
    ] = False,
) -> None:
    """Send recorded events into Kafka."""
    from kpis.settings.shared import Settings
    from pacewatch.replay.command import ReplayOptions, parse_speed, play

    if shift not in {"now", "none"}:
        raise Misconfigured("--shift", f"{shift[:40]!r} is unknown", "use now or none")
    options = ReplayOptions(
        file, parse_speed(speed), shift == "now", mapping, goals, shifted_goals, skip_bad, idempotent
    )
    raise typer.Exit(asyncio.run(play(options, Settings.load())))


@app.command()
def simulate(
    campaigns: Annotated[int, typer.Option(min=1, max=100_000, help="How many campaigns (steady).")] = 10,
    rate: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=1e6,
            help="Events per second of the clock, all campaigns together (steady): where PACEWATCH_CLOCK is 60 times "
            "as fast as real, 60 times as many each real second.",
        ),
    ] = 100.0,
    scenario: Annotated[str, typer.Option(help="steady or launch-day.")] = "steady",
    duration: Annotated[float | None, typer.Option(min=0, help="Seconds; until Ctrl-C when not given.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same load.")] = 0,
    truth: Annotated[Path | None, typer.Option(help="Write the exact totals here; else they go to stdout.")] = None,
) -> None:
    """Send a synthetic load whose totals are known."""
    from kpis.settings.shared import Settings
    from pacewatch.simulate.command import SimulateOptions, synthesize

    options = SimulateOptions(campaigns, rate, scenario, duration, seed, truth)
    raise typer.Exit(asyncio.run(synthesize(options, Settings.load())))


@app.command()
def kpi(
    campaign: Annotated[
        str | None, typer.Argument(help="Only this campaign and its breakdowns; with --scope only this name.")
    ] = None,
    window: Annotated[str | None, typer.Option(help="Only this window, such as 5m or total.")] = None,
    scope: Annotated[
        str | None,
        typer.Option(help="What several campaigns have together: portfolio, account, or a dimension: channel, ..."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON: {campaign: {window: {name: value}}}.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Of each series what the catalogue file adds too.")] = False,
) -> None:
    """Print the current values; of one campaign what the catalogue file adds too, where it has any."""
    from kpis.settings.shared import Settings
    from monitors.read import reader
    from pacewatch import kpi as show
    from pacewatch import kpi_scopes
    from pacewatch.catalogue_named import catalogue

    if scope is None:
        snapshot = asyncio.run(reader.read_once(Settings.load(), catalogue()))
    else:
        snapshot = kpi_scopes.read_scopes(scope)
    known = (*snapshot.layout.windows, "total")
    if window is not None and window not in known:
        raise Misconfigured("--window", f"{window[:40]!r} is unknown", f"there are {', '.join(known)}")
    values_of = reader.to_json if scope is None else kpi_scopes.values_of
    values = values_of(snapshot, campaign, window)
    for problem, count in snapshot.problems.items():
        say(f"{how_many(count, 'value')} in Redis cannot be used, and left out: {problem}")
    if not values and (campaign is not None or scope is not None):
        say(kpi_scopes.none_of(scope or "campaign", campaign))
    if as_json:
        out(show.as_json(values))
    elif scope is not None:
        kpi_scopes.print_scopes(values, snapshot, window, is_one=campaign is not None or scope == "portfolio")
    else:
        show.print_table(values, snapshot.layout.currency, snapshot.catalogue, every=every)
    for line in () if as_json else show.stream_lines(snapshot):
        out(line)


@app.command()
def top(
    url: Annotated[str | None, typer.Option(help="The monitor; as PACEWATCH_MONITOR_PORT says if not given.")] = None,
    sort: Annotated[str, typer.Option(help="worst, spend, pace or name.")] = "worst",
    find: Annotated[str, typer.Option("--filter", help="Only campaigns with this in name, id or account.")] = "",
    only_once: Annotated[
        bool,
        typer.Option("--once", help="Print once and end, as in a pipe: whole lines there, if COLUMNS says nothing."),
    ] = False,
) -> None:
    """The launch board in this terminal: what goes wrong now, worst first."""
    from monitors.settings import MonitorSettings
    from pacewatch.top import command as board
    from pacewatch.top.screen import SORTS, Choice

    if sort not in SORTS:
        raise Misconfigured("--sort", f"{sort[:40]!r} is unknown", f"there are {', '.join(SORTS)}")
    settings = MonitorSettings.load()
    if url is None:
        scheme = "https" if settings.http_cert else "http"
        url = f"{scheme}://{settings.monitor_host}:{settings.monitor_port}"
    if not url.startswith(("http://", "https://")):
        raise Misconfigured("--url", "it is not an http or https URL")
    if "@" in url:
        # It would be in error messages, and in the list of processes.
        remedy = "use PACEWATCH_HTTP_TOKEN, or PACEWATCH_HTTP_USER and PACEWATCH_HTTP_PASSWORD"
        raise Misconfigured("--url", "a user or password does not belong there", remedy)
    choice = Choice(sort, find)
    show = board.once if only_once or not sys.stdout.isatty() else board.watch
    asyncio.run(show(board.BoardSource(url, settings.http_access.authorization), choice))


@app.command()
def doctor() -> None:
    """Look at what is reachable and what is misconfigured; tells nobody anything. Exits with 1 where a line is FAIL."""
    from pacewatch.doctor.command import examine
    from pacewatch.doctor.findings import Level

    findings = asyncio.run(examine())
    for finding in findings:
        out(str(finding))
    raise typer.Exit(1 if any(f.level is Level.FAIL for f in findings) else 0)
