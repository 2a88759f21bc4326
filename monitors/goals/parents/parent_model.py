"""A parent in a goals file: what campaigns are meant to reach together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from kpis.runtime.yaml_model import AtField, FileModel, items_of
from kpis.runtime.yaml_nodes import did_you_mean, shown
from kpis.series import campaign_part, parent_key, shown_id
from kpis.times import DAY_MS
from monitors.goals.campaign import MilestoneList, MuteList, Tags, each_once, milestones_of, mutes_of, tags_once, weighs
from monitors.goals.fields import CampaignId, Channel, Name
from monitors.goals.flight import MAX_DAYS, FlightModel
from monitors.goals.parents.parent_goal import ParentGoalList, ParentTotalModel
from monitors.goals.parents.scope import Scope
from monitors.goals.values import Campaign, Flight, Goal


class ParentModel(FileModel):
    """What campaigns are meant to reach together. Goals are judged over the sum of what these count in the flight.

    A campaign counts once, whatever goals it has itself, and whether or not its own flight is on.
    """

    goals: ParentGoalList = Field(description="Totals and ratios, judged by the rules for campaigns.")
    flight: FlightModel | None = Field(
        None, description="When; by default from the first start to the last end of its campaigns' flights."
    )
    campaigns: Annotated[list[CampaignId] | None, BeforeValidator(items_of)] = Field(
        None, description="Which of its campaigns, by their ids; all by default."
    )
    mutes: MuteList = Field(None, description="When it is not told; its campaigns are, unless they are muted too.")
    milestones: MilestoneList = Field(None, description="When people are told how it goes, as a campaign's.")

    _goals_once = field_validator("goals")(each_once)

    def members(self, candidates: Sequence[Campaign]) -> tuple[Campaign, ...]:
        """Those of some campaigns that it is of, each once.

        Raises:
            AtField: it lists one that is none of them.
        """
        if self.campaigns is None:
            return tuple(candidates)
        known = {one.campaign: one for one in candidates}
        found: dict[str, Campaign] = {}
        for i, name in enumerate(self.campaigns):
            if name in found:
                raise AtField(("campaigns", i), f"campaign {shown(name)} is given twice")
            if name not in known:
                raise AtField(("campaigns", i), f"{shown(name)} is none of its campaigns{did_you_mean(name, known)}")
            found[name] = known[name]
        return tuple(found.values())

    def span(self, members: Sequence[Campaign], zone: ZoneInfo | None) -> Flight:
        """Its flight.

        Raises:
            AtField: it has none, and its campaigns' flights make none.
        """
        if self.flight is not None:
            return self.flight.value
        zones = sorted({one.flight.timezone for one in members}) if zone is None else [zone.key]
        if len(zones) > 1:
            text = f"its campaigns are in several time zones ({', '.join(zones[:3])}): give it a flight with a timezone"
            raise AtField((), text)
        start, end = min(one.flight.start_ms for one in members), max(one.flight.end_ms for one in members)
        if end - start > MAX_DAYS * DAY_MS:
            raise AtField((), f"its campaigns' flights span more than {MAX_DAYS} days: give it a flight")
        return Flight(start, end, zones[0])

    def over(self, members: tuple[Campaign, ...], flight: Flight) -> tuple[Goal, ...]:
        """Its goals.

        Raises:
            AtField: one of them means nothing for these campaigns.
        """
        found: list[Goal] = []
        for i, goal in enumerate(self.goals):
            with below("goals", i):
                found.append(goal.over(members, flight) if isinstance(goal, ParentTotalModel) else goal.value)
            if not weighs(goal, flight):
                raise AtField(("goals", i, "curve"), "no time of the flight weighs anything: nothing is ever expected")
        return tuple(found)


class PortfolioModel(ParentModel):
    """What all campaigns of the file are meant to reach together, or some of them."""

    name: Name = Field("Portfolio", description="For people.")
    owner: Name | None = Field(None, description="Who looks after it.")
    slack_channel: Channel = Field(None, description='Where it is told: "#ads", in quotes.')
    tags: Tags = Field(None, description="Words to find it by.")

    _tags_once = field_validator("tags")(tags_once)


def parent_of(
    model: ParentModel, scope: Scope, candidates: Sequence[Campaign], zone: ZoneInfo | None = None, **more: Any
) -> Campaign:
    """A parent as a value.

    Args:
        model: as it is written.
        scope: what it is of.
        candidates: the campaigns that it may be of.
        zone: of its flight, where that is its campaigns'.
        more: name, account and whatever else it has.

    Raises:
        AtField: it cannot be made of these campaigns; the place is below the model.
    """
    if not candidates:
        raise AtField((), "no campaign of the file is of this account")
    members = model.members(candidates)
    flight = model.span(members, zone)
    local = zone if model.flight is None else model.flight.timezone
    # Breakdowns of a campaign are in it already.
    series = tuple(dict.fromkeys(campaign_part(one.series) for one in members))
    return Campaign(
        campaign=shown_id(parent_key(scope, more["account"])),
        flight=flight,
        goals=model.over(members, flight),
        mutes=mutes_of(model.mutes, local or ZoneInfo(flight.timezone)),
        milestones=milestones_of(model.milestones, flight, local or ZoneInfo(flight.timezone)),
        scope=scope,
        members=series,
        own=whole_accounts(members, candidates),
        **more,
    )


def whole_accounts(members: Sequence[Campaign], candidates: Sequence[Campaign]) -> tuple[str, ...]:
    """The keys of the accounts of which all campaigns are members."""
    whole = {one.account for one in members} - {one.account for one in candidates if one not in members} - {""}
    return tuple(parent_key(Scope.ACCOUNT, account) for account in sorted(whole))


def portfolio_of(model: PortfolioModel, campaigns: Sequence[Campaign]) -> Campaign:
    """The portfolio as a value.

    Raises:
        AtField: it cannot be made of these campaigns; the place is below the model.
    """
    return parent_of(
        model,
        Scope.PORTFOLIO,
        campaigns,
        name=model.name,
        account="",
        tags=tuple(model.tags or ()),
        owner=model.owner or "",
        slack_channel=model.slack_channel or "",
    )


@contextmanager
def below(*place: str | int) -> Iterator[None]:
    """What is wrong with a part is wrong at its place in the whole."""
    try:
        yield
    except AtField as e:
        context: Mapping[str, Any] = e.context or {}
        field = context["field"]
        raise AtField((*place, *(field if isinstance(field, tuple) else (field,))), context["text"]) from None
