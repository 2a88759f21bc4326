"""Rows of measures by window, packed: a dict of tuples would take five times the memory, and there may be many."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

from kpis.measures import WIDTH, Row
from kpis.measures import add as add_rows


class WindowRows(Mapping[str, Row]):
    """Frozen: window name to row.

    Attributes:
        names: the windows.
        packed: their rows one after the other, little-endian int64.
    """

    __slots__ = ("names", "packed")

    def __init__(self, names: tuple[str, ...], packed: bytes) -> None:
        self.names = names
        self.packed = packed

    @classmethod
    def of(cls, names: Iterable[str], rows: Iterable[Row], width: int = WIDTH) -> WindowRows:
        """Pack rows that are ``width`` wide.

        Raises:
            OverflowError: a value does not fit into 64 bits.
        """
        shared = _shared(tuple(names))
        try:
            return cls(shared, _codec(len(shared) * width).pack(*chain.from_iterable(rows)))
        except struct.error as e:
            raise OverflowError(str(e)) from None

    def __getitem__(self, name: str) -> Row:
        try:
            at = self.names.index(name)
        except ValueError:
            raise KeyError(name) from None
        size = len(self.packed) // len(self.names)
        row: Row = _codec(size // 8).unpack_from(self.packed, at * size)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self.packed) // (8 * len(self.names)) if self.names else WIDTH

    def __repr__(self) -> str:
        return f"Rows({dict(self)})"


def only(rows: WindowRows, names: tuple[str, ...]) -> WindowRows:
    """The rows of those windows that ``names`` holds, in its order."""
    if rows.names == names:
        return rows
    kept = [name for name in names if name in rows.names]
    return WindowRows.of(kept, map(rows.__getitem__, kept), rows.width)


def added(parts: Iterable[Mapping[str, Row]], names: Iterable[str]) -> dict[str, Row]:
    """The rows of several, added by window; a window that none has is left out."""
    parts = tuple(parts)
    by_name = {name: [rows[name] for rows in parts if name in rows] for name in names}
    return {name: add_rows(rows) for name, rows in by_name.items() if rows}


@lru_cache(maxsize=64)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    # Nearly all documents have the same windows: one tuple for all of them.
    return names


@lru_cache(maxsize=256)
def _codec(cells: int) -> struct.Struct:
    return struct.Struct(f"<{cells}q")
