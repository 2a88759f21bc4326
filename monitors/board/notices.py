"""What the board says of partitions that are not counted now, and of goals that cannot be used. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.read.snapshot import PartitionHealth

_MOST = 5
"""Notices of partitions; an outage of all of them is said in one more."""
_LONGEST = 200
_LONGEST_PROBLEM = 500


def notices(partitions: Iterable[PartitionHealth], goals_problem: str = "") -> tuple[str, ...]:
    """A sentence for a goals file that is not used, and for each partition that cannot go on, or waits."""
    found = [said for health in partitions if (said := _of(health))]
    more = [f"{len(found) - _MOST} more partitions are not counted either."] if len(found) > _MOST else []
    about_goals = [f"The last good goals are judged: {goals_problem[:_LONGEST_PROBLEM]}"] if goals_problem else []
    return (*about_goals, *found[:_MOST], *more)


def _of(health: PartitionHealth) -> str:
    if health.parked:
        return f"Partition {health.number} is parked, the others are counted: {health.parked[:_LONGEST]}"
    if health.held:
        waiting = f"{health.letters:,} refused records wait for their topic"
        return f"Partition {health.number} waits, the others are counted: {waiting}, which takes none."
    return ""
