"""Check-ins: at each milestone of a flight people are told how all of its goals stand. Pure.

A milestone is told once in a flight, when the numbers reach it. What is known of it before tells a milestone that
passed while no monitor ran from one that was written into the file long after.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kpis.times import DAY_MS, HOUR_MS, minute_in
from kpis.units import Unit
from monitors.alerts.assessment import Assessment
from monitors.goals.parents.scope import Scope
from monitors.goals.subject import Watch
from monitors.goals.values import Campaign, Milestone
from monitors.pacing.verdict import Direction, Reason, Status

UNSEEN_MS = 6 * HOUR_MS
"""A milestone that passed so long before it was first seen is not told."""
KNOWN_MS = DAY_MS
"""Nor is one that was known, when no monitor ran for so long: it would tell of another day."""
NUMBERS_MS = HOUR_MS
"""For so long the numbers of a milestone are waited for, then it is told with those there are."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one goal stands; its fields are those of :class:`~monitors.pacing.verdict.Verdict`."""

    label: str
    unit: Unit
    status: Status
    reason: Reason
    direction: Direction | None
    actual: int | float | None
    expected: int | float | None
    target: int | float
    ratio: float | None
    projected: int | None


class CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """How a campaign stands at a milestone of its flight.

    Attributes:
        id: unique, so that no two are equal bytes.
        goal: its field in the state hash.
        at_ms: the clock.
        campaign, name, account: whose, by id and for people.
        owner, slack_channel: who looks after it, and where it is told; empty for nobody, and where all others are.
        fraction: the part of the flight that is over; None for a milestone at a time.
        milestone_ms: when the milestone is.
        as_of_ms: the watermark of the numbers.
        currency: of all money.
        timezone: how people read it.
        standings: all goals, and the watches that are missed.
        muted: whether it is only told, for the campaign is muted, and not sent.
        scope: what stands so: a campaign, or campaigns of an account or the portfolio together.
    """

    id: str
    goal: str
    at_ms: int
    campaign: str
    name: str
    account: str
    fraction: float | None
    milestone_ms: int
    as_of_ms: int | None
    currency: str
    timezone: str
    standings: tuple[Standing, ...]
    owner: str = ""
    slack_channel: str = ""
    muted: bool = False
    scope: Scope = Scope.CAMPAIGN

    def time(self, ms: int | None) -> str:
        """A time in the campaign's zone, to the minute."""
        return minute_in(ms, self.timezone)


class Milestones(msgspec.Struct, frozen=True):
    """What is stored of a campaign's milestones.

    Attributes:
        flight_end_ms: the flight they belong to.
        waiting: those that were seen before they had long passed, and are not told yet.
        done: those that were told, or never will be.
    """

    flight_end_ms: int
    waiting: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


def key_of_milestones(campaign: Campaign) -> str:
    """The field of a campaign's milestones in the state hash; no goal has such a name."""
    return f"{campaign.series}|milestones"


def due(
    campaign: Campaign, held: Milestones | None, as_of_ms: int | None, now_ms: int
) -> tuple[Milestones | None, Milestone | None]:
    """What is to be stored of a campaign's milestones, and the one to tell now; of several the last, the others pass.

    Args:
        campaign: whose.
        held: what is stored; None for nothing.
        as_of_ms: the watermark of its numbers; None when there is none.
        now_ms: the clock.
    """
    flight = campaign.flight
    if held is None or held.flight_end_ms <= flight.start_ms:
        if not campaign.milestones:
            return None, None
        held = Milestones(flight.end_ms)
    waiting: list[str] = []
    done = set(held.done)
    told: Milestone | None = None
    for milestone in sorted(campaign.milestones, key=lambda m: m.moment(flight)):
        name, moment = _name(milestone), milestone.moment(flight)
        if name in done:
            continue
        if now_ms - moment > (KNOWN_MS if name in held.waiting else UNSEEN_MS):
            done.add(name)
        elif now_ms >= moment and (now_ms - moment >= NUMBERS_MS or (as_of_ms is not None and as_of_ms >= moment)):
            done.add(name)
            told = milestone
        else:
            waiting.append(name)
    return Milestones(flight.end_ms, tuple(sorted(waiting)), tuple(sorted(done))), told


def check_in_of(
    campaign: Campaign, milestone: Milestone, judged: Iterable[Assessment], currency: str, now_ms: int, *, unique: str
) -> CheckIn:
    """The message of a milestone.

    Args:
        campaign: whose.
        milestone: which.
        judged: its goals and watches, judged.
        currency: of all money.
        now_ms: the clock.
        unique: its id.
    """
    found = list(judged)
    return CheckIn(
        id=unique,
        goal=key_of_milestones(campaign),
        at_ms=now_ms,
        campaign=campaign.campaign,
        name=campaign.name,
        account=campaign.account,
        fraction=milestone.fraction,
        milestone_ms=milestone.moment(campaign.flight),
        as_of_ms=as_of(found),
        currency=currency,
        timezone=campaign.flight.timezone,
        standings=tuple(_standing(one) for one in found if _is_shown(one)),
        owner=campaign.owner,
        slack_channel=campaign.slack_channel,
        scope=campaign.scope,
    )


def as_of(judged: Iterable[Assessment]) -> int | None:
    """The watermark of a campaign's verdicts; None when there is none."""
    return min((one.verdict.as_of_ms for one in judged if one.verdict.as_of_ms is not None), default=None)


def _name(milestone: Milestone) -> str:
    return f"@{milestone.at_ms}" if milestone.fraction is None else repr(milestone.fraction)


def _is_shown(one: Assessment) -> bool:
    return not isinstance(one.goal, Watch) or one.verdict.status.is_miss


def _standing(one: Assessment) -> Standing:
    verdict = one.verdict
    return Standing(
        label=one.goal.label,
        unit=one.goal.unit,
        status=verdict.status,
        reason=verdict.reason,
        direction=verdict.direction,
        actual=verdict.actual,
        expected=verdict.expected,
        target=verdict.target,
        ratio=verdict.ratio,
        projected=verdict.projected,
    )
