"""What the board says of partitions that are not counted now. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.read.snapshot import PartitionHealth

_MOST = 5
"""Notices of partitions; an outage of all of them is said in one more."""
_LONGEST = 200


def notices(partitions: Iterable[PartitionHealth]) -> tuple[str, ...]:
    """A sentence for each partition that cannot go on, or waits."""
    found = [said for health in partitions if (said := _of(health))]
    more = [f"{len(found) - _MOST} more partitions are not counted either."] if len(found) > _MOST else []
    return (*found[:_MOST], *more)


def _of(health: PartitionHealth) -> str:
    if health.parked:
        return f"Partition {health.number} is parked, the others are counted: {health.parked[:_LONGEST]}"
    if health.held:
        waiting = f"{health.letters:,} refused records wait for their topic"
        return f"Partition {health.number} waits, the others are counted: {waiting}, which takes none."
    return ""
