"""What is seen of one campaign at one look: all that its goals are judged from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import cast

import numpy as np

from kpis.arrays import Int64s
from kpis.catalogue import Kpi
from kpis.contract.claimed import Columns
from kpis.measures import INDEX, WIDTH, ZERO, Row, Stream, zeros
from kpis.times import HOUR_MS, QUARTER_MS
from kpis.windows import parse_window
from monitors.goals.periods import period_at
from monitors.goals.subject import Subject, Watch
from monitors.goals.values import Campaign, Flight, Period, RatioGoal, TotalGoal
from monitors.habits.heard import Heard
from monitors.pacing.onset import Onset
from monitors.pacing.verdict import Observed, Status
from monitors.read.past import Past, open_quarters, together
from monitors.read.queries import ToDate
from monitors.read.snapshot import Snapshot, StreamHealth

_CAUSES = frozenset({INDEX["impressions"], INDEX["spend_micros"]})


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One campaign at one moment.

    Attributes:
        as_of_ms: the watermark; None when there is none.
        history_from_ms: the oldest time that history reaches back to.
        to_date: measures since the flight began.
        windows: measures in each rolling window that is kept; None where the campaign is not in it.
        past: the whole hours before; None when they are not known.
        open_quarters: the quarter hours since, the last one up to now.
        streams: how each stream stands that is known of; empty where nobody says.
        recent_ms: the first millisecond of the quarter hours of late.
        recent: what was counted in each of them, [quarter, measure]; empty where the past ends the day before.
        periods: measures since the current day, week or month began.
        late_ms: how late it is meant to be: as of a feed that is late by habit.
        columns: since when each measure is counted; None where all always were.
    """

    as_of_ms: int | None
    history_from_ms: int
    to_date: Row = ZERO
    windows: Mapping[str, Row | None] = field(default_factory=dict)
    past: Past | None = None
    open_quarters: tuple[Row, ...] = ()
    streams: Mapping[Stream, StreamHealth] = field(default_factory=dict)
    recent_ms: int = 0
    recent: Int64s = field(default_factory=lambda: np.zeros((0, WIDTH), np.int64))
    periods: Mapping[Period, Row] = field(default_factory=dict)
    late_ms: int = 0
    columns: Columns | None = None
    _watched: Observed | None = field(default=None, init=False, repr=False)

    @property
    def open_hour(self) -> Row:
        """Measures since the last whole hour."""
        return together(self.open_quarters) if self.open_quarters else zeros(len(self.to_date))

    def until(self, at_ms: int) -> Sight | None:
        """What was to be seen of it at an earlier moment, down to the quarter hour; None where it is not known."""
        end = at_ms - at_ms % QUARTER_MS
        first = (end - self.recent_ms) // QUARTER_MS
        if self.past is None or self.as_of_ms is None or not 0 <= first <= len(self.recent):
            return None
        later = tuple(self.recent[first:].sum(axis=0).tolist())
        past = _cut(self.past, end - end % HOUR_MS)
        return replace(
            self,
            as_of_ms=end,
            to_date=_less(self.to_date, later),
            windows={name: self._window(name, end) for name in self.windows},
            past=past,
            open_quarters=open_quarters(self.recent_ms, self.recent[:first], past, end - 1),
            periods={per: _less(row, later) for per, row in self.periods.items()},
            late_ms=self.as_of_ms - end,
        )

    def whole_ms(self, goal: Subject) -> int | None:
        """From when on all that a goal is made of is counted; 0 where it always was, None where nobody counts it."""
        if self.columns is None or isinstance(goal, Watch):
            return 0
        if isinstance(goal, TotalGoal):
            return self.columns.since(goal.total)
        return self.columns.whole_from(goal.kpi.formula.measures)

    def goes_on(self, goal: RatioGoal, at_ms: int) -> bool:
        """Whether evidence of up to a moment is of the same numbers: all of a ratio's measures were counted by then."""
        columns = self.columns
        return columns is None or all((columns.since(one) or 0) <= at_ms for one in goal.kpi.formula.measures)

    def counted(self, goal: Subject) -> Sight:
        """Without the past hours in which not all that a goal is made of was counted."""
        since = self.whole_ms(goal)
        if not since or self.past is None or since <= self.past.start_ms:
            return self
        return replace(self, past=_from(self.past, since))

    def settled(self, goal: Subject, heard: Heard) -> Sight:
        """Without the last report of many impressions or much spend, of which a ratio's outcomes are yet to come."""
        if not isinstance(goal, RatioGoal):
            return self
        column = _cause_of(goal.kpi) if goal.kpi.is_quotient else None
        if column is None or not (last := heard.unsettled(column)):
            return self
        return replace(
            self,
            to_date=_without(self.to_date, column, last),
            windows={n: row and _without(row, column, last) for n, row in self.windows.items()},
            open_quarters=(*self.open_quarters[:-1], *(_without(q, column, last) for q in self.open_quarters[-1:])),
        )

    def of(self, goal: Subject, heard: Heard | None, proven: Status | None, onset: Onset | None = None) -> Observed:
        """What one goal is judged from."""
        if proven is None and isinstance(goal, Watch):
            # The watches of a campaign all look at the same.
            if self._watched is None or self._watched.heard is not heard:
                object.__setattr__(self, "_watched", self._of(goal, heard, None))
            return cast("Observed", self._watched)
        return self._of(goal, heard, proven, onset)

    def _of(self, goal: Subject, heard: Heard | None, proven: Status | None, onset: Onset | None = None) -> Observed:
        window = goal.window if isinstance(goal, RatioGoal) else None
        to_date = self.to_date
        if isinstance(goal, TotalGoal) and goal.per is not Period.FLIGHT:
            to_date = self.periods.get(goal.per) or zeros(len(to_date))
        return Observed(
            to_date=to_date,
            window=None if window is None else self.windows.get(window),
            as_of_ms=self.as_of_ms,
            history_from_ms=self.history_from_ms,
            has_window=window is None or window in self.windows,
            proven=proven,
            onset=onset,
            past=self.past,
            open_quarters=self.open_quarters,
            heard=heard,
            late_ms=self.late_ms,
            whole_ms=self.whole_ms(goal),
        )

    def _window(self, name: str, end_ms: int) -> Row:
        """A window that ends at a quarter hour, in whole quarter hours."""
        last = (end_ms - self.recent_ms) // QUARTER_MS
        span = max(_span_ms(name) // QUARTER_MS, 1)
        return tuple(self.recent[max(last - span, 0) : last].sum(axis=0).tolist())


def sight(
    campaign: Campaign,
    snapshot: Snapshot,
    found: ToDate,
    past: Past | None,
    history_from_ms: int,
    *,
    periods: Mapping[Period, Row] | None = None,
) -> Sight:
    """What is seen of a campaign.

    Args:
        campaign: whose.
        snapshot: its windows, and the watermark where history has none.
        found: its flight to date, and the watermark of that.
        past: its past at that watermark.
        history_from_ms: the oldest time that history certainly reaches back to.
        periods: measures since the current day, week or month began.
    """
    # Sum and clock of one moment: on a fast clock the snapshot's may already be another.
    as_of = found.as_of_ms if found.as_of_ms is not None else snapshot.as_of(campaign.series)
    recent: tuple[Row, ...] = ()
    if past is not None and as_of is not None:
        recent = open_quarters(found.recent_ms, found.recent, past, as_of)
    return Sight(
        as_of_ms=as_of,
        history_from_ms=history_from_ms,
        to_date=found.row,
        windows={name: snapshot.row(campaign.series, name) for name in snapshot.layout.windows},
        past=past,
        open_quarters=recent,
        streams=snapshot.streams_of(campaign.series),
        recent_ms=found.recent_ms,
        recent=found.recent,
        periods=periods or {},
        columns=snapshot.columns,
    )


def periods_of(campaign: Campaign, at_ms: int) -> dict[Period, Flight]:
    """The current day, week or month of each kind that a campaign's totals are for."""
    wanted = {g.per for g in campaign.goals if isinstance(g, TotalGoal) and g.per is not Period.FLIGHT}
    return {per: period_at(campaign.flight, per, at_ms) for per in wanted}


def _cut(past: Past, end_ms: int) -> Past:
    """A past that ends earlier; computed once, so that what is computed of it is."""
    if end_ms >= past.end_ms:
        return past
    hours = max((end_ms - past.start_ms) // HOUR_MS, 0)
    return past.once(("cut", hours), lambda: Past(past.start_ms, past.hours[:hours], past.busy[: hours * 4]))


def _from(past: Past, start_ms: int) -> Past:
    """A past that begins later; computed once, likewise."""
    first = past.since(start_ms)
    found = Past(past.start_ms + first * HOUR_MS, past.hours[first:], past.busy[first * 4 :])
    return past.once(("from", first), lambda: found)


def _cause_of(kpi: Kpi) -> int | None:
    """The measure of a ratio that its outcomes come of, where that is one."""
    causes = {kpi.above.column, kpi.below.column} & _CAUSES
    return causes.pop() if len(causes) == 1 else None


def _without(row: Row, column: int, amount: int) -> Row:
    return (*row[:column], max(row[column] - amount, 0), *row[column + 1 :])


def _less(row: Row, later: Row) -> Row:
    return tuple(a - b for a, b in zip(row, later, strict=True))


@lru_cache(maxsize=64)
def _span_ms(window: str) -> int:
    return parse_window(window).span_ms
