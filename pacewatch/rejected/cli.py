"""The ``rejected`` commands: options in, calls out."""
# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kpis.runtime.errors import Misconfigured

if TYPE_CHECKING:
    from kpis.settings.shared import Settings
    from pacewatch.rejected.reading import Wanted

rejected_app = typer.Typer(no_args_is_help=True, help="Refused events: look at them, and send them again after a fix.")

Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only those refused for this; may be repeated.")]
Topic = Annotated[str | None, typer.Option(help="Only those from this topic.")]
Since = Annotated[str | None, typer.Option(help="Only those refused at this time or later, RFC 3339 with a zone.")]


@rejected_app.command("list")
def show(
    reason: Reasons = None,
    topic: Topic = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="How many are shown one by one.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="JSON: {letters, strange, counts, samples}.")] = False,
) -> None:
    """Count refused events by reason and topic, and show the last ones."""
    from kpis.settings.shared import Settings
    from pacewatch.rejected.listing import show

    settings = Settings.load()
    raise typer.Exit(asyncio.run(show(settings, wanted(settings, reason, topic, since), limit, as_json)))


@rejected_app.command()
def replay(
    reason: Reasons = None,
    topic: Topic = None,
    since: Since = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were sent again before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
) -> None:
    """Send refused events to their topics again, bytes unchanged; each counts at most once.

    Without --reason only those that settings or time can have cured: unknown_currency, too_far_ahead, too_old.
    """
    from kpis.settings.shared import Settings
    from pacewatch.rejected.resend import ResendPlan, run

    settings = Settings.load()
    plan = ResendPlan(wanted(settings, reason, topic, since), again, dry_run)
    raise typer.Exit(asyncio.run(run(settings, plan)))


def wanted(settings: Settings, reasons: list[str] | None, topic: str | None, since: str | None) -> Wanted:
    """The letters that these options mean.

    Raises:
        Misconfigured: an option cannot be used.
    """
    from kpis.measures import Stream
    from kpis.reasons import Reject
    from kpis.times import parse_time
    from pacewatch.rejected.reading import Wanted

    for name in reasons or ():
        if name not in tuple(Reject):
            raise Misconfigured("--reason", f"{name[:40]!r} is unknown", f"there are {', '.join(Reject)}")
    topics = tuple(map(settings.topic, Stream))
    if topic is not None and topic not in topics:
        raise Misconfigured("--topic", f"{topic[:40]!r} is unknown", f"there are {', '.join(topics)}")
    since_ms = 0 if since is None else parse_time(since)
    if since_ms is None:
        raise Misconfigured("--since", f"{str(since)[:40]!r} is no time", "such as 2026-11-22T10:00:00Z")
    return Wanted(frozenset(reasons) if reasons else None, topic, since_ms)
