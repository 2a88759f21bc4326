"""Numbers, choices and times of a goals file: what their text means, each with its own errors. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from kpis.runtime.durations import parse_duration
from kpis.runtime.yaml_model import kind_of, text_of
from kpis.runtime.yaml_nodes import did_you_mean, shown
from kpis.times import DAY_MS
from kpis.units import MICROS, Unit
from monitors.goals.values import Band

MAX_AMOUNT = 1_000_000_000_000
"""The largest target, in units or events: above it a sum of micros could pass 63 bits."""
MAX_DURATION_MS = 90 * DAY_MS
"""The longest duration that a goals file may give."""
_NUMBER = re.compile(r"[+-]?(\d{1,15})(_?\d)*(\.\d{1,20})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")


def number(value: Any) -> Decimal:
    """A finite decimal, exactly as written.

    Raises:
        ValueError: it is something else; so everywhere here.
    """
    text = text_of(value)
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise ValueError(f"must be a number such as 0.8 or 5000, not {shown(text)}")
    return Decimal(text.replace("_", ""))


def positive(value: Any) -> Decimal:
    """A number above zero and not absurdly large."""
    found = number(value)
    if not 0 < found <= MAX_AMOUNT:
        raise ValueError(f"must be above 0 and at most {MAX_AMOUNT}, not {shown(text_of(value))}")
    return found


def bound(value: Any) -> Decimal:
    """A number that may be below zero, and not absurdly large."""
    found = number(value)
    if abs(found) > MAX_AMOUNT:
        raise ValueError(f"must be from -{MAX_AMOUNT} to {MAX_AMOUNT}, not {shown(text_of(value))}")
    return found


def whole(amount: Decimal, unit: Unit) -> int:
    """A target: money and other units as exact millionths, or a whole number."""
    scaled = amount * MICROS if unit.in_micros else amount
    if scaled != scaled.to_integral_value():
        what = "a count must be a whole number"
        if unit.in_micros:
            what = f"{'money' if unit.is_money else 'an amount'} has at most 6 decimals"
        raise ValueError(f"{what}, not {shown(str(amount))}")
    return int(scaled)


def duration(value: Any) -> int:
    """A duration such as ``15m``, as milliseconds."""
    text = text_of(value)
    found = parse_duration(text)
    if found is None or found > MAX_DURATION_MS:
        raise ValueError(f"must be a duration such as 90s, 15m, 2h or 3d, at most 90d, not {shown(text)}")
    return found


def band(value: Any) -> Band:
    """A pair ``[low, high]`` around 1, null for an open side."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"must be a pair such as [0.9, 1.1], not {kind_of(value)}")
    low, high = (None if side is None else number(side) for side in value)
    if low is None and high is None:
        raise ValueError("both sides are open: nothing would ever miss it")
    if low is not None and not 0 <= low < 1:
        raise ValueError(f"the lower side must be from 0 to below 1 (1 is exactly on pace), not {low}")
    if high is not None and not 1 < high <= 1000:
        raise ValueError(f"the upper side must be above 1 (1 is exactly on pace), not {high}")
    return Band(None if low is None else float(low), None if high is None else float(high))


def zone(value: Any) -> ZoneInfo:
    """An IANA time zone."""
    text = text_of(value)
    if text not in _zones():
        raise ValueError(f"unknown timezone {shown(text)}{did_you_mean(text, sorted(_zones()))}")
    return ZoneInfo(text)


def written_time(value: Any) -> datetime:
    """A time, local or with an offset."""
    text = text_of(value)
    try:
        found = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 2200:
        raise ValueError(f"must be a time such as 2026-11-22T00:00, not {shown(text)}")
    return found


def epoch_ms(found: datetime, local: ZoneInfo | None) -> int:
    """A time as epoch milliseconds.

    Args:
        found: local or with an offset.
        local: the zone of a local time; None when the file gives none.
    """
    if found.tzinfo is None:
        if local is None:
            raise ValueError("a local time needs a timezone in the flight, or write an offset such as +01:00")
        text, found = found.isoformat(timespec="minutes"), found.replace(tzinfo=local, fold=0)
        if found.astimezone(UTC).astimezone(local).replace(tzinfo=None) != found.replace(tzinfo=None):
            raise ValueError(f"{text} does not exist in {local.key}: clocks skip it")
    return int(found.timestamp()) * 1000


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
