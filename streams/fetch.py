"""Fetching whole record batches: aiokafka's parser does the work, and nothing is built for each record besides.

aiokafka wraps every record it has parsed in a ConsumerRecord, which costs ten times as much as the parsing. Here a
fetch gives what the parser made, a batch at a time, and where reading stands after it: beyond the last record where
control records or aborted ones follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import aiokafka.consumer.fetcher as aiokafka_fetcher
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

_LONGEST_POLL_MS = 500
"""How long the broker may hold a fetch that finds nothing: what a seek may have to wait for, too."""
_PREFETCH_S = 3600.0
"""Seconds that fetched records may lie unread before others are asked for; as good as for ever.

All partitions are read together. A fetch sent before that would ask for the partitions that have nothing, and what has
something could not be asked for until the broker gives that fetch up.
"""


class Fetched(NamedTuple):
    """What one fetch gave of one topic partition.

    Attributes:
        records: in offset order; each has offset, timestamp, timestamp_type, key, value and headers.
        position: the next offset to fetch.
    """

    records: list[Any]
    position: int


class WholeBatches(PartitionRecords):  # type: ignore[misc]
    """The fetched bytes of one topic partition; iterating gives the records of one batch after another."""

    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[list[Any]]:
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"a batch of {self._tp} does not match its checksum")
            records = list(batch) if self._holds_events(batch) else []
            if records and records[0].offset < self.next_fetch_offset:
                # A batch is sent whole, however far inside it the fetch began.
                records = [r for r in records if r.offset >= self.next_fetch_offset]
            self.next_fetch_offset = batch.next_offset
            if records:
                yield records

    def _holds_events(self, batch: Any) -> bool:
        """Whether a batch holds events: control records are none, and aborted ones never happened."""
        if self._isolation_level == READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return False
        return not batch.is_control_batch


class BatchFetcher(aiokafka_fetcher.Fetcher):  # type: ignore[misc]
    """aiokafka's fetcher, whose results unpack by whole batches."""

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        arrived: bool = await super()._proc_fetch_request(assignment, node_id, request)
        for result in self._records.values():
            # Nobody has read from a result yet that arrived in this very step.
            if type(result) is FetchResult and type(result._partition_records) is PartitionRecords:
                result._partition_records = _whole(result._partition_records)
        return arrived


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
        # aiokafka has no hook for another fetcher.
        fetcher = self._ensure_consumer()._fetcher
        fetcher.__class__ = BatchFetcher
        fetcher._prefetch_backoff = _PREFETCH_S

    async def pause_and_resume(self, pause: set[TP], resume: set[TP]) -> None:
        """Fetch nothing of some topic partitions, and fetch others again."""
        await self.call_thread(self._pause_and_resume, pause, resume)

    async def _pause_and_resume(self, pause: set[TP], resume: set[TP]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        consumer.pause(*(tp for tp in map(_topic_partition, pause) if tp in assigned))
        consumer.resume(*(tp for tp in map(_topic_partition, resume) if tp in assigned))

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> dict[TP, Fetched]:
        batches = await super()._fetch_records(consumer, *args, **kwargs)
        return {
            TP(*tp): Fetched(list(chain.from_iterable(batches.get(tp, ()))), position)
            for tp, position in _positions(consumer)
        }


def _topic_partition(tp: TP) -> TopicPartition:
    return TopicPartition(tp.topic, tp.partition)


def _whole(records: Any) -> WholeBatches:
    return WholeBatches(
        records._tp,
        records._records,
        records._aborted_transactions,
        records.next_fetch_offset,
        None,
        None,
        records._check_crcs,
        records._isolation_level,
    )


def _positions(consumer: Any) -> Iterator[tuple[Any, int]]:
    subscription = consumer._subscription.subscription
    if subscription is None or subscription.assignment is None:
        return
    for tp in subscription.assignment.tps:
        state = subscription.assignment.state_value(tp)
        if state.has_valid_position:
            yield tp, state.position
