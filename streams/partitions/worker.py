"""One partition in this worker's hands: its state, its lease, and the order in which things happen to them.

Chunks are folded one after another; a flush takes what was folded and writes it while more is folded. A state that met
an error is void: nothing is counted into it any more, it is never flushed, and :meth:`Owner.take` loads it anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from itertools import count

from kpis.contract import layout
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Uncountable
from streams.dead_letters.relay import Relay
from streams.kafka.chunks import Payload, Position
from streams.partitions import counting, losses
from streams.partitions.gauges import gauges
from streams.partitions.offsets import Taken, judge, may_have_lost
from streams.partitions.suspects import Suspects
from streams.partitions.tools import Acknowledge, EarliestOf, EndOf, Tools
from streams.state.flush import Flush
from streams.state.partition import Partition
from streams.state.watermark import Basis, Progress, Reading, read
from streams.store.lease import Lease, Waiting
from streams.store.load import load

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
"""Real seconds after which an unchanged partition is written all the same, to show that its clock moves."""
PATIENCE_S = 2.0
"""Real seconds that a chunk waits for room, and the chunks of all other partitions behind it, until its own is held."""

_MANY_WAIT = 100_000
"""Entries, of 32 bytes each, from which on it is worth while to bring them into their windows before the next flush."""
_MANY_ROWS, _MOST_ROWS = 125_000, 250_000
"""Rows of panes, of some 400 bytes in a flush, from which on it gets large, and from which on counting waits for it."""
_BEHIND_MS = 10_000
"""Milliseconds of the clock from which on numbers are old: nobody waits for each of them any more."""

_LANES = count(1)
# Shared by all owners of the process: a chunk read for an owner before never passes for one of its successor.


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
        suspects: what is known of records that cannot be counted.
        held: whether reading it waits for room.
    """

    def __init__(self, number: int, tools: Tools, urgent: asyncio.Event | None = None) -> None:
        self.number = number
        self.lane = next(_LANES)
        self.room = tools.max_unflushed
        self.behind = self.held = False
        self._left_ahead = self._rows = 0
        self.urgent = urgent or asyncio.Event()
        self.state: Partition = Partition(number, tools.policy)
        self.suspects = Suspects()
        self._tools = tools
        self._lease = Lease(number, 0, 0, {})
        self._reached: dict[str, int] = {}
        self._acks: list[Acknowledge] = []
        self._folding = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._room = asyncio.Event()
        self.relay = Relay(number, tools.store, tools.letters, tools.metrics, self._room.set)
        self._usable = False
        self._unsent: tuple[Flush, list[Acknowledge]] | None = None
        self._flushed_at = 0.0

    @property
    def presses(self) -> bool:
        """Whether the next flush should not wait for its time: half of the room is used, or it gets large."""
        return self._usable and (self.state.unflushed >= self.room // 2 or self._rows >= _MANY_ROWS)

    @property
    def is_large(self) -> bool:
        """Whether the next flush may take much memory."""
        return self._rows >= _MANY_ROWS // 2

    async def take(self) -> None:
        """Become the owner and load the state; chunks of earlier lanes are left out from here on.

        Raises:
            Unreachable: Redis does not answer.
        """
        tools, started = self._tools, monotonic()
        self.give_up()
        async with self._writing, self._folding:
            self._lease = await tools.store.take(self.number, Clock().now_ms())
            state = await load(tools.store, self._lease, tools.policy, tools.clock.now_ms())
            state.registry.protect(await tools.store.goal_series())
            state.replay_key = await tools.store.replay_key()
            self.state = state
            self.open_lane()
            self._reached.clear()
            self._acks.clear()
            self._unsent = None
            self._left_ahead = self._rows = 0
            self._usable = True
            self._room.set()
        self.relay.start(self._lease.waiting)
        tools.metrics.reload_seconds.observe(monotonic() - started)
        log.info(
            "partition %d: took epoch %d with %d series, offsets %s",
            self.number, self._lease.epoch, len(self.state.registry), self.state.offsets,
        )  # fmt: skip

    def give_up(self) -> None:
        """Count nothing, and write nothing of what was counted, until the state was loaded anew."""
        self._usable = False
        self.open_lane()
        self._room.set()

    def let_go(self) -> None:
        """Be the owner no longer: nothing is counted from here on."""
        self.give_up()
        self.relay.stop()

    def open_lane(self) -> None:
        """Leave out chunks of every earlier lane from here on; the caller seeks."""
        self.lane = next(_LANES)

    def position(self, topic: str, earliest: int) -> Position:
        """Where to read a topic on from; a topic never read is read from its earliest record."""
        return Position(self.state.offsets.setdefault(topic, earliest), self.lane)

    async def has_room(self) -> None:
        """Wait until chunks can be folded, or never again."""
        while self._full() and self._usable:
            self._room.clear()
            await self._room.wait()

    async def fold(self, payload: Payload, acknowledge: Acknowledge, earliest_of: EarliestOf) -> Taken:
        """Count a chunk; it is acknowledged by the flush that holds it.

        Waits a little while too much is unflushed, or too many dead letters wait. Offsets that Kafka skipped are looked
        at: those below the earliest it holds are counted as lost; a topic that begins anew is read from there.

        Raises:
            Uncountable: it failed unexpectedly; the state is void.
            Unreachable: Redis or Kafka does not answer; nothing of what is left of the chunk was counted.
        """
        if self._is_void():
            return Taken.STALE
        tools = self._tools
        with suppress(TimeoutError):
            await asyncio.wait_for(self.has_room(), PATIENCE_S)
        async with self._folding:
            if self._is_void():
                return Taken.STALE
            start = self.state.offsets[payload.topic]
            taken = judge(payload, self.lane, start)
            if taken in {Taken.STALE, Taken.HOLE}:
                return taken
            if taken is Taken.REPEATED:
                acknowledge()
                return taken
            if self._full():
                return Taken.HELD
            missing = 0
            if may_have_lost(payload, start):
                missing = losses.deleted(payload, await earliest_of(payload.topic, payload.partition))
            if taken is Taken.REWOUND:
                losses.begun_anew(payload)
                start = payload.first_offset
            try:
                latest = await counting.count(self.state, payload, start, self.suspects, tools)
            except Uncountable:
                self.give_up()
                raise
            if latest:
                self._reached[payload.topic] = max(latest, self._reached.get(payload.topic, 0))
            # Only now: what Redis did not answer to is tried again whole.
            self._note(layout.LOST, payload, missing)
            self._note(layout.SKIPPED, payload, payload.skipped)
            self._note(layout.REWOUND, payload, int(taken is Taken.REWOUND))
            self._acks.append(acknowledge)
            if self.presses:
                self.urgent.set()
            tools.metrics.unflushed.labels(str(self.number)).set(self.state.unflushed)
            return taken

    async def flush(self, end_of: EndOf) -> int | None:
        """Write what was folded.

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
                async with self._folding:
                    self._unsent = self._make_flush(end_of) if self._usable else None
            if self._unsent is None or not self._usable:
                return None
            flush, acks = self._unsent
            started = monotonic()
            await self._tools.store.flush(self._lease, flush)
            self._flushed_at = monotonic()
            self._unsent = None
        self._room.set()
        self.relay.flushed(flush)
        for acknowledge in acks:
            acknowledge()
        self.suspects.stored(flush.offsets)
        self._tools.metrics.flush_seconds.observe(self._flushed_at - started)
        self._tools.metrics.flushed_events.inc(flush.events)
        self._tools.metrics.unflushed.labels(str(self.number)).set(self.state.unflushed)
        self._tools.metrics.series.labels(str(self.number)).set(len(self.state.registry))
        return flush.events

    def _is_void(self) -> bool:
        return not self._usable

    def _note(self, counter: str, payload: Payload, gain: int) -> None:
        if gain:
            self.state.counters[f"{counter}{payload.topic}"] += gain

    def _full(self) -> bool:
        return self.state.unflushed >= self.room or self._rows >= _MOST_ROWS or self._is_flooded()

    def _is_flooded(self) -> bool:
        """Whether too many dead letters wait, in Redis and here."""
        made = [*self.state.letters, *(self._unsent[0].letters if self._unsent else ())]
        return self.relay.full(Waiting(len(made), sum(map(len, made))))

    async def sweep(self) -> None:
        """Let go of what is silent for too long; not while a chunk waits for the totals of its series.

        Raises:
            Unreachable: Redis does not say which campaigns have goals.
        """
        goals = await self._tools.store.goal_series()
        async with self._folding:
            if self._usable:
                self.state.registry.protect(goals)
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
        now = self._tools.clock.now_ms()
        ends = {topic: end_of(topic, self.number) for topic in state.offsets}
        reading = self._tick(now, ends)
        self.behind = reading.basis is not Basis.NOW and now - (reading.at_ms or 0) > _BEHIND_MS
        if not state.pending and monotonic() - self._flushed_at < HEARTBEAT_S:
            return None
        told = gauges(
            now, ends, state.offsets, caught_up=reading.basis is Basis.NOW, held=self.held and self._is_flooded()
        )
        acks, self._acks, self._rows = self._acks, [], 0
        return state.take_flush(told), acks
