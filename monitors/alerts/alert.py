"""An alert as a value: a change that people are told, in no notifier's form."""

from __future__ import annotations

from dataclasses import fields

import msgspec

from kpis.measures import Stream
from kpis.times import minute_in
from kpis.units import Unit
from monitors.alerts.assessment import Assessment
from monitors.alerts.check_in import CheckIn
from monitors.alerts.lifecycle import Change, Transition
from monitors.goals.parents.scope import Scope
from monitors.goals.periods import period_at
from monitors.goals.subject import Subject, Watched
from monitors.goals.values import Band, Bound, Flight, RatioGoal, TotalGoal
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.words.phrases import Case, case_of

EVERYWHERE = "all"
"""In the place of a campaign's id, of what is told of all campaigns together."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One change of what people know about a goal.

    Attributes:
        id: unique, so that no two alerts are equal bytes.
        goal: the field of the goal in the state hash.
        at_ms: the watermark of the change.
        campaign, name, account: whose goal, by id and for people.
        label: the goal in words.
        unit, currency: of its amounts.
        change: what kind of change it is.
        before, after: the status people knew, and know now.
        bound: of a ratio the side it should be on.
        warning, critical: bands of ``ratio``.
        as_of_ms: the watermark that the verdict was judged at.
        timezone: how people read it.
        muted: whether it is only told and not sent: the campaign is muted, or another of its totals says the same.
        watched: of a watch, what it watches; it has no target, bands or ratio.
        measure: of a watch over serving, what its amounts count; empty when that is not known.
        ends_ms: when the flight, or the period that the target is for, is over; None where that is not known.
        owner, slack_channel: who looks after it, and where it is told; empty for nobody, and where all others are.
        known_to: the notifiers that were told of the miss before.
        is_paid: whether budget moves what the goal is about.
        scope: what the goal is of: a campaign, or campaigns of an account or the portfolio together.

    What has a default was not known to older versions, whose alerts may still wait in the outbox.

    The others are those of :class:`~monitors.pacing.verdict.Verdict`.
    """

    id: str
    goal: str
    at_ms: int
    campaign: str
    name: str
    account: str
    label: str
    unit: Unit
    currency: str
    change: Change
    before: Status
    after: Status
    reason: Reason
    direction: Direction | None
    actual: int | float | None
    expected: int | float | None
    target: int | float
    ratio: float | None
    projected: int | None
    required_per_day: int | None
    bound: Bound | None
    warning: tuple[float | None, float | None]
    critical: tuple[float | None, float | None]
    as_of_ms: int | None
    timezone: str
    muted: bool = False
    interval: tuple[int, int] | None = None
    since_ms: int | None = None
    watched: Watched | None = None
    measure: str = ""
    waits_for: str = ""
    ends_ms: int | None = None
    owner: str = ""
    slack_channel: str = ""
    known_to: tuple[str, ...] = ()
    scope: Scope = Scope.CAMPAIGN
    says: str = ""
    is_paid: bool = True

    @property
    def case(self) -> Case:
        """What it has to say."""
        return Case(**{field.name: getattr(self, field.name) for field in fields(Case)})

    @property
    def as_of(self) -> str:
        """The watermark of the verdict in the campaign's zone, to the minute."""
        return minute_in(self.as_of_ms, self.timezone)

    @property
    def bands(self) -> tuple[tuple[str, Band], ...]:
        """Both bands by the name of what lies outside of them."""
        return ("warning", Band(*self.warning)), ("critical", Band(*self.critical))


Outgoing = Alert | CheckIn
"""What waits to be sent."""


_OF_VERDICT = (
    "reason", "direction", "actual", "expected", "target", "ratio", "projected", "required_per_day", "as_of_ms",
    "interval", "since_ms", "waits_for", "says",
)  # fmt: skip
"""Fields that an alert has of its verdict as they are."""
_OF_CAMPAIGN = ("name", "account", "owner", "slack_channel", "scope")


def alert_of(one: Assessment, transition: Transition, currency: str, key: str, unique: str) -> Alert:
    """The alert about a change of ``one``; ``key`` is its field in the state hash, ``unique`` the alert's id."""
    campaign, goal, verdict = one.campaign, one.goal, one.verdict
    case = case_of(campaign, goal, verdict, currency)
    return Alert(
        **{name: getattr(verdict, name) for name in _OF_VERDICT},
        **{name: getattr(campaign, name) for name in _OF_CAMPAIGN},
        id=unique,
        goal=key,
        at_ms=verdict.as_of_ms or 0,
        campaign=campaign.campaign or EVERYWHERE,
        label=goal.label,
        unit=goal.unit,
        currency=currency,
        change=transition.change,
        before=transition.statuses[0],
        after=transition.statuses[1],
        bound=case.bound,
        warning=verdict.warning.pair,
        critical=verdict.critical.pair,
        muted=not transition.is_sent,
        timezone=case.timezone,
        watched=case.watched,
        measure=case.measure,
        ends_ms=_end(campaign.flight, goal, verdict.as_of_ms),
        is_paid=_is_paid(goal),
    )


def _is_paid(goal: Subject) -> bool:
    """Whether budget moves it."""
    if isinstance(goal, RatioGoal):
        return goal.kpi.is_paid
    return not isinstance(goal, TotalGoal) or Stream.MEASURE not in goal.total.streams


def _end(flight: Flight, goal: Subject, as_of_ms: int | None) -> int:
    """When what a goal is about is over: its period for a total, else the flight."""
    if not isinstance(goal, TotalGoal) or as_of_ms is None:
        return flight.end_ms
    return period_at(flight, goal.per, as_of_ms).end_ms
