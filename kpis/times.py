"""Times: epoch milliseconds, the quarter hours and days they fall in, and how people write them.

A written time is one of RFC 3339 (section 5.6), and nothing else that ISO 8601 allows.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
QUARTER_MS = 900_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

_LONGEST = 64
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:)(\d\d)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)


def parse_time(text: str) -> int | None:
    """A date and time with a zone as epoch milliseconds, what is finer cut off; None when it is not that.

    A leap second is the first millisecond of the next minute.
    """
    if len(text) > _LONGEST or (found := _TIME.fullmatch(text)) is None:
        return None
    date, minute, second, fraction, zone = found.groups()
    leap = second == "60"
    zone = "+00:00" if zone in {"Z", "z"} else zone
    try:
        moment = datetime.fromisoformat(f"{date}T{minute}{'59' if leap else second}{zone}")
        whole = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    return (whole + 1) * 1000 if leap else whole * 1000 + int((fraction or "0")[:3].ljust(3, "0"))


def minute_in(ms: int | None, timezone: str) -> str:
    """A time in a zone, to the minute, as ``2026-11-22 14:05 CET``; ``never`` where there is none."""
    if ms is None:
        return "never"
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M %Z")


def written_time(ms: int) -> str:
    """A time in RFC 3339, UTC, as ``2026-11-22T13:05:00.000Z``; :func:`parse_time` reads it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=1024)
def day_of(ms: int) -> str:
    """The UTC date that an epoch millisecond falls on, as ``2026-11-22``."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")


def span_text(ms: int) -> str:
    """A span for people, in whole minutes: ``2 h 08 min``, ``14 min``."""
    hours, minutes = divmod(ms // MINUTE_MS, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def quarter_of(ms: int) -> int:
    """The quarter hour of its UTC day (0..95) that an epoch millisecond falls in."""
    return ms % DAY_MS // QUARTER_MS
