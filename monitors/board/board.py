"""The board's state: brought up to date with each view, told to whoever listens."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import msgspec
from msgspec.structs import replace

from kpis.measures import INDEX
from kpis.series import is_parent, shown_id
from monitors.alerts.assessment import Assessment
from monitors.alerts.status_changes import StatusChange
from monitors.board.added import NOTHING_ADDED, everything, listed
from monitors.board.campaign_rows import campaign_row, recent_window, summarize, worst_first
from monitors.board.feed import Feed, campaigns_of
from monitors.board.overview.freshness import FreshnessPolicy, health_of, next_steps
from monitors.board.overview.overview_shapes import Tiles
from monitors.board.overview.summing_up import channels_of, tiles
from monitors.board.pulse import Pulses
from monitors.board.shapes import CampaignNow, Campaigns, Summary, Update
from monitors.export.budget import BudgetPolicy, keep
from monitors.read.snapshot import SeriesRows
from monitors.view import View

_IMPRESSIONS = INDEX["impressions"]
_MANY, _TURNS = 500, 8
"""Of more rows than that the last minutes are sent in so many updates, not in one of megabytes."""
_Seen = tuple[SeriesRows | None, Sequence[Assessment]]


@dataclass(frozen=True, slots=True)
class BoardPolicy:
    """How the board looks at things.

    Attributes:
        max_lag_ms: how old data may be to be judged, to say so.
        rate: milliseconds of the deployment's clock in a real one.
        max_campaigns: how many are shown; those with goals come first, then those that spent most.
        unread_s: how many real seconds ago the monitor's last read may be.
    """

    max_lag_ms: int = 60_000
    rate: float = 1.0
    max_campaigns: int = 5_000
    unread_s: float = 5.0

    @property
    def freshness(self) -> FreshnessPolicy:
        """What is too old."""
        return FreshnessPolicy(self.max_lag_ms, self.unread_s, self.rate)


class Board:
    """The rows of all campaigns, and their last minutes.

    Args:
        name: of this run, see :class:`~monitors.board.feed.Feed`.
        policy: how to look at things.

    Attributes:
        listed: what the list shows beside the core's columns.
        every: all that there is beside them.
        today: what is known of today's spend, from whoever reads it.
    """

    def __init__(self, name: str, policy: BoardPolicy) -> None:
        self.policy = policy
        self.view = View()
        self._name = name
        self.feed = Feed(name)
        self.listed, self.every = NOTHING_ADDED, NOTHING_ADDED
        self._trail = Pulses()
        self._seen: dict[str, _Seen] = {}
        self._redrawn: list[int] = []
        self._window = ""
        self.today = Tiles()
        self.summary: Summary = self._summary(0, 0.0, 0)

    def update(self, view: View, now_ms: int, now_s: float) -> Update:
        """Take over a view; gives what people can see of the difference.

        Args:
            view: what the monitor knows now.
            now_ms: the deployment's clock.
            now_s: a time that never goes back.
        """
        changes = view.changes.since(self.view.changes.count)
        self.view = view
        series = view.snapshot.series if view.snapshot else {}
        goals: dict[str, list[Assessment]] = {}
        for one in view.assessments:
            goals.setdefault(one.campaign.series, []).append(one)
        parents = view.snapshot.parents if view.snapshot else {}
        candidates = {name: series[name] for name in campaigns_of(series)}
        shown = goals.keys() | keep(candidates, self.policy.max_campaigns, self._seen, goals, BudgetPolicy())
        known = {**candidates, **parents}
        is_other = self._take_up(view)
        is_fresh = is_other | self._pulse(view, {name: known[name] for name in shown if name in known}, now_s)
        seen: dict[str, _Seen] = {name: (known.get(name), goals.get(name, ())) for name in shown}
        rows = self._rows(view, seen, is_fresh=is_fresh)
        gone = self._seen.keys() - seen.keys()
        self._seen = seen
        changed, left = self.feed.put(rows, map(shown_id, gone))
        self.summary = self._summary(
            now_ms, now_s, sum(not is_parent(name) for name in candidates.keys() | goals.keys())
        )
        return Update(self.summary, changed, left, changes)

    def campaigns(self) -> Campaigns:
        """All rows, the worst first."""
        rows = sorted(self.feed.rows.values(), key=worst_first)
        return Campaigns(self.feed.id, self.summary, rows, self.listed.columns)

    def missed(self, sent: str) -> Update | None:
        """What a client missed that has everything up to an id; None when it must begin anew."""
        found = self.feed.since(sent)
        return None if found is None else Update(self.summary, *found, list[StatusChange]())

    @property
    def mark(self) -> str:
        """What tells the columns of the board from others."""
        return f"{self.listed.mark}{self.every.mark}"

    def _take_up(self, view: View) -> bool:
        """Show the columns of a view's catalogue; gives whether they are others than before, so that all is sent."""
        catalogue = view.snapshot.catalogue if view.snapshot else self.every.catalogue
        shown = listed(catalogue, view.assessments) if view.snapshot else self.listed
        lacking = view.snapshot.lacking if view.snapshot else self.every.lacking
        is_same = catalogue is self.every.catalogue and shown.columns == self.listed.columns
        if is_same and lacking == self.every.lacking:
            return False
        self.listed, self.every = (dataclasses.replace(one, lacking=lacking) for one in (shown, everything(catalogue)))
        if is_same:
            # A KPI has a value in a window from now on, or none any more: all rows are made again.
            return True
        # Whoever comes back with what was sent before begins anew.
        self.feed = Feed(f"{self._name}.{self.mark}")
        self._seen = {}
        return True

    def _rows(self, view: View, seen: Mapping[str, _Seen], *, is_fresh: bool) -> list[CampaignNow]:
        """The rows of what is not as it was seen before; all of them when ``is_fresh``."""
        channels = channels_of(view.snapshot.series if view.snapshot else ())
        turn = self._redrawn.pop() if self._redrawn else None
        rows: list[CampaignNow] = []
        for name, one in seen.items():
            before = self._seen.get(name)
            is_due = is_fresh or (turn is not None and crc32(name.encode()) % _TURNS == turn)
            # Judged anew means another object; what has no goals changes with its documents only.
            if is_due or before is None or before[0] is not one[0] or before[1] != one[1]:
                pulse = self._trail.of(name)
                row = campaign_row(name, *one, self._window, pulse, currency=_currency(view), added=self.listed)
                rows.append(replace(row, channels=channels[name]) if name in channels else row)
        return rows

    def _pulse(self, view: View, shown: dict[str, SeriesRows], now_s: float) -> bool:
        """Remember the last minutes; gives whether every row is to be made again, now and at once."""
        windows = view.snapshot.layout.windows if view.snapshot else ()
        window, is_new = recent_window(windows), recent_window(windows) != self._window
        self._window = window
        if not windows:
            return is_new
        shortest = windows[0]
        values = {n: rows.windows[shortest][_IMPRESSIONS] for n, rows in shown.items() if shortest in rows.windows}
        if not self._trail.add(values, now_s):
            return is_new
        self._redrawn = list(range(_TURNS)) if len(shown) > _MANY else []
        return is_new or not self._redrawn

    def _summary(self, now_ms: int, now_s: float, campaigns: int) -> Summary:
        found = summarize(
            self.view,
            self.feed.rows.values(),
            now_ms=now_ms,
            rate=self.policy.rate,
            max_lag_ms=self.policy.max_lag_ms,
            campaigns=campaigns,
            columns=self.mark,
        )
        return replace(
            found,
            health=health_of(self.view, now_ms, now_s, self.policy.freshness, found.streams),
            tiles=tiles(self.feed.rows.values(), now_ms, found.statuses, self.today if self.view.snapshot else Tiles()),
            next_steps=next_steps(self.view, campaigns),
        )


def _currency(view: View) -> str:
    return view.snapshot.layout.currency if view.snapshot else ""


def encoded(value: msgspec.Struct) -> bytes:
    """The JSON of an answer."""
    return msgspec.json.encode(value)
