"""The goals file: reads all of it, notes every error, and only then gives up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from kpis.catalogue import CORE, Catalogue
from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_model import AtField, Fields, FileModel, fields_of, items_of, parsed, read_text_of
from kpis.runtime.yaml_nodes import Problems, shown
from monitors.goals.all_goals import Goals
from monitors.goals.campaign import CampaignModel, weighs
from monitors.goals.experiments.experiment_model import ExperimentModel, each_experiment_once
from monitors.goals.fields import GoalProblems, Name
from monitors.goals.parents.account import AccountModel, inherit
from monitors.goals.parents.breakdown_model import BreakdownModel, each_breakdown_once
from monitors.goals.parents.parent_model import PortfolioModel, below, portfolio_of
from monitors.goals.values import Campaign


class InvalidGoals(InvalidFile):
    """A goals file cannot be used."""

    def __init__(self, name: str, problems: Sequence[FileProblem]) -> None:
        super().__init__(f"goals file {name}", problems, ": pacewatch goals check lists them")


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

    accounts: Annotated[dict[Name, AccountModel], BeforeValidator(fields_of)] = Field(
        {}, description="What all campaigns of an account have, by its name; what a campaign gives itself goes first."
    )
    campaigns: Annotated[list[CampaignModel], BeforeValidator(_each_campaign_once)] = Field(
        description="All campaigns that have goals."
    )
    portfolio: PortfolioModel | None = Field(
        None, description="What all campaigns are meant to reach together, or those that it lists."
    )
    experiments: Annotated[list[ExperimentModel], BeforeValidator(items_of)] = Field(
        [], description="Variants that are compared; see An experiment."
    )
    breakdowns: Annotated[list[BreakdownModel], BeforeValidator(items_of)] = Field(
        [], description="What campaigns are meant to reach by one channel, creative, ad group, ..."
    )

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, data: Any, info: ValidationInfo) -> Any:
        if info.context is not None and isinstance(data, Fields):
            inherit(data, info.context)
        return data

    @model_validator(mode="after")
    def _weighs(self) -> Self:
        for campaign in self.campaigns:
            account = self.accounts.get(campaign.account or "")
            own = {goal.value.id for goal in campaign.goals or ()}
            for i, goal in enumerate((account and account.goals) or ()):
                if goal.value.id not in own and not weighs(goal, campaign.flight.value):
                    text = f"no time of the flight of campaign {shown(campaign.campaign)} weighs anything"
                    raise AtField(("accounts", campaign.account or "", "goals", i, "curve"), text)
        return self

    @model_validator(mode="after")
    def _experiments_once(self) -> Self:
        each_experiment_once(self.experiments)
        return self

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        known = {one.campaign: i for i, one in enumerate(self.campaigns)}
        for parent in self.value.parents:
            if parent.campaign in known:
                text = f"{shown(parent.campaign)} is what goals of an account or the portfolio are called"
                raise AtField(("campaigns", known[parent.campaign], "campaign"), text)
        return self

    @cached_property
    def value(self) -> Goals:
        """It as a value.

        Raises:
            AtField: goals of an account or of the portfolio cannot be made of the campaigns there are.
        """
        found = ((campaign, self.accounts.get(campaign.account or "")) for campaign in self.campaigns)
        campaigns = tuple(account.given(campaign.value) if account else campaign.value for campaign, account in found)
        experiments = tuple(experiment.value for experiment in self.experiments)
        return Goals(campaigns, tuple(self._parents(campaigns)), experiments)

    def _parents(self, campaigns: tuple[Campaign, ...]) -> Iterator[Campaign]:
        for name, account in self.accounts.items():
            with below("accounts", name, "together"):
                if (found := account.parent(name, campaigns)) is not None:
                    yield found
        if self.portfolio is not None:
            with below("portfolio"):
                yield portfolio_of(self.portfolio, campaigns)
        each_breakdown_once(self.breakdowns)
        for i, breakdown in enumerate(self.breakdowns):
            with below("breakdowns", i):
                yield breakdown.over_parts(campaigns)


def load(path: Path | str, catalogue: Catalogue = CORE) -> Goals:
    """Read a goals file, whose goals are about measures and KPIs of a catalogue.

    Raises:
        InvalidGoals: it cannot be read, or holds errors; all of them are in ``problems``.
    """
    return parse(read_text(Path(path)), str(path), catalogue)


def read_text(path: Path) -> str:
    """The text of a goals file, whatever it says.

    Raises:
        InvalidGoals: it cannot be read whole.
    """
    return read_text_of(path, InvalidGoals)


def parse(text: str, name: str, catalogue: Catalogue = CORE) -> Goals:
    """Read the text of a goals file; ``name`` is for errors, ``catalogue`` is what goals may be about.

    Raises:
        InvalidGoals: it holds errors; all of them are in ``problems``.
    """
    problems = GoalProblems(catalogue)
    found = parsed(GoalsFile, text, name, problems, needs="a list of campaigns", invalid=InvalidGoals)
    return replace(found.value, catalogue=catalogue)


def schema(catalogue: Catalogue = CORE) -> dict[str, Any]:
    """The JSON Schema of goals files, with the names that a catalogue has for totals and ratios."""
    found = GoalsFile.model_json_schema()
    kpis = list(catalogue.by_name)
    names = {"total": list(catalogue.totals), "ratio": kpis, "kpi": kpis}
    for model in found["$defs"].values():
        for field, known in names.items():
            if "enum" in model.get("properties", {}).get(field, {}):
                model["properties"][field]["enum"] = known
    return found
