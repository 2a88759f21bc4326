"""What the API answers of one campaign; the OpenAPI page is generated from these types too."""

from __future__ import annotations

from msgspec import Struct

from kpis.units import Unit
from monitors.alerts.status_changes import StatusChange
from monitors.board.shapes import AddedColumn, CampaignNow, Measures, Summary
from monitors.pacing.verdict import Status


class Breakdown(Struct, frozen=True):
    """A part of a campaign, such as one channel."""

    name: str
    total: Measures | None
    recent: Measures | None


class Point(Struct, frozen=True):
    """Totals of the flight up to a moment: what there was, and what the curve expects there."""

    at_ms: int
    actual: int
    expected: int


class PaceLine(Struct, frozen=True):
    """A total over its flight, in the goal's unit; ``actual`` of points after the data's clock repeats the last."""

    goal: str
    unit: Unit
    as_of_ms: int
    points: list[Point]


class MemberGoal(Struct, frozen=True):
    """What a campaign adds to one goal of its account or portfolio, in that goal's flight or period, in its unit.

    ``actual`` is what it brought (of a ratio: its own value), ``target`` what its own goals plan for all of that time,
    ``expected`` what they plan for by now; null where it has no such goal. ``share`` is the part of all that came that
    it brought, ``target_share`` the part of the goal's target that it plans.
    """

    goal: str
    actual: int | float | None
    expected: int | None = None
    target: int | None = None
    share: float | None = None
    target_share: float | None = None


class MemberNow(Struct, frozen=True):
    """A campaign that an account's or the portfolio's goals are of, with what it adds to each."""

    id: str
    name: str
    status: Status | None
    goals: tuple[MemberGoal, ...]


class CampaignDetail(Struct, frozen=True):
    """One campaign with its windows, pace lines and breakdowns (``breakdowns_read`` says whether those could be).

    ``can_act`` says whether whoever reads this may acknowledge and mute.
    ``members`` has the campaigns of an account or the portfolio, those first that are furthest behind for its goals;
    200 at most. It is empty for a campaign, and while history cannot be read.
    """

    summary: Summary
    campaign: CampaignNow
    windows: dict[str, Measures]
    lines: list[PaceLine]
    breakdowns: list[Breakdown]
    breakdowns_read: bool
    changes: list[StatusChange]
    members: tuple[MemberNow, ...] = ()
    can_act: bool = False
    added: tuple[AddedColumn, ...] = ()
