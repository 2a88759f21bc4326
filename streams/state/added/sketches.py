"""Ids on their way to the sketches of distinct counts. Pure.

A sketch takes an id as often as one likes: whatever is written again after a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kpis.arrays import Int64s
from kpis.times import DAY_MS, QUARTER_MS

SketchPlace = tuple[str, str, int | None]
"""A measure by its field of ``pw:columns``, a series, and a quarter hour by its number; None for all of time."""
_Place = tuple[str, int, int]


class UnwrittenIds:
    """Digests that Redis does not have."""

    def __init__(self) -> None:
        self._ids: dict[_Place, set[bytes]] = {}

    def put(
        self, sketch: str, series: Int64s, times: Int64s, ids: Sequence[bytes | None], watermark_ms: int | None
    ) -> None:
        """Remember the ids of some events.

        Args:
            sketch: whose.
            series: the series of each event.
            times: when each was.
            ids: the digest of each; None where it has none.
            watermark_ms: ids of a quarter hour that no window reaches any more are those of all of time only.
        """
        oldest = -1 if watermark_ms is None else (watermark_ms - DAY_MS) // QUARTER_MS
        quarters = times // QUARTER_MS
        quarters[quarters < oldest] = -1
        held = self._ids
        for index, quarter, digest in zip(series.tolist(), quarters.tolist(), ids, strict=True):
            if digest is not None:
                place = sketch, index, quarter
                if place in held:
                    held[place].add(digest)
                else:
                    held[place] = {digest}

    def take(self, name: Callable[[int], str]) -> dict[SketchPlace, list[bytes]]:
        """What each sketch gains; it counts as written.

        Args:
            name: the series at an index.
        """
        taken, self._ids = self._ids, {}
        found: dict[SketchPlace, list[bytes]] = {}
        totals: dict[tuple[str, int], set[bytes]] = {}
        for (sketch, index, quarter), ids in taken.items():
            totals.setdefault((sketch, index), set()).update(ids)
            if quarter >= 0:
                found[sketch, name(index), quarter] = [*ids]
        found |= {(sketch, name(index), None): [*ids] for (sketch, index), ids in totals.items()}
        return found
