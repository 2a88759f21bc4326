"""A campaign's KPIs over time: what is read of history for them, and into which steps it is cut. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from kpis.catalogue import Catalogue
from kpis.measures import Row
from kpis.series import of_shown
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from monitors.board.board import Board
from monitors.board.campaign_page.detail import judged_of
from monitors.board.campaign_page.time_series import lines_of
from monitors.board.campaign_page.trend_shapes import CampaignTrends, TrendRange
from monitors.board.shapes import CampaignNow
from monitors.goals.periods import period_at
from monitors.goals.subject import parts_of
from monitors.goals.values import Flight, Period
from monitors.read.queries import Query

MOST_DAYS = 40
MOST_READS = 20_000
"""Hashes of Redis that one look may read, a day of a series and partition each: some tenths of a second."""
SPANS = {TrendRange.DAY: DAY_MS, TrendRange.WEEK: 7 * DAY_MS, TrendRange.ALL: MOST_DAYS * DAY_MS}
STEPS = {TrendRange.DAY: QUARTER_MS, TrendRange.WEEK: HOUR_MS, TrendRange.ALL: DAY_MS}
_FIRST_DAY_MS = 36 * HOUR_MS
"""For so long after its flight began a campaign is looked at by quarter hours."""


@dataclass(frozen=True, slots=True)
class TrendQuery:
    """What is asked for.

    Attributes:
        range: how far back.
        timezone: the campaign's.
        as_of_ms: up to when is counted; None before the first event.
        query: what to read; None when there is nothing to.
        says: why that is less than was asked for, or nothing; else empty.
    """

    range: TrendRange
    timezone: str
    as_of_ms: int | None
    query: Query | None
    says: str = ""


def trend_query(board: Board, row: CampaignNow, asked: TrendRange | None = None) -> TrendQuery:
    """What to read for a campaign's charts.

    Args:
        board: the board.
        row: the campaign's row.
        asked: how far back; None for what suits its flight.
    """
    found, series = board.view.snapshot, of_shown(row.id)
    campaign = next((one.campaign for one in judged_of(board, series)), None)
    timezone = campaign.flight.timezone if campaign else "UTC"
    as_of_ms = found.as_of(series) if found else None
    chosen = asked or _suiting(campaign.flight if campaign else None, as_of_ms)
    if found is None or as_of_ms is None:
        return TrendQuery(chosen, timezone, None, None, "No event was counted yet.")
    members, says = parts_of(campaign) if campaign else (), ""
    days = min(SPANS[chosen] // DAY_MS, found.layout.history_days, MOST_DAYS)
    # Of an account with thousands of campaigns fewer days are read.
    affordable = max(MOST_READS // (max(len(members), 1) * found.layout.partitions), 1)
    if affordable < days:
        days, says = affordable, f"Only {affordable} d are shown: it is {len(members):,} campaigns together."
    end_ms = as_of_ms + 1
    if campaign and campaign.flight.end_ms < end_ms:
        end_ms = max(campaign.flight.end_ms, end_ms - found.layout.history_days * DAY_MS)
    return TrendQuery(
        chosen, timezone, as_of_ms, Query(series, _begin(end_ms, days, chosen, timezone), end_ms, members), says
    )


def trends(
    board: Board, row: CampaignNow, asked: TrendQuery, quarters: Mapping[int, Row] | None, catalogue: Catalogue
) -> CampaignTrends:
    """A campaign's charts.

    Args:
        board: the board.
        row: the campaign's row.
        asked: what was asked for.
        quarters: its history by the quarter hour's first millisecond; None when it could not be read.
        catalogue: what these rows are of.
    """
    judged = judged_of(board, of_shown(row.id))
    starts: Sequence[int] = ()
    if quarters and asked.query is not None:
        starts = steps_of(asked.range, min(quarters), asked.query.end_ms, asked.timezone)
    says = asked.says
    if quarters is None and asked.query is not None:
        says = "History cannot be read now."
    elif not starts:
        says = says or "Nothing was counted in this time."
    sums = summed(quarters or {}, starts, catalogue.width)
    return CampaignTrends(
        row.id,
        asked.range,
        asked.timezone,
        board.summary.currency,
        STEPS[asked.range],
        list(starts),
        asked.query.end_ms if asked.query and starts else None,
        asked.as_of_ms,
        lines_of(catalogue, sums, judged) if starts else [],
        says,
    )


def steps_of(chosen: TrendRange, first_ms: int, end_ms: int, timezone: str) -> list[int]:
    """The begins of the steps that lie between two moments, the first of which may lie within one."""
    step = STEPS[chosen]
    if step < DAY_MS:
        return list(range(_floor(first_ms, step, timezone), end_ms, step))
    whole, found = Flight(0, end_ms + 2 * DAY_MS, timezone), list[int]()
    while first_ms < end_ms:
        day = period_at(whole, Period.DAY, first_ms)
        found.append(day.start_ms)
        first_ms = day.end_ms
    return found


def summed(quarters: Mapping[int, Row], starts: Sequence[int], width: int) -> list[Row]:
    """The sums of each step; a quarter hour belongs to the step that it begins in."""
    if not starts:
        return []
    sums = np.zeros((len(starts), width), np.int64)
    at = np.fromiter(quarters, np.int64, len(quarters))
    places = np.searchsorted(np.asarray(starts, np.int64), at, side="right") - 1
    inside = places >= 0
    np.add.at(sums, places[inside], np.asarray([quarters[ms] for ms in at.tolist()], np.int64)[inside])
    return [tuple(one) for one in sums.tolist()]


def _suiting(flight: Flight | None, as_of_ms: int | None) -> TrendRange:
    """A first day by quarter hours, later a week by hours."""
    if flight is None or as_of_ms is None:
        return TrendRange.DAY
    return TrendRange.DAY if min(as_of_ms, flight.end_ms) - flight.start_ms <= _FIRST_DAY_MS else TrendRange.WEEK


def _begin(end_ms: int, days: int, chosen: TrendRange, timezone: str) -> int:
    """So many days before the end; of days those of the calendar."""
    begin = end_ms - days * DAY_MS
    if chosen is not TrendRange.ALL:
        return begin - begin % QUARTER_MS
    # The first day is a whole one: half of it would look like a fall.
    return period_at(Flight(0, end_ms + 2 * DAY_MS, timezone), Period.DAY, begin).end_ms


def _floor(ms: int, step: int, timezone: str) -> int:
    """The begin of a step of local clocks: of an hour in Kolkata that is half past of UTC."""
    offset = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(timezone)).utcoffset()
    ahead_ms = round(offset.total_seconds() * 1000) if offset else 0
    return ms - (ms + ahead_ms) % step
