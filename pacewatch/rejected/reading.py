"""Reading ``ads.rejected``: every letter that it held when reading began, once each.

It is read to the high watermark of the first fetch: letters that come later, such as those of records that were just
sent again, belong to the next reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Unreachable, one_line
from kpis.settings.shared import Settings
from streams.dead_letters import letters, replays
from streams.dead_letters.letters import DeadLetter
from streams.kafka import clients, topics

_PATIENCE_S = 30.0
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """A letter, and when Kafka got it, in epoch milliseconds."""

    letter: DeadLetter
    at_ms: int

    @property
    def identity(self) -> str:
        """The place of the refused record."""
        return replays.identity(self.letter)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant.

    Attributes:
        reasons: those refused for one of these; None for any reason.
        topic: those from this topic; None for any.
        since_ms: those that Kafka got at this time or later.
    """

    reasons: frozenset[str] | None = None
    topic: str | None = None
    since_ms: int = 0

    def takes(self, found: Found) -> bool:
        """Whether a letter is one of them."""
        return (
            (self.reasons is None or found.letter.reason in self.reasons)
            and self.topic in {None, found.letter.topic}
            and found.at_ms >= self.since_ms
        )


@dataclass(frozen=True, slots=True)
class LetterBatch:
    """Some letters.

    Attributes:
        found: those not read before.
        strange: records that are no letters.
        done: how many records were passed so far.
        total: of how many.
    """

    found: tuple[Found, ...]
    strange: int
    done: int
    total: int


async def partitions(settings: Settings, names: Iterable[str]) -> dict[str, int]:
    """How many partitions each topic has; 0 for one that does not exist.

    Raises:
        Unreachable: Kafka does not answer.
    """
    admin = AIOKafkaAdminClient(**clients.options(settings), request_timeout_ms=10_000)
    try:
        await clients.start(admin, settings)
        return await topics.partition_counts(admin, list(names))
    except clients.AWAY as e:
        raise Unreachable("Kafka", settings.kafka, one_line(e)) from e
    finally:
        await admin.close()


async def read(settings: Settings) -> AsyncIterator[LetterBatch]:
    """All letters, oldest first within a partition.

    Raises:
        Unreachable: Kafka does not answer, or stops answering.
    """
    topic = settings.rejected_topic
    count = (await partitions(settings, [topic]))[topic]
    if not count:
        return
    consumer = AIOKafkaConsumer(
        **clients.options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=15_000,
    )
    try:
        await clients.start(consumer, settings)
        consumer.assign([TopicPartition(topic, n) for n in range(count)])
        async for batch in _Reading(consumer, settings).batches():
            yield batch
    except clients.AWAY as e:
        raise Unreachable("Kafka", settings.kafka, one_line(e)) from e
    finally:
        await consumer.stop()


class _Reading:
    def __init__(self, consumer: AIOKafkaConsumer, settings: Settings) -> None:
        self._consumer = consumer
        self._settings = settings
        self._starts: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._seen: set[bytes] = set()
        self._moved = monotonic()

    async def batches(self) -> AsyncIterator[LetterBatch]:
        consumer, tps = self._consumer, self._consumer.assignment()
        self._starts = await consumer.beginning_offsets(list(tps))
        held: list[Any] = []
        while waited := tps - self._ends.keys():
            held += await self._fetch()
            known = {tp: end for tp in waited if (end := consumer.highwater(tp)) is not None}
            self._ends |= known
            # So that what is held is bounded while the others keep us waiting.
            consumer.pause(*known)
        consumer.resume(*tps)
        yield await self._batch(held)
        while await self._left():
            yield await self._batch(await self._fetch())

    async def _fetch(self) -> list[Any]:
        records = [
            r for rows in (await self._consumer.getmany(timeout_ms=500, max_records=_MOST)).values() for r in rows
        ]
        now = monotonic()
        if records:
            self._moved = now
        if now - self._moved > _PATIENCE_S:
            problem = f"nothing of {self._settings.rejected_topic} came for {_PATIENCE_S:.0f} s"
            raise Unreachable("Kafka", self._settings.kafka, problem)
        return records

    async def _left(self) -> bool:
        ended = [tp for tp, end in self._ends.items() if await self._consumer.position(tp) >= end]
        self._consumer.pause(*ended)
        return len(ended) < len(self._ends)

    async def _batch(self, records: list[Any]) -> LetterBatch:
        mine = [r for r in records if r.offset < self._ends[TopicPartition(r.topic, r.partition)]]
        read = [(letters.of_kafka(r), r.timestamp) for r in mine]
        found = [Found(letter, at_ms) for letter, at_ms in read if letter is not None]
        done = [min(await self._consumer.position(tp), end) - self._starts[tp] for tp, end in self._ends.items()]
        total = sum(end - self._starts[tp] for tp, end in self._ends.items())
        return LetterBatch(tuple(f for f in found if self._new(f)), len(mine) - len(found), sum(done), total)

    def _new(self, found: Found) -> bool:
        # A relay may have sent a letter twice.
        digest = blake2b(found.identity.encode(), digest_size=16).digest()
        new = digest not in self._seen
        self._seen.add(digest)
        return new
