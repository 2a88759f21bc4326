"""What the API answers of one campaign; the OpenAPI page is generated from these types too."""

from __future__ import annotations

from enum import StrEnum

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


class ConePoint(Struct, frozen=True):
    """Where a total will be at a moment to come; in nine of ten cases it ends between the last ``low`` and ``high``."""

    at_ms: int
    projected: int
    low: int | None
    high: int | None


class PaceLine(Struct, frozen=True):
    """A total over its flight, in the goal's unit; ``actual`` of points after the data's clock repeats the last.

    ``cone`` goes from what there is now to where the verdict says that it ends, along the curve; empty when it says
    nothing of that.
    """

    goal: str
    unit: Unit
    as_of_ms: int
    points: list[Point]
    cone: tuple[ConePoint, ...] = ()


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


class Fact(Struct, frozen=True):
    """One of the numbers that a verdict rests on, in words."""

    name: str
    value: str


class GoalEvidence(Struct, frozen=True):
    """What the verdict on a goal or a watch rests on.

    ``says`` is the reason in a sentence, ``why`` what proves it, ``next_step`` what to look at first; empty where there
    is nothing to say. ``facts`` are the numbers. ``rule`` is when a miss of it is told.
    """

    goal: str
    label: str
    is_watch: bool
    status: Status
    says: str
    why: str
    next_step: str
    rule: str
    facts: tuple[Fact, ...]


class LaunchState(StrEnum):
    """Whether a step of a launch is ``done``, is waited for (``waiting``), or nobody knows (``unknown``)."""

    DONE = "done"
    WAITING = "waiting"
    UNKNOWN = "unknown"


class LaunchStep(Struct, frozen=True):
    """A step of a launch: armed is when the flight begins, the others the quarter hour of the first event in it.

    ``at_ms`` is when it was, or will be where that is known; null where it is not.
    """

    name: str
    label: str
    state: LaunchState
    at_ms: int | None
    says: str


class TimelineKind(StrEnum):
    """What happened. ``alert``: what people are told changed. ``corrected``: a miss is over, for late data corrected
    what was counted. ``check_in``: a milestone was told. ``acknowledged``, ``muted``, ``flight`` as they say."""

    ALERT = "alert"
    CORRECTED = "corrected"
    CHECK_IN = "check_in"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    FLIGHT = "flight"


class TimelineEntry(Struct, frozen=True):
    """Something that happened at ``at_ms``, or will; ``says`` is it in a sentence, ``label`` which goal it is about.

    ``before`` and ``after`` are of alerts. ``is_sent`` is false of what was told while the campaign was muted.
    """

    at_ms: int
    kind: TimelineKind
    says: str
    label: str = ""
    before: Status | None = None
    after: Status | None = None
    is_watch: bool = False
    is_sent: bool = True
    by: str = ""


class AcknowledgedGoal(Struct, frozen=True):
    """Someone takes care of a goal's alert."""

    goal: str
    label: str
    by: str
    at_ms: int
    note: str


class CampaignMute(Struct, frozen=True):
    """Only ends are sent from ``from_ms`` until ``until_ms``, exclusive.

    ``can_be_taken_back`` is false of mutes of the goals file, and of those that are of all campaigns.
    """

    from_ms: int
    until_ms: int
    by: str
    why: str
    can_be_taken_back: bool


class ExperimentLink(Struct, frozen=True):
    """An experiment that compares parts of the campaign; ``says`` is how it stands."""

    experiment: str
    name: str
    says: str


class CampaignStory(Struct, frozen=True):
    """What is known of a campaign beside its numbers.

    ``timezone`` is its own: people read its times in it. ``launch`` are the steps of its launch, ``timeline`` is what
    happened, newest first, 100 at most: alerts as far as Redis keeps them (the last 200 of all campaigns), and, where
    ``timeline_read`` is false, those that this monitor saw. ``mutes`` are those that hold now or will.
    """

    timezone: str
    launch: tuple[LaunchStep, ...]
    evidence: tuple[GoalEvidence, ...]
    timeline: tuple[TimelineEntry, ...]
    timeline_read: bool
    acknowledged: tuple[AcknowledgedGoal, ...]
    mutes: tuple[CampaignMute, ...]
    experiments: tuple[ExperimentLink, ...]


class CampaignDetail(Struct, frozen=True):
    """One campaign with its windows, pace lines and breakdowns (``breakdowns_read`` says whether those could be).

    ``can_act`` says whether whoever reads this may acknowledge and mute.
    ``members`` has the campaigns of an account or the portfolio, those first that are furthest behind for its goals;
    200 at most. It is empty for a campaign, and while history cannot be read. ``story`` is what is known of it beside
    its numbers.
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
    story: CampaignStory | None = None
