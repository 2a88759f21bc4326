"""What Redis says: of itself, of what is in it, and of its partitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from kpis.contract import layout
from kpis.contract.published import BadLayout, Layout, read_layout
from kpis.contract.redis_client import answers, connect, servers
from kpis.measures import Stream
from kpis.runtime.clock import wall_ms
from kpis.runtime.errors import Misconfigured, Unreachable, Unusable
from kpis.series import is_campaign, is_parent, split
from kpis.times import span_text
from kpis.units import how_many
from monitors.alerts.outbox.files_in_use import FILES, differing, files_of
from monitors.alerts.outbox.outbox import LEADER
from monitors.read.decoding import read_meta
from monitors.read.snapshot import PartitionHealth
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level
from pacewatch.doctor.living import of_files, of_monitors, of_workers
from pacewatch.doctor.redis_servers import of_server, skewed

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


@dataclass(frozen=True, slots=True)
class Deployment:
    """What Redis holds of a deployment.

    Attributes:
        layout: what workers published.
        partitions: how each stands.
        parked: why some cannot go on, by number.
        campaigns: the ids of all that have events.
        leader: the token of the monitor that leads; None when nobody does.
        differing_files: those that not all monitors have alike.
    """

    layout: Layout
    partitions: Sequence[PartitionHealth]
    parked: dict[int, str]
    campaigns: frozenset[str]
    leader: str | None
    differing_files: tuple[str, ...] = ()


async def of_redis(settings: MonitorSettings) -> tuple[list[Finding], Deployment | None]:
    """Whether it answers and is as it should be; and what it holds, None where that is nothing that can be used."""
    try:
        client = connect(settings)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"Redis: {e}")], None
    place = settings.redis_place
    where = f"{place.address} ({place})"
    try:
        with answers(where):
            infos = await servers(client)
            off_ms = await _off_ms(client)
            stored = await client.hgetall(layout.LAYOUT)
            held = await _held(client, stored)
    except Unusable as e:
        return [Finding(Level.FAIL, str(e), "use another Redis database")], None
    except Unreachable as e:
        return [Finding(Level.FAIL, str(e), "start it, or set PACEWATCH_REDIS to its URL")], None
    finally:
        await client.aclose()
    # The nodes of a cluster are mostly alike: what is true of several is said once.
    checked = dict.fromkeys(finding for info in infos for finding in of_server(where, info))
    found = [*checked, *(() if off_ms is None else skewed(off_ms)), *_layout(settings, stored)]
    if held is None:
        return found, None
    clock = settings.the_clock
    found += [*of_workers(held.partitions, clock.now_ms(), clock.rate), *_partitions(held), *of_monitors(held.leader)]
    found += of_files(held.differing_files)
    return found, held


async def _off_ms(client: Any) -> int | None:
    """How far its clock is ahead of ours for certain; None where this user may not ask."""
    before = wall_ms()
    try:
        answer = await client.time()
    except ResponseError:
        return None
    # A cluster answers by node, with one answer only where one was asked.
    seconds, micros = answer if isinstance(answer, tuple) else next(iter(answer.values()))
    after = wall_ms()
    told = int(seconds) * 1000 + int(micros) // 1000
    # The answer was made somewhere between: only what lies beyond both is a fault of a clock.
    return min(told - before, 0) if told < before else max(told - after, 0)


async def _held(client: Any, stored: Any) -> Deployment | None:
    try:
        found = read_layout(stored)
    except BadLayout:
        return None
    partitions, parked, campaigns = [], dict[int, str](), set[str]()
    for number in range(found.partitions):
        why = await client.hget(layout.parked(number), "why")
        if why is not None:
            parked[number] = why.decode("utf-8", "replace")[:200]
        partitions.append(read_meta(number, await client.hgetall(layout.meta(number)), Counter()))
        keys = [key.decode("utf-8", "replace") for key in await client.hkeys(layout.kpi(number))]
        campaigns |= {split(key)[0] for key in keys if is_campaign(key) and not is_parent(key)}
    leader = await client.get(LEADER)
    files = differing(files_of(await client.hvals(FILES), wall_ms()))
    told = None if leader is None else leader.decode()
    return Deployment(found, partitions, parked, frozenset(campaigns), told, files)


def _partitions(held: Deployment) -> Iterator[Finding]:
    """What partitions say of themselves."""
    for number, why in held.parked.items():
        what = f"partition {number} is parked: {why}"
        yield Finding(Level.FAIL, what, "mend the cause; the worker tries again by itself")
    sums: Counter[str] = Counter()
    late: dict[Stream, int] = {}
    for health in held.partitions:
        sums["letters"] += health.letters
        for name, counted in health.counters.items():
            sums[name.partition(":")[0] + ":"] += counted
        late |= {s: max(of.late_ms, late.get(s, 0)) for s, of in health.streams.items() if of.late_ms}
    for stream in (s for s in Stream if s in late):
        yield Finding(Level.WARN, _LATE.format(stream.topic_suffix, span_text(late[stream])), _SOONER)
    for name, what, cure in _TOLD:
        if sums[name]:
            yield Finding(Level.WARN, what.format(sums[name]), cure)


def _layout(settings: MonitorSettings, stored: Any) -> Iterator[Finding]:
    try:
        found = read_layout(stored)
    except BadLayout as e:
        if stored:
            yield Finding(Level.FAIL, str(e), "use another Redis database: this one is of something else")
        else:
            yield Finding(Level.WARN, "no worker has written to this Redis yet", "start one with: pacewatch worker")
        return
    if found.currency != settings.currency:
        problem = f"the data in Redis is in {found.currency}, PACEWATCH_CURRENCY is {settings.currency}"
        yield Finding(Level.FAIL, problem, "set it back, or use another Redis")
        return
    kept = f"windows {', '.join(found.windows)}, history of {how_many(found.history_days, 'day')}"
    yield Finding(Level.OK, f"data in Redis: {how_many(found.partitions, 'partition')}, {kept}")
    for name, theirs, ours in (
        ("PACEWATCH_WINDOWS", ",".join(found.windows), ",".join(w.name for w in settings.the_windows)),
        ("PACEWATCH_HISTORY_DAYS", str(found.history_days), str(settings.history_days)),
    ):
        if theirs != ours:
            what = f"{name} is {ours} here, and {theirs} for the workers that wrote last"
            yield Finding(Level.WARN, what, "set the same everywhere; workers take it when they start")
