"""History in Redis, looked at again quarter hour by quarter hour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kpis.arrays import Int64s
from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import Columns, fetch_columns
from kpis.contract.published import Layout, fetch_layout
from kpis.contract.row_format import RowFormat, SharedFormat
from kpis.series import is_parent
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from kpis.windows import parse_window
from monitors.goals.subject import parts_of
from monitors.goals.values import Campaign
from monitors.read.history import History
from monitors.read.past import KEPT_HOURS
from monitors.read.queries import Query
from monitors.read.reader import connect
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot
from pacewatch.backtest.campaign_quarters import CampaignQuarters, counted_of, quarters_of
from pacewatch.backtest.event_time import Span
from pacewatch.backtest.moments import Moment, Watchlist


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """What was read.

    Attributes:
        layout: what the worker published, less the windows that quarter hours cannot tell.
        oldest_ms: the oldest time that history reaches back to.
        span: when it is looked.
        campaigns: those that are looked at, then parents.
        rows: of each series that is counted its query and its quarter hours of whole days.
        catalogue: what rows are of.
    """

    layout: Layout
    oldest_ms: int
    span: Span
    campaigns: tuple[Campaign, ...]
    rows: Mapping[str, tuple[Query, Int64s]]
    catalogue: Catalogue = CORE

    @property
    def currency(self) -> str:
        """The base currency."""
        return self.layout.currency

    def moments(self, watchlist: Watchlist) -> Iterator[Moment]:
        """All looks; at each the quarter hours that have ended by then are known."""
        first = min((query.start_ms for query, _ in self.rows.values()), default=self.span.first_ms)
        width = self.catalogue.width
        quarters = quarters_of(self.campaigns, first, width)
        counted = counted_of(self.campaigns, quarters, first, width)
        known: set[str] = set()
        for now in range(self.span.first_ms, self.span.last_ms + 1, QUARTER_MS):
            for name, (query, rows) in self.rows.items():
                if self._tell(counted[name], query, rows, now):
                    known.add(name)
            if watchlist.at(now):
                yield watchlist.moment(self._snapshot(counted, known, now), quarters, self.oldest_ms)

    def _tell(self, quarters: CampaignQuarters, query: Query, rows: Int64s, now_ms: int) -> bool:
        """Let a campaign's quarter hours up to a look be known; whether any of them had something."""
        first = query.start_ms - query.start_ms % DAY_MS
        since = first if now_ms == self.span.first_ms else now_ms - QUARTER_MS
        found = False
        for start in range(since, now_ms, QUARTER_MS):
            row = rows[(start - first) // QUARTER_MS]
            if row.any():
                quarters.put(start // QUARTER_MS, row.tolist())
                found = True
        return found

    def _snapshot(self, quarters: Mapping[str, CampaignQuarters], known: set[str], now_ms: int) -> Snapshot:
        # At the moment that a quarter hour begins, a window of quarter hours has shed its oldest.
        windows = {name: parse_window(name) for name in self.layout.windows}
        spans = {n: w.span_ms - (QUARTER_MS if w.pane_ms == QUARTER_MS else 0) for n, w in windows.items()}
        series = {
            name: SeriesRows({w: quarters[name].window(span, now_ms) for w, span in spans.items()}, (0,))
            for name in known
        }
        health = PartitionHealth(0, now_ms, caught_up=True, flushed_at_ms=now_ms)
        own = {name: series.pop(name) for name in known if is_parent(name)}
        return Snapshot(self.layout, now_ms, (health,), series, {}, catalogue=self.catalogue, own=own)


async def load(
    settings: Settings, campaigns: Iterable[Campaign], span: Span, catalogue: Catalogue = CORE
) -> StoredHistory:
    """Read the history of campaigns: their flights and those of parents, and two weeks before the first look.

    Args:
        settings: where Redis is.
        campaigns: those with goals, then their parents.
        span: when it is looked.
        catalogue: what their goals may be about.

    Raises:
        Unreachable: Redis does not answer.
        BadLayout: no worker has written to it yet.
    """
    redis, everyone = connect(settings), tuple(campaigns)
    parents = tuple(one for one in everyone if one.is_parent)
    try:
        layout = await fetch_layout(redis, settings.redis_address)
        oldest = settings.the_clock.now_ms() - layout.history_days * DAY_MS
        before = span.first_ms - KEPT_HOURS * HOUR_MS
        begins = {c.series: c.flight.start_ms for c in everyone if not c.is_parent}
        for parent in parents:
            names = parts_of(parent) if catalogue.added_measures else parent.members
            begins |= {name: min(begins.get(name, before), parent.flight.start_ms) for name in names}
        since = {name: max(min(ms, before), oldest) for name, ms in begins.items()}
        queries = {name: Query(name, min(ms, span.first_ms), span.last_ms) for name, ms in since.items()}
        columns = await fetch_columns(redis, settings.redis_address) if catalogue.added_measures else Columns()
        history = History(redis, settings.redis_address, SharedFormat(RowFormat(catalogue, columns)))
        found = await history.days(layout.partitions, queries.values())
    finally:
        await redis.aclose()
    windows = tuple(name for name in layout.windows if parse_window(name).span_ms % QUARTER_MS == 0)
    rows = {name: (query, found[query]) for name, query in queries.items()}
    return StoredHistory(replace(layout, windows=windows), oldest, span, everyone, rows, catalogue)
