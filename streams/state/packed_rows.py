"""Rows of one pane on their way to Redis, as one block of bytes: an object for each takes four times the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import WIDTH

_SIZE = 8 * WIDTH


class PackedRows:
    """Series to its packed row, see :func:`kpis.measures.pack`.

    Args:
        series: the keys.
        rows: their rows [series, measure], in that order.
    """

    __slots__ = ("_block", "_series")

    def __init__(self, series: Sequence[str], rows: Int64s) -> None:
        self._series = series
        self._block = rows.astype("<i8", copy=False).tobytes()

    def __len__(self) -> int:
        """How many fields and values there are."""
        return 2 * len(self._series)

    @property
    def size(self) -> int:
        """Their bytes, about."""
        return len(self._block) + 24 * len(self._series)

    def pairs(self) -> Iterator[tuple[str, bytes]]:
        """Each series with its row."""
        # Seen as one opaque value each, the rows become bytes without a step of Python per row.
        return zip(self._series, np.frombuffer(self._block, f"V{_SIZE}").tolist(), strict=True)
