"""How far a demo is: what was sent, what is counted of it, and how fast that goes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from kpis.measures import Stream
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from pacewatch.demo.plan import DemoPlan
from pacewatch.demo.sums.promptness import Promptness
from pacewatch.replay.recording import Record
from pacewatch.replay.sender import Sender, Sent


class CountedSender(Sender):
    """A sender that knows how many events of each stream were handed to it.

    Attributes:
        streams: that.
    """

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        super().__init__(producer, settings)
        self.streams: Counter[Stream] = Counter()

    async def send(self, record: Record) -> None:
        """Hand over one event."""
        self.streams[record.stream] += 1
        await super().send(record)


@dataclass(slots=True)
class Course:
    """How far it is.

    Attributes:
        plan: what is played.
        clock: the demo's.
        started_s: when it began, on :func:`kpis.runtime.clock.monotonic`.
        to: what was sent so far; None before the first event.
        waiting: records that were sent and are not counted yet, as of the last look.
        promptness: how long that takes.
        is_over: whether everything is sent and counted.
    """

    plan: DemoPlan
    clock: Clock
    started_s: float
    to: CountedSender | None = None
    waiting: int = 0
    promptness: Promptness = field(default_factory=Promptness)
    is_over: bool = False

    @property
    def sent(self) -> Sent:
        """What became of the events so far."""
        return self.to.sent if self.to else Sent()

    def part(self, now_ms: int) -> float:
        """Which part of the day, or of the recording, is past."""
        if self.is_over:
            return 1.0
        span_ms = self.plan.ends_ms - self.plan.origin_ms
        return min(max((now_ms - self.plan.origin_ms) / span_ms, 0.0), 1.0) if span_ms > 0 else 0.0
