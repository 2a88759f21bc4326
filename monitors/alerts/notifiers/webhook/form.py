"""The form of what is posted: what ``docs/webhook.schema.json`` is made from. Pure.

Amounts of money are decimal strings in units of ``currency``, exact; all others are JSON numbers. Times are RFC 3339 in
UTC, by the deployment's clock, but ``sent_at``, which is real.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from monitors.alerts.lifecycle import Change
from monitors.goals.subject import Watched
from monitors.goals.values import Bound
from monitors.pacing.verdict import Direction, Reason, Status

VERSION = 1


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


_Time = Annotated[str, msgspec.Meta(description="RFC 3339, UTC.", examples=["2026-11-22T12:00:00.000Z"])]
_Amount = Annotated[str | int | float, _about("Money: a decimal string in units of the currency. Else a number.")]
_Edges = Annotated[tuple[float | None, float | None], _about("Lower and upper edge; null for none.")]


class PostedCampaign(msgspec.Struct, frozen=True):
    """Whose it is."""

    id: str
    name: str
    account: str
    owner: str


class PostedGoal(msgspec.Struct, frozen=True):
    """A goal, or a watch that every campaign with goals has."""

    id: Annotated[str, _about("Within its campaign, the label `goal` of metrics; a watch is `watch:` and its name.")]
    label: Annotated[str, _about("In words.")]
    bound: Annotated[Bound | None, _about("Of a ratio the side it should be on; null for a total or a watch.")]
    watched: Annotated[Watched | None, _about("Of a watch, what it watches.")]


class PostedStatus(msgspec.Struct, frozen=True):
    """The status that people knew, and that they know now; `no_data` of what nobody judges any more."""

    before: Status
    after: Status


class PostedNumbers(msgspec.Struct, frozen=True):
    """What it is judged by; null where there is none."""

    unit: Annotated[
        str, _about("money, events, proportion (0.02 is 2%) or ratio: of all amounts but ratio and the bands.")
    ]
    currency: Annotated[str | None, _about("ISO 4217; null unless the unit is money.")]
    actual: _Amount | None
    expected: Annotated[_Amount | None, _about("By now: of a total its part by the curve, of a ratio its bound.")]
    target: Annotated[_Amount | None, _about("Of a total the whole, of a ratio its bound.")]
    ratio: Annotated[float | None, _about("Actual over expected.")]
    projected: Annotated[_Amount | None, _about("Of a total, where its flight or period will end.")]
    interval: Annotated[tuple[_Amount, _Amount] | None, _about("Between what it ends in nine of ten cases.")]
    required_per_day: _Amount | None
    warning: Annotated[_Edges, _about("The band of ratio beyond which it is a warning.")]
    critical: Annotated[_Edges, _about("The band of ratio beyond which it is critical.")]


class PostedWords(msgspec.Struct, frozen=True):
    """The same for people, in English; names are made printable and cut."""

    headline: str
    facts: dict[str, str]


class PostedLinks(msgspec.Struct, frozen=True):
    """Where to read on; null without `PACEWATCH_PUBLIC_URL`."""

    board: str | None
    runbook: str | None


class PostedAlert(msgspec.Struct, frozen=True):
    """One change of what people know about a goal."""

    id: Annotated[str, _about("The same whenever it is posted again: count it once.")]
    change: Change
    campaign: PostedCampaign
    goal: PostedGoal
    status: PostedStatus
    reason: Reason
    direction: Direction | None
    numbers: PostedNumbers
    since: Annotated[_Time | None, _about("Since when it is so, where that is known.")]
    as_of: Annotated[_Time | None, _about("The watermark that it was judged at.")]
    words: PostedWords
    links: PostedLinks


class PostedStanding(msgspec.Struct, frozen=True):
    """How one goal stands at a milestone."""

    label: str
    status: Status
    reason: Reason
    direction: Direction | None
    unit: str
    currency: str | None
    actual: _Amount | None
    expected: _Amount | None
    target: _Amount | None
    ratio: float | None
    projected: _Amount | None


class PostedCheckIn(msgspec.Struct, frozen=True):
    """How a campaign stands at a milestone of its flight."""

    id: Annotated[str, _about("The same whenever it is posted again: count it once.")]
    campaign: PostedCampaign
    fraction: Annotated[float | None, _about("The part of the flight that is over; null for a milestone at a time.")]
    milestone: Annotated[_Time | None, _about("When the milestone is.")]
    as_of: _Time | None
    standings: list[PostedStanding]
    headline: str
    lines: list[str]
    links: PostedLinks


class PostedBody(msgspec.Struct, frozen=True):
    """What Pacewatch posts to a webhook. Fields may be added; accept those you do not know."""

    version: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION, description="Of this form.")]
    sent_at: Annotated[_Time, _about("When this request was made, real time.")]
    alerts: Annotated[list[PostedAlert], _about("Oldest first; those of one goal in the order in which they were.")]
    check_ins: list[PostedCheckIn]
