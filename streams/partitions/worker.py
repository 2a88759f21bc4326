"""The worker of one partition: its state, its lease, and the order in which things happen to them.

Chunks are counted one after another; a flush takes what was counted and writes it while more is counted. A state that
met an error is void: nothing is counted into it any more, it is never flushed, and :meth:`PartitionWorker.take` loads
it anew.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import count

from kpis.contract import layout
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Uncountable
from streams.dead_letters.relay import DeadLetterRelay
from streams.kafka.chunks import Payload, Position
from streams.partitions import counting, losses
from streams.partitions.capacity import Capacity
from streams.partitions.gauges import gauges
from streams.partitions.offsets import Taken, judge, may_have_lost
from streams.partitions.suspects import Suspects
from streams.partitions.tools import Acknowledge, EarliestOf, EndOf, Tools
from streams.partitions.topic_progress import TopicProgress
from streams.state.flush import Flush
from streams.state.partition import Partition
from streams.state.watermark import Basis
from streams.store.lease import Lease, Waiting
from streams.store.load import load

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
"""Real seconds after which an unchanged partition is written all the same, to show that its watermark moves."""
PATIENCE_S = 2.0
"""Real seconds that a chunk waits for capacity, and those of all other partitions behind it, until its own is held."""

_BEHIND_MS = 10_000
"""Milliseconds of the clock from which on numbers are old: nobody waits for each of them any more."""

_GENERATIONS = count(1)
# Shared by all of the process: a chunk read for one worker of a partition never passes for one of its successor.


class PartitionWorker:
    """One partition in this process.

    Attributes:
        number: the partition's number.
        state: everything counted.
        generation: the reading that its chunks must belong to.
        capacity: how much it may hold that is not written.
        behind: whether its numbers are old and it is catching up, as of the last flush.
        urgent: set when a flush should not wait for its time.
        relay: brings its dead letters to Kafka.
        tools: the worker's, with what was counted when the partition was taken.
        suspects: what is known of records that cannot be counted.

    All of them are written here only.
    """

    def __init__(self, number: int, tools: Tools, urgent: asyncio.Event | None = None) -> None:
        self.number = number
        self.generation = next(_GENERATIONS)
        self.capacity = Capacity(tools.max_unflushed)
        self.behind = self._held = False
        self.urgent = urgent or asyncio.Event()
        self.state: Partition = Partition(number, tools.policy)
        self.suspects = Suspects()
        self.tools = tools
        self._lease = Lease(number, 0, 0, {})
        self._progress = TopicProgress(tools.clock.rate)
        self._acks: list[Acknowledge] = []
        self._counting = asyncio.Lock()
        self._writing = asyncio.Lock()
        self.relay = DeadLetterRelay(number, tools.store, tools.letters, tools.metrics, self.capacity.free)
        self._usable = False
        self._unsent: tuple[Flush, list[Acknowledge]] | None = None
        self._flushed_at = 0.0

    @property
    def is_due(self) -> bool:
        """Whether the next flush should not wait for its time."""
        return self._usable and self.capacity.is_half_used(self.state)

    @property
    def is_large(self) -> bool:
        """Whether the next flush may take much memory."""
        return self.capacity.is_large

    async def take(self) -> None:
        """Take the partition and load its state; chunks of earlier generations are left out from here on.

        Raises:
            Unreachable: Redis does not answer.
        """
        tools, started = self.tools, monotonic()
        self.give_up()
        async with self._writing, self._counting:
            self._lease = await tools.store.take(self.number, Clock().now_ms())
            # Only now: what any owner before ever wrote has columns that are claimed.
            self.tools = tools = await tools.as_of_now()
            state = await load(tools.store, self._lease, tools.policy, tools.clock.now_ms())
            state.registry.protect(await tools.store.goal_series())
            state.replay_key = await tools.store.replay_key()
            self.state = state
            self.open_generation()
            self._progress.restore(self._lease.meta)
            self._acks.clear()
            self._unsent, self.capacity.rows, self._usable = None, 0, True
            self.capacity.free()
        self.relay.start(self._lease.waiting)
        tools.metrics.reload_seconds.observe(monotonic() - started)
        log.info(
            "partition %d: took epoch %d with %d series, offsets %s",
            self.number, self._lease.epoch, len(self.state.registry), self.state.offsets,
        )  # fmt: skip

    def give_up(self) -> None:
        """Count nothing, and write nothing of what was counted, until the state was loaded anew."""
        self._usable = False
        self.open_generation()
        self.capacity.free()

    def release(self) -> None:
        """Release the partition: nothing is counted from here on."""
        self.give_up()
        self.relay.stop()

    def open_generation(self) -> None:
        """Leave out chunks of every earlier generation from here on; the caller seeks."""
        self.generation = next(_GENERATIONS)

    def hold(self) -> None:
        """Note that reading waits for capacity; what was read already is left out."""
        self._held = True
        self.open_generation()

    def resume(self) -> None:
        """Note that reading goes on."""
        self._held = False

    def caught_up(self) -> bool:
        """Note that all that Kafka holds was counted; answers whether it was behind before."""
        was, self.behind = self.behind, False
        return was

    def position(self, topic: str) -> Position:
        """Where to read a topic on from."""
        return Position(self.state.offsets[topic], self.generation)

    async def has_capacity(self) -> None:
        """Wait until chunks can be counted, or never again."""
        await self.capacity.wait_while(lambda: self._usable and self._full())

    async def count_chunk(self, payload: Payload, acknowledge: Acknowledge, earliest_of: EarliestOf) -> Taken:
        """Count a chunk; it is acknowledged by the flush that holds it.

        Waits a little while too much is unflushed, or too many dead letters wait. Offsets that Kafka skipped are looked
        at: those below the earliest it holds are counted as lost; a topic that begins anew is read from there.

        Raises:
            Uncountable: it failed unexpectedly; the state is void.
            Unreachable: Redis or Kafka does not answer; nothing of what is left of the chunk was counted.
        """
        if self._is_void():
            return Taken.STALE
        with suppress(TimeoutError):
            await asyncio.wait_for(self.has_capacity(), PATIENCE_S)
        async with self._counting:
            if self._is_void():
                return Taken.STALE
            start = self.state.offsets[payload.topic]
            taken = judge(payload, self.generation, start)
            if taken is Taken.REPEATED:
                acknowledge()
            if taken not in {Taken.COUNTED, Taken.REWOUND}:
                return taken
            if self._full():
                return Taken.HELD
            lost = 0
            if may_have_lost(payload, start):
                lost = losses.deleted(payload, await earliest_of(payload.topic, payload.partition))
            await self._count(payload, start, taken, lost)
            self._acks.append(acknowledge)
            if self.is_due:
                self.urgent.set()
            self.tools.metrics.unflushed.labels(str(self.number)).set(self.state.unflushed)
            return taken

    async def _count(self, payload: Payload, start: int, taken: Taken, lost: int) -> None:
        """Count the records of a chunk that continues what was counted, and what is missing before it."""
        if taken is Taken.REWOUND:
            losses.begun_anew(payload)
            start = payload.first_offset
        try:
            arrivals = await counting.count_records(self.state, payload, start, self.suspects, self.tools)
        except Uncountable:
            self.give_up()
            raise
        self._progress.counted(payload.topic, start, arrivals, self.tools.clock.now_ms())
        # Only now: what Redis did not answer to is tried again whole.
        gaps = {layout.LOST: lost, layout.SKIPPED: payload.skipped, layout.REWOUND: int(taken is Taken.REWOUND)}
        self.state.counters.note(payload.topic, gaps)

    async def flush(self, end_of: EndOf) -> int | None:
        """Write what was counted.

        Args:
            end_of: says where the topics of this partition end.

        Returns:
            How many records it covers; None when nothing was written.

        Raises:
            Fenced, LostWrites: the state is void; :meth:`take` again.
            Unreachable: Redis does not answer; call again, the same flush is sent first.
            Exception: the flush cannot be made; the state is void.
        """
        async with self._writing:
            if self._unsent is None:
                async with self._counting:
                    self._unsent = self._make_flush(end_of) if self._usable else None
            if self._unsent is None or not self._usable:
                return None
            flush, acks = self._unsent
            started = monotonic()
            await self.tools.store.write(self._lease, flush)
            self._flushed_at = monotonic()
            self._unsent = None
        self.capacity.free()
        self.relay.flushed(flush)
        for acknowledge in acks:
            acknowledge()
        self.suspects.stored(flush.offsets)
        self.tools.metrics.flush_seconds.observe(self._flushed_at - started)
        self.tools.metrics.flushed_events.inc(flush.events)
        self.tools.metrics.unflushed.labels(str(self.number)).set(self.state.unflushed)
        self.tools.metrics.series.labels(str(self.number)).set(len(self.state.registry))
        return flush.events

    def _is_void(self) -> bool:
        return not self._usable

    def _full(self) -> bool:
        return self.capacity.is_used(self.state) or self._is_flooded()

    def _is_flooded(self) -> bool:
        """Whether too many dead letters wait, in Redis and here."""
        made = [*self.state.letters, *(self._unsent[0].letters if self._unsent else ())]
        return self.relay.full(Waiting(len(made), sum(map(len, made))))

    async def sweep(self) -> None:
        """Let go of what is silent for too long; not while a chunk waits for the totals of its series.

        Raises:
            Unreachable: Redis does not say which campaigns have goals.
        """
        goals = await self.tools.store.goal_series()
        async with self._counting:
            if self._usable:
                self.state.registry.protect(goals)
                self.state.sweep(self.tools.clock.now_ms())

    async def advance_windows(self, end_of: EndOf) -> None:
        """Bring what was counted into its windows, when much waits for that: it takes less memory there."""
        if not self._progress.has_many_early(self.state):
            return
        async with self._counting:
            self._progress.advance(
                self.state, self.tools.clock.now_ms(), {t: end_of(t, self.number) for t in self.state.offsets}
            )
            self.capacity.rows = self.state.changed_rows
        if self.is_due:
            self.urgent.set()

    def _make_flush(self, end_of: EndOf) -> tuple[Flush, list[Acknowledge]] | None:
        try:
            return self._next_flush(end_of)
        except BaseException:
            self.give_up()
            # Any record since the last flush may be what the error is about.
            self.suspects.doubt(self.state.offsets)
            raise

    def _next_flush(self, end_of: EndOf) -> tuple[Flush, list[Acknowledge]] | None:
        state = self.state
        now = self.tools.clock.now_ms()
        ends = {topic: end_of(topic, self.number) for topic in state.offsets}
        reading = self._progress.advance(state, now, ends)
        self.behind = reading.basis is not Basis.NOW and now - (reading.at_ms or 0) > _BEHIND_MS
        if not state.pending and monotonic() - self._flushed_at < HEARTBEAT_S:
            return None
        is_held, is_now = self._held and self._is_flooded(), reading.basis is Basis.NOW
        canary = self.tools.canaries.told(state.canary_ms) if self.tools.canaries is not None else None
        told = self._progress.told(now) | gauges(now, ends, state.offsets, canary, caught_up=is_now, held=is_held)
        acks, self._acks, self.capacity.rows = self._acks, [], 0
        return state.take_flush(told | {layout.MEASURES: self.tools.policy.plan.mark}), acks
