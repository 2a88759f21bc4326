"""Entries whose time the watermark has not reached yet.

A partition's five topics are read at different speeds; while one is behind, the watermark waits for it, and what the
others bring from later times waits here, so that rates are never of one stream without the other. What still waits at
a flush is stored as blocks: immutable, named by a number, dropped when all their entries are due. After a restart
entries up to the stored clock are known to be counted already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kpis.arrays import Int64s
from streams.state.entries import NONE, Entries, join

_BLOCK = 30_000
"""Entries in a block, of 32 bytes each: no value that is written at once is larger than some 1 MB."""


class Block(msgspec.Struct, array_like=True):
    """Entries as stored: ``keys`` are series, the columns little-endian int64, ``series`` indices into ``keys``."""

    keys: list[str]
    times: bytes
    series: bytes
    measures: bytes
    values: bytes


@dataclass(slots=True)
class _Stored:
    number: int
    last_ms: int


_decode = msgspec.msgpack.Decoder(Block).decode


class EarlyEvents:
    """The waiting room of one partition."""

    def __init__(self) -> None:
        self._fresh: list[Entries] = []
        self._waiting = NONE
        self._stored: list[_Stored] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._waiting) + sum(map(len, self._fresh))

    def put(self, entries: Entries) -> None:
        """Let entries wait."""
        if len(entries):
            self._fresh.append(entries)

    def due(self, watermark_ms: int) -> Entries:
        """Take out all entries up to the watermark."""
        fresh = join(self._fresh)
        now = fresh.times <= watermark_ms
        self._fresh = [] if now.all() else [fresh.where(~now)]
        arrived = fresh if now.all() else fresh.where(now)
        if not len(self._waiting):
            return arrived
        old = self._waiting.times <= watermark_ms
        if not old.any():
            return arrived
        released = self._waiting.where(old)
        self._waiting = self._waiting.where(~old)
        return join([released, arrived])

    def series(self) -> set[int]:
        """The indices of all series that wait for something."""
        return set(self._waiting.series.tolist()).union(*(p.series.tolist() for p in self._fresh))

    def gross(self, series: Int64s, width: int) -> npt.NDArray[np.float64]:
        """What waits for some series, ascending, without signs: rows [series, column], so wide."""
        found = np.zeros((len(series), width))
        for part in (self._waiting, *self._fresh):
            places = np.minimum(series.searchsorted(part.series), len(series) - 1)
            here = series[places] == part.series
            np.add.at(found, (places[here], part.measures[here]), np.abs(part.values[here]))
        return found

    def store(self, watermark_ms: int, key_at: Callable[[int], str]) -> tuple[list[tuple[int, bytes]], list[int]]:
        """What a flush must write: new blocks (number, bytes), and the numbers of blocks to drop."""
        done = [b.number for b in self._stored if b.last_ms <= watermark_ms]
        self._stored = [b for b in self._stored if b.last_ms > watermark_ms]
        fresh, self._fresh = join(self._fresh), []
        if not len(fresh):
            return [], done
        self._waiting = join([self._waiting, fresh])
        starts = range(0, len(fresh), _BLOCK)
        return [self._block(fresh.where(slice(at, at + _BLOCK)), key_at) for at in starts], done

    def _block(self, entries: Entries, key_at: Callable[[int], str]) -> tuple[int, bytes]:
        number, self._next = self._next, self._next + 1
        self._stored.append(_Stored(number, int(entries.times.max())))
        indices, places = np.unique(entries.series, return_inverse=True)
        block = Block(
            [key_at(i) for i in indices.tolist()],
            entries.times.astype("<i8").tobytes(),
            places.astype("<i8").tobytes(),
            entries.measures.astype("<i8").tobytes(),
            entries.values.astype("<i8").tobytes(),
        )
        return number, msgspec.msgpack.encode(block)

    def restore(self, number: int, data: bytes, watermark_ms: int, index_of: Callable[[str], int]) -> Entries:
        """Put back a stored block; answers what of it waits: entries up to the watermark were counted before.

        Raises:
            msgspec.DecodeError: the bytes are no block.
        """
        block = _decode(data)
        times, places, measures, values = (
            np.frombuffer(c, "<i8").astype(np.int64) for c in (block.times, block.series, block.measures, block.values)
        )
        indices = np.array([index_of(k) for k in block.keys], np.int64)
        entries = Entries(times, indices[places], measures, values)
        self._next = max(self._next, number + 1)
        self._stored.append(_Stored(number, int(times.max())))
        waiting = entries.where(times > watermark_ms)
        self._waiting = join([self._waiting, waiting])
        return waiting
