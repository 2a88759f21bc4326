"""Fetching whole record batches: nothing is built for each record besides what the parser makes.

aiokafka wraps every record it has parsed in a ConsumerRecord, which costs ten times as much as the parsing. Here a
fetch gives what the parser made, in pieces of bounded size, and where reading stands after it: beyond the last record
where control records or aborted ones follow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any, NamedTuple

import aiokafka.consumer.fetcher as aiokafka_fetcher
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from kpis.runtime.errors import one_line
from streams.kafka.batches import MAX_BYTES, MAX_RECORDS, Damaged, Slices, end_of, opened, pieces

log = logging.getLogger(__name__)

_REFUSED_S = 1.0
"""Seconds to wait after a fetch that a broker refuses, such as for a topic that may not be read."""
_LONGEST_POLL_MS = 500
"""How long the broker may hold a fetch that finds nothing: what a seek may have to wait for, too."""
_PREFETCH_S = 3600.0
"""Seconds that fetched records may lie unread before others are asked for; as good as for ever.

All partitions are read together. A fetch sent before that would ask for the partitions that have nothing, and what has
something could not be asked for until the broker gives that fetch up.
"""


_PIECES = 64
"""The most pieces of all topic partitions that are taken out of one fetch at once; the rest waits as it came. A fetch
has fewer in ordinary times: the next one is not sent before all of this one was taken."""


class Piece(NamedTuple):
    """Some records of one topic partition.

    Attributes:
        records: in offset order; each has offset, timestamp, timestamp_type, key, value and headers.
        next_offset: where reading stands after them.
        skipped: how many offsets before that could not be read, and are passed over.
    """

    records: list[Any]
    next_offset: int
    skipped: int = 0


class Fetched(NamedTuple):
    """What one fetch gave of one topic partition.

    Attributes:
        pieces: in offset order.
        position: the next offset to fetch.
    """

    pieces: list[Piece]
    position: int


class WholeBatches(PartitionRecords):  # type: ignore[misc]
    """The fetched bytes of one topic partition; iterating gives pieces of them.

    A batch that cannot be read is fetched once more, in case only the way here damaged it, and then passed over: what
    it held is unknown, how many offsets it was is told and counted.
    """

    next_fetch_offset: int

    def __init__(self, damaged: Damaged, tp: Any, *args: Any) -> None:
        self._damaged = damaged
        super().__init__(tp, *args)

    def _unpack_records(self) -> Iterator[Piece]:
        held: list[Any] = []
        held_bytes = 0
        while self._records.has_next():
            raw = b""
            try:
                raw = self._records.next_slice()
                batch = opened(raw)
                for part, size in pieces(batch, raw, self.next_fetch_offset) if self._holds_events(batch) else ():
                    if held and (len(held) + len(part) > MAX_RECORDS or held_bytes + size > MAX_BYTES):
                        yield Piece(held, self.next_fetch_offset)
                        held, held_bytes = [], 0
                    held += part
                    held_bytes += size
                    self.next_fetch_offset = max(self.next_fetch_offset, part[-1].offset + 1)
                self.next_fetch_offset = max(self.next_fetch_offset, batch.next_offset)
            except Exception as e:  # noqa: BLE001 - the safety limit: whatever is wrong with a batch, it is passed over
                if held:
                    yield Piece(held, self.next_fetch_offset)
                    held, held_bytes = [], 0
                if not self._damaged.again(self._tp, self.next_fetch_offset):
                    return
                end = end_of(raw, self.next_fetch_offset) or self._records.first_of_next(self.next_fetch_offset)
                yield self._pass_over(end or self.next_fetch_offset + 1, e)
                if end is None:
                    # How far the damage goes is unknown: the next fetch begins one offset further on.
                    self._damaged.expect(self._tp, self.next_fetch_offset)
                    return
        if held:
            yield Piece(held, self.next_fetch_offset)

    def _pass_over(self, end: int, error: Exception) -> Piece:
        first, self.next_fetch_offset = self.next_fetch_offset, end
        log.error(
            "%s, partition %d: offsets %d to %d cannot be read, and are passed over: %s",
            self._tp.topic, self._tp.partition, first, end - 1, one_line(error),
        )  # fmt: skip
        return Piece([], end, end - first)

    def _holds_events(self, batch: Any) -> bool:
        """Whether a batch holds events: control records are none, and aborted ones never happened."""
        if self._isolation_level == READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return False
        return not batch.is_control_batch


def reading_pieces(fetcher: Any) -> None:
    """Have a fetcher of aiokafka make pieces of what it fetches.

    It has no hook for that: its own code for responses is run with :class:`Slices` and :class:`WholeBatches` in place
    of the two classes it names.
    """
    names = aiokafka_fetcher.__dict__ | {
        "MemoryRecords": Slices,
        "PartitionRecords": partial(WholeBatches, Damaged()),
    }
    function = FunctionType(aiokafka_fetcher.Fetcher._proc_fetch_request.__code__, names)
    fetcher._proc_fetch_request = MethodType(function, fetcher)


class BatchThread(AIOKafkaConsumerThread):  # type: ignore[misc]
    """Faust's consumer thread, fetching whole batches of committed records."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust reads aborted records unless the app itself writes in transactions.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = _LONGEST_POLL_MS
        return consumer

    async def on_start(self) -> None:
        """Start the consumer; nothing is assigned to it yet, so nothing was fetched."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher
        reading_pieces(fetcher)
        fetcher._prefetch_backoff = _PREFETCH_S

    async def pause_and_resume(self, pause: set[TP], resume: set[TP]) -> None:
        """Fetch nothing of some topic partitions, and fetch others again."""
        await self.call_thread(self._pause_and_resume, pause, resume)

    async def _pause_and_resume(self, pause: set[TP], resume: set[TP]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        consumer.pause(*(tp for tp in map(_topic_partition, pause) if tp in assigned))
        consumer.resume(*(tp for tp in map(_topic_partition, resume) if tp in assigned))

    async def _fetch_records(self, consumer: Any, active_partitions: Any, timeout: Any, max_records: Any) -> Any:  # noqa: ASYNC109 (Faust's signature)
        try:
            fetched = await super()._fetch_records(consumer, active_partitions, timeout, _PIECES)
        except KafkaError as e:
            # What a broker refuses for one topic partition is no reason to read none.
            log.warning("a fetch was refused, and is tried again: %s", one_line(e))
            await asyncio.sleep(_REFUSED_S)
            fetched = {}
        return {TP(*tp): Fetched(fetched.get(tp, []), position) for tp, position in _positions(consumer)}


def _topic_partition(tp: TP) -> TopicPartition:
    return TopicPartition(tp.topic, tp.partition)


def _positions(consumer: Any) -> Iterator[tuple[Any, int]]:
    subscription = consumer._subscription.subscription
    if subscription is None or subscription.assignment is None:
        return
    for tp in subscription.assignment.tps:
        state = subscription.assignment.state_value(tp)
        if state.has_valid_position:
            yield tp, state.position
