"""How the events of the simulated day come in: spend late, and nothing at all while the producers stall. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from kpis.measures import Stream
from kpis.times import HOUR_MS, MINUTE_MS
from pacewatch.replay.recording import Record
from pacewatch.simulate.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Delays:
    """What holds events up on their way into Kafka.

    Attributes:
        spend_ms: how long after the fact spend is reported.
        stall_ms: when producers stop sending.
        resume_ms: when they go on, with all that is due.
    """

    spend_ms: int
    stall_ms: int
    resume_ms: int

    def due(self, stream: Stream, at_ms: int) -> int:
        """When an event of this moment comes."""
        due = at_ms + self.spend_ms if stream is Stream.SPEND else at_ms
        return self.resume_ms if self.stall_ms <= due < self.resume_ms else due


def delays(day_ms: int) -> Delays:
    """Those of a day: spend half an hour late, as platforms report it; and 75 minutes of nothing at noon."""
    stall_ms = day_ms + 12 * HOUR_MS
    return Delays(30 * MINUTE_MS, stall_ms, stall_ms + 75 * MINUTE_MS)


class LaunchDay:
    """The events of a simulation, each when it comes.

    Args:
        simulation: whose.
        delays: what holds them up.
    """

    def __init__(self, simulation: Simulation, delays: Delays) -> None:
        self._simulation = simulation
        self._delays = delays
        self._waiting: list[tuple[int, int, Record]] = []
        self._taken = 0

    @property
    def over(self) -> bool:
        """Whether everything has come."""
        return self._simulation.over and not self._waiting

    def until(self, now_ms: int) -> Iterator[Record]:
        """What comes until then and has not come yet."""
        for record in self._simulation.until(now_ms):
            due = self._delays.due(record.stream, record.ts_ms or 0)
            heapq.heappush(self._waiting, (due, self._taken, record))
            self._taken += 1
        while self._waiting and self._waiting[0][0] <= now_ms:
            yield heapq.heappop(self._waiting)[2]
