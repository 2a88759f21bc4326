"""Looks at the worker from a thread of its own, and ends the process when it cannot move."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

from kpis.runtime.clock import monotonic
from streams.process.ending import Ending
from streams.process.liveness import Life, Liveness, LivenessPolicy, Observation

_LOOK_S = 1.0


class Watchdog:
    """Looks every second.

    Args:
        loop: the worker's event loop, whose beat is felt.
        look: what a look finds, called in the loop with the times of its last beat.
        policy: when the worker is stuck.
        ending: ends it.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        look: Callable[[float], Observation],
        policy: LivenessPolicy,
        ending: Ending,
    ) -> None:
        self._loop, self._look, self._ending = loop, look, ending
        self._liveness = Liveness(policy)
        self._seen = Observation(monotonic(), monotonic())
        self._life = Life.ALIVE
        self._over = threading.Event()

    def start(self) -> None:
        """Look from now on; to be called in the loop."""
        self._beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Look no more: the worker ends in order."""
        self._over.set()

    def why_not_alive(self) -> str | None:
        """Why the worker needs a restart; None when it does not."""
        return None if self._life.is_alive else self._life.value

    def _beat(self) -> None:
        if self._over.is_set():
            return
        self._loop.call_later(_LOOK_S, self._beat)
        self._seen = replace(self._seen, loop_at=monotonic())
        self._seen = self._look(self._seen.loop_at)

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            self._life = self._liveness.judge(self._seen, monotonic())
            if not self._life.is_alive:
                why = f"the worker ends: it is stuck, {self._life}; another one, or this one started again, goes on"
                self._ending.now(why, 1)
