"""The goals file: reads all of it, notes every error, and only then gives up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_model import AtField, Fields, FileModel, items_of, validate
from kpis.runtime.yaml_nodes import Problems
from monitors.goals.curves import is_empty
from monitors.goals.fields import CampaignId, Name
from monitors.goals.flight import FlightModel
from monitors.goals.goal import GoalModel, TotalModel
from monitors.goals.values import Campaign, Goals


class InvalidGoals(InvalidFile):
    """A goals file cannot be used."""

    def __init__(self, name: str, problems: Sequence[FileProblem]) -> None:
        super().__init__(f"goals file {name}", problems, ": pacewatch goals check lists them")


class CampaignModel(FileModel):
    """A campaign that has goals."""

    campaign: CampaignId = Field(description="Its id as in events, taken as it is written.")
    name: Name | None = Field(None, description="For people; its id by default.")
    account: Name | None = Field(None, description="Whose it is, to filter dashboards by.")
    flight: FlightModel = Field(description="When it runs.")
    goals: Annotated[list[GoalModel], BeforeValidator(items_of)] = Field(description="What it is meant to reach.")

    @field_validator("goals", mode="after")
    @classmethod
    def _each_once(cls, goals: list[Any]) -> list[Any]:
        seen: set[str] = set()
        for i, goal in enumerate(goals):
            if goal.value.id in seen:
                raise AtField(i, f"the goal {goal.value.id} is given twice for this campaign")
            seen.add(goal.value.id)
        return goals

    @model_validator(mode="after")
    def _weighs(self) -> Self:
        for i, goal in enumerate(self.goals):
            if isinstance(goal, TotalModel) and is_empty(goal.value.curve, self.flight.value):
                raise AtField(("goals", i, "curve"), "no time of the flight weighs anything: nothing is ever expected")
        return self

    @property
    def value(self) -> Campaign:
        """It as a value."""
        goals = tuple(goal.value for goal in self.goals)
        return Campaign(self.campaign, self.name or self.campaign, self.flight.value, goals, self.account or "")


def _each_campaign_once(value: Any, info: ValidationInfo) -> list[Any]:
    """Note campaigns that are given twice, before anything else is said about them."""
    items, first = items_of(value), dict[str, int]()
    for item in items:
        campaign = item.get("campaign") if isinstance(item, Fields) else None
        if not isinstance(campaign, str):
            continue
        node = campaign.node  # type: ignore[attr-defined]
        if campaign in first:
            text = f"campaign {nodes.shown(campaign)} is already at line {first[campaign]}; give all its goals there"
            problems: Problems = info.context  # type: ignore[assignment]
            problems.at(node, f"{item.where}.campaign", text)
        first.setdefault(str(campaign), node.start_mark.line + 1)
    return items


class GoalsFile(FileModel):
    """Goals: what each campaign is meant to reach, and by when."""

    campaigns: Annotated[list[CampaignModel], BeforeValidator(_each_campaign_once)] = Field(
        description="All campaigns that have goals."
    )


def load(path: Path | str) -> Goals:
    """Read a goals file.

    Raises:
        InvalidGoals: it cannot be read, or holds errors; all of them are in ``problems``.
    """
    file, problems = Path(path), Problems()
    text = nodes.read(file, problems)
    if text is None:
        raise InvalidGoals(file.name, problems.found)
    return parse(text, file.name)


def parse(text: str, name: str) -> Goals:
    """Read the text of a goals file; ``name`` is for errors.

    Raises:
        InvalidGoals: it holds errors; all of them are in ``problems``.
    """
    problems = Problems()
    root = nodes.compose(text, problems)
    if root is None and not problems.found:
        problems.found.append(FileProblem(1, 1, "", "the file is empty; it needs a list of campaigns"))
    found = validate(GoalsFile, root, problems) if root is not None else None
    if found is None or problems.found:
        raise InvalidGoals(name, problems.found)
    return Goals(tuple(campaign.value for campaign in found.campaigns))
