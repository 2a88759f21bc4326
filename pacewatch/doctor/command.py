"""All checks, one after another; what Kafka and Redis are asked within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from kpis.runtime.errors import Misconfigured
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level
from pacewatch.doctor.in_kafka import of_kafka
from pacewatch.doctor.in_redis import of_redis
from pacewatch.doctor.notifying import of_lanes, of_notifiers
from pacewatch.doctor.of_goals import of_catalogue, of_goals
from pacewatch.doctor.who_reads import of_pages
from pacewatch.variables import strange
from streams.kafka import codecs

MOST_S = 25.0
"""Real seconds that Kafka or Redis may take for all that they are asked; each call has its own, shorter bound."""
T = TypeVar("T")


async def examine() -> list[Finding]:
    """Run all checks; never raises for what it finds."""
    unknown = [Finding(Level.WARN, f"settings: {line}", "unset it, or mend its name") for line in strange()]
    try:
        settings = MonitorSettings.load()
        clock = settings.the_clock
    except Misconfigured as e:
        return [*unknown, Finding(Level.FAIL, f"settings: {e}", "nothing else can be looked at before")]
    found = [Finding(Level.OK, f"settings: base currency {settings.currency}, windows {settings.windows}"), *unknown]
    if settings.clock != "real":
        remedy = "unset PACEWATCH_CLOCK unless this is a demo"
        found.append(Finding(Level.WARN, f"clock: not the wall clock, {clock.rate:g} times as fast", remedy))
    in_kafka, (in_redis, held), told, waiting = await asyncio.gather(
        _within(of_kafka(settings), _slow("Kafka")),
        _within(of_redis(settings), (_slow("Redis"), None)),
        _within(of_notifiers(settings), _slow("a notifier's service")),
        _within(of_lanes(settings), []),
    )
    judged = [*of_catalogue(settings, held), *of_goals(settings, held)]
    return [*found, _codecs(), *in_kafka, *in_redis, *judged, *told, *waiting, *of_pages(settings)]


async def _within(check: Coroutine[Any, Any, T], else_found: T) -> T:
    try:
        async with asyncio.timeout(MOST_S):
            return await check
    except TimeoutError:
        return else_found


def _slow(what: str) -> list[Finding]:
    return [Finding(Level.FAIL, f"{what} did not answer all questions within {MOST_S:g} s", "see whether it is well")]


def _codecs() -> Finding:
    broken = codecs.missing()
    if broken:
        return Finding(Level.FAIL, f"codecs: {', '.join(broken)} cannot be read", "install cramjam again")
    return Finding(Level.OK, "codecs: gzip, snappy, lz4 and zstd can be read")
