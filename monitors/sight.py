"""What is seen of one campaign at one look: all that its goals are judged from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpis.measures import ZERO, Row, add
from monitors.goals.subject import Subject
from monitors.goals.values import Campaign, RatioGoal
from monitors.habits.heard import Heard
from monitors.pacing.verdict import Observed, Status
from monitors.read.history import ToDate
from monitors.read.past import Past, open_quarters
from monitors.read.snapshot import Snapshot


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
    """

    as_of_ms: int | None
    history_from_ms: int
    to_date: Row = ZERO
    windows: Mapping[str, Row | None] = field(default_factory=dict)
    past: Past | None = None
    open_quarters: tuple[Row, ...] = ()

    @property
    def open_hour(self) -> Row:
        """Measures since the last whole hour."""
        return add(self.open_quarters) if self.open_quarters else ZERO

    def of(self, goal: Subject, heard: Heard | None, proven: Status | None) -> Observed:
        """What one goal is judged from."""
        window = goal.window if isinstance(goal, RatioGoal) else None
        return Observed(
            to_date=self.to_date,
            window=None if window is None else self.windows.get(window),
            as_of_ms=self.as_of_ms,
            history_from_ms=self.history_from_ms,
            has_window=window is None or window in self.windows,
            proven=proven,
            past=self.past,
            open_quarters=self.open_quarters,
            heard=heard,
        )


def sight(campaign: Campaign, snapshot: Snapshot, found: ToDate, past: Past | None, history_from_ms: int) -> Sight:
    """What is seen of a campaign.

    Args:
        campaign: whose.
        snapshot: its windows, and the watermark where history has none.
        found: its flight to date, and the watermark of that.
        past: its past at that watermark.
        history_from_ms: the oldest time that history certainly reaches back to.
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
    )
