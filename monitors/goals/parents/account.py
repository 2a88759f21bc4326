"""An account of a goals file: what all of its campaigns have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import Field, field_validator

from kpis.runtime.yaml_model import Fields, FileModel, Text
from kpis.runtime.yaml_nodes import Problems
from monitors.goals import scalars
from monitors.goals.campaign import GoalList, Tags, each_once, tags_once
from monitors.goals.fields import Channel, Name, Zone
from monitors.goals.parents.parent_model import ParentModel, parent_of
from monitors.goals.parents.scope import Scope
from monitors.goals.values import Campaign

_FALLBACK = "UTC"


class AccountModel(FileModel):
    """What all campaigns of an account have, unless they give it themselves; and what they are meant to reach together.

    The goals that it has are added to those of each campaign, except for those that the campaign has of the same kind
    (the same total for the same period; the same ratio, bound and window).
    """

    owner: Name | None = Field(None, description="Who looks after its campaigns.")
    slack_channel: Channel = Field(None, description='Where they are told: "#acme", in quotes.')
    tags: Tags = Field(None, description="Words to find them by; a campaign's own tags are in their place.")
    timezone: Zone = Field(None, description="The zone of their flights.")
    goals: GoalList = Field(None, description="Goals that each of them has.")
    together: ParentModel | None = Field(None, description="What all of them are meant to reach together.")

    _goals_once = field_validator("goals")(each_once)
    _tags_once = field_validator("tags")(tags_once)

    def parent(self, name: str, campaigns: Iterable[Campaign]) -> Campaign | None:
        """What its campaigns are meant to reach together, as a value; None when nothing is.

        Args:
            name: its own.
            campaigns: all of the file.

        Raises:
            AtField: it cannot be made of these campaigns; the place is below ``together``.
        """
        if self.together is None:
            return None
        return parent_of(
            self.together,
            Scope.ACCOUNT,
            [one for one in campaigns if one.account == name],
            self.timezone,
            name=f"Account {name}",
            account=name,
            tags=tuple(self.tags or ()),
            owner=self.owner or "",
            slack_channel=self.slack_channel or "",
        )

    def given(self, campaign: Campaign) -> Campaign:
        """A campaign of it, with what it has."""
        own = {goal.id for goal in campaign.goals}
        return replace(
            campaign,
            goals=(*campaign.goals, *(goal.value for goal in self.goals or () if goal.value.id not in own)),
            tags=campaign.tags or tuple(self.tags or ()),
            owner=campaign.owner or self.owner or "",
            slack_channel=campaign.slack_channel or self.slack_channel or "",
        )


def inherit(file: Fields, problems: Problems) -> None:
    """Give flights the zone of their account before they are read: a local time means nothing without one.

    Notes the campaigns that have no goals, of their own or from their account.
    """
    accounts = file.get("accounts")
    campaigns = file.get("campaigns")
    for account in accounts.values() if isinstance(accounts, Fields) else ():
        together = account.get("together") if isinstance(account, Fields) else None
        flight = together.get("flight") if isinstance(together, Fields) else None
        if isinstance(flight, Fields) and "timezone" in account:
            flight.setdefault("timezone", _known(account["timezone"]))
    for campaign in campaigns if isinstance(campaigns, list) else ():
        if not isinstance(campaign, Fields):
            continue
        name = campaign.get("account")
        account = accounts.get(name) if isinstance(accounts, Fields) and isinstance(name, str) else None
        given = account if isinstance(account, Fields) else dict[str, Any]()
        flight = campaign.get("flight")
        if isinstance(flight, Fields) and "timezone" in given:
            flight.setdefault("timezone", _known(given["timezone"]))
        if "goals" not in campaign and "goals" not in given:
            problems.at(campaign.node, campaign.where, "goals is missing")


def _known(written: Any) -> Any:
    """A zone, or another one in place of what is none: that is told where it stands, and once is enough."""
    try:
        scalars.zone(written)
    except ValueError:
        text = Text(_FALLBACK)
        text.node = getattr(written, "node", None)  # type: ignore[assignment]
        return text
    return written
