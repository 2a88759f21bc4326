"""Who tells people: what is set up and whether it answers, who tells of what, and what could not be told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from kpis.runtime.clock import wall_ms
from kpis.runtime.errors import Misconfigured, Unreachable
from kpis.times import MINUTE_MS, span_text
from kpis.units import how_many
from monitors.alerts.notifiers.known import KNOWN, Known, configured, routes_to
from monitors.alerts.notifiers.protocol import Askable, Asked, Notifier
from monitors.alerts.routing import Matter, Routes
from monitors.settings import MonitorSettings
from pacewatch.alerts.known_alerts import read_known
from pacewatch.alerts.receipts import reason_of
from pacewatch.doctor.findings import Finding, Level

ASK_S = 3.0
"""How long a service has to answer, real seconds."""
_LATE_MS = 5 * MINUTE_MS
"""What waits for so long is not only gathered."""
_NEEDS = (
    ("slack_signing_secret", "slack_bot_token", "buttons are on the cards of a bot"),
    ("slack_channel", "slack_bot_token", "a webhook tells in its own channel"),
    ("alertmanager_token", "alertmanager_url", "there is no Alertmanager to show it to"),
    ("webhook_secret", "webhook_url", "there is nothing to sign"),
)
"""Settings, each with the one that it needs, and why."""


async def of_notifiers(settings: MonitorSettings) -> list[Finding]:
    """What is set up, whether it answers, and who tells of what; nobody is told anything."""
    idle = list(_idle(settings))
    try:
        found = configured(settings)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"notifiers: {e}"), *idle]
    routes = _routes(found, settings)
    if not found and isinstance(routes, Routes):
        cure = f"set one of {', '.join(known.setting for known in KNOWN)} to have misses told"
        return [Finding(Level.WARN, "nobody is told of misses", cure), *idle]
    answers = await asyncio.gather(*(n.ask(ASK_S) for _, n in found if isinstance(n, Askable)))
    said = [finding for one in answers for finding in _answered(one)]
    if settings.webhook_url is not None and settings.webhook_secret is None:
        said.append(Finding(Level.WARN, "Webhook: what is posted is not signed", "set PACEWATCH_WEBHOOK_SECRET"))
    told = [routes] if isinstance(routes, Finding) else list(_told([known for known, _ in found], routes))
    return [*said, *told, *idle]


async def of_lanes(settings: MonitorSettings) -> list[Finding]:
    """What waits to be told for long, and what was given up; nothing where Redis is away, which is said elsewhere."""
    try:
        known = await read_known(settings)
    except (Misconfigured, Unreachable):
        return []
    now_ms, found = wall_ms(), list[Finding]()
    for name, backlog in known.backlogs.items():
        late_ms = now_ms - (backlog.oldest_ms or now_ms)
        if late_ms >= _LATE_MS:
            waits = how_many(backlog.count, "message waits", "messages wait")
            what = f"{waits} for {name}, the oldest for {span_text(late_ms)}"
            found.append(Finding(Level.WARN, what, "the monitor's log says what its service answers"))
    if known.parked:
        last = known.last_parked
        why = "" if last is None else f", the last by {last.notifier}, {reason_of(last)}"
        what = f"{how_many(known.parked, 'message was', 'messages were')} given up{why}"
        cure = "pacewatch alerts parked says why, and sends them again with --resend"
        found.append(Finding(Level.WARN, what, cure))
    return found


def _routes(found: Sequence[tuple[Known, Notifier]], settings: MonitorSettings) -> Routes | Finding:
    try:
        return routes_to([notifier for _, notifier in found], settings)
    except Misconfigured as e:
        return Finding(Level.FAIL, f"notifiers: {e}", "the monitor does not start before it is mended")


def _answered(some: Sequence[Asked]) -> Iterator[Finding]:
    """What the services of one notifier said: of several, one that takes alerts is enough."""
    bad = Level.WARN if any(one.is_well for one in some) else Level.FAIL
    for one in some:
        yield Finding(Level.OK if one.is_well else bad, f"{one.who} {one.said}", one.cure)


def _told(found: Sequence[Known], routes: Routes) -> Iterator[Finding]:
    for known in found:
        matters = ", ".join(str(matter) for matter, names in routes.by.items() if known.name in names)
        said = f"tells of: {matters}" if matters else "tells of nothing, see PACEWATCH_ROUTES"
        yield Finding(Level.OK, f"{known.what[:1].upper()}{known.what[1:]} {said}")
    nobody = ", ".join(str(matter) for matter in Matter if not routes.by.get(matter))
    if nobody:
        yield Finding(Level.WARN, f"nobody is told of: {nobody}", "PACEWATCH_ROUTES")


def _idle(settings: MonitorSettings) -> Iterator[Finding]:
    """What is set and has no use."""
    for name, needed, why in _NEEDS:
        if getattr(settings, name) is not None and getattr(settings, needed) is None:
            what = f"PACEWATCH_{name.upper()} is not used: {why}"
            yield Finding(Level.WARN, what, f"set PACEWATCH_{needed.upper()} too, or unset it")
    if settings.slack_bot_token is not None and settings.slack_webhook_url is not None:
        yield Finding(Level.WARN, "PACEWATCH_SLACK_WEBHOOK_URL is not used: the bot tells", "unset one of both")
