"""Samples of how the write side stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kpis.contract import layout
from monitors import metrics
from monitors.export.samples import Families, seconds
from monitors.read.changes import Why
from monitors.read.snapshot import PartitionHealth, Snapshot

DEFINITIONS = (
    metrics.STREAM_CLOCK, metrics.FLUSHED, metrics.CAUGHT_UP, metrics.LAG, metrics.ACCEPTED, metrics.REJECTED,
    metrics.DUPLICATE, metrics.FOLDED, metrics.LOST, metrics.REWOUND, metrics.SERIES, metrics.REDIS_USED,
    metrics.REDIS_LIMIT, metrics.LETTERS, metrics.PARTITION_READS, metrics.SKIPPED, metrics.MISROUTED,
    metrics.OTHER_CAMPAIGNS, metrics.HELD, metrics.PARKED, metrics.STREAM_WATERMARK, metrics.STREAM_REACHED,
    metrics.STREAM_LATE, metrics.CANARY, metrics.COUNTED_AGAIN,
)  # fmt: skip
BY_STREAM = (
    (metrics.ACCEPTED, layout.ACCEPTED),
    (metrics.DUPLICATE, layout.DUPLICATE),
    (metrics.FOLDED, layout.FOLDED),
    (metrics.MISROUTED, layout.MISROUTED),
    (metrics.OTHER_CAMPAIGNS, layout.FOLDED_CAMPAIGNS),
)
BY_TOPIC = ((metrics.LOST, layout.LOST), (metrics.SKIPPED, layout.SKIPPED), (metrics.REWOUND, layout.REWOUND))


def pipeline_samples(
    snapshot: Snapshot, streams: Iterable[str], reasons: Iterable[str], again: frozenset[int] = frozenset()
) -> Families:
    """How the write side stands.

    Args:
        snapshot: what was read.
        streams: every stream, each of which has its counters even at zero.
        reasons: every reason for refusing an event, likewise.
        again: partitions that are counted again, for Redis had lost them.
    """
    found = Families(DEFINITIONS)
    for health in snapshot.partitions:
        _partition(found, health)
        found.add(metrics.COUNTED_AGAIN, (str(health.number),), float(health.number in again))
    names = tuple(streams)
    _counters(found, snapshot, names)
    for at, count in refused(snapshot.counter(layout.REJECTED), names, reasons).items():
        found.add(metrics.REJECTED, at, count)
    found.add(metrics.SERIES, (), snapshot.stored)
    if snapshot.memory is not None:
        found.add(metrics.REDIS_USED, (), snapshot.memory.used)
        found.add(metrics.REDIS_LIMIT, (), snapshot.memory.limit)
    for why in Why:
        found.add(metrics.PARTITION_READS, (why,), snapshot.reads.get(why, 0))
    return found


def _partition(found: Families, health: PartitionHealth) -> None:
    number = str(health.number)
    found.add(metrics.STREAM_CLOCK, (number,), seconds(health.watermark_ms))
    found.add(metrics.FLUSHED, (number,), seconds(health.flushed_at_ms))
    found.add(metrics.CAUGHT_UP, (number,), None if health.caught_up is None else float(health.caught_up))
    found.add(metrics.LETTERS, (number,), health.letters)
    found.add(metrics.HELD, (number,), float(health.held))
    found.add(metrics.CANARY, (number,), seconds(health.canary_ms))
    found.add(metrics.PARKED, (number,), float(bool(health.parked)))
    for stream, own in health.streams.items():
        found.add(metrics.STREAM_WATERMARK, (number, stream), seconds(own.watermark_ms))
        found.add(metrics.STREAM_REACHED, (number, stream), seconds(own.reached_ms))
        found.add(metrics.STREAM_LATE, (number, stream), seconds(own.late_ms))
    for topic, lag in health.lag.items():
        found.add(metrics.LAG, (topic, number), lag)


def _counters(found: Families, snapshot: Snapshot, streams: tuple[str, ...]) -> None:
    """Counters by stream or by topic; those that are known are there at zero."""
    topics = tuple(dict.fromkeys(topic for health in snapshot.partitions for topic in health.lag))
    for known, counters in ((streams, BY_STREAM), (topics, BY_TOPIC)):
        for definition, prefix in counters:
            for name, count in (dict.fromkeys(known, 0) | snapshot.counter(prefix)).items():
                found.add(definition, (name,), count)


def refused(counted: Mapping[str, int], streams: Iterable[str], reasons: Iterable[str]) -> dict[tuple[str, str], int]:
    """Refused events by (stream, reason), with every known pair at least at zero."""
    known = tuple(reasons)
    found = {(stream, reason): 0 for stream in streams for reason in known}
    for name, count in counted.items():
        stream, _, reason = name.partition(":")
        found[stream, reason] = count
    return found
