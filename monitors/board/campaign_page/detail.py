"""One campaign's page: its pace lines and breakdowns. Pure; history is read by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from kpis.measures import Row
from kpis.series import of_shown
from kpis.times import DAY_MS, QUARTER_MS
from kpis.windows import TOTAL
from monitors.alerts.assessment import Assessment
from monitors.board.added import Added
from monitors.board.board import Board
from monitors.board.campaign_page.cones import cone_of
from monitors.board.campaign_page.detail_shapes import (
    Breakdown,
    CampaignDetail,
    CampaignStory,
    MemberNow,
    PaceLine,
    Point,
)
from monitors.board.campaign_rows import measures
from monitors.board.shapes import CampaignNow, Measures
from monitors.goals.curves import curve_of
from monitors.goals.periods import period_at, target_of
from monitors.goals.subject import parts_of
from monitors.goals.values import Flight, TotalGoal
from monitors.read.breakdowns import Windows
from monitors.read.queries import Query

MAX_POINTS = 200
MAX_BREAKDOWNS = 200
_NO_SUMS: Mapping[int, Row] = {}


def history_of(board: Board, row: CampaignNow, now_ms: int) -> Query | None:
    """The quarter hours that a campaign's pace lines need; None when it has none, or history does not reach back."""
    found = board.view.snapshot
    if found is None or row.start_ms is None or row.end_ms is None:
        return None
    if not row.start_ms <= now_ms or row.start_ms < now_ms - found.layout.history_days * DAY_MS:
        return None
    series = of_shown(row.id)
    members = next((parts_of(one.campaign) for one in judged_of(board, series)), ())
    return Query(series, row.start_ms, min(row.end_ms, now_ms + 1), members)


def judged_of(board: Board, series: str) -> list[Assessment]:
    """The goals and watches of a campaign or a parent, judged."""
    return [one for one in board.view.assessments if one.campaign.series == series]


def detail(
    board: Board,
    row: CampaignNow,
    quarters: Mapping[int, Row] = _NO_SUMS,
    breakdowns: Mapping[str, Windows] | None = None,
    members: tuple[MemberNow, ...] = (),
    *,
    story: CampaignStory | None = None,
    can_act: bool = False,
) -> CampaignDetail:
    """All that is known of one campaign.

    Args:
        board: the board.
        row: the campaign's row.
        quarters: its history, by the quarter hour's first millisecond; empty when there is none.
        breakdowns: its breakdowns' windows; None when they cannot be read.
        members: of a parent, its campaigns.
        story: what is known of it beside its numbers.
        can_act: whether whoever reads may acknowledge and mute.
    """
    found, series = board.view.snapshot, of_shown(row.id)
    as_of = found.as_of(series) if found else None
    lines = [pace_line(one, quarters, as_of) for one in (judged_of(board, series) if quarters else ())]
    return CampaignDetail(
        summary=board.summary,
        campaign=row,
        windows=_windows(board, series),
        lines=[line for line in lines if line is not None],
        breakdowns=_breakdowns(breakdowns or {}, board.summary.window, board.every),
        breakdowns_read=breakdowns is not None,
        changes=board.view.changes.newest(row.id),
        can_act=can_act,
        members=members,
        added=board.every.columns,
        story=story,
    )


def _windows(board: Board, series: str) -> dict[str, Measures]:
    rows = board.view.snapshot.rows_of(series) if board.view.snapshot else None
    windows = rows.windows if rows else {}
    made = ((name, measures(windows, name, board.every)) for name in windows)
    return {name: shown for name, shown in made if shown is not None}


def pace_line(one: Assessment, quarters: Mapping[int, Row], as_of_ms: int | None) -> PaceLine | None:
    """A total's way through its flight, or its period as of now, in at most some 200 points; None for a ratio."""
    goal, whole = one.goal, one.campaign.flight
    if not isinstance(goal, TotalGoal) or as_of_ms is None:
        return None
    flight, target = period_at(whole, goal.per, as_of_ms), target_of(goal, whole, as_of_ms)
    curve, column = curve_of(goal.curve), goal.total.column
    until = min(as_of_ms, flight.end_ms)
    # The flight may begin within a quarter hour; periods begin with one.
    since = flight.start_ms if flight.start_ms > whole.start_ms else 0
    sums = {start: row[column] for start, row in quarters.items() if start >= since}
    points, actual = [], 0
    starts, place = sorted(sums), 0
    for at in _moments(flight, until):
        # A quarter hour counts once it is over, or when the data's clock stands in it.
        while place < len(starts) and (starts[place] + QUARTER_MS <= at or at == until) and starts[place] < until:
            actual += sums[starts[place]]
            place += 1
        points.append(Point(at, actual, round(target * curve(flight, at))))
    line = PaceLine(goal.id, goal.unit, until, points)
    return replace(line, cone=cone_of(one, line))


def _moments(flight: Flight, until_ms: int) -> Sequence[int]:
    """Quarter hours of the flight, thinned out, and its start, its end and where the data's clock is.

    What is past and what is to come have half of the points each: of a launch day the first hours are to be seen.
    """
    now = min(max(until_ms, flight.start_ms), flight.end_ms)
    inside = {*_thinned(flight.start_ms, now), *_thinned(now, flight.end_ms)}
    return sorted({flight.start_ms, flight.end_ms, now} | inside)


def _thinned(begin_ms: int, end_ms: int) -> Sequence[int]:
    """Quarter hours between two moments, some hundred at the most."""
    every = max(1, -(-2 * (end_ms - begin_ms) // (QUARTER_MS * MAX_POINTS))) * QUARTER_MS
    return range(begin_ms - begin_ms % QUARTER_MS + QUARTER_MS, end_ms, every)


def _breakdowns(found: Mapping[str, Windows], window: str, added: Added) -> list[Breakdown]:
    """Those that spent most first."""
    parts = [
        Breakdown(name, measures(windows, TOTAL, added), measures(windows, window, added))
        for name, windows in found.items()
    ]
    parts.sort(key=lambda part: (-(part.total.spend_micros if part.total else 0), part.name))
    return parts[:MAX_BREAKDOWNS]
