"""Rows of one pane on their way to Redis, as one block of bytes: an object for each takes four times the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kpis.arrays import Int64s, used
from kpis.measures import WIDTH


class PackedRows:
    """Series to its packed row, see :func:`kpis.measures.pack`; without the zeros at its end, but for the core's.

    Args:
        series: the keys.
        rows: their rows [series, column], in that order.
    """

    __slots__ = ("_block", "_series", "_sizes", "_width")

    def __init__(self, series: Sequence[str], rows: Int64s) -> None:
        self._series = series
        self._sizes: list[int] = []
        if rows.shape[1] > WIDTH:
            lengths = used(rows[:, WIDTH:]) + WIDTH
            # As wide as the widest of them: where nobody has more than the core, it is packed as fast as the core is.
            rows = np.ascontiguousarray(rows[:, : int(lengths.max(initial=WIDTH))])
            self._sizes = (8 * lengths).tolist() if rows.shape[1] > WIDTH else []
        self._width = 8 * rows.shape[1]
        self._block = rows.astype("<i8", copy=False).tobytes()

    def __len__(self) -> int:
        """How many fields and values there are."""
        return 2 * len(self._series)

    @property
    def size(self) -> int:
        """Their bytes, about."""
        return (sum(self._sizes) or len(self._block)) + 24 * len(self._series)

    def pairs(self) -> Iterator[tuple[str, bytes]]:
        """Each series with its row."""
        # Seen as one opaque value each, the rows become bytes without a step of Python per row.
        rows = np.frombuffer(self._block, f"V{self._width}").tolist()
        if self._sizes:
            rows = [row[:size] for row, size in zip(rows, self._sizes, strict=True)]
        return zip(self._series, rows, strict=True)
