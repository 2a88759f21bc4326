"""Which partitions are counted again, because Redis has lost what was counted of them. Pure.

Events counted only ever grow; where there are fewer than were seen, Redis has lost some, and the worker reads them from
Kafka once more. That is over when there are as many again; or, for Kafka may have deleted some, when the partition was
read to its end and has said so since the loss was seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from kpis.contract import layout
from monitors.read.snapshot import PartitionHealth


class CountedAgain:
    """Remembers how many events were counted by the last scrape; at the first one nothing is known of before."""

    def __init__(self) -> None:
        self._most: dict[int, int] = {}
        self._lost_ms: dict[int, int] = {}

    def after(self, partitions: Iterable[PartitionHealth], now_ms: int) -> frozenset[int]:
        """Those of which not everything is there yet, as of another look.

        Args:
            partitions: as they stand.
            now_ms: the clock, which is the worker's too.
        """
        for health in partitions:
            number, count = health.number, _counted(health)
            if count >= self._most.get(number, 0) or self._is_read(health):
                self._most[number] = count
                self._lost_ms.pop(number, None)
            else:
                self._lost_ms.setdefault(number, now_ms)
        return frozenset(self._lost_ms)

    def _is_read(self, health: PartitionHealth) -> bool:
        """Whether it was read to its end after its loss was seen: an old backup says so of an earlier time."""
        lost_ms, flushed_ms = self._lost_ms.get(health.number), health.flushed_at_ms
        return lost_ms is not None and flushed_ms is not None and flushed_ms > lost_ms and health.caught_up is True


def _counted(health: PartitionHealth) -> int:
    return sum(count for name, count in health.counters.items() if name.startswith(layout.ACCEPTED))
