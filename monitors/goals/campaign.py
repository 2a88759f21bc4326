"""A campaign of a goals file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from kpis.runtime.yaml_model import AtField, FileModel, items_of, text_of
from kpis.runtime.yaml_nodes import shown
from monitors.goals import scalars
from monitors.goals.curves import is_empty
from monitors.goals.fields import CampaignId, Channel, Name, TagField, Time
from monitors.goals.flight import FlightModel
from monitors.goals.goal import GoalModel, TotalModel
from monitors.goals.values import Campaign, Flight, Milestone, Mute

MAX_ITEMS = 100
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?) ?%", re.ASCII)
_MILESTONE = {"type": "string", "examples": ["25%", "2026-11-27T09:00"]}


def each_once(goals: list[Any] | None) -> list[Any] | None:
    """Refuse a goal that is given twice."""
    seen: set[str] = set()
    for i, goal in enumerate(goals or ()):
        if goal.value.id in seen:
            raise AtField(i, f"the goal {goal.value.id} is given twice for this campaign")
        seen.add(goal.value.id)
    return goals


def weighs(goal: Any, flight: Flight) -> bool:
    """Whether a goal expects anything at all in a flight."""
    return not isinstance(goal, TotalModel) or not is_empty(goal.value.curve, flight)


def _milestone(value: Any) -> Any:
    text = text_of(value)
    found = _PERCENT.fullmatch(text)
    if found is None:
        try:
            return scalars.written_time(value)
        except ValueError:
            raise ValueError(f"must be a part such as 25%, or a time, not {shown(text)}") from None
    if not 0 < float(found[1]) <= 100:
        raise ValueError(f"must be above 0% and at most 100%, not {shown(text)}")
    return float(found[1]) / 100


def _few(value: Any) -> list[Any]:
    found = items_of(value)
    if len(found) > MAX_ITEMS:
        raise ValueError(f"at most {MAX_ITEMS}")
    return found


def tags_once(tags: list[str] | None) -> list[str] | None:
    """Refuse a tag that is given twice."""
    for i, tag in enumerate(tags or ()):
        if tags and tag in tags[:i]:
            raise AtField(i, f"the tag {shown(tag)} is given twice")
    return tags


Tags = Annotated[list[TagField] | None, BeforeValidator(_few)]
GoalList = Annotated[list[GoalModel] | None, BeforeValidator(items_of)]
MilestoneField = Annotated[Any, BeforeValidator(_milestone), WithJsonSchema(_MILESTONE)]


class MuteModel(FileModel):
    """A time in which nobody is told about a campaign; it is judged and shown as ever."""

    from_: Time = Field(alias="from", description="Its first moment, written as a flight's.")
    to: Time = Field(description="The first moment after it.")
    why: Name = Field(description="Why, for whoever wonders.")


MuteList = Annotated[list[MuteModel] | None, BeforeValidator(_few)]
MilestoneList = Annotated[list[MilestoneField] | None, BeforeValidator(_few)]


class CampaignModel(FileModel):
    """A campaign that has goals."""

    campaign: CampaignId = Field(description="Its id as in events, taken as it is written.")
    name: Name | None = Field(None, description="For people; its id by default.")
    account: Name | None = Field(
        None, description="Whose it is, to filter dashboards by; one of accounts gives it what it has."
    )
    flight: FlightModel = Field(description="When it runs.")
    goals: GoalList = Field(
        None, description="What it is meant to reach. Needed, unless its account has goals; these are added."
    )
    tags: Tags = Field(None, description="Words to find it by, such as [launch, search].")
    owner: Name | None = Field(None, description="Who looks after it.")
    slack_channel: Channel = Field(None, description='Where it is told: "#launch", in quotes.')
    mutes: MuteList = Field(None, description="When it is not told: a list of from, to and why.")
    milestones: MilestoneList = Field(
        None, description="When people are told how it goes: parts of the flight, or times: [25%, 50%, 75%]."
    )

    _goals_once = field_validator("goals")(each_once)
    _tags_once = field_validator("tags")(tags_once)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for i, goal in enumerate(self.goals or ()):
            if not weighs(goal, self.flight.value):
                raise AtField(("goals", i, "curve"), "no time of the flight weighs anything: nothing is ever expected")
        mutes_of(self.mutes, self.flight.timezone)
        milestones_of(self.milestones, self.flight.value, self.flight.timezone)
        return self

    @property
    def value(self) -> Campaign:
        """It as a value, without what its account gives it."""
        return Campaign(
            campaign=self.campaign,
            name=self.name or self.campaign,
            flight=self.flight.value,
            goals=tuple(goal.value for goal in self.goals or ()),
            account=self.account or "",
            tags=tuple(self.tags or ()),
            owner=self.owner or "",
            slack_channel=self.slack_channel or "",
            mutes=mutes_of(self.mutes, self.flight.timezone),
            milestones=milestones_of(self.milestones, self.flight.value, self.flight.timezone),
        )


def mutes_of(mutes: list[MuteModel] | None, zone: ZoneInfo | None) -> tuple[Mute, ...]:
    """Mutes as values.

    Raises:
        AtField: one of them is none, below ``mutes``.
    """
    found: list[Mute] = []
    for i, mute in enumerate(mutes or ()):
        from_ms, until_ms = _ms(mute.from_, zone, "mutes", i, "from"), _ms(mute.to, zone, "mutes", i, "to")
        if until_ms <= from_ms:
            raise AtField(("mutes", i, "to"), "to is not after from")
        found.append(Mute(from_ms, until_ms, mute.why))
    return tuple(found)


def milestones_of(milestones: list[Any] | None, flight: Flight, zone: ZoneInfo | None) -> tuple[Milestone, ...]:
    """Milestones as values.

    Raises:
        AtField: one of them is not within the flight, below ``milestones``.
    """
    found: list[Milestone] = []
    for i, one in enumerate(milestones or ()):
        is_time = isinstance(one, datetime)
        milestone = Milestone(at_ms=_ms(one, zone, "milestones", i)) if is_time else Milestone(one)
        if not flight.start_ms < milestone.moment(flight) <= flight.end_ms:
            raise AtField(("milestones", i), "it is not within the flight")
        found.append(milestone)
    return tuple(found)


def _ms(written: datetime, zone: ZoneInfo | None, *at: str | int) -> int:
    try:
        return scalars.epoch_ms(written, zone)
    except ValueError as e:
        raise AtField(at, str(e)) from None
