"""Which records of a partition make counting fail unexpectedly, found by halving. Pure.

An unexpected error voids the state, so each attempt costs loading it again: what failed is a range of offsets of one
topic, the next attempt takes half of it, and the half that fails is the new range. A range of one offset is a culprit:
its record becomes a dead letter instead of being counted.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_CULPRITS = 10_000
"""Culprits remembered; when there are more something else is wrong, and the partition is parked instead."""


class Suspects:
    """What is known of the failures of one partition. Offsets are those of Kafka.

    Attributes:
        culprits: (topic, offset) to the error's type.
    """

    def __init__(self) -> None:
        self.culprits: dict[tuple[str, int], str] = {}
        self._ranges: dict[str, tuple[int, int]] = {}
        self._doubted: dict[str, int] = {}

    @property
    def full(self) -> bool:
        """Whether no more culprits are remembered."""
        return len(self.culprits) >= MOST_CULPRITS

    def errors_of(self, topic: str) -> dict[int, str]:
        """The culprits of a topic: offset to the error's type."""
        return {offset: error for (name, offset), error in self.culprits.items() if name == topic}

    def failed(self, topic: str, first: int, end: int, error: str) -> None:
        """Note that counting the offsets ``first`` up to, not including, ``end`` failed."""
        if end - first > 1:
            self._ranges[topic] = (first, end)
            return
        self._ranges.pop(topic, None)
        if not self.full:
            self.culprits[topic, first] = error

    def blame(self, topic: str, offset: int, error: str) -> None:
        """Note a culprit that was found without halving."""
        if not self.full:
            self.culprits[topic, offset] = error

    def doubt(self, ends: Mapping[str, int]) -> None:
        """Note that writing what was counted up to these offsets, by topic, failed: any record may be the cause."""
        self._doubted.update(ends)

    def doubts(self, topic: str, start: int) -> bool:
        """Whether what stands at an offset should be screened before it is counted."""
        return start < self._doubted.get(topic, 0)

    def stop_at(self, topic: str, start: int, end: int) -> int:
        """Where the next attempt to count from ``start`` to ``end`` should stop: after half of what is suspect."""
        first, last = self._ranges.get(topic, (end, end))
        if start >= last or end <= first:
            return end
        if start < first:
            # What stands before it is not suspect, and should not fail with it.
            return first
        return min(end, start + max(1, (last - start) // 2))

    def passed(self, topic: str, end: int) -> None:
        """Note that counting went well up to ``end``."""
        first, last = self._ranges.get(topic, (0, 0))
        if end >= last:
            self._ranges.pop(topic, None)
        elif end > first:
            self._ranges[topic] = (end, last)

    def stored(self, offsets: Mapping[str, int]) -> None:
        """Forget what lies below the offsets, by topic, that Redis holds: it is never read again."""
        for topic, offset in [c for c in self.culprits if c[1] < offsets.get(c[0], 0)]:
            del self.culprits[topic, offset]
        for topic in [t for t, end in self._doubted.items() if end <= offsets.get(t, 0)]:
            del self._doubted[topic]
