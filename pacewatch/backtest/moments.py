"""What is seen of the campaigns, moment by moment, by the rules of the monitor's cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kpis.measures import zeros
from kpis.times import DAY_MS
from monitors.cycle import history_from
from monitors.goals.subject import parts_of
from monitors.goals.values import Campaign
from monitors.read.queries import ToDate
from monitors.read.snapshot import Snapshot
from monitors.read.sums import with_parents
from monitors.sight import Sight, periods_of, sight
from pacewatch.backtest.campaign_quarters import CampaignQuarters
from pacewatch.backtest.event_time import EventTime
from pacewatch.backtest.one_partition import OnePartition
from pacewatch.replay.recording import BadLine, Record

Seen = list[tuple[Campaign, Sight]]


@dataclass(frozen=True, slots=True)
class Moment:
    """One look: the clock, and what is seen of each campaign that is judged then."""

    now_ms: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Who is looked at, and when.

    Attributes:
        campaigns: those with goals, then their parents.
        first_ms: the first look, at which everybody is looked at: a monitor that runs already knows since when.
        final_ms: for how long after its flight a campaign is.
    """

    campaigns: tuple[Campaign, ...]
    first_ms: int
    final_ms: int

    def at(self, now_ms: int) -> list[Campaign]:
        """Those that can have a judgement now."""
        if now_ms == self.first_ms:
            return list(self.campaigns)
        return [c for c in self.campaigns if self.is_judged(c, now_ms)]

    def is_judged(self, campaign: Campaign, now_ms: int) -> bool:
        """Whether it is in its flight, or just after."""
        return campaign.flight.start_ms <= now_ms < campaign.flight.end_ms + self.final_ms

    def moment(self, snapshot: Snapshot, quarters: Mapping[str, CampaignQuarters], history_ms: int) -> Moment:
        """What is seen at a look.

        Args:
            snapshot: what was read.
            quarters: of each campaign, by series.
            history_ms: the oldest time that history reaches back to.
        """
        now = snapshot.read_at_ms
        snapshot = with_parents(snapshot, {c.series: parts_of(c) for c in self.campaigns if c.is_parent})
        seen, nothing = Seen(), ToDate(zeros(snapshot.catalogue.width), None)
        for campaign in self.at(now):
            found, past, at_ms = nothing, None, snapshot.as_of(campaign.series)
            known = campaign.flight.start_ms >= history_ms
            if at_ms is not None and known and self.is_judged(campaign, now):
                mine = quarters[campaign.series]
                found, past = mine.to_date(at_ms, now), mine.past(at_ms)
            one = sight(campaign, snapshot, found, past, history_ms)
            seen.append((campaign, one if past is None or at_ms is None else _with_parts(campaign, one, mine, at_ms)))
        return Moment(now, seen)


def _with_parts(campaign: Campaign, seen: Sight, quarters: CampaignQuarters, at_ms: int) -> Sight:
    """With the sums of the current day, week or month, for totals that are about one."""
    parts = periods_of(campaign, min(at_ms, campaign.flight.end_ms - 1))
    return replace(seen, periods={per: quarters.since(part.start_ms, at_ms) for per, part in parts.items()})


def of_recording(
    items: Iterable[Record | BadLine], clock: EventTime, partition: OnePartition, watchlist: Watchlist
) -> Iterator[Moment]:
    """The moments of a recording."""
    for batches in clock.batches(items):
        if batches.values:
            partition.count(batches.values, batches.now_ms)
        if batches.is_look and watchlist.at(batches.now_ms):
            snapshot = partition.look(batches.now_ms)
            yield watchlist.moment(snapshot, partition.quarters, history_from(snapshot, batches.now_ms))


def earliest(campaigns: Iterable[Campaign], history_days: int) -> int:
    """Before this nothing can matter to any flight."""
    return min(c.flight.start_ms for c in campaigns) - history_days * DAY_MS
