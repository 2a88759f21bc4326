"""The tiles above the rows: the state of everything in a few numbers. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from kpis.series import SEPARATOR, split
from kpis.times import HOUR_MS
from monitors.board.overview.overview_shapes import LaunchNow, Tiles
from monitors.board.shapes import CampaignNow
from monitors.goals.values import Campaign

LAUNCH_HOURS = 24
MOST_LAUNCHES = 5
_CHANNEL = "channel"
_DIGITS = re.compile(r"([0-9]+)")


def tiles(rows: Iterable[CampaignNow], now_ms: int, statuses: Mapping[str, int], today: Tiles) -> Tiles:
    """All of them.

    Args:
        rows: of the board.
        now_ms: the deployment's clock.
        statuses: how many rows have each.
        today: what is known of today's spend.
    """
    # What an account or the portfolio has is of its campaigns: they would count twice.
    own = [row for row in rows if not row.members]
    soon = sorted(
        (row.start_ms, natural(row.name), LaunchNow(row.id, row.name, row.start_ms))
        for row in own
        if row.start_ms is not None and now_ms < row.start_ms <= now_ms + LAUNCH_HOURS * HOUR_MS
    )
    return Tiles(
        today.spend_today_micros,
        today.today_ms,
        today.today_zone,
        risk_micros=sum(row.risk_micros for row in own),
        critical=statuses.get("critical", 0),
        warning=statuses.get("warning", 0),
        launches=tuple(launch for *_, launch in soon[:MOST_LAUNCHES]),
        launching=len(soon),
        launch_hours=LAUNCH_HOURS,
    )


def home_zone(campaigns: Iterable[Campaign]) -> str:
    """The zone of most flights: that of the day that people mean by today."""
    found = Counter(one.flight.timezone for one in campaigns if not one.is_parent)
    return max(found, key=lambda zone: (found[zone], zone), default="UTC")


def midnight(now_ms: int, zone: str) -> int:
    """When the day began there."""
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def channels_of(series: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The channels of each campaign, by name, of the breakdowns that are read."""
    found: dict[str, set[str]] = {}
    for one in series:
        if SEPARATOR in one and (known := _channel(one)) is not None:
            found.setdefault(known[0], set()).add(known[1])
    return {campaign: tuple(sorted(names)) for campaign, names in found.items()}


@lru_cache(maxsize=65_536)
def _channel(series: str) -> tuple[str, str] | None:
    _, pairs = split(series)
    if len(pairs) != 1 or pairs[0][0] != _CHANNEL:
        return None
    return series.split(SEPARATOR, maxsplit=1)[0], pairs[0][1]


@lru_cache(maxsize=16_384)
def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key that has c2 before c10."""
    parts = enumerate(_DIGITS.split(name))
    # Every second part is a number: of those without zeros before them the longer one is the greater.
    return tuple((len(bare), bare) if at % 2 and (bare := part.lstrip("0")) else (0, part) for at, part in parts)
