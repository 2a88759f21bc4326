"""What campaigns spent since midnight: read from history in the background, some campaigns at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice

from kpis.measures import INDEX, Row
from kpis.series import is_campaign
from kpis.times import DAY_MS
from monitors.board.overview.overview_shapes import Tiles
from monitors.board.overview.summing_up import home_zone, midnight
from monitors.read.queries import Query
from monitors.read.snapshot import SeriesRows
from monitors.view import View

AT_ONCE = 200
"""Campaigns in one read: some ten milliseconds, so that nothing else waits."""
_SPEND = INDEX["spend_micros"]
Sums = Callable[[Iterable[Query]], Awaitable[Mapping[Query, Row]]]


class Today:
    """It. A campaign is read again when its rows have changed; all of them when another day has begun.

    Args:
        sums: reads what came of each of some queries; raises Recoverable when it cannot.
    """

    def __init__(self, sums: Sums) -> None:
        self._sums = sums
        self._zone = "UTC"
        self._began_ms = 0
        self._held: dict[str, tuple[SeriesRows, int]] = {}
        self.found = Tiles()

    async def read(self, view: View, now_ms: int) -> bool:
        """Read some; gives whether there are more to be read."""
        if view.snapshot is None:
            self.found = Tiles()
            return False
        rows = view.snapshot.series
        campaigns = {name: rows[name] for name in rows if is_campaign(name)}
        self._begin(view, now_ms)
        self._held = {name: held for name, held in self._held.items() if name in campaigns}
        changed = [name for name, own in campaigns.items() if name not in self._held or self._held[name][0] is not own]
        began_ms = self._began_ms
        some = {name: Query(name, began_ms, began_ms + DAY_MS + DAY_MS // 24) for name in islice(changed, AT_ONCE)}
        if some:
            sums = await self._sums(some.values())
            self._held |= {name: (campaigns[name], sums[query][_SPEND]) for name, query in some.items()}
        if len(changed) <= len(some) or all(name in self._held for name in campaigns):
            self.found = Tiles(sum(spent for _, spent in self._held.values()), began_ms, self._zone)
        return len(changed) > len(some)

    def _begin(self, view: View, now_ms: int) -> None:
        zone = home_zone(view.campaigns)
        began_ms = midnight(now_ms, zone)
        if (zone, began_ms) != (self._zone, self._began_ms):
            self._zone, self._began_ms = zone, began_ms
            self._held.clear()
            self.found = Tiles(None, began_ms, zone)
