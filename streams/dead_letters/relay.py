"""The relay of one partition: takes its letters from Redis to Kafka, and removes those that Kafka has.

Runs beside the counting and never holds it up, until too many letters wait (:attr:`DeadLetterRelay.full`). A relay
that dies between the two steps, or whose partition has a new owner already, sends a letter twice at worst.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Unreachable
from kpis.runtime.retry import Backoff
from kpis.runtime.seldom import Seldom
from streams.dead_letters import letters
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.producer import DeadLetterProducer
from streams.metrics import WorkerMetrics
from streams.state.flush import Flush
from streams.store.lease import Waiting
from streams.store.store import Store

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Letters of one partition that may wait in Redis before counting waits for them."""
MAX_WAITING_BYTES = 32 * 1024 * 1024
"""Likewise in bytes: bounds what a flood of large refused records takes of Redis."""
_BATCH = 500
_BACKOFF = Backoff(0.2, 5.0)


class DeadLetterRelay:
    """Empties the letters of one partition.

    Args:
        partition: whose.
        store: where they wait.
        topic: where they go.
        metrics: the worker's.
        on_drained: called when fewer wait than before.
    """

    def __init__(
        self,
        partition: int,
        store: Store,
        topic: DeadLetterProducer,
        metrics: WorkerMetrics,
        on_drained: Callable[[], None],
    ) -> None:
        self._partition = partition
        self._store = store
        self._topic = topic
        self._metrics = metrics
        self._on_drained = on_drained
        self._waiting = Waiting(0, 0)
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._said = Seldom()

    def full(self, unflushed: Waiting) -> bool:
        """Whether so many letters wait, with those that are still to be flushed, that no more should be made."""
        both = self._waiting + unflushed
        return both.letters >= MAX_WAITING or both.size >= MAX_WAITING_BYTES

    def start(self, waiting: Waiting) -> None:
        """Run, or go on, on a partition just taken that has so many letters waiting."""
        self._set(waiting)
        self._tell()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"letters-{self._partition}")

    def flushed(self, flush: Flush) -> None:
        """Letters were written.

        Raises:
            Exception: what ended the relay, if it is no more.
        """
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        if flush.letters:
            self._set(self._waiting + Waiting(len(flush.letters), flush.letters_size))
            self._tell()

    async def emptied(self) -> None:
        """Wait until no letter waits."""
        await self._empty.wait()

    def stop(self) -> None:
        """End; what still waits stays in Redis for the next owner."""
        if self._task is not None:
            self._task.cancel()
        self._metrics.letters.labels(str(self._partition)).set(0)

    async def _run(self) -> None:
        failures = 0
        while True:
            self._news.clear()
            try:
                found, sent = await self._some()
            except Unreachable as e:
                self._metrics.redis_errors.inc()
                if self._said.due(monotonic()):
                    log.warning("the dead letters of partition %d wait: %s", self._partition, e)
                found, sent = True, False
            if sent:
                failures = 0
            elif found:
                failures += 1
                await asyncio.sleep(_BACKOFF.before(failures))
            elif not self._news.is_set():
                self._empty.set()
                await self._news.wait()

    async def _some(self) -> tuple[bool, bool]:
        """Send the oldest letters; whether there were any, and whether all of them were acknowledged."""
        found = await self._store.letters(self._partition, _BATCH)
        readable = [(place, len(raw), letter) for place, raw in found if (letter := self._read(raw)) is not None]
        acked = await self._topic.send([letter for _, _, letter in readable]) if readable else []
        failed = {place for (place, _, _), ok in zip(readable, acked, strict=True) if not ok}
        done = [(place, len(raw)) for place, raw in found if place not in failed]
        self._set(await self._store.drop_letters(self._partition, done))
        if done:
            self._on_drained()
        return bool(found), not failed and bool(found)

    def _read(self, raw: bytes) -> DeadLetter | None:
        try:
            return letters.read(raw)
        except msgspec.MsgspecError as e:
            log.error("a dead letter of partition %d is none of ours and is left out: %s", self._partition, e)
            return None

    def _set(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._metrics.letters.labels(str(self._partition)).set(waiting.letters)

    def _tell(self) -> None:
        self._empty.clear()
        self._news.set()
