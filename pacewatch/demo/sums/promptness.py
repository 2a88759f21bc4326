"""How long events take from being sent to being counted. Pure: what is known comes in as arguments."""

from __future__ import annotations

from collections import deque

_WAITING = 10_000
_FLOWING_S = 0.5
"""What was sent before that may have been on its way when the worker was killed, and counted."""


class Promptness:
    """Measures it on what had been sent at each look.

    Attributes:
        seconds: one for each look that is counted by now.
        back_s: how long after it was killed the worker had counted all that came meanwhile; None before that.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.back_s: float | None = None
        self._killed_s: float | None = None
        self._waiting: deque[tuple[float, int]] = deque()

    def killed(self, now_s: float) -> None:
        """The worker is killed."""
        self._killed_s, self.back_s = now_s, None

    def look(self, now_s: float, sent: int, counted: int) -> None:
        """How many events are sent and counted, at a moment of a clock that never goes back."""
        while self._waiting and self._waiting[0][1] <= counted:
            at_s, _ = self._waiting.popleft()
            self.seconds.append(now_s - at_s)
            if self._killed_s is not None and self.back_s is None and at_s > self._killed_s + _FLOWING_S:
                self.back_s = now_s - self._killed_s
        if sent > counted and len(self._waiting) < _WAITING:
            self._waiting.append((now_s, sent))

    def within(self, part: float) -> float | None:
        """In how many seconds a part of them were counted; None before any was."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else None
