"""The dead letter topic: what cannot be counted goes to ``ads.rejected`` with its bytes unchanged.

Knows only how to send; letters wait in Redis until :mod:`streams.dead_letters.relay` has seen them acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import one_line
from kpis.runtime.seldom import Seldom
from streams.dead_letters.letters import DeadLetter
from streams.metrics import WorkerMetrics

log = logging.getLogger(__name__)


class DeadLetterProducer:
    """Sends letters to their topic."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, metrics: WorkerMetrics) -> None:
        self._producer = producer
        self._topic = topic
        self._metrics = metrics
        self._refused = Seldom()

    async def send(self, letters: Sequence[DeadLetter]) -> list[bool]:
        """Try each letter once; says of each whether the broker has acknowledged it."""
        results = await asyncio.gather(*(self._one(letter) for letter in letters), return_exceptions=True)
        errors = [r for r in results if isinstance(r, BaseException)]
        for error in errors:
            if not isinstance(error, Exception):
                raise error
        self._metrics.dead_letters.inc(len(letters) - len(errors))
        if errors:
            self._metrics.dead_letter_errors.inc(len(errors))
            # Also what nobody foresaw: a letter that cannot be sent must not keep the others from being sent.
            if count := self._refused.due(monotonic(), len(errors)):
                log.warning("%s did not take %d dead letters: %s", self._topic, count, one_line(errors[0]))
        return [not isinstance(r, BaseException) for r in results]

    async def _one(self, letter: DeadLetter) -> None:
        while True:
            # The client cannot send a record that has neither key nor value.
            value = b"" if letter.key is None and letter.value is None else letter.value
            try:
                await self._producer.send_and_wait(
                    self._topic, value=value, key=letter.key, headers=letter.kafka_headers
                )
            except MessageSizeTooLargeError:
                # The topic takes less than most: keep what it takes, and say so.
                if not letter.value:
                    raise
                letter = letter.cut(len(letter.value) // 2)
            else:
                return
