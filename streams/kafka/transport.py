"""The consumer that resumes from Redis, not from Kafka's committed offsets.

Faust asks its consumer to seek to the committed offsets after every rebalance. This one tells the worker instead, which
takes the partitions and knows the offsets their state in Redis belongs to. Seeks, and holding partitions that are not
to be read now, are carried out between two fetches, so that no record of a fetch from before can pass for one after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP

from kpis.runtime.clock import Clock, monotonic
from streams.kafka.chunks import ChunkScheduler, Position, ReadPositions
from streams.kafka.fetch import BatchThread, Fetched
from streams.process.liveness import Observation

_FEW = 1_000
"""Records of a fetch below which the next one may wait a little."""
_REST_S = 0.04
"""That little. What a chunk costs is mostly not its records: where few come at a time, more should."""

_WAITED_FOR_S = 0.2
"""The longest that a fetch may take while some partition is held."""

_ANSWERED_MS = 30_000

Assigned = Callable[[set[TP]], None]


class ChunkConsumer(Consumer):  # type: ignore[misc]
    """Faust's aiokafka consumer, reading chunks from positions that the worker names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._positions = ReadPositions()
        self._seeks: dict[TP, Position] = {}
        self._holds: set[TP] = set()
        self._paused: set[TP] = set()
        self._asked = asyncio.Event()
        self._revocations = 0
        self._few = False
        self.fetched_at = monotonic()
        self.scheduler = ChunkScheduler(self._positions)

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Tell the worker what is assigned now; it requests a seek for each partition once it was taken."""
        self.transport.assigned(set(self.assignment()))
        return {}

    def highwater(self, tp: TP) -> int | None:
        """The offset after the last record, as the last fetch said; None before it, and of what is not assigned."""
        if tp not in self.assignment():
            return None
        found: int | None = super().highwater(tp)
        return found

    def request_seek(self, positions: Mapping[TP, Position]) -> None:
        """Seek before the next fetch, and read on from there."""
        self._holds.difference_update(positions)
        self._seeks.update(positions)
        self._asked.set()

    def request_hold(self, tps: set[TP]) -> None:
        """Read nothing of these until a seek is requested; what was read already is left out."""
        self._holds |= tps
        self._positions.close(list(tps))
        for tp in tps:
            self._seeks.pop(tp, None)

    def on_buffer_full(self, tp: TP) -> None:
        """A full buffer lets nothing in, so the next fetch waits; that is enough.

        Faust would leave the partition out of fetches besides. What was fetched of it already would then wait until a
        fetch of the others, which may have nothing, gives up.
        """

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing was left out, so nothing comes back."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Keep no account of the offsets inside chunks: Faust's costs a number for each of them at every commit."""

    def _new_offset(self, tp: TP) -> int | None:
        """What to commit: the offset after the last chunk acknowledged. Chunks are, in order, once Redis holds them."""
        acked = self._acked[tp]
        if not acked:
            return None
        last = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return int(last) + 1

    def forget(self, tps: set[TP]) -> None:
        """Drop what is known of partitions that were revoked."""
        self._revocations += 1
        self._positions.close(list(tps))
        self._holds -= tps
        self._paused -= tps
        for tp in tps:
            self._seeks.pop(tp, None)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 (Faust's signature)
        revocations = self._revocations
        await self._hold_and_seek()
        if self._holds:
            # Whoever was waited for should not wait for a fetch of the others in turn.
            timeout = min(timeout, _WAITED_FOR_S)
            if self._paused >= self.assignment():
                self._asked.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._asked.wait(), timeout)
                self.fetched_at = monotonic()
                return {}
        if self._few:
            await asyncio.sleep(_REST_S)
        fetched: Mapping[TP, Fetched] = await super()._getmany(active_partitions, timeout)
        self.fetched_at = monotonic()
        if self._revocations != revocations:
            # Where reading stood before does not hold for what was read after.
            return {}
        self._few = 0 < sum(len(p.records) for f in fetched.values() for p in f.pieces) < _FEW
        for tp, (pieces, _) in fetched.items():
            before = self._positions.at(tp)
            records = pieces[0].records if pieces else []
            if records and before is not None and records[0].offset < before.offset:
                # The topic was made anew. Faust would drop what lies below the offset it has seen.
                self._read_offset[tp] = None
                self._committed_offset[tp] = None
        return fetched

    def look(self, loop_at: float) -> Observation:
        """What the watchdog wants to know of reading.

        Args:
            loop_at: when the event loop last ran.
        """
        client = self._thread._consumer if self._thread is not None else None
        if client is None or client._coordinator is None:
            return Observation(loop_at, self.fetched_at, is_assigned=False, is_kafka_away=True)
        return Observation(
            loop_at,
            self.fetched_at,
            fetcher_ended=client._fetcher is not None and client._fetcher._fetch_task.done() and not client._closed,
            is_assigned=bool(self.flow_active),
            is_kafka_away=client._coordinator.coordinator_id is None,
        )

    def is_answered(self, tp: TP) -> bool:
        """Whether the broker of a topic partition has answered a fetch of it lately."""
        silent = self.silent_ms(tp)
        return silent is not None and silent < _ANSWERED_MS

    def silent_ms(self, tp: TP) -> int | None:
        """Real milliseconds since the broker of a topic partition last answered a fetch of it; None before."""
        subscription = self._thread._consumer._subscription.subscription
        assigned = subscription.assignment if subscription is not None else None
        state = assigned.state_value(TopicPartition(*tp)) if assigned is not None else None
        # The client notes when it last heard of a watermark, epoch milliseconds.
        return Clock().now_ms() - state.timestamp if state is not None and state.timestamp else None

    async def _hold_and_seek(self) -> None:
        """Carry out what was requested since the last fetch."""
        if not self._seeks and self._holds == self._paused:
            return
        revocations, assigned = self._revocations, self.assignment()
        seeks = {tp: p for tp, p in self._seeks.items() if tp in assigned}
        self._seeks.clear()
        holds = self._holds & assigned
        try:
            await self._thread.pause_and_resume(holds - self._paused, self._paused - holds)
            self._paused = holds
            if seeks:
                await self.seek_wait({tp: p.offset for tp, p in seeks.items()})
        except IllegalStateError:
            # Revoked meanwhile: what is assigned next is held and sought anew.
            return
        if self._revocations == revocations:
            for tp in seeks.keys() - self._holds:
                self._positions.open(tp, seeks[tp])


class ChunkTransport(Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with :class:`ChunkConsumer`.

    Args:
        url: of the broker, as Faust has it.
        app: Faust's.
        assigned: told what is assigned after each rebalance.
    """

    Consumer = ChunkConsumer

    def __init__(self, url: Any, app: Any, assigned: Assigned) -> None:
        super().__init__(url, app)
        self.assigned = assigned
