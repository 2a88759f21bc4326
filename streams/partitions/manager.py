"""The manager of partitions: which ones this worker has, and when they are flushed.

Called by the Faust app (:mod:`streams.app`): chunks come in, assignments change, time passes. What happens to each
partition is the business of its :class:`~streams.partitions.supervisor.PartitionSupervisor`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress

from faust.types import TP

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Misconfigured, Recoverable, Unreachable
from kpis.runtime.watched_file import EVERY_S
from streams.kafka.chunks import Payload
from streams.kafka.seeking import SeekingConsumer
from streams.partitions.flush_interval import FlushInterval
from streams.partitions.offsets import Taken
from streams.partitions.phases import PartitionPhase
from streams.partitions.supervisor import PartitionSupervisor
from streams.partitions.tools import Acknowledge, Tools

log = logging.getLogger(__name__)

_SWEEP_S = 60.0
_AT_ONCE = 2
"""Flushes under way: one for Redis to carry out, one to get ready meanwhile. Each holds all that it writes, so large
ones take turns."""


class PartitionManager:
    """All partitions of one worker."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._supervisors: dict[int, PartitionSupervisor] = {}
        self._swept = monotonic()
        self._urgent = asyncio.Event()
        self._ready = asyncio.Event()
        self._ended = False
        self._gone: set[str] = set()

    @property
    def topics(self) -> list[str]:
        """The topics to read."""
        return list(self._tools.topics)

    @property
    def phases(self) -> dict[int, PartitionPhase]:
        """What each owned partition is doing."""
        return {number: supervisor.phase for number, supervisor in self._supervisors.items()}

    def assign(self, tps: Iterable[TP], reader: SeekingConsumer) -> None:
        """Own the partitions of an assignment from now on; each is read as soon as it was taken.

        A partition that stays keeps its state; if another worker had it in between, its next flush is fenced and it is
        loaded anew. Assignments may follow each other faster than partitions can be taken: the last one holds, and a
        partition that is being taken goes on being taken once.

        Raises:
            Misconfigured: the topics have more partitions than the data in Redis.
        """
        tps = [tp for tp in tps if tp.topic in self._tools.topics]
        wanted = {tp.partition for tp in tps}
        if max(wanted, default=0) >= self._tools.partitions:
            raise Misconfigured(
                "topics",
                f"partition {max(wanted)} was added, the data in Redis is of {self._tools.partitions} partitions",
                "see 'Adding partitions' in docs/operations.md",
            )
        if tps:
            self._miss({tp.topic for tp in tps})
        for number in [n for n, r in self._supervisors.items() if n not in wanted or r.phase is PartitionPhase.GONE]:
            self._supervisors.pop(number).end()
        self._ready.clear()
        for number in sorted(wanted):
            if number in self._supervisors:
                self._supervisors[number].reopen()
            else:
                self._supervisors[number] = PartitionSupervisor(
                    number, self._tools, reader, self._urgent, self._changed
                )
        for supervisor in self._supervisors.values():
            supervisor.worker.capacity.bound(self._tools.max_unflushed // len(self._supervisors))
        self._tools.metrics.owned.set(len(self._supervisors))
        self._changed()

    def revoke(self) -> None:
        """Leave out what was read of all partitions until now: reading them begins anew with the next assignment."""
        for supervisor in self._supervisors.values():
            supervisor.worker.open_generation()

    async def ready(self) -> None:
        """Wait until every partition of the last assignment is read, or parked."""
        await self._ready.wait()

    async def dispatch(self, payload: Payload, acknowledge: Acknowledge) -> None:
        """Count a chunk; one that cannot be counted now is read again."""
        supervisor = self._supervisors.get(payload.partition)
        if supervisor is None or await supervisor.offer(payload, acknowledge) is not Taken.COUNTED:
            return
        is_read = supervisor.worker.behind and supervisor.is_read()
        if is_read and supervisor.worker.caught_up() and not self._behind:
            # The pause was made for catching up; now somebody may wait for these numbers.
            self._urgent.set()

    async def flush_all(self) -> None:
        """Flush every owned partition once, those that Redis did not answer for once it is time to try again.

        Raises:
            Unreachable: Redis does not answer for at least one of them.
        """
        supervisors = list(self._supervisors.values())
        turn = asyncio.Semaphore(1 if any(r.worker.is_large for r in supervisors) else _AT_ONCE)
        results = await asyncio.gather(*(_in_turn(r, turn) for r in supervisors), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if monotonic() - self._swept > _SWEEP_S:
            self._swept = monotonic()
            for supervisor in supervisors:
                await supervisor.sweep()

    async def run(self, interval: FlushInterval) -> None:
        """Flush for ever; where Redis is away, try again with growing delay.

        Raises:
            Permanent: a person must change something before any partition can go on.
        """
        took, away = 0.0, False
        while not self._is_over():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), interval.pause_s(took, behind=self._behind))
            if self._is_over():
                return
            for supervisor in self._supervisors.values():
                if supervisor.fatal is not None:
                    raise supervisor.fatal
            started = monotonic()
            try:
                await self.flush_all()
            except Unreachable as e:
                self._tools.metrics.redis_errors.inc()
                log.warning("%s; trying again", e)
            away, was = any(r.is_away for r in self._supervisors.values()), away
            if was and not away:
                log.info("Redis answers again")
            if not any(r.worker.is_due and not r.is_away for r in self._supervisors.values()):
                self._urgent.clear()
            took = monotonic() - started

    async def send_canaries(self) -> None:
        """Send them for ever, to every partition that is read."""
        if self._tools.canaries is not None:
            await self._tools.canaries.run(lambda: [n for n, p in self.phases.items() if p is PartitionPhase.READING])

    async def watch_catalogue(self) -> None:
        """Use what the catalogue file says, for ever: partitions are taken anew when it changes."""
        catalogue = self._tools.catalogue
        while catalogue is not None and not self._is_over():
            await asyncio.sleep(EVERY_S)
            try:
                await catalogue.refresh()
            except Recoverable as e:
                self._tools.metrics.redis_errors.inc()
                log.warning("%s; the catalogue file is looked at again", e)
            self._tools.metrics.catalogue_problem.set(bool(catalogue.problem))
            for supervisor in list(self._supervisors.values()):
                await supervisor.renew_if_outdated()

    def end(self) -> None:
        """Flush no more: nothing is read any more, and nobody may take numbers that stand still for fresh ones.

        :meth:`hand_over` writes once more what was counted.
        """
        self._ended = True
        self._urgent.set()

    def waiting(self, is_answered: Callable[[TP], bool]) -> dict[int, tuple[int, ...]]:
        """The offsets counted so far of the partitions that are read and have records waiting.

        Args:
            is_answered: whether Kafka answers fetches of a topic partition; nobody counts what it does not send.
        """
        reading = (r for r in self._supervisors.values() if r.phase is PartitionPhase.READING and not r.is_away)
        behind = (r for r in reading if any(map(is_answered, r.unread())))
        return {r.number: tuple(r.worker.state.offsets.values()) for r in behind}

    async def hand_over(self) -> None:
        """Write all that was counted, so that the next owner starts there; best effort, nothing depends on it."""
        supervisors = list(self._supervisors.values())
        try:
            await self.flush_all()
            await asyncio.gather(*(r.worker.relay.emptied() for r in supervisors if r.is_live))
        except Unreachable as e:
            log.warning("not everything was flushed at the end, it will be read again: %s", e)
        finally:
            for supervisor in supervisors:
                supervisor.end()

    def _miss(self, there: set[str]) -> None:
        """Say which topics are gone, and which are there again."""
        for topic in self._tools.topics:
            is_gone = topic not in there
            self._tools.metrics.missing.labels(topic).set(is_gone)
            if is_gone and topic not in self._gone:
                log.error("%s is gone, the other topics are counted; it is read again once it is there", topic)
            elif not is_gone and topic in self._gone:
                log.warning("%s is there again, and is read on", topic)
        self._gone = self._tools.topics.keys() - there

    def _is_over(self) -> bool:
        return self._ended

    @property
    def _behind(self) -> bool:
        return any(r.worker.behind for r in self._supervisors.values())

    def _changed(self) -> None:
        if any(r.fatal is not None for r in self._supervisors.values()):
            self._urgent.set()
        if not self._ready.is_set() and all(phase is not PartitionPhase.TAKING for phase in self.phases.values()):
            self._ready.set()
            log.info("ready: reading partitions %s", sorted(self._supervisors))


async def _in_turn(supervisor: PartitionSupervisor, turn: asyncio.Semaphore) -> None:
    async with turn:
        await supervisor.flush_if_due()
