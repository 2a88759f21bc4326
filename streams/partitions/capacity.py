"""How much a partition may hold that is not written, and waiting until there is less."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streams.state.partition import Partition

MANY_ROWS, MOST_ROWS = 125_000, 250_000
"""Rows of panes, of some 400 bytes in a flush, from which on it gets large, and from which on counting waits for it."""


class Capacity:
    """The bounds of one partition.

    Attributes:
        max_unflushed: records it may count without writing them.
        rows: rows of panes that the next flush has, as far as is known.
    """

    def __init__(self, max_unflushed: int) -> None:
        self.max_unflushed = max_unflushed
        self.rows = 0
        self._freed = asyncio.Event()

    @property
    def is_large(self) -> bool:
        """Whether the next flush may take much memory."""
        return self.rows >= MANY_ROWS // 2

    def is_half_used(self, state: Partition) -> bool:
        """Whether the next flush should not wait: half of what may be unflushed is, or it gets large."""
        return state.unflushed >= self.max_unflushed // 2 or self.rows >= MANY_ROWS

    def is_used(self, state: Partition) -> bool:
        """Whether counting must wait for a flush."""
        return state.unflushed >= self.max_unflushed or self.rows >= MOST_ROWS

    def bound(self, max_unflushed: int) -> None:
        """Let so many records be counted without being written."""
        self.max_unflushed = max_unflushed

    def free(self) -> None:
        """Have whoever waits look again."""
        self._freed.set()

    async def wait_while(self, is_full: Callable[[], bool]) -> None:
        """Wait until there is capacity again."""
        while is_full():
            self._freed.clear()
            await self._freed.wait()
