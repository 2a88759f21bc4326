"""What clocks in a time zone show: their offsets from UTC through a span, and when these change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from kpis.times import HOUR_MS

_STEP_MS = 12 * HOUR_MS
"""Clocks of no zone change twice in half a day."""


def offsets(timezone: str, start_ms: int, end_ms: int) -> list[tuple[int, int, int]]:
    """The parts of a span in which clocks keep one offset: from, until, and local time less UTC, all milliseconds."""
    first, last = (datetime.fromtimestamp(ms // 1000, UTC).year for ms in (start_ms, end_ms))
    changes = [change for year in range(first, last + 1) for change in _changes(timezone, year)]
    offset, since = _offset(ZoneInfo(timezone), start_ms), start_ms
    parts: list[tuple[int, int, int]] = []
    for at_ms, after in changes:
        if start_ms < at_ms < end_ms:
            parts.append((since, at_ms, offset))
            since, offset = at_ms, after
    return [*parts, (since, end_ms, offset)]


@lru_cache(maxsize=4096)
def _changes(timezone: str, year: int) -> tuple[tuple[int, int], ...]:
    """When clocks change in a UTC year, and the offset from then on."""
    zone, found = ZoneInfo(timezone), list[tuple[int, int]]()
    begin, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) * 1000 for y in (year, year + 1))
    before = _offset(zone, begin)
    for at_ms in range(begin + _STEP_MS, end + _STEP_MS, _STEP_MS):
        after = _offset(zone, at_ms)
        if after != before:
            found.append((_turn(zone, at_ms - _STEP_MS, at_ms), after))
        before = after
    return tuple(found)


def _turn(zone: ZoneInfo, low_ms: int, high_ms: int) -> int:
    """The first second between two times that has the offset of the later one."""
    after = _offset(zone, high_ms)
    while high_ms - low_ms > 1000:
        middle = (low_ms + high_ms) // 2000 * 1000
        low_ms, high_ms = (low_ms, middle) if _offset(zone, middle) == after else (middle, high_ms)
    return high_ms


def _offset(zone: ZoneInfo, at_ms: int) -> int:
    return (datetime.fromtimestamp(at_ms // 1000, zone).utcoffset() or timedelta()) // timedelta(milliseconds=1)
