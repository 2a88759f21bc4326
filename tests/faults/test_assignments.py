"""Partitions change hands once: when a worker comes or goes, nobody takes one twice, and nobody is fenced."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.check import differences
from tests.faults.feed import Feed
from tests.faults.world import world
from tests.kafka.launcher import Cluster
from tests.kit.processes import Program, until
from tests.kit.system import System

SEED, RATE, PARTITIONS = 20261127, 200, 4


def taken(program: Program, since: int) -> Counter[int]:
    """How often a worker took each partition after so many characters of its log."""
    return Counter(int(n) for n in re.findall(r"partition (\d+): took epoch", program.output()[since:]))


class Standstill(threading.Thread):
    """Watches how long each partition's numbers stand still, until it is told to end.

    Attributes:
        longest_s: the longest time in which some partition's ``flushed_at`` did not move.
    """

    def __init__(self, system: System) -> None:
        super().__init__(name="standstill")
        self._system, self._ending = system, threading.Event()
        self.longest_s = 0.0

    def run(self) -> None:
        """Watch."""
        seen: dict[int, tuple[str, float]] = {}
        while not self._ending.wait(0.05):
            for number, meta in enumerate(self._system.meta()):
                at, now = meta.get("flushed_at", ""), time.monotonic()
                if number not in seen or at != seen[number][0]:
                    seen[number] = at, now
                self.longest_s = max(self.longest_s, now - seen[number][1])

    def finish(self) -> float:
        """End, and tell."""
        self._ending.set()
        self.join()
        return self.longest_s


@pytest.mark.timeout(300)
def test_a_worker_that_joins_and_leaves_has_each_partition_taken_once(one_broker: Cluster, tmp_path: Path) -> None:
    """Three times, with traffic: no take is repeated, no owner fences itself, and every number is exact."""
    with world(one_broker.bootstrap, one_broker, tmp_path) as place:
        a = place.start("a")
        place.ready("a")
        feed = Feed(place.system, SEED, RATE, idempotent=True)
        feed.start()
        try:
            for turn in range(3):
                b = place.start("b")
                place.ready("b", turn + 1)
                place.ready("a", 2 * turn + 2)
                since = len(a.output())
                watch = Standstill(place.system)
                watch.start()
                assert place.workers.pop("b").stop() == 0
                place.ready("a", 2 * turn + 3)
                until(lambda: all(m.get("caught_up") == "1" for m in place.system.meta()), "all to be read")
                print(f"the longest standstill: {watch.finish():.1f} s")
                assert max(taken(a, since).values()) == 1
                assert len(taken(a, since)) == PARTITIONS // 2
        finally:
            sent = feed.finish()
        place.settle(sent.records)
        assert "was fenced" not in a.output() + b.output()
        assert place.crashes == 0
        assert differences(place.system, sent) == []
