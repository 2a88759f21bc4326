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
from pacewatch import __version__, running
from pacewatch.alerts.cli import alerts_app
from pacewatch.backtest import cli as backtest_cli
from pacewatch.catalogue.cli import catalogue_app
from pacewatch.doctor import cli as doctor_cli
from pacewatch.export import cli as export_cli
from pacewatch.first_goals import cli as first_goals_cli
from pacewatch.goals.cli import goals_app
from pacewatch.helping import HELP, settings_of
from pacewatch.rejected.cli import rejected_app
from pacewatch.terminal import out, say

app = typer.Typer(
    context_settings=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Streaming real-time KPI and pacing monitor for ad campaigns.",
)
_SAY_THEMSELVES = frozenset({"doctor", "monitor", "worker"})
"""Commands that say in their own way which variables are no settings."""
for of_it, commands in (("alerts", alerts_app), ("rejected", rejected_app)):
    for command in commands.registered_commands:
        command.epilog = settings_of(of_it)
app.add_typer(alerts_app, name="alerts")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(goals_app, name="goals")
app.add_typer(rejected_app, name="rejected")
app.command(epilog=settings_of("worker"))(running.worker)
app.command(epilog=settings_of("monitor"))(running.monitor)
app.command(epilog=settings_of("doctor"))(doctor_cli.doctor)
app.command(epilog=settings_of("init"))(first_goals_cli.init)
app.command(epilog=export_cli.EXAMPLES)(export_cli.export)
app.command(epilog=f"{backtest_cli.EXAMPLES}\n{settings_of('backtest')}")(backtest_cli.backtest)


def main() -> None:
    """Run a command; errors meant for people become one line on stderr."""
    logs.hush()
    try:
        app()
    except PacewatchError as e:
        if logs.is_for_programs():
            logging.getLogger("pacewatch").critical("%s", e)
        else:
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
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand not in _SAY_THEMSELVES and any(name.startswith("PACEWATCH_") for name in os.environ):
        from pacewatch.variables import strange

        for line in strange():
            say(f"pacewatch: {line}")


@app.command()
def demo(
    data: Annotated[Path | None, typer.Option(help="Replay this file instead of the simulated launch day.")] = None,
    speed: Annotated[str | None, typer.Option(help="How many times real time, or max.")] = None,
    duration: Annotated[float | None, typer.Option(min=0, help="End after so many seconds.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the values as JSON in the last line, and end.")
    ] = False,
    is_exit: Annotated[
        bool, typer.Option("--exit", help="End after the summary: with 0 only if every total is exact.")
    ] = False,
    is_open: Annotated[bool, typer.Option("--open", help="Open the launch board in a browser.")] = False,
) -> None:
    """Start everything embedded, play a launch day on which much goes wrong, and sum up whether it was counted."""
    from pacewatch.demo.command import DemoOptions, run
    from pacewatch.replay.command import parse_speed

    paced = None if speed is None else parse_speed(speed)
    raise typer.Exit(run(DemoOptions(data, paced, speed == "max", duration, as_json, is_exit, is_open)))


@app.command(epilog=settings_of("replay"))
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


@app.command(epilog=settings_of("simulate"))
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


@app.command(epilog=settings_of("kpi"))
def kpi(
    campaign: Annotated[
        str | None, typer.Argument(help="Only this campaign and its breakdowns; with --scope only this name.")
    ] = None,
    window: Annotated[str | None, typer.Option(help="Only this window, such as 5m or total.")] = None,
    breakdowns: Annotated[bool, typer.Option("--breakdowns", help="Channels and other breakdowns too.")] = False,
    scope: Annotated[
        str | None,
        typer.Option(help="What several campaigns have together: portfolio, account, or a dimension: channel, ..."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON, with all breakdowns: {campaign: {window: {name: value}}}.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Of each series what the catalogue file adds too.")] = False,
) -> None:
    """Print the current values; of one campaign what the catalogue file adds too, where it has any."""
    from pacewatch.kpi_command import AskedKpis, print_kpis

    print_kpis(AskedKpis(campaign, window, scope, breakdowns=breakdowns, every=every, as_json=as_json))


@app.command(epilog=settings_of("top"))
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
