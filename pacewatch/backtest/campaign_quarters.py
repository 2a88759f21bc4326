"""One campaign's quarter hours as they become known, and what the monitor would read of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import WIDTH, Row
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from monitors.goals.values import Campaign, Flight
from monitors.read.history import CLOSED_AFTER_MS
from monitors.read.past import KEPT_HOURS, Past, nothing_yet, of_quarters
from monitors.read.queries import ToDate

_ROOM = 4 * 96
_BEFORE_MS = 2 * KEPT_HOURS * HOUR_MS


class CampaignQuarters:
    """Those of a campaign, or of a parent; grows by 4 KB a day.

    Args:
        flight: the campaign's; its sum to date is kept.
        from_ms: nothing comes that is older.
        width: how many columns rows have.
    """

    def __init__(self, flight: Flight, from_ms: int, width: int = WIDTH) -> None:
        # A past is two weeks long, of which nothing may be known.
        self.start_ms = (from_ms - _BEFORE_MS) // DAY_MS * DAY_MS
        self._first = self.start_ms // QUARTER_MS
        self._rows: Int64s = np.zeros((_BEFORE_MS // QUARTER_MS + _ROOM, width), np.int64)
        self._flight = flight.start_ms // QUARTER_MS, -(-flight.end_ms // QUARTER_MS)
        self._flight_day = flight.start_ms - flight.start_ms % DAY_MS
        self._sum: Int64s = np.zeros(width, np.int64)
        self._past = nothing_yet(self.start_ms, width)
        self._parents: list[CampaignQuarters] = []

    def tell(self, parent: CampaignQuarters) -> None:
        """Let a parent gain from now on whatever this gains."""
        self._parents.append(parent)

    def put(self, quarter: int, row: Sequence[int]) -> None:
        """What a quarter hour, by its number since the epoch, has by now."""
        place = self._place(quarter)
        self.gain(quarter, np.array(row, np.int64) - self._rows[place])

    def add(self, quarter: int, row: Sequence[int]) -> None:
        """What a quarter hour gains."""
        self.gain(quarter, np.array(row, np.int64))

    def gain(self, quarter: int, gain: Int64s) -> None:
        """What a quarter hour gains, or loses, of every measure."""
        # In two steps: making the place may make the rows anew.
        place = self._place(quarter)
        self._rows[place] += gain
        if self._flight[0] <= quarter < self._flight[1]:
            self._sum += gain
        for parent in self._parents:
            parent.gain(quarter, gain)

    def to_date(self, as_of_ms: int, now_ms: int) -> ToDate:
        """The flight's sum, and the quarter hours of the days that are not closed."""
        newest = (now_ms - CLOSED_AFTER_MS) // DAY_MS * DAY_MS
        recent = max(self._flight_day, newest, self.start_ms)
        end = (as_of_ms // QUARTER_MS + 1) * QUARTER_MS
        return ToDate(tuple(self._sum.tolist()), as_of_ms, recent, self.between(recent, end))

    def past(self, at_ms: int) -> Past:
        """The whole hours before a moment; the same object within an hour, so that what is learned of it is kept."""
        end = at_ms - at_ms % HOUR_MS
        if self._past.end_ms != end:
            start = end - KEPT_HOURS * HOUR_MS
            self._past = of_quarters(start, self.between(start, end))
        return self._past

    def between(self, start_ms: int, end_ms: int) -> Int64s:
        """The quarter hours from one whole one on to before another."""
        first = self._place(start_ms // QUARTER_MS)
        self._place(end_ms // QUARTER_MS)
        return self._rows[first : first + max((end_ms - start_ms) // QUARTER_MS, 0)]

    def since(self, start_ms: int, now_ms: int) -> Row:
        """What came since a moment, in the quarter hours that overlap that time."""
        first = start_ms - start_ms % QUARTER_MS
        end = (now_ms // QUARTER_MS + 1) * QUARTER_MS
        return tuple(self.between(first, end).sum(axis=0).tolist())

    def window(self, span_ms: int, now_ms: int) -> Row:
        """What a window of whole quarter hours that ends now has."""
        now = now_ms - now_ms % QUARTER_MS
        return tuple(self.between(now - span_ms, now).sum(axis=0).tolist())

    def _place(self, quarter: int) -> int:
        place = quarter - self._first
        assert place >= 0
        if place >= len(self._rows):
            rows = np.zeros((place * 3 // 2 + _ROOM, len(self._sum)), np.int64)
            rows[: len(self._rows)] = self._rows
            self._rows = rows
        return place


def quarters_of(campaigns: Iterable[Campaign], from_ms: int, width: int = WIDTH) -> dict[str, CampaignQuarters]:
    """Those of campaigns, and of parents, which have what their members have, by series.

    Args:
        campaigns: members before their parents.
        from_ms: nothing comes that is older.
        width: how many columns rows have.
    """
    found: dict[str, CampaignQuarters] = {}
    for campaign in campaigns:
        found[campaign.series] = CampaignQuarters(campaign.flight, from_ms, width)
        for member in campaign.members:
            found[member].tell(found[campaign.series])
    return found


def counted_of(
    campaigns: Iterable[Campaign], quarters: Mapping[str, CampaignQuarters], from_ms: int, width: int = WIDTH
) -> dict[str, CampaignQuarters]:
    """Those of all series that are counted, by series: of campaigns, and of accounts themselves, which parents gain.

    Args:
        campaigns: members before their parents.
        quarters: see :func:`quarters_of`.
        from_ms: nothing comes that is older.
        width: how many columns rows have; of an account itself only measures beside the core are counted.
    """
    found: dict[str, CampaignQuarters] = {}
    for campaign in campaigns:
        if not campaign.is_parent:
            found[campaign.series] = quarters[campaign.series]
        for name in campaign.own if width > WIDTH else ():
            own = found.setdefault(name, CampaignQuarters(campaign.flight, from_ms, width))
            own.tell(quarters[campaign.series])
    return found
