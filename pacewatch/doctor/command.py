"""All checks, one after another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from kpis.measures import Stream
from kpis.runtime.errors import Misconfigured, Permanent, Unreachable, one_line
from kpis.units import how_many
from monitors import goals
from monitors.goals.values import RatioGoal
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level
from pacewatch.doctor.in_redis import of_redis
from pacewatch.doctor.notifying import of_lanes, of_notifiers
from pacewatch.variables import strange
from streams.kafka import clients, codecs, topics

_TIMEOUT_S = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def examine() -> list[Finding]:
    """Run all checks; never raises for what it finds."""
    try:
        settings = MonitorSettings.load()
        clock = settings.the_clock
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"settings: {e}", "nothing else can be looked at before")]
    found = [Finding(Level.OK, f"settings: base currency {settings.currency}, windows {settings.windows}")]
    if settings.clock != "real":
        remedy = "unset PACEWATCH_CLOCK unless this is a demo"
        found.append(Finding(Level.WARN, f"clock: not the wall clock, {clock.rate:g} times as fast", remedy))
    found += [Finding(Level.WARN, f"settings: {line}", "unset it, or mend its name") for line in strange()]
    found.append(_codecs())
    checks: tuple[Callable[[MonitorSettings], Awaitable[Iterable[Finding]]], ...] = (
        _kafka, of_redis, _goals, of_notifiers, of_lanes,
    )  # fmt: skip
    for check in checks:
        found.extend(await check(settings))
    return [*found, _http(settings)]


def _codecs() -> Finding:
    broken = codecs.missing()
    if broken:
        return Finding(Level.FAIL, f"codecs: {', '.join(broken)} cannot be read", "install cramjam again")
    return Finding(Level.OK, "codecs: gzip, snappy, lz4 and zstd can be read")


async def _kafka(settings: MonitorSettings) -> list[Finding]:
    try:
        admin = AIOKafkaAdminClient(**clients.options(settings), request_timeout_ms=int(_TIMEOUT_S * 1000))
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"Kafka: {e}")]
    names = [*map(settings.topic, Stream), settings.rejected_topic]
    where = f"{settings.kafka} ({clients.describe(settings)})"
    try:
        await clients.start(admin, settings)
        counts = await topics.partition_counts(admin, names)
        partitions = topics.check(settings, counts)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"Kafka {e}")]
    except (Unreachable, KafkaError, OSError, ValueError, AssertionError) as e:
        problem = f"Kafka at {where} does not answer: {e.cause if isinstance(e, Unreachable) else one_line(e)}"
        return [Finding(Level.FAIL, problem, "start it, or set PACEWATCH_KAFKA to its host:port")]
    finally:
        await admin.close()
    missing = [name for name in names if not counts[name]]
    reachable = Finding(Level.OK, f"Kafka at {where} answers")
    if missing:
        return [reachable, Finding(Level.WARN, f"topics {', '.join(missing)} are missing", "the worker creates them")]
    return [reachable, Finding(Level.OK, f"topics: all there, with {how_many(partitions, 'partition')} each")]


async def _goals(settings: MonitorSettings) -> list[Finding]:
    return [_of_goals(settings)]


def _of_goals(settings: MonitorSettings) -> Finding:
    if settings.goals is None:
        return Finding(Level.WARN, "no goals file", "set PACEWATCH_GOALS to have pace judged")
    try:
        found = goals.load(settings.goals)
    except Permanent as e:
        return Finding(Level.FAIL, str(e), f"see: pacewatch goals check {settings.goals}")
    kept = [w.name for w in settings.the_windows]
    lost = sorted({g.window for _, g in found if isinstance(g, RatioGoal) and g.window not in kept})
    if lost:
        problem = f"goals for windows {', '.join(lost)} are never judged: {', '.join(kept)} are kept"
        return Finding(Level.WARN, problem, "use one of these, or set PACEWATCH_WINDOWS for workers")
    count = len(found.campaigns)
    return Finding(Level.OK, f"goals file: {how_many(count, 'campaign')}")


def _http(settings: MonitorSettings) -> Finding:
    try:
        how = "plain HTTP" if settings.http_tls is None else "TLS"
    except Misconfigured as e:
        return Finding(Level.FAIL, f"pages: {e}")
    if not settings.http_access.is_open:
        return Finding(Level.OK, f"pages: served over {how}, to who shows the token or the password")
    if {settings.monitor_host, settings.worker_host} <= _LOOPBACK:
        return Finding(Level.OK, f"pages: served over {how} on loopback only, to everybody there")
    return Finding(Level.WARN, f"pages: served over {how}, to everybody", "PACEWATCH_HTTP_TOKEN is not set")
