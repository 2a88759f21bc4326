"""The watermark: the time a partition's numbers are as of.

A partition that has read all that Kafka holds is judged as of now, so that a quiet campaign decays. One that is behind
is judged as of the event time it has reached: the earliest over the topics that are behind, so that no rate mixes one
stream's present with another's past. It never goes back.

Each topic has one of its own besides, which says up to when its stream is complete: that of a feed that always comes
two hours late is two hours ago, and holds up no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """Why the watermark is where it is."""

    NOW = "now"
    """Every topic is read to its end."""
    REACHED = "reached"
    """Some topic is behind: the event time it has reached."""
    HELD = "held"
    """Some topic's end, or its first event, is not known yet: the watermark stays."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one topic of a partition is read.

    Attributes:
        behind: whether records wait that were not counted; None while the topic's end is unknown.
        reached_ms: the latest event time counted since the partition was taken; None before the first.
    """

    behind: bool | None
    reached_ms: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of it: epoch milliseconds (None before the first event) and why."""

    at_ms: int | None
    basis: Basis


def read(previous_ms: int | None, now_ms: int, topics: Iterable[Progress]) -> Reading:
    """The watermark of a partition that was last at ``previous_ms``."""
    progress = tuple(topics)
    waiting = [p for p in progress if p.behind is not False]
    if any(p.behind is None or p.reached_ms is None for p in waiting):
        return Reading(previous_ms, Basis.HELD)
    reached = min((p.reached_ms for p in waiting if p.reached_ms is not None), default=now_ms)
    at = min(now_ms, reached)
    return Reading(at if previous_ms is None else max(previous_ms, at), Basis.REACHED if waiting else Basis.NOW)


@dataclass(frozen=True, slots=True)
class StreamReading:
    """A topic's own watermark, and how late its feed was taken to be: epoch milliseconds (None if unknown), and ms."""

    at_ms: int | None
    late_ms: int


def read_stream(previous: StreamReading, now_ms: int, topic: Progress, late_ms: int) -> StreamReading:
    """The watermark of one topic: what it brings is complete up to there.

    Of a topic that is read to its end that is now less what its feed is late by habit; of one that is behind no later
    than the event time it has reached; it stays where that is not known. It goes back only when the feed is found to be
    later than was known, and by no more than the difference: what was called complete was so by the habit known then.

    Args:
        previous: the last reading.
        now_ms: the worker's clock.
        topic: how far it is read.
        late_ms: how late its feed is by habit.
    """
    floor = None if previous.at_ms is None else previous.at_ms - max(0, late_ms - previous.late_ms)
    if topic.behind is None or (topic.behind and topic.reached_ms is None):
        return StreamReading(floor, late_ms)
    at = now_ms - late_ms
    if topic.behind and topic.reached_ms is not None:
        at = min(at, topic.reached_ms)
    return StreamReading(at if floor is None else max(at, floor), late_ms)
