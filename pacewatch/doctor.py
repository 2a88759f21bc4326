"""The ``doctor`` command: what is reachable, what is misconfigured, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from kpis.contract import layout
from kpis.contract.published import BadLayout, read_layout
from kpis.contract.redis_client import answers, connect, servers
from kpis.measures import Stream
from kpis.packs import catalogue_file
from kpis.runtime.errors import Misconfigured, Permanent, Unreachable, Unusable, one_line
from kpis.times import span_text
from monitors import goals
from monitors.alerts.notifiers.known import KNOWN, Known, configured, routes_to
from monitors.alerts.routing import Matter, Routes
from monitors.goals.values import RatioGoal
from monitors.read.decoding import read_meta
from monitors.settings import MonitorSettings
from pacewatch.catalogue.catalogue_lines import counts
from pacewatch.variables import strange
from streams.kafka import clients, codecs, topics

OLDEST_REDIS = (6, 2)
_TIMEOUT_S = 5.0
_TOLD = (
    (
        layout.MISROUTED,
        "{:,} events were on another partition than their campaign's: an id repeated there counts again",
        "key records by campaign_id, with the partitioner of the Java client (librdkafka: partitioner=murmur2_random)",
    ),
    (layout.SKIPPED, "{:,} offsets could not be read and were passed over", "the worker's log names them"),
    (
        layout.FOLDED_CAMPAIGNS,
        "{:,} events are of campaigns that had no place of their own, and are counted as __other__",
        "raise PACEWATCH_MAX_CAMPAIGNS, with the worker's memory",
    ),
    ("letters", "{:,} refused records wait for their topic", "see whether Kafka takes records for it"),
)
_LATE = "{}: events come {} late by habit, and are complete to that long ago only"
_SOONER = "have them sent sooner, if that can be; else nothing is wrong"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Level(StrEnum):
    """How a check came out."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        level: how it came out.
        what: what was looked at and found, without secrets.
        remedy: what to do about it; empty when all is well.
    """

    level: Level
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.level:<4}  {self.what}" + (f": {self.remedy}" if self.remedy else "")


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
    checks: tuple[Callable[[MonitorSettings], Awaitable[Iterable[Finding]]], ...] = (_kafka, _redis)
    for check in checks:
        found.extend(await check(settings))
    return [*found, *_catalogue(settings), _goals(settings), *_notifiers(settings), _http(settings)]


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
    return [reachable, Finding(Level.OK, f"topics: all there, with {partitions} partitions each")]


async def _redis(settings: MonitorSettings) -> list[Finding]:
    try:
        client = connect(settings)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"Redis: {e}")]
    place = settings.redis_place
    where = f"{place.address} ({place})"
    try:
        with answers(where):
            infos = await servers(client)
            stored = await client.hgetall(layout.LAYOUT)
            partitions = await _partitions(client, stored)
    except Unusable as e:
        return [Finding(Level.FAIL, str(e), "use another Redis database")]
    except Unreachable as e:
        return [Finding(Level.FAIL, str(e), "start it, or set PACEWATCH_REDIS to its URL")]
    finally:
        await client.aclose()
    # The nodes of a cluster are mostly alike: what is true of several is said once.
    checked = dict.fromkeys(finding for info in infos for finding in _server(where, info))
    return [*checked, _layout(settings, stored), *partitions]


async def _partitions(client: Any, stored: Any) -> list[Finding]:
    """What partitions say of themselves."""
    try:
        count = read_layout(stored).partitions
    except BadLayout:
        return []
    found: list[Finding] = []
    sums: Counter[str] = Counter()
    late: dict[Stream, int] = {}
    for number in range(count):
        why = await client.hget(layout.parked(number), "why")
        if why is not None:
            what = f"partition {number} is parked: {why.decode('utf-8', 'replace')[:200]}"
            found.append(Finding(Level.FAIL, what, "mend the cause; the worker tries again by itself"))
        meta = read_meta(number, await client.hgetall(layout.meta(number)), Counter())
        sums["letters"] += meta.letters
        for name, counted in meta.counters.items():
            sums[name.partition(":")[0] + ":"] += counted
        late |= {s: max(of.late_ms, late.get(s, 0)) for s, of in meta.streams.items() if of.late_ms}
    told = ((s, span_text(late[s])) for s in Stream if s in late)
    found += [Finding(Level.WARN, _LATE.format(s.topic_suffix, span), _SOONER) for s, span in told]
    return [*found, *(Finding(Level.WARN, what.format(sums[name]), cure) for name, what, cure in _TOLD if sums[name])]


def _server(address: str, info: dict[str, object]) -> Iterable[Finding]:
    """What a Redis server says about itself."""
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_REDIS:
        yield Finding(Level.FAIL, f"Redis at {address} has version {version}", "6.2 or newer is needed")
    else:
        yield Finding(Level.OK, f"Redis at {address} answers, version {version}")
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        yield Finding(Level.WARN, f"Redis may evict keys (maxmemory-policy {policy})", "set it to noeviction")
    if not info.get("aof_enabled"):
        yield Finding(
            Level.WARN, "Redis keeps no append-only file", "set appendonly yes, or a restart reads Kafka again"
        )


def _layout(settings: MonitorSettings, stored: Any) -> Finding:
    try:
        found = read_layout(stored)
    except BadLayout as e:
        if stored:
            return Finding(Level.FAIL, str(e), "use another Redis database: this one is of something else")
        return Finding(Level.WARN, "no worker has written to this Redis yet", "start one with: pacewatch worker")
    if found.currency != settings.currency:
        problem = f"the data in Redis is in {found.currency}, PACEWATCH_CURRENCY is {settings.currency}"
        return Finding(Level.FAIL, problem, "set it back, or use another Redis")
    return Finding(Level.OK, f"data in Redis: {found.partitions} partitions, windows {', '.join(found.windows)}")


def _catalogue(settings: MonitorSettings) -> list[Finding]:
    """Nothing without a catalogue file: the core alone is no fault."""
    if settings.catalogue is None:
        return []
    try:
        return [Finding(Level.OK, f"catalogue file: {counts(catalogue_file.load(settings.catalogue))}")]
    except Permanent as e:
        return [Finding(Level.FAIL, str(e), f"see: pacewatch catalogue check {settings.catalogue}")]


def _goals(settings: MonitorSettings) -> Finding:
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
    return Finding(Level.OK, f"goals file: {count} campaigns")


def _notifiers(settings: MonitorSettings) -> list[Finding]:
    try:
        found = configured(settings)
        routes = routes_to([notifier for _, notifier in found], settings)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"notifiers: {e}")]
    if not found:
        cure = f"set one of {', '.join(known.setting for known in KNOWN)} to have misses told"
        return [Finding(Level.WARN, "nobody is told of misses", cure)]
    told = [Finding(Level.OK, f"{known.what} is set (not called now); {_told(known, routes)}") for known, _ in found]
    if settings.webhook_url is not None and settings.webhook_secret is None:
        told.append(Finding(Level.WARN, "webhook: what is posted is not signed", "set PACEWATCH_WEBHOOK_SECRET"))
    nobody = ", ".join(str(matter) for matter in Matter if not routes.by.get(matter))
    return [*told, *([Finding(Level.WARN, f"nobody is told of: {nobody}", "PACEWATCH_ROUTES")] if nobody else [])]


def _told(known: Known, routes: Routes) -> str:
    matters = ", ".join(str(matter) for matter, names in routes.by.items() if known.name in names)
    return f"told of: {matters}" if matters else "told of nothing, see PACEWATCH_ROUTES"


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
