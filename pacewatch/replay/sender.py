"""Events into Kafka: batched, counted, each acknowledgement awaited."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kpis.settings.shared import Settings
from pacewatch.replay.recording import Record
from streams.kafka import clients

_IN_FLIGHT = 10_000
_MAX_REQUEST = 2_000_000
_BREATH = 250


@dataclass(slots=True)
class Sent:
    """What became of the events handed to a :class:`Sender`.

    Attributes:
        handed: events handed over.
        acked: events that Kafka acknowledged.
        failed: events that it did not take.
        first_failure: the first failure in one line.
        ends: the offset after the last acknowledged event, by (topic, partition).
    """

    handed: int = 0
    acked: int = 0
    failed: int = 0
    first_failure: str | None = None
    ends: dict[tuple[str, int], int] = field(default_factory=dict)


class Sender:
    """Hands events to Kafka, at most a bounded number of them unacknowledged. Order is kept per key.

    Attributes:
        sent: the counts so far.
    """

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._producer = producer
        self._settings = settings
        self._waiting: deque[asyncio.Future[object]] = deque()
        self.sent = Sent()

    async def send(self, record: Record) -> None:
        """Hand over one event; waits while too many are unacknowledged."""
        self.sent.handed += 1
        try:
            topic = self._settings.topic(record.stream)
            self._waiting.append(await self._producer.send(topic, record.value, key=record.key))
        except KafkaError as e:
            self._failed(e)
        if self.sent.handed % _BREATH == 0:
            # A batch with room takes events without ever letting the loop run.
            await asyncio.sleep(0)
            await self._collect(_IN_FLIGHT)

    async def flush(self) -> Sent:
        """Wait until every event is acknowledged or has failed; gives the counts."""
        await self._producer.flush()
        await self._collect(0)
        return self.sent

    async def _collect(self, most: int) -> None:
        """Count what is done, and wait for the oldest while more than ``most`` are not."""
        while self._waiting and (self._waiting[0].done() or len(self._waiting) > most):
            try:
                done = await self._waiting.popleft()
            except KafkaError as e:
                self._failed(e)
                continue
            self.sent.acked += 1
            place = (str(done.topic), int(done.partition))  # type: ignore[attr-defined]
            end = int(done.offset) + 1  # type: ignore[attr-defined]
            self.sent.ends[place] = max(end, self.sent.ends.get(place, 0))

    def _failed(self, e: KafkaError) -> None:
        self.sent.failed += 1
        self.sent.first_failure = self.sent.first_failure or f"{type(e).__name__}: {e}"[:200]


@asynccontextmanager
async def producer(settings: Settings, *, idempotent: bool = False) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer on the settings' Kafka; every send is acknowledged by all replicas.

    Args:
        settings: where Kafka is.
        idempotent: have Kafka drop what a retry would double; the embedded broker cannot.

    Raises:
        Unreachable: Kafka does not answer.
    """
    made = AIOKafkaProducer(
        **clients.options(settings),
        acks="all",
        linger_ms=5,
        max_batch_size=262_144,
        max_request_size=_MAX_REQUEST,
        enable_idempotence=idempotent,
        request_timeout_ms=30_000,
    )
    try:
        await clients.start(made, settings)
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def sender(settings: Settings, *, idempotent: bool = False) -> AsyncIterator[Sender]:
    """A sender on the settings' Kafka; arguments and errors are those of :func:`producer`."""
    async with producer(settings, idempotent=idempotent) as made:
        yield Sender(made, settings)
