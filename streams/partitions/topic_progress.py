"""How far each topic of a partition is read, and what that makes of its watermark."""

from __future__ import annotations

from collections.abc import Mapping

from streams.state.partition import Partition
from streams.state.watermark import Progress, Reading, read

MANY_EARLY = 100_000
"""Entries, of 32 bytes each, from which on it is worth while to bring them into their windows before the next flush."""


class TopicProgress:
    """The latest event time that was counted of each topic since the partition was taken."""

    def __init__(self) -> None:
        self._reached: dict[str, int] = {}
        self._left_early = 0

    def clear(self) -> None:
        """Begin anew with a state that was loaded."""
        self._reached.clear()
        self._left_early = 0

    def reached(self, topic: str, latest_ms: int) -> None:
        """Note the latest event time of a chunk; 0 when it had none."""
        if latest_ms:
            self._reached[topic] = max(latest_ms, self._reached.get(topic, 0))

    def has_many_early(self, state: Partition) -> bool:
        """Whether so many entries came since the watermark last moved that it should move before the next flush."""
        return len(state.early) - self._left_early >= MANY_EARLY

    def advance(self, state: Partition, now_ms: int, ends: Mapping[str, int | None]) -> Reading:
        """Move the state's watermark on.

        Args:
            state: of the partition.
            now_ms: the worker's clock.
            ends: topic to the offset after its last record; None while unknown.
        """
        behind = {t: None if end is None else state.offsets[t] < end for t, end in ends.items()}
        topics = (Progress(behind[t], self._reached.get(t)) for t in state.offsets)
        reading = read(state.watermark_ms, now_ms, topics)
        state.tick(reading.at_ms)
        self._left_early = len(state.early)
        return reading
