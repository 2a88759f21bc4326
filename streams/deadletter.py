"""Dead letters: what cannot be counted goes to ``ads.rejected`` with its bytes unchanged.

Headers say why and where from: ``reason``, ``topic``, ``partition``, ``offset``. Sending is acknowledged by the broker
before the chunk is counted; a worker that dies in between sends them again, with the same headers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams.chunks import Payload
from streams.metrics import WorkerMetrics
from streams.reasons import Reject

log = logging.getLogger(__name__)
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 5.0


def headers(payload: Payload, record: Any, reason: Reject) -> list[tuple[str, bytes]]:
    """The headers of a dead letter: the record's own, then Pacewatch's four."""
    return [
        *(record.headers or ()),
        ("reason", reason.value.encode()),
        ("topic", payload.topic.encode()),
        ("partition", str(payload.partition).encode()),
        ("offset", str(record.offset).encode()),
    ]


class DeadLetters:
    """Sends refused records until the broker has them."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, metrics: WorkerMetrics) -> None:
        self._producer = producer
        self._topic = topic
        self._metrics = metrics

    async def send(self, payload: Payload, rejected: Sequence[tuple[int, Reject]]) -> None:
        """Send the refused records of a chunk; returns when the broker has acknowledged all."""
        waiting = [(payload.records[i], reason) for i, reason in rejected]
        delay = _FIRST_DELAY_S
        while waiting:
            results = await asyncio.gather(*(self._one(payload, *w) for w in waiting), return_exceptions=True)
            failed: list[tuple[Any, Reject]] = []
            for letter, result in zip(waiting, results, strict=True):
                if isinstance(result, KafkaError):
                    failed.append(letter)
                elif isinstance(result, BaseException):
                    raise result
            self._metrics.dead_letters.inc(len(waiting) - len(failed))
            if failed:
                self._metrics.dead_letter_errors.inc(len(failed))
                log.warning("%d dead letters could not be sent; trying again in %.1f s", len(failed), delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY_S)
            waiting = failed

    async def _one(self, payload: Payload, record: Any, reason: Reject) -> None:
        extra = headers(payload, record, reason)
        try:
            await self._producer.send_and_wait(self._topic, value=record.value, key=record.key, headers=extra)
        except MessageSizeTooLargeError:
            # The source topic may allow larger records than this producer: keep the start, and say so.
            cut = (record.value or b"")[: 512 * 1024]
            extra.append(("truncated_from_bytes", str(len(record.value or b"")).encode()))
            await self._producer.send_and_wait(self._topic, value=cut, headers=extra)
