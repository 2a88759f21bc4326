"""A goal of a parent: as a campaign's, but that its target may be what the targets of its campaigns add up to."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema

from kpis.runtime.yaml_model import AtField, items_of
from kpis.runtime.yaml_nodes import shown
from kpis.units import MICROS
from monitors.goals import scalars
from monitors.goals.curve_model import CurveField
from monitors.goals.goal import RatioModel, TotalModel, kind_of_goal, refuse
from monitors.goals.parents.roll_up import curve_within, target_within
from monitors.goals.values import Campaign, Flight, Period, TotalGoal

SUM = "sum"
_NUMBER = {"type": "number", "exclusiveMinimum": 0, "maximum": scalars.MAX_AMOUNT}


def _written(value: Any) -> Any:
    return SUM if value == SUM else scalars.positive(value)


class ParentTotalModel(TotalModel):
    """A target for what campaigns bring together: as a total of one campaign, but for its target and its curve.

    Without a curve of its own a target for the flight is spread, by date, as its campaigns' targets for the same total
    are, if each of them has one.
    """

    target: Annotated[
        Any, BeforeValidator(_written), WithJsonSchema({"anyOf": [{"const": SUM}, _NUMBER], "default": SUM})
    ] = Field(
        SUM,
        description="As a campaign's; or `sum`, which it is by default: what its campaigns' targets for the same total "
        "come to in its flight.",
    )

    curve: CurveField = Field(
        "even", description="How the target spreads, see Curves; by default as its campaigns' targets are, see above."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.target == SUM and self.per != Period.FLIGHT:
            raise AtField("target", f"a sum is for the whole flight: write how much it is for each {self.per}")
        return self

    def over(self, members: tuple[Campaign, ...], flight: Flight) -> TotalGoal:
        """It as a value.

        Raises:
            AtField: a campaign has no such target, or none of it is due in the flight.
        """
        goal: TotalGoal = self.value
        found = {one.campaign: target_within(one, goal.total, flight) for one in members}
        bare = [name for name, target in found.items() if target is None]
        if "curve" not in self.model_fields_set and goal.per is Period.FLIGHT and not bare:
            goal = replace(goal, curve=curve_within(members, goal.total, flight))
        if self.target != SUM:
            return goal
        if bare:
            more = f" (and {len(bare) - 1} more)" if len(bare) > 1 else ""
            text = f"campaign {shown(bare[0])}{more} has no target for {goal.total.title} to add up"
            raise AtField("total", f"{text}: write a number as target, or list the campaigns that have one")
        whole = sum(target or 0 for target in found.values())
        if not 0 < whole <= scalars.MAX_AMOUNT * (MICROS if goal.total.in_micros else 1):
            raise AtField("total", f"of its campaigns' targets {whole} is due in its flight: write a number as target")
        return replace(goal, target=whole)

    def written_target(self) -> int:
        """Its own; 1 where it is a sum, which is known later."""
        return 1 if self.target == SUM else super().written_target()


ParentGoalModel = Annotated[
    Annotated[ParentTotalModel, Tag("a total")]
    | Annotated[RatioModel, Tag("a ratio")]
    | Annotated[SkipJsonSchema[Any], BeforeValidator(refuse), Tag("neither")],
    Discriminator(kind_of_goal),
]
ParentGoalList = Annotated[list[ParentGoalModel], BeforeValidator(items_of)]
