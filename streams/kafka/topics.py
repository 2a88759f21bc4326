"""The topics: created if missing, refused if their partition counts differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from kpis.measures import Stream
from kpis.runtime.errors import Misconfigured, Unreachable, one_line
from kpis.settings.shared import Settings
from streams.kafka import clients


async def ensure(settings: Settings) -> int:
    """Create the topics that are missing; returns the partition count of the streams.

    Raises:
        Misconfigured: the streams' topics have different partition counts, or a setting of Kafka cannot be used.
        Unreachable: Kafka does not answer.
    """
    admin = AIOKafkaAdminClient(**clients.options(settings), request_timeout_ms=10_000)
    try:
        await clients.start(admin, settings)
        counts = await partition_counts(admin, [*map(settings.topic, Stream), settings.rejected_topic])
        wanted = check(settings, counts)
        await _create(admin, settings, [t for t, n in counts.items() if n == 0], wanted)
        return wanted
    except clients.AWAY as e:
        raise Unreachable("Kafka", settings.kafka, one_line(e)) from e
    finally:
        await admin.close()


async def partition_counts(admin: AIOKafkaAdminClient, topics: list[str]) -> dict[str, int]:
    """How many partitions each topic has; 0 for one that does not exist."""
    counts = dict.fromkeys(topics, 0)
    # Asking the embedded broker about a topic creates it, so ask only about those it lists.
    existing = [t for t in await admin.list_topics() if t in counts]
    found: list[dict[str, Any]] = await admin.describe_topics(existing) if existing else []
    for topic in found:
        if topic["error_code"] == 0 and topic["topic"] in counts:
            counts[topic["topic"]] = len(topic["partitions"])
    return counts


def check(settings: Settings, counts: Mapping[str, int]) -> int:
    """The partition count that the streams share, or will when the missing ones are made.

    Raises:
        Misconfigured: they have different counts.
    """
    streams = {t: n for t in map(settings.topic, Stream) if (n := counts.get(t, 0))}
    if len(set(streams.values())) > 1:
        listed = ", ".join(f"{t} has {n}" for t, n in streams.items())
        raise Misconfigured(
            "topics",
            f"the event topics have different partition counts: {listed}",
            "give all of them the same number; a campaign's events must share one partition number",
        )
    return next(iter(streams.values()), settings.partitions)


async def _create(admin: AIOKafkaAdminClient, settings: Settings, missing: list[str], partitions: int) -> None:
    new = [NewTopic(t, partitions, settings.replication) for t in missing]
    if not new:
        return
    response = await admin.create_topics(new)
    for error in response.topic_errors:
        # (topic, code) or (topic, code, message), by protocol version. Another worker may have been faster.
        kind = for_code(error[1])
        if error[1] and kind is not TopicAlreadyExistsError:
            raise kind(f"creating topic {error[0]}")
