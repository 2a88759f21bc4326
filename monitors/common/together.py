"""What is seen of all campaigns, added up: as if they were one. Pure, but for what it need not compute again.

Of the core's measures: what users add says nothing of what is wrong with all campaigns at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.measures import INDEX, WIDTH, Row, Stream, add
from kpis.times import HOUR_MS, QUARTER_MS
from monitors.goals.subject import Watched
from monitors.goals.values import Campaign, Flight
from monitors.habits.rhythm import DAYS
from monitors.pacing.causes import Judged
from monitors.read.past import HOURS, Past, nothing_yet, open_quarters
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight

ABOVE = {
    Watched.CLICKS: (INDEX["clicks"], INDEX["impressions"]),
    Watched.CONVERSIONS: (INDEX["conversions"], INDEX["clicks"]),
}
"""The outcome that is watched, and what it comes of."""
NAME = "All campaigns"
_Ended = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """One campaign at a look: what is seen of it, and what its goals and watches were judged to be."""

    campaign: Campaign
    seen: Sight
    judged: list[Judged]


@dataclass(slots=True)
class Together:
    """Adds campaigns up; the past of all is made anew when an hour is over, or when others run than before.

    Attributes:
        past: of all of them.
        by_campaign: what each brought in its last week, [campaign, measure].
    """

    past: Past = field(default_factory=lambda: nothing_yet(0))
    by_campaign: Floats = field(default_factory=lambda: np.zeros((0, WIDTH)))
    _ended: _Ended = (0, ())

    @property
    def hours(self) -> int:
        """How many hours of the week are known."""
        return min(len(self.past.hours), DAYS * HOURS)

    def due(self, watched: Watched, looks: Sequence[Looked], gained: Int64s, deaf: AbstractSet[str]) -> float:
        """How many outcomes should come of what campaigns gained, each by its own rate of the week.

        Args:
            watched: of which; none of what is no outcome.
            looks: the campaigns.
            gained: by them, [campaign, measure].
            deaf: the series of those that are not counted on.
        """
        if watched not in ABOVE or not gained.any():
            return 0.0
        above, below = ABOVE[watched]
        tried = self.by_campaign[:, below]
        rates = np.divide(self.by_campaign[:, above], tried, out=np.zeros(len(tried)), where=tried > 0)
        return float((rates * gained[:, below].clip(0) * _counted_on(looks, deaf)).sum())

    def known(self, column: int, looks: Sequence[Looked], deaf: AbstractSet[str]) -> tuple[float, float]:
        """How many came in the week, and the part of that which all but the busiest campaign brought."""
        counts = self.by_campaign[:, column] * _counted_on(looks, deaf)
        whole = float(counts.sum())
        return whole, 1.0 - float(counts.max()) / whole if whole > 0 else 0.0

    def brings(self, one: Looked, column: int) -> bool:
        """Whether a campaign brought any of a measure in the hours that are known."""
        past = one.seen.past
        return past is not None and past.once(("brings", column), lambda: bool(past.busy[:, column].any()))

    def sight(self, looks: Sequence[Looked]) -> Sight:
        """What is seen of campaigns that all have a past and a watermark, as of the earliest.

        Its sums to date are those of their flights.
        """
        seen = [one.seen for one in looks]
        self._learn(looks)
        at_ms = min(s.as_of_ms for s in seen if s.as_of_ms is not None)
        recent_ms, recent = _recent(seen)
        return Sight(
            as_of_ms=at_ms,
            history_from_ms=max(s.history_from_ms for s in seen),
            to_date=add(s.to_date[:WIDTH] for s in seen),
            past=self.past,
            open_quarters=open_quarters(recent_ms, recent, self.past, at_ms),
            streams=_streams(seen),
            recent_ms=recent_ms,
            recent=recent,
        )

    def _learn(self, looks: Sequence[Looked]) -> None:
        pasts = [one.seen.past for one in looks if one.seen.past is not None]
        # Where many are brought up to date one after the other, an hour is over with the last of them.
        ended = (min(past.end_ms for past in pasts), tuple(one.campaign.series for one in looks))
        if ended != self._ended:
            self.past, self.by_campaign = _added(pasts, ended[0])
            self._ended = ended


def gains(looks: Sequence[Looked], counted: Mapping[str, Row]) -> Int64s:
    """What each campaign gained since it was looked at last, [campaign, measure].

    Args:
        looks: campaigns.
        counted: what each had come to then, by series; one that is new has gained nothing yet.
    """
    now = np.array([one.seen.to_date[:WIDTH] for one in looks], np.int64)
    return now - np.array([counted.get(one.campaign.series, one.seen.to_date[:WIDTH]) for one in looks], np.int64)


def campaign_of_all(campaigns: Sequence[Campaign]) -> Campaign:
    """What stands for all campaigns: no event has its id, which is empty."""
    zones = {campaign.flight.timezone for campaign in campaigns}
    start, end = min(c.flight.start_ms for c in campaigns), max(c.flight.end_ms for c in campaigns)
    return Campaign("", NAME, Flight(start, end, zones.pop() if len(zones) == 1 else "UTC"), ())


def _counted_on(looks: Sequence[Looked], deaf: AbstractSet[str]) -> Floats:
    return np.array([one.campaign.series not in deaf for one in looks], np.float64)


def _added(pasts: Sequence[Past], end_ms: int) -> tuple[Past, Floats]:
    hours = max(len(past.hours) - (past.end_ms - end_ms) // HOUR_MS for past in pasts)
    counts, busy = np.zeros((max(hours, 0), WIDTH)), np.zeros((max(hours, 0) * 4, WIDTH), np.bool_)
    weeks = np.zeros((len(pasts), WIDTH))
    for number, past in enumerate(pasts):
        known = max(len(past.hours) - (past.end_ms - end_ms) // HOUR_MS, 0)
        if known:
            counts[-known:] += past.hours[:known, :WIDTH]
            busy[-known * 4 :] |= past.busy[: known * 4, :WIDTH]
            weeks[number] = past.hours[max(known - DAYS * HOURS, 0) : known, :WIDTH].sum(axis=0)
    return Past(end_ms - len(counts) * HOUR_MS, counts.astype(np.float32), busy), weeks


def _recent(seen: Sequence[Sight]) -> tuple[int, Int64s]:
    """The quarter hours of late of all of them, from the earliest that any has."""
    known = [s for s in seen if len(s.recent)]
    if not known:
        return 0, np.zeros((0, WIDTH), np.int64)
    start = min(s.recent_ms for s in known)
    found = np.zeros((max((s.recent_ms - start) // QUARTER_MS + len(s.recent) for s in known), WIDTH), np.int64)
    for one in known:
        first = (one.recent_ms - start) // QUARTER_MS
        found[first : first + len(one.recent)] += one.recent[:, :WIDTH]
    return start, found


def _streams(seen: Sequence[Sight]) -> dict[Stream, StreamHealth]:
    """How each stream stands where it is least complete; campaigns of a partition share what is known of them."""
    found: dict[Stream, StreamHealth] = {}
    for streams in {id(s.streams): s.streams for s in seen}.values():
        for stream, own in streams.items():
            found[stream] = own if stream not in found else _least(found[stream], own)
    return found


def _least(one: StreamHealth, other: StreamHealth) -> StreamHealth:
    marks = [ms for ms in (one.watermark_ms, other.watermark_ms) if ms is not None]
    reached = [ms for ms in (one.reached_ms, other.reached_ms) if ms is not None]
    return StreamHealth(min(marks, default=None), max(reached, default=None), max(one.late_ms or 0, other.late_ms or 0))
