"""Rolling windows as a careful engineer would write them by hand: dicts of rows, by pane and in all.

They are judged by the latest event time, so that a backlog gives the rates of its time. Writing takes turns with
counting as often as a worker that is behind flushes (``streams/partitions/flush_interval.py``): how often to write is a
choice, no speed.
Garbage is collected as seldom as the worker does.
"""

from __future__ import annotations

import gc
import time
from collections import defaultdict

import msgspec
from kit import STREAMS, store

gc.set_threshold(100_000, 20, 20)

_PANE_S = {60: 1, 300: 5, 3600: 60, 86_400: 900}
"""The length of a pane by that of the window, shortest first; each divides the next."""
_SOONEST_S, _LATEST_S, _SHARE = 0.25, 5.0, 0.2
Row = list[float]
"""Events of the four streams, spend, revenue."""
Rows = defaultdict[str, Row]
"""By series: ``<campaign>`` or ``<campaign>|<channel>``."""


class Event(msgspec.Struct, gc=False):
    """The fields that count."""

    ts: int
    campaign_id: str
    channel: str | None = None
    amount: str | None = None
    revenue: str | None = None


def rows() -> Rows:
    """No rows yet."""
    return defaultdict(lambda: [0, 0, 0, 0, 0.0, 0.0])


def add(into: Rows, more: Rows, sign: int = 1) -> None:
    """Add rows to others, or take them away."""
    for series, row in more.items():
        total = into[series]
        for i, value in enumerate(row):
            if value:
                total[i] += sign * value


class Rolling:
    """Counts and money by series and window, written to Redis."""

    def __init__(self) -> None:
        self.counted = 0
        self.counts: dict[str, int] = defaultdict(int)
        self._fresh: dict[int, Rows] = defaultdict(rows)
        self._sums = {w: rows() for w in _PANE_S}
        self._panes: dict[int, dict[int, Rows]] = {w: defaultdict(rows) for w in _PANE_S}
        self._reached = 0
        self._next = time.monotonic() + _SOONEST_S

    def add(self, stream: int, events: list[Event]) -> None:
        """Count the events of one stream."""
        fresh, counts, name = self._fresh, self.counts, STREAMS[stream]
        for e in events:
            counts[f"{e.campaign_id}:{name}"] += 1
            second = fresh[e.ts // 1000]
            whole, part = second[e.campaign_id], second[f"{e.campaign_id}|{e.channel}"]
            whole[stream] += 1
            part[stream] += 1
            if e.amount:
                spend = float(e.amount)
                whole[4] += spend
                part[4] += spend
            elif e.revenue:
                revenue = float(e.revenue)
                whole[5] += revenue
                part[5] += revenue
        self.counted += len(events)

    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._next

    def flush(self) -> None:
        """Roll what is fresh into the windows, let go of what is old, and write the series that changed."""
        started = time.monotonic()
        changed, panes = rows(), self._fresh
        for more in panes.values():
            add(changed, more)
        self._reached = max(self._reached, *panes, 0)
        for window, pane_s in _PANE_S.items():
            coarser: dict[int, Rows] = defaultdict(rows)
            for second, more in panes.items():
                add(coarser[second // pane_s * pane_s], more)
            panes, kept, sums = coarser, self._panes[window], self._sums[window]
            add(sums, changed)
            for start, more in panes.items():
                add(kept[start], more)
            for start in [s for s in kept if s <= self._reached - window]:
                gone = kept.pop(start)
                add(sums, gone, -1)
                changed.update((series, changed[series]) for series in gone)
        if changed:
            documents = {s: msgspec.json.encode({w: self._kpis(w, s) for w in _PANE_S}) for s in changed}
            store.hset("peer:kpi", mapping=documents)
        self._fresh = defaultdict(rows)
        took = time.monotonic() - started
        self._next = time.monotonic() + max(_SOONEST_S, min(took / _SHARE - took, _LATEST_S))

    def _kpis(self, window: int, series: str) -> dict[str, float | None]:
        impressions, clicks, conversions, _, spend, revenue = self._sums[window][series]
        return {
            "impressions": impressions, "clicks": clicks, "conversions": conversions,
            "spend": spend, "revenue": revenue,
            "ctr": clicks / impressions if impressions else None, "cpc": spend / clicks if clicks else None,
            "cvr": conversions / clicks if clicks else None, "roas": revenue / spend if spend else None,
        }  # fmt: skip
