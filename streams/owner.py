"""One partition in this worker's hands: its state, its lease, and the order in which things happen to them.

Chunks are folded one after another; a flush takes what was folded and writes it while more is folded. A flush that is
refused (fenced, or Redis lost writes) ends this state: it is loaded anew and reading goes back to its offsets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import Protocol

from streams import layout, letters, replays
from streams.chunks import Payload, Position
from streams.clock import Clock, monotonic
from streams.deadletter import DeadLetters
from streams.decode import Decoder
from streams.flush import Flush
from streams.load import load
from streams.measures import Stream
from streams.metrics import WorkerMetrics
from streams.partition import Partition, PartitionPolicy
from streams.relay import Relay
from streams.store import Lease, Store, Waiting
from streams.streamclock import Basis, Progress, Reading, read

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
"""Real seconds after which an unchanged partition is written all the same, to show that its clock moves."""

_MANY_WAIT = 100_000
"""Entries, of 32 bytes each, from which on it is worth while to bring them into their windows before the next flush."""
_MANY_ROWS, _MOST_ROWS = 125_000, 250_000
"""Rows of panes from which on a flush gets large, and from which on counting waits for it: some 400 bytes each, while
it is made and sent."""
_BEHIND_MS = 10_000
"""Milliseconds of the clock from which on numbers are old: nobody waits for each of them any more."""

_LANES = count(1)
# Shared by all owners of the process: a chunk read for an owner before never passes for one of its successor.

EndOf = Callable[[str, int], int | None]
"""The offset after the last record of a topic's partition; None while unknown."""
EarliestOf = Callable[[str, int], Awaitable[int]]
"""The earliest offset that a topic's partition still holds."""


class Acknowledge(Protocol):
    """What marks a chunk as done, once it is flushed."""

    def __call__(self) -> object: ...


class Taken(StrEnum):
    """What became of a chunk."""

    COUNTED = "counted"
    STALE = "stale"
    """Read before the last seek: it is read again."""
    REPEATED = "repeated"
    """Counted before."""
    HOLE = "hole"
    """Records before it were dropped on the way: reading must go back."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all owners of a worker share.

    ``max_unflushed`` is how many records the worker folds without writing them before reading waits: it bounds memory
    while Redis is away.
    """

    store: Store
    policy: PartitionPolicy
    decoders: Mapping[Stream, Decoder]
    topics: Mapping[str, Stream]
    partitions: int
    letters: DeadLetters
    clock: Clock
    metrics: WorkerMetrics
    max_unflushed: int


class Owner:
    """A partition this worker owns.

    Attributes:
        number: the partition's number.
        state: everything counted.
        lane: the reading its chunks must belong to.
        room: records it may fold without writing them.
        behind: whether its numbers are old and it is catching up, as of the last flush.
        urgent: set when it presses.
        relay: brings its dead letters to Kafka.
    """

    def __init__(self, number: int, tools: Tools, urgent: asyncio.Event | None = None) -> None:
        self.number = number
        self.lane = next(_LANES)
        self.room = tools.max_unflushed
        self.behind = False
        self._left_ahead = self._rows = 0
        self.urgent = urgent or asyncio.Event()
        self.state: Partition = Partition(number, tools.policy)
        self._tools = tools
        self._lease = Lease(number, 0, 0, {})
        self._reached: dict[str, int] = {}
        self._acks: list[Acknowledge] = []
        self._folding = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._room = asyncio.Event()
        self.relay = Relay(number, tools.store, tools.letters, tools.metrics, self._room.set)
        self._gone = False
        self._unsent: tuple[Flush, list[Acknowledge]] | None = None
        self._flushed_at = 0.0

    @property
    def presses(self) -> bool:
        """Whether the next flush should not wait for its time: half of the room is used, or it gets large."""
        return self.state.unflushed >= self.room // 2 or self._rows >= _MANY_ROWS

    @property
    def is_large(self) -> bool:
        """Whether the next flush may take much memory."""
        return self._rows >= _MANY_ROWS // 2

    async def take(self) -> None:
        """Become the owner and load the state; chunks of earlier lanes are left out from here on.

        Raises:
            Unreachable: Redis does not answer.
        """
        tools = self._tools
        started = monotonic()
        async with self._folding:
            self._lease = await tools.store.take(self.number, Clock().now_ms())
            self.state = await load(tools.store, self._lease, tools.policy, tools.clock.now_ms())
            self.open_lane()
            self._reached.clear()
            self._acks.clear()
            self._unsent = None
            self._left_ahead = self._rows = 0
            self._room.set()
        self.relay.start(self._lease.waiting)
        tools.metrics.reload_seconds.observe(monotonic() - started)
        log.info(
            "partition %d: took epoch %d with %d series, offsets %s",
            self.number, self._lease.epoch, len(self.state.registry), self.state.offsets,
        )  # fmt: skip

    def let_go(self) -> None:
        """Be the owner no longer: nothing is counted from here on."""
        self._gone = True
        self._room.set()
        self.relay.stop()

    def open_lane(self) -> None:
        """Leave out chunks of every earlier lane from here on; the caller seeks."""
        self.lane = next(_LANES)

    def position(self, topic: str, earliest: int) -> Position:
        """Where to read a topic on from; a topic never read is read from its earliest record."""
        return Position(self.state.offsets.setdefault(topic, earliest), self.lane)

    async def fold(self, payload: Payload, acknowledge: Acknowledge, earliest_of: EarliestOf) -> Taken:
        """Count a chunk; it is acknowledged by the flush that holds it.

        Waits while too much is unflushed, or too many dead letters wait for Kafka. Offsets that Kafka skipped are
        looked at: those below the earliest it still holds are counted as lost; a topic that begins anew is read from
        there.
        """
        while self._full() and not self._gone:
            self._room.clear()
            await self._room.wait()
        async with self._folding:
            state, tools = self.state, self._tools
            if payload.lane != self.lane or self._gone:
                return Taken.STALE
            start = state.offsets[payload.topic]
            if payload.first_offset < payload.after:
                start = self._rewind(payload)
            elif payload.after == start < payload.first_offset:
                await self._count_lost(payload, earliest_of)
            if payload.next_offset <= start:
                acknowledge()
                return Taken.REPEATED
            if payload.after > start and payload.first_offset > start:
                return Taken.HOLE
            records = [r for r in payload.records if r.offset >= start] if payload.after < start else payload.records
            payload = replace(payload, records=records, after=start)
            now = tools.clock.now_ms()
            batch = tools.decoders[tools.topics[payload.topic]].decode([r.value for r in records], now)
            numbers = state.admit(batch)
            if state.registry.fresh:
                state.adopt(await tools.store.totals(self.number, state.fresh))
            refused, again = letters.of_chunk(payload, batch.rejected), replays.of_chunk(records, batch.rejected)
            state.fold(
                batch,
                numbers,
                payload.topic,
                payload.next_offset,
                records=len(records),
                now_ms=now,
                letters=refused,
                replays=again,
            )
            if batch.times:
                latest = max(batch.times)
                self._reached[payload.topic] = max(latest, self._reached.get(payload.topic, 0))
            self._acks.append(acknowledge)
            if self.presses:
                self.urgent.set()
            tools.metrics.unflushed.labels(str(self.number)).set(state.unflushed)
            return Taken.COUNTED

    async def flush(self, end_of: EndOf) -> None:
        """Write what was folded.

        Args:
            end_of: says where the topics of this partition end.

        Raises:
            Fenced, LostWrites: the state is void; :meth:`take` again.
            Unreachable: Redis does not answer; call again, the same flush is sent first.
        """
        async with self._writing:
            if self._unsent is None:
                async with self._folding:
                    self._unsent = self._next_flush(end_of)
            if self._unsent is None:
                return
            flush, acks = self._unsent
            started = monotonic()
            await self._tools.store.flush(self._lease, flush)
            self._flushed_at = monotonic()
            self._unsent = None
        self._room.set()
        self.relay.flushed(flush)
        for acknowledge in acks:
            acknowledge()
        self._tools.metrics.flush_seconds.observe(self._flushed_at - started)
        self._tools.metrics.flushed_events.inc(flush.events)
        self._tools.metrics.unflushed.labels(str(self.number)).set(self.state.unflushed)
        self._tools.metrics.series.labels(str(self.number)).set(len(self.state.registry))

    def _full(self) -> bool:
        made = [*self.state.letters, *(self._unsent[0].letters if self._unsent else ())]
        if self.state.unflushed >= self.room or self._rows >= _MOST_ROWS:
            return True
        return self.relay.full(Waiting(len(made), sum(map(len, made))))

    def _rewind(self, payload: Payload) -> int:
        """Start over where a topic begins anew; returns that offset."""
        topic, first = payload.topic, payload.first_offset
        log.warning(
            "%s, partition %d begins anew at offset %d, below %d: it was deleted and made again; counting from there",
            topic, self.number, first, payload.after,
        )  # fmt: skip
        self.state.counters[f"{layout.REWOUND}{topic}"] += 1
        self.state.offsets[topic] = first
        return first

    async def _count_lost(self, payload: Payload, earliest_of: EarliestOf) -> None:
        """Tell records that Kafka deleted unread from offsets that never held a record."""
        earliest = await earliest_of(payload.topic, payload.partition)
        lost = min(earliest, payload.first_offset) - payload.after
        if lost > 0:
            log.error(
                "%s, partition %d: retention deleted offsets %d to %d unread: %d records are not counted",
                payload.topic, self.number, payload.after, payload.after + lost - 1, lost,
            )  # fmt: skip
            self.state.counters[f"{layout.LOST}{payload.topic}"] += lost

    async def sweep(self) -> None:
        """Let go of what is silent for too long; not while a chunk waits for the totals of its series."""
        async with self._folding:
            self.state.sweep(self._tools.clock.now_ms())

    async def move_on(self, end_of: EndOf) -> None:
        """Bring what was folded into its windows, when much waits for that: it takes less room there."""
        if len(self.state.ahead) - self._left_ahead < _MANY_WAIT:
            return
        async with self._folding:
            self._tick(self._tools.clock.now_ms(), {t: end_of(t, self.number) for t in self.state.offsets})
            self._rows = self.state.changed_rows
        if self.presses:
            self.urgent.set()

    def _tick(self, now: int, ends: Mapping[str, int | None]) -> Reading:
        state = self.state
        behind = {t: None if end is None else state.offsets[t] < end for t, end in ends.items()}
        reading = read(state.clock_ms, now, (Progress(behind[t], self._reached.get(t)) for t in state.offsets))
        state.tick(reading.at_ms)
        self._left_ahead = len(state.ahead)
        return reading

    def _next_flush(self, end_of: EndOf) -> tuple[Flush, list[Acknowledge]] | None:
        state = self.state
        now = self._tools.clock.now_ms()
        ends = {topic: end_of(topic, self.number) for topic in state.offsets}
        reading = self._tick(now, ends)
        self.behind = reading.basis is not Basis.NOW and now - (reading.at_ms or 0) > _BEHIND_MS
        if not state.pending and monotonic() - self._flushed_at < HEARTBEAT_S:
            return None
        gauges = {
            layout.FLUSHED_AT: now,
            layout.CAUGHT_UP: int(reading.basis is Basis.NOW),
            **{f"{layout.LAG}{t}": max(0, end - state.offsets[t]) for t, end in ends.items() if end is not None},
        }
        acks, self._acks, self._rows = self._acks, [], 0
        return state.take_flush(gauges), acks
