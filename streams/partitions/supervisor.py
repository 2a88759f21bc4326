"""Keeps one partition running: takes it, has it read, and takes it anew when its state is void.

One task a partition, so that whatever happens to one of them holds up no other. What cannot go on at all is parked:
named in the log, in Redis and by a metric, and tried again with growing delay.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from faust.types import TP

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Fenced, LostWrites, Outdated, Permanent, Recoverable, Uncountable, Unreachable, one_line
from kpis.runtime.retry import Backoff, retry
from streams.kafka.chunks import Payload
from streams.kafka.clients import AWAY
from streams.kafka.seeking import SeekingConsumer
from streams.partitions.offsets import Taken
from streams.partitions.phases import PartitionPhase
from streams.partitions.tools import Acknowledge, KnownEnd, Tools
from streams.partitions.worker import PartitionWorker

log = logging.getLogger(__name__)

_AWAY = Backoff(0.1, 3.0)
_FENCED = Backoff(0.0, 5.0)
"""Two workers that both believe to be assigned a partition would take it from each other as fast as Redis answers."""
_PARKED = Backoff(1.0, 60.0)
_MANY_FAILURES = 40
"""Chunks that may fail before one is written: what halving needs, twice. Beyond them the partition is parked."""


class PartitionSupervisor:
    """One partition of this worker.

    Args:
        number: the partition's number.
        tools: the worker's.
        reader: the consumer.
        urgent: set when a flush should not wait for its time.
        on_change: called when the phase changed.

    Attributes:
        worker: the partition's state and lease.
        phase: what it is doing; written here only.
        fatal: what a person must change before any partition can go on; None while there is nothing.
    """

    def __init__(
        self, number: int, tools: Tools, reader: SeekingConsumer, urgent: asyncio.Event, on_change: Callable[[], None]
    ) -> None:
        self.number = number
        self.worker = PartitionWorker(number, tools, urgent)
        self.phase = PartitionPhase.TAKING
        self.fatal: Permanent | None = None
        self._tools = tools
        self._reader, self._on_change = reader, on_change
        self._tps = {TP(topic, number) for topic in tools.topics}
        self._cause: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._fenced = self._failures = self._parked = self._parked_at_ms = self._unread = self._unwritten = 0
        self._flush_after = 0.0
        self._releasing: asyncio.Task[None] | None = None
        reader.request_hold(self._tps)
        self._task = asyncio.create_task(self._run(), name=f"partition-{number}")

    @property
    def is_live(self) -> bool:
        """Whether it has a state that may be counted into and flushed."""
        return self.phase in {PartitionPhase.READING, PartitionPhase.HELD}

    @property
    def is_away(self) -> bool:
        """Whether Redis did not take its last flush."""
        return self._unwritten > 0

    def reopen(self) -> None:
        """Go on after it was assigned again; whether another worker had it meanwhile, the next flush will tell."""
        if self.phase is PartitionPhase.READING:
            self._seek()
        else:
            # What is assigned is read from where Kafka thinks it should be.
            self._reader.request_hold(self._tps)

    def end(self) -> None:
        """Release the partition."""
        self._become(PartitionPhase.GONE)
        self.worker.release()
        self._task.cancel()
        if self._releasing is not None:
            self._releasing.cancel()

    async def offer(self, payload: Payload, acknowledge: Acknowledge) -> Taken:
        """Count a chunk, or leave it out and see to it that it is read again."""
        worker = self.worker
        if self.phase is not PartitionPhase.READING:
            return Taken.STALE
        try:
            taken = await worker.count_chunk(payload, acknowledge, self._earliest)
            await worker.advance_windows(self.end_of)
        except (Unreachable, *AWAY) as e:
            log.warning("partition %d waits, and is read again from there: %s", self.number, one_line(e))
            self._tools.metrics.redis_errors.inc()
            self._unread += 1
            self._hold(_AWAY.before(self._unread))
            return Taken.HELD
        except Exception as e:  # noqa: BLE001 - the safety limit: what one partition meets must not end the others
            self._fail(e)
            return Taken.STALE
        self._unread = 0
        if taken is Taken.GAP:
            log.warning("partition %d: records before offset %d did not come; read again", self.number, payload.after)
            self._tools.metrics.fence_events.labels("hole").inc()
            self._seek()
        elif taken is Taken.HELD:
            self._hold(0.0)
        return taken

    async def flush_if_due(self) -> None:
        """Write what was counted; a state that is refused, or cannot be written, is taken anew.

        Raises:
            Unreachable: Redis does not answer; calls before it is time to try again do nothing.
        """
        if not self.is_live or monotonic() < self._flush_after:
            return
        try:
            events = await self.worker.flush(self.end_of)
        except Unreachable:
            self._unwritten += 1
            self._flush_after = monotonic() + _AWAY.before(self._unwritten)
            raise
        except Exception as e:  # noqa: BLE001 - the safety limit: what one partition meets must not end the others
            self._fail(e)
            return
        self._unwritten = 0
        if events is not None and self.is_live:
            await self._went_well(events)

    async def renew_if_outdated(self) -> None:
        """Take it anew where another catalogue is in use than it counts by."""
        if self.is_live and self.worker.tools.is_outdated:
            # What cannot be written before is read again.
            with suppress(Recoverable):
                await self.flush_if_due()
            self._fail(Outdated(self.number))

    async def sweep(self) -> None:
        """Let go of what is silent for too long."""
        if self.is_live:
            with suppress(Recoverable):
                await self.worker.sweep()

    def end_of(self, topic: str, partition: int) -> KnownEnd | None:
        """Where a topic's partition ends; None while unknown.

        Of a topic that is gone, while others are assigned, it is where counting stands: nobody waits for what is
        nowhere.
        """
        tp, assigned = TP(topic, partition), self._reader.assignment()
        if tp not in assigned:
            at = self.worker.state.offsets.get(topic) if assigned & self._tps else None
            return None if at is None else KnownEnd(at, None)
        # Before the end itself: an answer that comes in between makes that one later, never older than is said.
        said = self._reader.silent_ms(tp)
        end = self._reader.highwater(tp)
        return None if end is None else KnownEnd(end, said)

    def is_read(self) -> bool:
        """Whether all that Kafka holds of the partition was counted."""
        return not self.unread()

    def unread(self) -> list[TP]:
        """The topic partitions that have records waiting, or whose end is unknown."""
        offsets, number = self.worker.state.offsets, self.number
        ends = {t: self.end_of(t, number) for t in offsets}
        return [TP(t, number) for t, end in ends.items() if end is None or offsets[t] < end.offset]

    async def _run(self) -> None:
        while self.phase is not PartitionPhase.GONE:
            self._become(PartitionPhase.TAKING)
            self._cause = asyncio.get_running_loop().create_future()
            try:
                await self._take()
                error = await self._cause
            except Permanent as e:
                self.fatal = e
                self._on_change()
                return
            except Exception as e:  # noqa: BLE001 - the safety limit: it is parked with the error's name
                error = e
            await self._recover(error)

    async def _take(self) -> None:
        async def attempt() -> None:
            await self.worker.take()
            await self._know_offsets()

        def say(error: BaseException, wait_s: float) -> None:
            self._tools.metrics.redis_errors.inc()
            log.warning("partition %d: %s; trying again in %.1f s", self.number, one_line(error), wait_s)

        await retry(attempt, (Unreachable, *AWAY), _AWAY, say)
        self._seek()
        self._become(PartitionPhase.READING)

    async def _know_offsets(self) -> None:
        """A topic never read is read from the earliest record that Kafka holds."""
        offsets = self.worker.state.offsets
        unread = [tp for tp in self._tps & self._reader.assignment() if tp.topic not in offsets]
        earliest = await self._reader.earliest_offsets(*unread) if unread else {}
        # One that is gone has none; it begins anew at its first offset.
        self.worker.state.begin({tp.topic: int(earliest.get(tp) or 0) for tp in unread})
        self.worker.state.begin(dict.fromkeys((tp.topic for tp in self._tps), 0))

    async def _recover(self, error: Exception) -> None:
        self.worker.give_up()
        self._reader.request_hold(self._tps)
        if isinstance(error, Outdated):
            return
        metrics = self._tools.metrics
        if isinstance(error, (Fenced, LostWrites)):
            log.warning("%s; loading it again", error)
            metrics.fence_events.labels("fenced" if isinstance(error, Fenced) else "lost_writes").inc()
            if not any(tp.partition == self.number for tp in self._reader.assignment()):
                self.worker.release()
                self._become(PartitionPhase.GONE)
                return
            self._fenced += 1
            await asyncio.sleep(_FENCED.before(self._fenced))
            return
        self._failures += 1
        metrics.fence_events.labels("failed").inc()
        if isinstance(error, Uncountable) and self._failures <= _MANY_FAILURES and not self.worker.suspects.full:
            log.error("%s; counting it again in parts", error, exc_info=error if self._failures == 1 else None)
            return
        await self._park(error)

    async def _park(self, error: Exception) -> None:
        self._parked += 1
        delay = _PARKED.before(self._parked)
        self._become(PartitionPhase.PARKED)
        self._tools.metrics.parked.labels(str(self.number)).set(1)
        log.error(
            "partition %d is parked, the others go on: %s; trying again in %.0f s",
            self.number, one_line(error), delay, exc_info=error if self._parked == 1 else None,
        )  # fmt: skip
        if self._parked == 1:
            self._parked_at_ms = self._tools.clock.now_ms()
        with suppress(Recoverable):
            await self._tools.store.park(self.number, one_line(error), self._parked_at_ms, self._parked)
        await asyncio.sleep(delay)

    async def _went_well(self, events: int) -> None:
        self._fenced = 0
        if events:
            self._failures = 0
        if self._parked:
            log.info("partition %d goes on", self.number)
            self._parked = 0
            self._tools.metrics.parked.labels(str(self.number)).set(0)
            with suppress(Recoverable):
                await self._tools.store.unpark(self.number)

    def _fail(self, error: Exception) -> None:
        """The state is void: nothing more is counted or written until it was loaded anew."""
        self.worker.give_up()
        if not self._cause.done():
            self._cause.set_result(error)

    def _hold(self, at_least_s: float) -> None:
        self._become(PartitionPhase.HELD)
        self.worker.hold()
        self._reader.request_hold(self._tps)
        self._releasing = asyncio.create_task(self._release(at_least_s), name=f"hold-{self.number}")

    async def _release(self, at_least_s: float) -> None:
        await asyncio.sleep(at_least_s)
        await self.worker.has_capacity()
        if self.phase is PartitionPhase.HELD:
            self.worker.resume()
            self._seek()
            self._become(PartitionPhase.READING)

    def _seek(self) -> None:
        """Read on from what was counted; chunks that were read before are left out."""
        self.worker.open_generation()
        self._reader.request_seek({tp: self.worker.position(tp.topic) for tp in self._tps})

    async def _earliest(self, topic: str, partition: int) -> int:
        tp = TP(topic, partition)
        return int((await self._reader.earliest_offsets(tp)).get(tp) or 0)

    def _become(self, phase: PartitionPhase) -> None:
        if self.phase is not PartitionPhase.GONE:
            self.phase = phase
            self._on_change()
