"""What the API answers of a campaign's KPIs over time; the OpenAPI page is generated from these types too."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from kpis.units import Unit
from monitors.goals.values import Bound


class TrendRange(StrEnum):
    """How far back is looked: the last day by quarter hours, the last week by hours, or 40 days by days."""

    DAY = "day"
    WEEK = "week"
    ALL = "all"


class IntervalKind(StrEnum):
    """What ``low`` and ``high`` of a line are.

    ``wilson``: of a share of counts the 95 % score interval. ``count``: of a cost or return how far chance alone moves
    it with so few events, 95 % too. ``none``: there is no interval.
    """

    WILSON = "wilson"
    COUNT = "count"
    NONE = "none"


class GoalLine(Struct, frozen=True):
    """The bound of a goal on a KPI, drawn through its chart: judged in a rolling ``window``, not step by step."""

    goal: str
    label: str
    bound: Bound
    limit: float
    critical_limit: float
    window: str


class TimeSeries(Struct, frozen=True):
    """A KPI or a measure, step by step: the values belong to the steps of ``starts_ms``.

    A value is in ``unit``, as everywhere in the API; null where there is nothing to divide by, or no data yet.
    ``low`` and ``high`` are its interval, ``interval`` says which, and ``interval_says`` in words. ``volume`` is how
    much a value is made of, of what ``volume_of`` says, in its unit.
    """

    name: str
    label: str
    unit: Unit
    formula: str
    meaning: str
    is_headline: bool
    higher_is_better: bool
    values: list[int | float | None]
    interval: IntervalKind = IntervalKind.NONE
    interval_says: str = ""
    low: list[float | None] = []
    high: list[float | None] = []
    volume: list[int] = []
    volume_of: str = ""
    volume_unit: Unit = Unit.EVENTS
    goals: tuple[GoalLine, ...] = ()


class CampaignTrends(Struct, frozen=True):
    """A campaign's KPIs over time: headlines and those with a goal first, 40 at most.

    Steps are from ``starts_ms`` each to the next, the last one to ``end_ms``; it is the one that goes on, of which
    ``as_of_ms`` is counted. They begin with the first that has anything. ``timezone`` is the campaign's; days are cut
    at its midnights. ``says`` is why there is less than was asked for, or nothing; else empty.
    """

    id: str
    range: TrendRange
    timezone: str
    currency: str
    step_ms: int
    starts_ms: list[int]
    end_ms: int | None
    as_of_ms: int | None
    series: list[TimeSeries]
    says: str = ""
