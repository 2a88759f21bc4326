"""The campaigns of an account or the portfolio, with what each adds to its goals. Pure; sums are read by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from kpis.measures import Row
from kpis.series import of_shown, shown_id
from monitors.board.board import Board
from monitors.board.campaign_page.detail import judged_of
from monitors.board.campaign_page.detail_shapes import MemberGoal, MemberNow
from monitors.board.shapes import CampaignNow
from monitors.goals.parents.roll_up import target_within
from monitors.goals.periods import period_at, target_of
from monitors.goals.values import Campaign, Flight, Goal, TotalGoal
from monitors.read.queries import Query

MAX_MEMBERS = 200
"""Campaigns that are listed of one parent."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A parent at a moment.

    Attributes:
        parent: which.
        as_of_ms: the watermark.
        spans: of each of its goals, the flight or the period that it is about then, up to then.
        lacking: the KPIs whose measures were not all counted in all of the flight.
    """

    parent: Campaign
    as_of_ms: int
    spans: tuple[Flight, ...]
    lacking: frozenset[str] = frozenset()

    def query(self, series: str, span: Flight) -> Query:
        """What to sum for one member."""
        return Query(series, span.start_ms, span.end_ms)

    @property
    def queries(self) -> list[Query]:
        """What to sum for all of them."""
        return [self.query(one, span) for one in self.parent.members for span in dict.fromkeys(self.spans)]


def roll_of(board: Board, row: CampaignNow) -> Roll | None:
    """What a row's members are summed for; None for a campaign, and before there is anything to sum."""
    series, found = of_shown(row.id), board.view.snapshot
    parent = next((one.campaign for one in judged_of(board, series) if one.campaign.is_parent), None)
    as_of_ms = found.as_of(series) if found else None
    if parent is None or as_of_ms is None or as_of_ms < parent.flight.start_ms:
        return None
    spans = tuple(_upto(goal, parent.flight, as_of_ms) for goal in parent.goals)
    return Roll(parent, as_of_ms, spans, found.lacking_since(parent.flight.start_ms) if found else frozenset())


def members(board: Board, roll: Roll, sums: Mapping[Query, Row]) -> tuple[MemberNow, ...]:
    """The members of a parent, those first that are furthest off what they planned, as a part of its targets.

    Args:
        board: the board.
        roll: the parent.
        sums: of each query of it.
    """
    known, found = {one.series: one for one in board.view.campaigns}, list[MemberNow]()
    for series in roll.parent.members:
        each = zip(roll.parent.goals, roll.spans, strict=True)
        added = [_added(roll, goal, known.get(series), span, sums[roll.query(series, span)]) for goal, span in each]
        row = board.feed.rows.get(shown_id(series))
        found.append(
            MemberNow(
                shown_id(series), row.name if row else shown_id(series), row.status if row else None, tuple(added)
            )
        )
    found = _with_shares(found)
    return tuple(sorted(found, key=lambda one: (-max(map(_off, one.goals)), one.id))[:MAX_MEMBERS])


def _added(roll: Roll, goal: Goal, member: Campaign | None, span: Flight, row: Row) -> MemberGoal:
    if not isinstance(goal, TotalGoal):
        return MemberGoal(goal.id, None if goal.kpi.name in roll.lacking else goal.kpi.of(row))
    actual, flight = row[goal.total.column], roll.parent.flight
    target = target_within(member, goal.total, period_at(flight, goal.per, roll.as_of_ms)) if member else None
    if member is None or target is None:
        return MemberGoal(goal.id, actual)
    whole = target_of(goal, flight, roll.as_of_ms)
    part = target / whole if whole else None
    return MemberGoal(goal.id, actual, target_within(member, goal.total, span), target, target_share=part)


def _upto(goal: Goal, flight: Flight, as_of_ms: int) -> Flight:
    whole = period_at(flight, goal.per, as_of_ms) if isinstance(goal, TotalGoal) else flight
    return Flight(whole.start_ms, min(whole.end_ms, as_of_ms + 1), whole.timezone)


def _with_shares(found: list[MemberNow]) -> list[MemberNow]:
    """With how much of all that came each brought: of totals, for ratios add up to nothing."""
    whole: dict[str, int] = {}
    for goal in (goal for one in found for goal in one.goals):
        if isinstance(goal.actual, int):
            whole[goal.goal] = whole.get(goal.goal, 0) + goal.actual
    return [replace(one, goals=tuple(_with_share(goal, whole) for goal in one.goals)) for one in found]


def _with_share(goal: MemberGoal, whole: Mapping[str, int]) -> MemberGoal:
    if not isinstance(goal.actual, int) or whole[goal.goal] <= 0:
        return goal
    return replace(goal, share=goal.actual / whole[goal.goal])


def _off(goal: MemberGoal) -> float:
    """How far a member is off what it planned by now, as a part of the parent's target."""
    if not goal.target or goal.expected is None or goal.actual is None:
        return 0.0
    return abs(goal.expected - goal.actual) / goal.target * (goal.target_share or 0.0)
