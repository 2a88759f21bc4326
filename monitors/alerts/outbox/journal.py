"""The journal: what this monitor wrote last, so that a Redis that forgot some of it is told again. Pure.

A failover may lose the last writes, and a Redis that is restored from a file begins at an older moment. Each write of
a transition has a number, which Redis counts; where it counts less than the leader knows of, what is missing is
written again. What was sent of it is not sent again: its lane remembers (:mod:`monitors.alerts.outbox.lanes`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

KEEP_WRITES = 1_000
"""Writes that are remembered: many minutes of an outage, some megabytes."""


@dataclass(frozen=True, slots=True)
class Write:
    """What one transition wrote: the keys and arguments of its script, ``record.lua``."""

    keys: tuple[str, ...]
    args: tuple[bytes | str | int | float, ...]

    @property
    def field(self) -> bytes:
        """The goal's field in the state hash."""
        return str(self.args[1]).encode()

    @property
    def after(self) -> bytes:
        """The state that it wrote; empty where it was forgotten."""
        return bytes(self.args[3])  # type: ignore[arg-type]

    def judged_from(self, before: bytes) -> Write:
        """The same, of another state before."""
        return replace(self, args=(*self.args[:2], before, *self.args[3:]))


class Journal:
    """It. A monitor that does not lead has none.

    Attributes:
        missing: what Redis forgot, oldest first; whoever has written one of them again takes it away.
    """

    def __init__(self) -> None:
        self.missing: deque[Write] = deque(maxlen=KEEP_WRITES)
        self._kept: deque[tuple[int, Write]] = deque(maxlen=KEEP_WRITES)

    def note(self, number: int, write: Write) -> None:
        """Remember a write that Redis has counted as this number."""
        self.compare(number - 1)
        self._kept.append((number, write))

    def found(self, number: int, write: Write) -> None:
        """Remember a write that was there already, in a Redis that has counted so many: its answer had been lost."""
        self.compare(number)
        if not self._kept or self._kept[-1][0] < number:
            self._kept.append((number, write))

    def compare(self, number: int) -> None:
        """Take what has a higher number than Redis has reached for missing."""
        forgotten: list[Write] = []
        while self._kept and self._kept[-1][0] > number:
            forgotten.append(self._kept.pop()[1])
        self.missing.extend(reversed(forgotten))

    def clear(self) -> None:
        """Forget all: another monitor leads, and knows better."""
        self.missing.clear()
        self._kept.clear()
