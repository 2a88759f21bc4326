"""Canaries: records of our own that go the whole way from Kafka to Redis, so that silence can be told from death.

Each worker sends one to each partition that it has, into the topic of impressions, and notes the last one that came
back with what it flushes. A canary is no event: it is in no number, and never becomes a dead letter, for all that it
holds is the time at which it was sent. Whoever else sends one shows no more than that records come through, which is
true.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kpis.runtime.clock import monotonic, wall_ms
from kpis.runtime.errors import one_line
from kpis.runtime.seldom import Seldom
from streams.events.decode import Batch

log = logging.getLogger(__name__)
_SKEW_MS = 60_000
"""How far the clocks of two workers may be apart."""
_VALUE = re.compile(rb'\{"pacewatch_canary":(\d{1,15})\}')


def canary(at_ms: int) -> bytes:
    """The value of one that is sent at a real time, epoch milliseconds."""
    return b'{"pacewatch_canary":%d}' % at_ms


def take_canaries(records: Sequence[Any], batch: Batch, now_ms: int) -> int:
    """Take canaries out of what a decoded chunk refuses; gives when the last one was sent, 0 when there is none.

    Args:
        records: of the chunk.
        batch: it decoded; a canary lacks all that an event must have, so it is among the refused.
        now_ms: real time; one that claims to be sent later says nothing.
    """
    sent = {at: int(found[1]) for at, _ in batch.rejected if (found := _VALUE.fullmatch(records[at].value or b""))}
    if sent:
        batch.rejected[:] = [(at, reason) for at, reason in batch.rejected if at not in sent]
    return max((ms for ms in sent.values() if ms <= now_ms + _SKEW_MS), default=0)


class CanarySender:
    """Sends them.

    Args:
        producer: the worker's.
        topic: where to.
        every_s: real seconds between two of a partition; 0 sends none.
    """

    def __init__(self, producer: AIOKafkaProducer, topic: str, every_s: float) -> None:
        self._producer = producer
        self._topic = topic
        self._every_s = every_s
        self._failed = Seldom()

    @property
    def sends(self) -> bool:
        """Whether it sends any."""
        return self._every_s > 0

    def told(self, seen_ms: int) -> int | None:
        """What a flush says of the last canary: nothing before there is one, 0 where none is sent."""
        return seen_ms or (None if self.sends else 0)

    async def run(self, partitions: Callable[[], Iterable[int]]) -> None:
        """Send for ever, to the partitions that the worker has then."""
        while self.sends:
            for number in list(partitions()):
                try:
                    await self._producer.send_and_wait(self._topic, value=canary(wall_ms()), partition=number)
                except KafkaError as e:
                    # None comes back then, which is what tells of it.
                    if self._failed.due(monotonic(), 1):
                        log.warning("%s did not take a canary: %s", self._topic, one_line(e))
            await asyncio.sleep(self._every_s)
