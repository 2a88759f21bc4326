"""Saying again and again what does not change, once in a while. Pure."""

from __future__ import annotations


class Seldom:
    """Says something at once, and then at most once in so many seconds.

    Args:
        every_s: that many.
    """

    def __init__(self, every_s: float = 60.0) -> None:
        self._every_s = every_s
        self._due_s = 0.0
        self._held = 0

    def due(self, now_s: float, count: int = 1) -> int:
        """How many have come to be said now, those that were held back included; 0 while it is not time.

        Args:
            now_s: see :func:`kpis.runtime.clock.monotonic`.
            count: how many have come.
        """
        self._held += count
        if now_s < self._due_s:
            return 0
        self._due_s = now_s + self._every_s
        found, self._held = self._held, 0
        return found
