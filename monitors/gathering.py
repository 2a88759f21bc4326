"""What the engine keeps, in Redis: so that a monitor that takes over knows what the one before it knew."""

from __future__ import annotations

from monitors.alerts.outbox import Outbox
from monitors.alerts.stored import (
    decode_common,
    decode_evidence,
    decode_heard,
    encode_common,
    encode_evidence,
    encode_heard,
)  # fmt: skip
from monitors.common.whole import Whole
from monitors.engine import Engine

KEEP_EVERY_S = 10.0
"""Real seconds of looks that a process that is killed may lose: the next one takes all that was counted as one look."""
_GOAL = "|"
"""Is in the names of goals, and in no series of a whole campaign."""
ALL = "|all"
"""What is kept of all campaigns together: no campaign has an empty id, and no goal such a name."""


class Gathering:
    """Keeps what an engine holds; Redis has it as of a few seconds ago.

    Args:
        outbox: where it is kept.
        engine: whose.
        whole: what is kept of all campaigns together.
    """

    def __init__(self, outbox: Outbox, engine: Engine, whole: Whole) -> None:
        self._outbox = outbox
        self._engine = engine
        self._whole = whole
        self._is_loaded = False
        self._due_s = 0.0

    async def load(self) -> None:
        """Take up what was kept, once.

        Raises:
            Unreachable: Redis does not answer.
        """
        if self._is_loaded:
            return
        # What cannot be read is begun anew with the next look: nothing else can be made of it.
        for name, raw in (await self._outbox.evidence()).items():
            if name == ALL:
                self._whole.held = decode_common(raw)
            elif _GOAL in name and (held := decode_evidence(raw)) is not None:
                self._engine.held[name] = held
            elif _GOAL not in name and (heard := decode_heard(raw)) is not None:
                self._engine.heard[name] = heard
        self._is_loaded = True

    async def keep(self, goals: set[str], now_s: float, *, forgets: bool = True) -> None:
        """Store what changed, every few seconds, and forget goals that are gone.

        Args:
            goals: all there are, by their names.
            now_s: see :func:`kpis.runtime.clock.monotonic`.
            forgets: whether others are gone for good.

        Raises:
            Unreachable: Redis does not answer.
        """
        if now_s < self._due_s:
            return
        engine = self._engine
        if forgets:
            await self._outbox.forget(engine.forget(goals, {name.partition(_GOAL)[0] for name in goals}))
        found = {name: encode_evidence(engine.held[name]) for name in engine.changed & engine.held.keys()}
        found |= {name: encode_heard(engine.heard[name]) for name in engine.changed & engine.heard.keys()}
        if self._whole.is_changed and self._whole.held is not None:
            found[ALL] = encode_common(self._whole.held)
        await self._outbox.keep_evidence(found)
        engine.changed.clear()
        self._whole.is_changed = False
        self._due_s = now_s + KEEP_EVERY_S
