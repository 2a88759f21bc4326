"""How far each topic of a partition is read, and what that makes of its watermark."""

from __future__ import annotations

from collections.abc import Mapping

from streams.partitions.stream_progress import StreamProgress
from streams.partitions.tools import KnownEnd
from streams.state.lateness import Arrivals
from streams.state.partition import Partition
from streams.state.watermark import Reading, read

MANY_EARLY = 100_000
"""Entries, of 32 bytes each, from which on it is worth while to bring them into their windows before the next flush."""


class TopicProgress:
    """All topics of a partition.

    Args:
        rate: how many milliseconds of the worker's clock pass in a real one.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._meta: Mapping[str, str] = {}
        self._streams: dict[str, StreamProgress] = {}
        self._left_early = 0

    def restore(self, meta: Mapping[str, str]) -> None:
        """Begin anew with a state that was loaded, from the meta hash as it was taken."""
        self._meta = meta
        self._streams.clear()
        self._left_early = 0

    def counted(self, topic: str, start: int, arrivals: Arrivals, now_ms: int) -> None:
        """Note a chunk that was counted from the offset ``start`` on."""
        self._of(topic).counted(start, arrivals, now_ms)

    def has_many_early(self, state: Partition) -> bool:
        """Whether so many entries came since the watermark last moved that it should move before the next flush."""
        return len(state.early) - self._left_early >= MANY_EARLY

    def advance(self, state: Partition, now_ms: int, ends: Mapping[str, KnownEnd | None]) -> Reading:
        """Move the state's watermark on, and that of each topic.

        Args:
            state: of the partition.
            now_ms: the worker's clock.
            ends: topic to where it ends; None while unknown.
        """
        topics = [self._of(t).advance(now_ms, at, ends[t], self._rate) for t, at in state.offsets.items()]
        reading = read(state.watermark_ms, now_ms, topics)
        state.tick(reading.at_ms)
        self._left_early = len(state.early)
        return reading

    def told(self, now_ms: int) -> dict[str, int | str]:
        """What the next flush says of the topics: meta fields."""
        return {field: value for stream in self._streams.values() for field, value in stream.told(now_ms).items()}

    def _of(self, topic: str) -> StreamProgress:
        found = self._streams.get(topic)
        if found is None:
            found = self._streams[topic] = StreamProgress(topic, self._meta)
        return found
