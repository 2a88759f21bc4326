"""The worker's desk: which partitions it owns, and what happens to each of them.

Called by the Faust app (:mod:`streams.app`): chunks come in, assignments change, time passes. Knows nothing of Faust
beyond the consumer's few methods in :class:`Reader`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from faust.types import TP

from streams.chunks import Payload, Position
from streams.clock import monotonic
from streams.errors import Fenced, LostWrites, Misconfigured, Unreachable
from streams.owner import Acknowledge, Owner, Taken, Tools
from streams.rhythm import FlushRhythm

log = logging.getLogger(__name__)

_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 3.0
_SWEEP_S = 60.0
_AT_ONCE = 2
"""Flushes under way: one for Redis to carry out, one to get ready meanwhile. Each holds all that it writes, so large
ones take turns."""


class Reader(Protocol):
    """What the desk needs of the consumer."""

    def assignment(self) -> set[TP]:
        """The topic partitions assigned to this worker now."""

    def highwater(self, tp: TP) -> int | None:
        """The high watermark of the last fetch; None before the first."""

    def request_seek(self, positions: Mapping[TP, Position]) -> None:
        """Seek before the next fetch."""

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """The first offset that each topic partition still holds."""


class Desk:
    """All partitions of one worker."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._owners: dict[int, Owner] = {}
        self._reader: Reader | None = None
        self._swept = monotonic()
        self._urgent = asyncio.Event()

    @property
    def _behind(self) -> bool:
        return any(owner.behind for owner in self._owners.values())

    @property
    def topics(self) -> list[str]:
        """The topics to read."""
        return list(self._tools.topics)

    def attach(self, reader: Reader) -> None:
        """Use this consumer from now on."""
        self._reader = reader

    async def resume(self, tps: set[TP]) -> Mapping[TP, Position]:
        """Own the partitions of an assignment, and say where to read each topic on from.

        A partition that stays keeps its state; if another worker had it in between, its next flush is fenced and it is
        loaded anew. Waits for Redis as long as it takes.
        """
        wanted = {tp.partition for tp in tps if tp.topic in self._tools.topics}
        if max(wanted, default=0) >= self._tools.partitions:
            raise Misconfigured(
                "topics",
                f"partition {max(wanted)} was added, the data in Redis is of {self._tools.partitions} partitions",
                "see 'Adding partitions' in the README",
            )
        for number in [n for n in self._owners if n not in wanted]:
            self._owners.pop(number).let_go()
        new = sorted(wanted - self._owners.keys())
        for number in new:
            self._owners[number] = await self._take(Owner(number, self._tools, self._urgent))
        for number in wanted.difference(new):
            self._owners[number].open_lane()
        for owner in self._owners.values():
            owner.room = self._tools.max_unflushed // len(self._owners)
        self._tools.metrics.owned.set(len(self._owners))
        positions = await self._positions({tp for tp in tps if tp.topic in self._tools.topics})
        log.info("ready: reading partitions %s", sorted(wanted))
        return positions

    async def fold(self, payload: Payload, acknowledge: Acknowledge) -> None:
        """Count a chunk; goes back to where counting stopped when chunks were lost on the way here."""
        delay = _FIRST_DELAY_S
        while True:
            owner = self._owners.get(payload.partition)
            if owner is None:
                return
            try:
                taken = await owner.fold(payload, acknowledge, self._earliest)
                break
            except Unreachable as e:
                delay = await self._wait(e, delay)
        await owner.move_on(self._end_of)
        if owner.behind and all(self._is_read(topic, owner) for topic in owner.state.offsets):
            owner.behind = False
            if not self._behind:
                # The pause was made for catching up; now somebody may wait for these numbers.
                self._urgent.set()
        if taken is Taken.HOLE:
            log.warning("partition %d: records before offset %d were not delivered; reading again from there",
                        payload.partition, payload.after)  # fmt: skip
            self._tools.metrics.fence_events.labels("hole").inc()
            owner.open_lane()
            await self._seek(owner)

    async def flush(self) -> None:
        """Flush every owned partition once; partitions that were refused are loaded anew.

        Raises:
            Unreachable: Redis does not answer for at least one of them.
        """
        owners = self._owners.values()
        turn = asyncio.Semaphore(1 if any(owner.is_large for owner in owners) else _AT_ONCE)
        results = await asyncio.gather(
            *(self._flush_one(o, turn) for o in list(self._owners.values())), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if monotonic() - self._swept > _SWEEP_S:
            self._swept = monotonic()
            for owner in list(self._owners.values()):
                await owner.sweep()

    async def run(self, rhythm: FlushRhythm) -> None:
        """Flush for ever; when Redis is away, try again with growing delay."""
        delay, took = _FIRST_DELAY_S, 0.0
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), rhythm.pause_s(took, behind=self._behind))
            started = monotonic()
            try:
                await self.flush()
                if not any(owner.presses for owner in self._owners.values()):
                    self._urgent.clear()
                took = monotonic() - started
                if delay != _FIRST_DELAY_S:
                    log.info("Redis answers again")
                delay = _FIRST_DELAY_S
            except Unreachable as e:
                delay = await self._wait(e, delay)

    async def hand_over(self) -> None:
        """Write all that was folded, so that the next owner starts there; best effort, nothing depends on it."""
        owners = list(self._owners.values())
        try:
            await self.flush()
            await asyncio.gather(*(o.relay.emptied() for o in owners))
        except Unreachable as e:
            log.warning("not everything was flushed at the end, it will be read again: %s", e)
        finally:
            for owner in owners:
                owner.let_go()

    async def _flush_one(self, owner: Owner, turn: asyncio.Semaphore) -> None:
        try:
            async with turn:
                await owner.flush(self._end_of)
        except (Fenced, LostWrites) as e:
            if self._owners.get(owner.number) is not owner:
                return
            reason = "fenced" if isinstance(e, Fenced) else "lost_writes"
            log.warning("%s; loading it again", e)
            self._tools.metrics.fence_events.labels(reason).inc()
            if not self._assigned(owner.number):
                self._owners.pop(owner.number).let_go()
                return
            await self._take(owner)
            await self._seek(owner)

    async def _take(self, owner: Owner) -> Owner:
        delay = _FIRST_DELAY_S
        while True:
            try:
                await owner.take()
                return owner
            except Unreachable as e:
                delay = await self._wait(e, delay)

    async def _seek(self, owner: Owner) -> None:
        tps = {TP(topic, owner.number) for topic in self._tools.topics}
        self._need_reader().request_seek(await self._positions(tps))

    async def _positions(self, tps: set[TP]) -> dict[TP, Position]:
        unread = [tp for tp in tps if tp.topic not in self._owners[tp.partition].state.offsets]
        earliest = await self._need_reader().earliest_offsets(*unread) if unread else {}
        return {tp: self._owners[tp.partition].position(tp.topic, int(earliest.get(tp) or 0)) for tp in tps}

    async def _wait(self, error: Unreachable, delay: float) -> float:
        self._tools.metrics.redis_errors.inc()
        log.warning("%s; trying again in %.1f s", error, delay)
        await asyncio.sleep(delay)
        return min(delay * 2, _LONGEST_DELAY_S)

    def _assigned(self, number: int) -> bool:
        return any(tp.partition == number for tp in self._need_reader().assignment())

    async def _earliest(self, topic: str, partition: int) -> int:
        tp = TP(topic, partition)
        return int((await self._need_reader().earliest_offsets(tp)).get(tp) or 0)

    def _is_read(self, topic: str, owner: Owner) -> bool:
        end = self._end_of(topic, owner.number)
        return end is not None and owner.state.offsets[topic] >= end

    def _end_of(self, topic: str, partition: int) -> int | None:
        end: int | None = self._need_reader().highwater(TP(topic, partition))
        return end

    def _need_reader(self) -> Any:
        assert self._reader is not None
        return self._reader
