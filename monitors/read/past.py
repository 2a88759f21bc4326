"""What a campaign did in each whole hour of late: what its habits are learned from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.measures import WIDTH, ZERO, Row, add
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS

T = TypeVar("T")

HOURS = 24
KEPT_HOURS = 14 * HOURS
"""Two weeks: what came before says little of today, and a campaign's past stays below 20 KB."""


@dataclass(frozen=True, eq=False)
class Past:
    """A campaign's last whole hours.

    Attributes:
        start_ms: the first millisecond of the first hour, a whole hour of UTC.
        hours: what was counted in each, [hour, measure].
        busy: whether each quarter hour had anything, [quarter, measure]; four for each hour.
        memo: what was computed of it already: it is the same as long as it is.
    """

    start_ms: int
    hours: Floats
    busy: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    memo: dict[Hashable, object] = field(default_factory=dict, repr=False)

    @property
    def end_ms(self) -> int:
        """The first millisecond after it."""
        return self.start_ms + len(self.hours) * HOUR_MS

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, computed once for each key."""
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]  # type: ignore[return-value]

    def since(self, start_ms: int) -> int:
        """The first hour that lies wholly at or after a moment."""
        return min(max(-((self.start_ms - start_ms) // HOUR_MS), 0), len(self.hours))


def of_quarters(start_ms: int, quarters: Int64s) -> Past:
    """The past that some quarter hours make.

    Args:
        start_ms: the first millisecond of the first, a whole hour.
        quarters: what was counted in each, [quarter, measure]; a last hour that is not whole is left out.
    """
    whole = len(quarters) // 4
    kept = quarters[max(whole - KEPT_HOURS, 0) * 4 : whole * 4]
    hours = kept.reshape(-1, 4, quarters.shape[1]).sum(axis=1).astype(np.float32)
    return _from_first(start_ms + max(whole - KEPT_HOURS, 0) * HOUR_MS, hours, kept != 0)


def _from_first(start_ms: int, hours: np.ndarray[Any, Any], busy: np.ndarray[Any, Any]) -> Past:
    """A past that begins with the first hour that had anything, and KEPT_HOURS ago at most."""
    came = np.flatnonzero(busy.any(axis=1))
    first = max(int(came[0]) // 4 if len(came) else len(hours), len(hours) - KEPT_HOURS)
    return Past(start_ms + first * HOUR_MS, hours[first:], busy[first * 4 :])


def nothing_yet(at_ms: int, width: int = WIDTH) -> Past:
    """The past of a campaign of which nothing is known, of rows so many columns wide."""
    return of_quarters(at_ms - at_ms % HOUR_MS, np.zeros((0, width), np.int64))


def joined(before: Past, start_ms: int, quarters: Int64s, until_ms: int) -> Past:
    """A past with later quarter hours in place of what it had of their time.

    Args:
        before: what was known.
        start_ms: the first millisecond of the quarter hours, a whole hour.
        quarters: [quarter, measure].
        until_ms: only hours that have ended by then are past.
    """
    count = max((until_ms - start_ms) // HOUR_MS, 0)
    start_ms = min(start_ms, until_ms - until_ms % HOUR_MS)
    known, width = quarters[: count * 4], quarters.shape[1]
    fresh = np.zeros((count * 4, width), np.int64)
    fresh[: len(known)] = known
    kept = min(max((start_ms - before.start_ms) // HOUR_MS, 0), len(before.hours))
    gap = max((start_ms - before.end_ms) // HOUR_MS, 0) if kept else 0
    by_hour = fresh.reshape(-1, 4, width).sum(axis=1).astype(np.float32)
    hours = np.concatenate([before.hours[:kept], np.zeros((gap, width), np.float32), by_hour])
    busy = np.concatenate([before.busy[: kept * 4], np.zeros((gap * 4, width), np.bool_), fresh != 0])
    return _from_first(start_ms + count * HOUR_MS - len(hours) * HOUR_MS, hours, busy)


def open_quarters(start_ms: int, quarters: Int64s, past: Past, at_ms: int) -> tuple[Row, ...]:
    """The quarter hours after a past, up to the one that a moment lies in.

    Args:
        start_ms: the first millisecond of the quarter hours.
        quarters: [quarter, measure].
        past: the whole hours before.
        at_ms: the watermark.
    """
    first = max((past.end_ms - start_ms) // QUARTER_MS, 0)
    last = (at_ms - start_ms) // QUARTER_MS + 1
    return tuple(tuple(row) for row in quarters[first : max(last, first)].tolist())


@lru_cache(maxsize=256)
def together(quarters: tuple[Row, ...]) -> Row:
    """The sum of some quarter hours; each goal of a campaign asks for that of the open ones."""
    return add(quarters) if quarters else ZERO


@lru_cache(maxsize=256)
def hours_of_day(start_ms: int, count: int, timezone: str) -> Int64s:
    """The local hour of the day, 0..23, of some whole hours of UTC from ``start_ms`` on; not to be written to.

    Most campaigns ask for the same hours.
    """
    starts = start_ms + np.arange(count, dtype=np.int64) * HOUR_MS
    days = starts // DAY_MS
    first, last = (int(days[0]), int(days[-1])) if count else (0, 0)
    offsets = np.array([_offset_ms(day, timezone) for day in range(first, last + 1)], np.int64)
    found = np.asarray((starts + offsets[days - first]) // HOUR_MS % HOURS)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=4096)
def _offset_ms(day: int, timezone: str) -> int:
    """A zone's offset from UTC at the middle of a UTC day: clocks change at night, and an hour's error is no matter."""
    moment = datetime.fromtimestamp((day * DAY_MS + DAY_MS // 2) / 1000, UTC)
    offset = moment.astimezone(ZoneInfo(timezone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1000
