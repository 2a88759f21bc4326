"""What Redis says: of itself, of what is in it, and of its partitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from kpis.contract import layout
from kpis.contract.published import BadLayout, read_layout
from kpis.contract.redis_client import answers, connect, servers
from kpis.measures import Stream
from kpis.runtime.errors import Misconfigured, Unreachable, Unusable
from kpis.times import span_text
from kpis.units import how_many
from monitors.read.decoding import read_meta
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level

OLDEST_REDIS = (6, 2)
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


async def of_redis(settings: MonitorSettings) -> list[Finding]:
    """Whether it answers, is as it should be, and what it holds."""
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
    return Finding(
        Level.OK, f"data in Redis: {how_many(found.partitions, 'partition')}, windows {', '.join(found.windows)}"
    )
