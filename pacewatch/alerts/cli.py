"""The ``alerts`` commands: options in, calls out."""
# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio
import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from kpis.runtime.errors import Misconfigured
from kpis.units import how_many
from pacewatch.terminal import columns, out, say

if TYPE_CHECKING:
    from monitors.settings import MonitorSettings

alerts_app = typer.Typer(no_args_is_help=True, help="Alerts: what fires, who takes care of it, and what is muted.")
CampaignName = Annotated[str, typer.Argument(help="The campaign's id.")]
SomeCampaign = Annotated[str | None, typer.Argument(help="The campaign's id.")]
GoalName = Annotated[str | None, typer.Argument(help="One of its goals, as list shows it; all when not given.")]
Who = Annotated[str | None, typer.Option("--by", help="Your name; that of your account when not given.")]
Every = Annotated[bool, typer.Option("--every", help="Every campaign.")]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON.")]


def _settings() -> MonitorSettings:
    from monitors import settings

    found: MonitorSettings = settings.MonitorSettings.load()
    return found


@alerts_app.command("list")
def show_all(as_json: AsJson = False) -> None:
    """Print what fires now, the worst first; what is muted, waits or was given up.

    On a terminal lines are as wide as it is; in a pipe they are whole, unless COLUMNS says how wide.
    """
    from pacewatch.alerts import alert_lines
    from pacewatch.alerts.known_alerts import read_known

    settings = _settings()
    known = asyncio.run(read_known(settings))
    if as_json:
        out(alert_lines.as_json(known))
        return
    for line in alert_lines.lines(known, settings.the_clock.now_ms(), columns()):
        out(line)


@alerts_app.command("show")
def show_one(campaign: CampaignName, goal: GoalName = None) -> None:
    """Print all that is known of a campaign's alerts."""
    from pacewatch.alerts import alert_lines
    from pacewatch.alerts.known_alerts import of_campaign, read_known

    settings = _settings()
    for one in of_campaign(asyncio.run(read_known(settings)), campaign, goal):
        for line in alert_lines.whole(one, settings.the_clock.now_ms()):
            out(line)


@alerts_app.command("ack")
def acknowledge(
    campaign: CampaignName,
    goal: GoalName = None,
    by: Who = None,
    note: Annotated[str, typer.Option(help="What you do about it.")] = "",
) -> None:
    """Say that you take care of a campaign's alerts: only what is worse, and their end, is sent from then on."""
    from pacewatch.alerts import acting

    count = asyncio.run(acting.acknowledge(_settings(), campaign, goal, _who(by), note))
    out(f"{how_many(count, 'alert')} of {campaign} acknowledged")


@alerts_app.command("mute")
def mute(
    campaign: SomeCampaign = None,
    every: Every = False,
    span: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 3d.")] = "2h",
    why: Annotated[str, typer.Option(help="What for.")] = "",
    by: Who = None,
) -> None:
    """Send nothing but ends about a campaign for a while; what still fires after that is sent then."""
    from kpis.runtime.durations import parse_duration
    from pacewatch.alerts import acting, alert_lines

    for_ms = parse_duration(span)
    if for_ms is None:
        raise Misconfigured("--for", f"{span[:40]!r} is no duration", "such as 30m, 2h or 3d")
    whose = acting.whose(campaign, every=every)
    out(alert_lines.muted(asyncio.run(acting.mute(_settings(), whose, for_ms, _who(by), why))))


@alerts_app.command("unmute")
def unmute(campaign: SomeCampaign = None, every: Every = False) -> None:
    """Take back a mute that someone set; those of the goals file are in the goals file."""
    from pacewatch.alerts import acting

    whose = acting.whose(campaign, every=every)
    if not asyncio.run(acting.unmute(_settings(), whose)):
        say(f"nothing was muted for {named(whose)}")
        raise typer.Exit(2)
    out(f"{named(whose)} is muted no more")


@alerts_app.command("parked")
def show_parked(
    resend: Annotated[bool, typer.Option("--resend", help="Send them again, after a cure.")] = False,
) -> None:
    """Print the messages that were given up, with the reason."""
    from pacewatch.alerts import parked

    settings = _settings()
    found = asyncio.run(parked.given_up(settings))
    for one in found:
        out(one.line)
    if not found:
        out("no message was given up")
    elif resend:
        sent = asyncio.run(parked.send_again(settings, found))
        out(f"{sent} of {how_many(len(found), 'message')} sent again")


@alerts_app.command("test")
def try_notifiers() -> None:
    """Send a sample of each kind of message to each notifier that is set up."""
    from pacewatch.alerts import acting

    async def go() -> bool:
        arrived = True
        async for line, is_sent in acting.try_notifiers(_settings()):
            out(line)
            arrived = arrived and is_sent
        return arrived

    if not asyncio.run(go()):
        raise typer.Exit(1)


def named(whose: str) -> str:
    """A campaign, or all of them, for people."""
    return "every campaign" if whose == "*" else repr(whose)


def _who(by: str | None) -> str:
    """A name; the account's when none is given."""
    if by is not None and by.strip():
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
