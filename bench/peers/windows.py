"""Rolling windows as a careful engineer would write them by hand: dicts of sums, and a deque of what leaves when."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import Any

import msgspec
from kit import STREAMS, WINDOWS_S, store

FLUSH_S = 0.25
_PANE_S = {60: 1, 300: 5, 3600: 60, 86_400: 900}


class Event(msgspec.Struct, gc=False):
    """The fields that count."""

    ts: int
    campaign_id: str
    channel: str | None = None
    amount: str | None = None
    revenue: str | None = None


class Rolling:
    """Counts and money by series and window, written to Redis through a pipeline."""

    def __init__(self) -> None:
        self.counted = 0
        self.counts: dict[str, int] = defaultdict(int)
        self._fresh: dict[tuple[int, str], list[float]] = {}
        self._sums: dict[int, dict[str, list[float]]] = {w: defaultdict(lambda: [0.0] * 6) for w in WINDOWS_S}
        self._panes: dict[int, deque[tuple[int, str, list[float]]]] = {w: deque() for w in WINDOWS_S}
        self._written = time.monotonic()

    def add(self, stream: int, events: list[Event]) -> None:
        """Count the events of one stream."""
        fresh, name = self._fresh, STREAMS[stream]
        for e in events:
            self.counts[f"{e.campaign_id}:{name}"] += 1
            second = e.ts // 1000
            money = float(e.amount) if e.amount else float(e.revenue) if e.revenue else 0.0
            for series in (e.campaign_id, f"{e.campaign_id}|{e.channel}"):
                row = fresh.get((second, series))
                if row is None:
                    row = fresh[second, series] = [0.0] * 6
                row[stream] += 1
                if money:
                    row[4 if stream == 3 else 5] += money
        self.counted += len(events)

    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() - self._written >= FLUSH_S

    def flush(self) -> None:
        """Roll what is fresh into the windows, let go of what is old, and write the series that changed."""
        now, changed = time.time(), {series for _, series in self._fresh}
        for window in WINDOWS_S:
            sums, panes, pane_s = self._sums[window], self._panes[window], _PANE_S[window]
            merged: dict[tuple[int, str], list[float]] = {}
            for (second, series), row in self._fresh.items():
                at = merged.setdefault((second // pane_s, series), [0.0] * 6)
                total = sums[series]
                for i, v in enumerate(row):
                    at[i] += v
                    total[i] += v
            panes.extend((pane * pane_s, series, row) for (pane, series), row in merged.items())
            while panes and panes[0][0] < now - window:
                _, series, row = panes.popleft()
                changed.add(series)
                total = sums[series]
                for i, v in enumerate(row):
                    total[i] -= v
        pipe: Any = store.pipeline(transaction=False)
        for series in changed:
            pipe.hset("peer:kpi", series, msgspec.json.encode({w: self._kpis(w, series) for w in WINDOWS_S}))
        pipe.execute()
        self._fresh.clear()
        self._written = time.monotonic()

    def _kpis(self, window: int, series: str) -> dict[str, float | None]:
        impressions, clicks, conversions, _, spend, revenue = self._sums[window][series]
        return {
            "impressions": impressions, "clicks": clicks, "conversions": conversions,
            "spend": spend, "revenue": revenue,
            "ctr": clicks / impressions if impressions else None, "cpc": spend / clicks if clicks else None,
            "cvr": conversions / clicks if clicks else None, "roas": revenue / spend if spend else None,
        }  # fmt: skip
