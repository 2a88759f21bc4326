"""A breakdown in a goals file: what campaigns are meant to reach by one channel, creative, ..."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema

from kpis.runtime.yaml_model import AtField, text_of
from kpis.runtime.yaml_nodes import did_you_mean, shown
from kpis.series import DIMENSIONS, SEPARATOR, breakdown_part, key, parent_key, shown_id
from monitors.goals.campaign import GoalList, milestones_of, mutes_of
from monitors.goals.fields import MAX_NAME, Name
from monitors.goals.parents.parent_model import PortfolioModel, whole_accounts
from monitors.goals.parents.scope import Scope
from monitors.goals.values import Campaign

_DIMENSIONS = tuple(one for one in DIMENSIONS if one != Scope.ACCOUNT)
_WRITTEN = {
    "type": "string", "pattern": f"^({'|'.join(_DIMENSIONS)})=.+$", "examples": ["channel=paid search", "creative=A"],
}  # fmt: skip


def _breakdown(value: Any) -> tuple[Scope, str]:
    text = text_of(value)
    dimension, is_pair, name = text.partition("=")
    if not is_pair or not name:
        raise ValueError(f"must be a dimension and its value, such as channel=search, not {shown(text)}")
    if dimension == Scope.ACCOUNT:
        raise ValueError("what an account's campaigns reach is together of that account, in accounts")
    if dimension not in _DIMENSIONS:
        raise ValueError(f"unknown dimension {shown(dimension)}{did_you_mean(dimension, _DIMENSIONS)}")
    if len(name) > MAX_NAME:
        raise ValueError(f"a value has at most {MAX_NAME} characters")
    return Scope(dimension), name


class BreakdownModel(PortfolioModel):
    """What all campaigns of the file, or some of them, are meant to reach by one channel, creative, ad group, ...

    Only what events say is of it is counted, by that breakdown of each campaign; so the worker's `PACEWATCH_BREAKDOWNS`
    must name its dimension by itself. Where it does not, nothing is judged, which the board and the log say. A target
    is always a number, and spreads by its own curve: the campaigns' own targets are of all that they do.
    """

    breakdown: Annotated[Any, BeforeValidator(_breakdown), WithJsonSchema(_WRITTEN)] = Field(
        description="Of what: a dimension and its value as in events, such as `channel=paid search`. Once in a file "
        "for all accounts, and once for each account."
    )
    account: Name | None = Field(None, description="Only the campaigns of this account; of the whole file by default.")
    name: Name | None = Field(None, description="For people; `Channel paid search` by default.")  # type: ignore[assignment]
    goals: GoalList = Field(description="Totals and ratios, as a campaign's.")  # type: ignore[assignment]

    @property
    def series(self) -> str:
        """Its series key."""
        scope, value = self.breakdown
        return parent_key(scope, value, self.account or "")

    def over_parts(self, campaigns: Sequence[Campaign]) -> Campaign:
        """It as a value.

        Raises:
            AtField: it cannot be made of these campaigns; the place is below it.
        """
        mine = [one for one in campaigns if self.account in {None, one.account}]
        if not mine:
            raise AtField("account", f"no campaign of the file is of account {shown(self.account or '')}")
        scope, value = self.breakdown
        members = self.members(mine)
        flight = self.span(members, None)
        zone = ZoneInfo(flight.timezone)
        part = breakdown_part(key("", [(scope, value)]))
        return Campaign(
            campaign=shown_id(self.series),
            name=self.name or " of ".join(filter(None, (f"{scope.word} {value}", self.account))),
            flight=flight,
            goals=self.over(members, flight),
            account=self.account or "",
            tags=tuple(self.tags or ()),
            owner=self.owner or "",
            slack_channel=self.slack_channel or "",
            mutes=mutes_of(self.mutes, zone),
            milestones=milestones_of(self.milestones, flight, zone),
            scope=scope,
            value=value,
            members=tuple(f"{one.series}{SEPARATOR}{part}" for one in members),
            own=tuple(f"{one}{SEPARATOR}{part}" for one in whole_accounts(members, mine)),
        )


def each_breakdown_once(found: Iterable[BreakdownModel]) -> None:
    """Refuse one that is given twice.

    Raises:
        AtField: at the second one.
    """
    seen: set[str] = set()
    for i, one in enumerate(found):
        if one.series in seen:
            raise AtField(("breakdowns", i, "breakdown"), f"{shown(shown_id(one.series))} is given twice")
        seen.add(one.series)
