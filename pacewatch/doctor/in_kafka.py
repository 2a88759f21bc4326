"""What Kafka says: whether it lets us in, of its topics, of who reads them, and of the clocks of those that write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from kpis.measures import Stream
from kpis.runtime.clock import wall_ms
from kpis.runtime.errors import Misconfigured, Unreachable, one_line
from kpis.times import DAY_MS, HOUR_MS, span_text
from kpis.units import how_many
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level, span
from streams.kafka import clients, topics

_TIMEOUT_S = 5.0
_LOOK_S = 3.0
"""How long the last records of all topics may take to come."""
_ASKED = ("cleanup.policy", "retention.ms", "retention.bytes")
_LEAST_KEPT_MS = DAY_MS
_AHEAD_MS = 2_000
"""A time that lies ahead of ours by more is of another clock."""
_AWAY = (Unreachable, KafkaError, OSError, ValueError, AssertionError)


async def of_kafka(settings: MonitorSettings) -> list[Finding]:
    """Whether it lets us in, and what there is."""
    try:
        options = clients.options(settings)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"Kafka: {e}")]
    admin = AIOKafkaAdminClient(**options, request_timeout_ms=int(_TIMEOUT_S * 1000))
    names = [*map(settings.topic, Stream), settings.rejected_topic]
    where = f"{settings.kafka} ({clients.describe(settings)})"
    try:
        await clients.start(admin, settings)
        counts = await topics.partition_counts(admin, names)
        partitions = topics.check(settings, counts)
        there = [name for name in names if counts[name]]
        kept = await _configured(admin, there)
        members = await _members(admin, settings.group)
        times = await _last_times(options, {name: counts[name] for name in there if name != settings.rejected_topic})
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"Kafka {e}")]
    except _AWAY as e:
        problem = f"Kafka at {where} does not answer: {e.cause if isinstance(e, Unreachable) else one_line(e)}"
        return [Finding(Level.FAIL, problem, "start it, or set PACEWATCH_KAFKA to its host:port")]
    finally:
        await admin.close()
    missing = [name for name in names if not counts[name]]
    found = [Finding(Level.OK, f"Kafka at {where} answers")]
    if missing:
        found.append(Finding(Level.WARN, f"topics {', '.join(missing)} are missing", "the worker creates them"))
    else:
        found.append(Finding(Level.OK, f"topics: all there, with {how_many(partitions, 'partition')} each"))
    own = [settings.rejected_topic]
    found += kept_by(({t: of for t, of in kept.items() if t not in own}), settings.history_days)
    return [
        *found,
        *_group(members, settings.group, partitions),
        *ahead(times, max(wall_ms(), settings.the_clock.now_ms())),
    ]


async def _configured(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What is configured of each topic; nothing where the broker does not say, or may not."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(_ASKED)) for name in names]
    try:
        answered = await admin.describe_configs(asked) if asked else []
    except (KafkaError, ValueError, NotImplementedError):
        return {}
    rows = [row for answer in answered for row in answer.resources]
    return {row[3]: {entry[0]: str(entry[1]) for entry in row[4]} for row in rows if row[0] == 0}


async def _members(admin: AIOKafkaAdminClient, group: str) -> list[str] | None:
    """The hosts of those that are in the group; None where the broker does not say."""
    try:
        answered = await admin.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:
        # Nobody was ever in any group here; Kafka chooses a coordinator now.
        return []
    except (KafkaError, ValueError, NotImplementedError):
        return None
    groups = [found for answer in answered for found in answer.groups]
    if not groups or groups[0][0]:
        return None
    # A member: id, client, host, ...; by newer versions of the protocol its instance comes second.
    return [str(member[-3]).lstrip("/") for member in groups[0][5]]


async def _last_times(options: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
    """When the last record of each topic was sent, as who sent it says, or the broker where it stamps them."""
    places = [TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)]
    found: dict[str, int] = {}
    if not places:
        return found
    reader = AIOKafkaConsumer(**options, enable_auto_commit=False, request_timeout_ms=int(_TIMEOUT_S * 1000))
    try:
        async with asyncio.timeout(_LOOK_S):
            await reader.start()
            ends, firsts = await reader.end_offsets(places), await reader.beginning_offsets(places)
            waited = {place for place in places if ends[place] > firsts[place]}
            reader.assign(waited)
            for place in waited:
                reader.seek(place, ends[place] - 1)
            while waited:
                for place, records in (await reader.getmany(timeout_ms=200)).items():
                    waited.discard(place)
                    found[place.topic] = max(found.get(place.topic, 0), *(record.timestamp for record in records))
    except (TimeoutError, KafkaError, OSError, ValueError):
        # What did not come in time is not judged.
        return found
    finally:
        await reader.stop()
    return found


def kept_by(configured: Mapping[str, Mapping[str, str]], history_days: int) -> Iterator[Finding]:
    """How long topics keep records: for so long workers may be away, and Redis may be counted anew.

    Args:
        configured: of each event topic what is configured.
        history_days: of how many days quarter hours are kept in Redis.
    """
    kept: dict[int, list[str]] = {}
    for topic, of in configured.items():
        if "compact" in of.get("cleanup.policy", ""):
            what = f"topic {topic} is compacted: of a campaign's events Kafka keeps the last one"
            yield Finding(Level.FAIL, what, "set its cleanup.policy to delete")
        if int(of.get("retention.bytes", -1)) >= 0:
            what = f"topic {topic} keeps {int(of['retention.bytes']):,} bytes of a partition, however old they are"
            yield Finding(Level.WARN, what, "set its retention.bytes to -1, or be sure that it is enough")
        if "retention.ms" in of:
            kept.setdefault(int(of["retention.ms"]), []).append(topic)
    for ms, names in sorted(kept.items()):
        which = f"topics {', '.join(names)} keep" if len(kept) > 1 else "topics keep"
        if 0 <= ms < _LEAST_KEPT_MS:
            what = f"{which} records for {_span(ms)}: what workers that are away for longer have not read is lost"
            yield Finding(Level.WARN, what, "set their retention.ms to days: 604800000 is a week")
        elif 0 <= ms < history_days * DAY_MS:
            what = f"{which} records for {_span(ms)}: a Redis that is lost is counted anew from then on only"
            yield Finding(Level.OK, f"{what}, and not the {history_days} days of PACEWATCH_HISTORY_DAYS")
        else:
            yield Finding(Level.OK, f"{which} records for {_span(ms)}")


def _span(ms: int) -> str:
    if ms < 0:
        return "ever"
    return how_many(ms // DAY_MS, "day") if ms >= 2 * DAY_MS or ms % HOUR_MS else span_text(ms)


def _group(hosts: list[str] | None, group: str, partitions: int) -> Iterator[Finding]:
    if hosts is None:
        return
    if not hosts:
        yield Finding(Level.WARN, f"no worker is in the group {group}", "start one with: pacewatch worker")
        return
    places = ", ".join(sorted(set(hosts))[:5])
    what = f"{how_many(len(hosts), 'worker')} in the group {group}, at {places}"
    if len(hosts) > partitions:
        yield Finding(Level.WARN, f"{what}: {len(hosts) - partitions} of them without a partition", "end those")
    else:
        yield Finding(Level.OK, what)


def ahead(times: Mapping[str, int], now_ms: int) -> Iterator[Finding]:
    """Whether what was sent last was sent later than now: the clock of who sent it, or of this host, is wrong."""
    fast = {topic: at - now_ms for topic, at in times.items() if at - now_ms > _AHEAD_MS}
    for topic, ms in fast.items():
        what = f"the last record of {topic} was sent at a time that is {span(ms)} from now"
        yield Finding(Level.WARN, what, "have NTP set the clocks of what produces it, of Kafka, and of this host")
