"""Times for people. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moment(ms: int, timezone: str, as_of_ms: int | None) -> str:
    """A time for people: ``18:00 (CST)`` on the day of ``as_of_ms``, ``9 June 18:00 (CST)`` on another."""
    zone = ZoneInfo(timezone)
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    shown = f"{at:%H:%M} ({at:%Z})"
    now = None if as_of_ms is None else datetime.fromtimestamp(as_of_ms / 1000, UTC).astimezone(zone)
    if now is not None and at.date() == now.date():
        return shown
    year = f" {at.year}" if now is not None and at.year != now.year else ""
    return f"{at.day} {at:%B}{year} {shown}"
