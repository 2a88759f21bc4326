"""One rolling window of one partition: panes and their running sums.

A pane is an int64 array [series, column], ``sums`` the sum of all panes. Adding entries is one scatter-add; a pane
that leaves the window is one subtraction. A level is put into its pane, and the sum gains the difference. All integers,
so a sum never drifts from its panes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from mmap import mmap
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kpis.arrays import Int64s, Mask
from kpis.windows import Window
from streams.state.added.levels import Levels
from streams.state.entries import Entries

T = TypeVar("T", bound=np.generic)
Rows = tuple[int, Int64s, Int64s]
"""Rows of one pane: its number, series indices, rows [series, measure]."""


_OWN_PAGES = 64 * 1024
"""Bytes from which on an array lies in memory pages of its own."""


class Pane:
    """One pane; it has room for the series that existed when one of them was last new to it.

    Attributes:
        rows: int64 [series, measure].
        dirty: which rows Redis does not hold as they are.
        stored: whether Redis holds some row of it.
    """

    __slots__ = ("dirty", "rows", "stored")

    def __init__(self, width: int) -> None:
        self.rows: Int64s = np.zeros((0, width), np.int64)
        self.dirty: Mask = np.zeros(0, np.bool_)
        self.stored = False

    def reserve(self, capacity: int) -> None:
        """Make room for so many series."""
        if len(self.dirty) < capacity:
            self.rows, self.dirty = longer(self.rows, capacity), longer(self.dirty, capacity)

    def changed(self) -> tuple[Int64s, Int64s]:
        """The series whose rows changed, and those rows."""
        series = np.flatnonzero(self.dirty)
        return series, self.rows[series]


class Ring:
    """The panes of one window, up to the pane of the watermark (``head``).

    Args:
        window: its shape.
        capacity: how many series there is room for.
        levels: which columns are levels.
        width: how many columns there are.

    Attributes:
        window: the window's shape.
        head: the newest pane's number; None before the first :meth:`advance`.
        sums: the window's measures for each series.
    """

    def __init__(self, window: Window, capacity: int, levels: Levels, width: int) -> None:
        self.window = window
        self.head: int | None = None
        self.sums: Int64s = np.zeros((capacity, width), np.int64)
        self._levels, self._width = levels, width
        self._panes: dict[int, Pane] = {}

    @property
    def changed_rows(self) -> int:
        """How many rows :meth:`take_dirty` would give."""
        return sum(int(np.count_nonzero(pane.dirty)) for pane in self._panes.values())

    def gross(self, series: Int64s) -> npt.NDArray[np.float64]:
        """What all panes come to without signs, rows of some series: no window can ever show more of them."""
        found = np.zeros((len(series), self._width))
        for pane in self._panes.values():
            here = series < len(pane.rows)
            found[here] += np.abs(pane.rows[series[here]])
        return found

    def grow(self, capacity: int) -> None:
        """Make room for more series; panes follow when one of them adds to them."""
        self.sums = longer(self.sums, capacity)

    def advance(self, watermark_ms: int, changed: Mask) -> list[int]:
        """Move the window's end to a later time.

        Args:
            watermark_ms: where to.
            changed: set where a series' sums change.

        Returns:
            The numbers of the panes that left and lie in Redis.
        """
        head = self.window.pane_of(watermark_ms)
        if self.head is None or head <= self.head:
            self.head = head if self.head is None else self.head
            return []
        self.head = head
        left: list[int] = []
        for number in self._before(head):
            pane = self._panes.pop(number)
            changed[: len(pane.rows)] |= pane.rows.any(axis=1)
            self.sums[: len(pane.rows)] -= pane.rows
            if pane.stored:
                left.append(number)
        return left

    def add(self, entries: Entries, changed: Mask) -> Mask:
        """Add the entries that lie inside the window.

        Returns:
            Which entries did; those after the head are the caller's mistake.
        """
        assert self.head is not None
        numbers = entries.times // self.window.pane_ms
        inside = numbers > self.head - self.window.panes
        if not inside.all():
            entries, numbers = entries.where(inside), numbers[inside]
        changed[entries.series] = True
        if self._levels:
            entries, levels = self._levels.parted(entries)
            numbers = entries.times // self.window.pane_ms
            self._put(levels)
        cells = entries.series * self._width + entries.measures
        np.add.at(self.sums.reshape(-1), cells, entries.values)
        for number in _distinct(numbers):
            here = numbers == number
            pane = self._pane(number)
            np.add.at(pane.rows.reshape(-1), cells[here], entries.values[here])
            pane.dirty[entries.series[here]] = True
        return inside

    def _put(self, levels: Entries) -> None:
        """Put levels into their panes."""
        numbers = levels.times // self.window.pane_ms
        for number in _distinct(numbers):
            pane = self._pane(number)
            series, columns, gains = self._levels.put(pane.rows, levels.where(numbers == number))
            self.sums[series, columns] += gains
            pane.dirty[series] = True

    def restore(self, number: int, series: Int64s, rows: Int64s) -> None:
        """Put back one pane that was read from Redis: series indices and their rows [series, measure]."""
        pane = self._pane(number)
        pane.rows[series] = rows
        pane.stored = True
        self.sums[series] += rows

    def leaving(self, watermark_ms: int) -> Iterator[Rows]:
        """The changed rows of panes that :meth:`advance` to this clock would drop, as :meth:`take_dirty` gives them."""
        for number in self._before(self.window.pane_of(watermark_ms)):
            if self._panes[number].dirty.any():
                yield number, *self._panes[number].changed()

    def take_dirty(self) -> Iterator[Rows]:
        """The rows changed since the last call, pane by pane."""
        for number, pane in self._panes.items():
            if pane.dirty.any():
                yield number, *pane.changed()
                pane.dirty[:] = False
                pane.stored = True

    def silent(self) -> Mask:
        """Which series have nothing in any pane."""
        found = np.ones(len(self.sums), np.bool_)
        for pane in self._panes.values():
            found[: len(pane.rows)] &= ~pane.rows.any(axis=1)
        return found

    def _pane(self, number: int) -> Pane:
        pane = self._panes.setdefault(number, Pane(self._width))
        pane.reserve(len(self.sums))
        return pane

    def _before(self, head: int) -> list[int]:
        first = head - self.window.panes + 1
        return [n for n in self._panes if n < first]


def _distinct(numbers: Int64s) -> list[int]:
    """Which numbers there are; they lie in one window, so counting them beats sorting them."""
    if not len(numbers):
        return []
    least = int(numbers.min())
    return (np.flatnonzero(np.bincount(numbers - least)) + least).tolist()


def longer(array: npt.NDArray[T], length: int) -> npt.NDArray[T]:
    """The array with zeros appended up to a length; memory that nothing is written to costs nothing."""
    shape = (length, *array.shape[1:])
    size = math.prod(shape) * array.itemsize
    if size < _OWN_PAGES:
        found = np.zeros(shape, array.dtype)
    else:
        # Pages of their own go back to the system whole. Among other things on the heap, arrays that grow a step at a
        # time, hundreds in turn, leave gaps that nothing fits, as large as all of them.
        found = np.frombuffer(mmap(-1, size), array.dtype).reshape(shape)
    found[: len(array)] = array
    return found
