"""Which series have metrics of their own when there are more than Prometheus should hold. Pure.

Those that spent most stay. Spend to date hardly ever falls, and a series that has its place gives it up only to one
that spent a margin more, so two that run neck and neck do not take turns: each change needs the margin once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import nsmallest

from kpis.measures import INDEX, ZERO, Row
from kpis.windows import TOTAL
from monitors.read.snapshot import SeriesRows

_SPEND, _IMPRESSIONS = INDEX["spend_micros"], INDEX["impressions"]


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """How many series are exported.

    Attributes:
        max_series: at most so many, unless more have goals. 2,000 campaigns fit with some to spare: with four windows
            a campaign has 60 samples, and what one Prometheus takes every few seconds with ease is 150,000.
        margin_percent: by how much a series must outdo one that is exported to take its place.
    """

    max_series: int = 2_500
    margin_percent: int = 10


def keep(
    candidates: Mapping[str, SeriesRows],
    room: int,
    held: Collection[str],
    pinned: Collection[str],
    policy: BudgetPolicy,
) -> frozenset[str]:
    """The candidates that stay: the pinned ones, then by spend to date, impressions to date and name.

    Args:
        candidates: series to its rows.
        room: how many may stay.
        held: which stayed last time.
        pinned: which stay in any case.
        policy: the margin.
    """
    if len(candidates) <= room:
        return frozenset(candidates)
    stay = frozenset(pinned) & candidates.keys()
    rivals = [series for series in candidates if series not in stay]

    def rank(series: str) -> tuple[int, int, bool, str]:
        row: Row = candidates[series].windows.get(TOTAL, ZERO)
        is_held = series in held
        percent = policy.margin_percent if is_held else 0
        return -_raised(row[_SPEND], percent), -_raised(row[_IMPRESSIONS], percent), not is_held, series

    return stay | frozenset(nsmallest(max(0, room - len(stay)), rivals, key=rank))


def _raised(value: int, percent: int) -> int:
    """A hundred times a value that counts for so many percent more; of a negative one, for less below zero."""
    return value * 100 + abs(value) * percent
