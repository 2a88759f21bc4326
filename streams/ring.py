"""One rolling window of one partition: a ring of panes and their running sums.

``panes`` is an int64 array [pane, series, measure], ``sums`` [series, measure]. Adding entries is one scatter-add; a
pane that leaves the window is one subtraction. All integers, so a sum never drifts from its panes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from streams.entries import Entries, Int64s
from streams.measures import WIDTH
from streams.windows import Window

Mask = npt.NDArray[np.bool_]
Pane = tuple[int, Int64s, Int64s]
"""Rows of one pane: its number, series indices, rows [series, measure]."""


class Ring:
    """The panes of one window, up to the pane of the stream clock (``head``).

    Attributes:
        window: the window's shape.
        head: the newest pane's number; None before the first :meth:`advance`.
        sums: the window's measures for each series.
    """

    def __init__(self, window: Window, capacity: int) -> None:
        self.window = window
        self.head: int | None = None
        self.panes: Int64s = np.zeros((window.panes, capacity, WIDTH), np.int64)
        self.sums: Int64s = np.zeros((capacity, WIDTH), np.int64)
        self._dirty: Mask = np.zeros((window.panes, capacity), np.bool_)
        self._stored: set[int] = set()
        self._used: set[int] = set()

    def grow(self, capacity: int) -> None:
        """Make room for more series."""
        more = capacity - self.sums.shape[0]
        self.panes = np.pad(self.panes, ((0, 0), (0, more), (0, 0)))
        self.sums = np.pad(self.sums, ((0, more), (0, 0)))
        self._dirty = np.pad(self._dirty, ((0, 0), (0, more)))

    def advance(self, clock_ms: int, changed: Mask) -> list[int]:
        """Move the window's end to a later time.

        Args:
            clock_ms: the stream clock.
            changed: set where a series' sums change.

        Returns:
            The numbers of the panes that left and lie in Redis.
        """
        head = self.window.pane_of(clock_ms)
        if self.head is None or head <= self.head:
            self.head = head if self.head is None else self.head
            return []
        first = head - self.window.panes + 1
        for number in [n for n in self._used if n < first]:
            slot = number % self.window.panes
            column = self.panes[slot]
            changed |= column.any(axis=1)
            self.sums -= column
            column[:] = 0
            self._dirty[slot] = False
            self._used.discard(number)
        self.head = head
        left = [n for n in self._stored if n < first]
        self._stored.difference_update(left)
        return left

    def add(self, entries: Entries, changed: Mask) -> Mask:
        """Add the entries that lie inside the window.

        Returns:
            Which entries did; those after the head are the caller's mistake.
        """
        assert self.head is not None
        numbers = entries.times // self.window.pane_ms
        inside = numbers > self.head - self.window.panes
        chosen = entries if inside.all() else entries.where(inside)
        if len(chosen):
            numbers = numbers[inside]
            slots = numbers % self.window.panes
            np.add.at(self.panes, (slots, chosen.series, chosen.measures), chosen.values)
            np.add.at(self.sums, (chosen.series, chosen.measures), chosen.values)
            self._dirty[slots, chosen.series] = True
            self._used.update(np.unique(numbers).tolist())
            changed[chosen.series] = True
        return inside

    def restore(self, number: int, series: Int64s, rows: Int64s) -> None:
        """Put back one pane that was read from Redis: series indices and their rows [series, measure]."""
        self.panes[number % self.window.panes, series] = rows
        self.sums[series] += rows
        self._used.add(number)
        self._stored.add(number)

    def leaving(self, clock_ms: int) -> Iterator[Pane]:
        """The changed rows of panes that :meth:`advance` to this clock would drop, as :meth:`take_dirty` gives them."""
        first = self.window.pane_of(clock_ms) - self.window.panes + 1
        for number in [n for n in self._used if n < first]:
            slot = number % self.window.panes
            series = np.flatnonzero(self._dirty[slot])
            if len(series):
                yield number, series, self.panes[slot, series]

    def take_dirty(self) -> Iterator[Pane]:
        """The rows changed since the last call, pane by pane."""
        assert self.head is not None
        for slot in np.flatnonzero(self._dirty.any(axis=1)).tolist():
            series = np.flatnonzero(self._dirty[slot])
            number = self.head - (self.head - slot) % self.window.panes
            self._stored.add(number)
            yield number, series, self.panes[slot, series]
        self._dirty[:] = False

    def silent(self) -> Mask:
        """Which series have nothing in any pane."""
        return np.logical_not(self.panes.any(axis=(0, 2)))
