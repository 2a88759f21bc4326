"""What is asked of history, and what comes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import WIDTH, Row
from kpis.times import QUARTER_MS


@dataclass(frozen=True, slots=True)
class Query:
    """A series from ``start_ms`` (inclusive) to ``end_ms`` (exclusive).

    Attributes:
        members: of a parent the series that it is the sum of; empty for a series that is counted itself.
    """

    series: str
    start_ms: int
    end_ms: int
    members: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[str, ...]:
        """The series that are read for it."""
        return self.members or (self.series,)


def nothing() -> Int64s:
    """Quarter hours of which there are none."""
    return np.zeros((0, WIDTH), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ToDate:
    """The sum of a query.

    Attributes:
        row: measures over all partitions.
        as_of_ms: the earliest watermark of the partitions that had something, read in the same moment as the
            row; None when none had.
        recent_ms: the first millisecond of the days of the query that are not closed yet.
        recent: their quarter hours up to the newest day's end, also those before the query, [quarter, measure].
    """

    row: Row
    as_of_ms: int | None
    recent_ms: int = 0
    recent: Int64s = field(default_factory=nothing)

    def until(self, at_ms: int, end_ms: int) -> Row | None:
        """What is counted before a moment of a query that goes to ``end_ms``; None when its day is closed."""
        if at_ms < self.recent_ms:
            return None
        first, last = ((ms - self.recent_ms) // QUARTER_MS for ms in (at_ms, end_ms + QUARTER_MS - 1))
        later = self.recent[first:last].sum(axis=0).tolist()
        return tuple(all_of_it - after for all_of_it, after in zip(self.row, later, strict=True))
