"""What changes from some goals to others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from monitors.goals.all_goals import Goals
from monitors.goals.experiments.experiment import Experiment
from monitors.goals.values import Campaign, Goal

Place = tuple[str, str]
"""A campaign's id and a goal's; the campaign itself has an empty one. Of an experiment that word, and its id."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is new, gone or other, by campaign and goal.

    Attributes:
        added: new goals.
        removed: goals that are gone.
        changed: goals, and campaigns themselves, with what is other about them.
    """

    added: tuple[Place, ...]
    removed: tuple[Place, ...]
    changed: Mapping[Place, tuple[str, ...]]

    @property
    def lines(self) -> list[str]:
        """A line for each: ``+ c42 spend``, ``- c42 clicks``, ``~ c42 spend: target, curve``."""
        added = [f"+ {' '.join(place)}" for place in self.added]
        removed = [f"- {' '.join(place)}" for place in self.removed]
        changed = [f"~ {' '.join(filter(None, place))}: {', '.join(what)}" for place, what in self.changed.items()]
        return [*removed, *added, *changed]

    @property
    def summary(self) -> str:
        """It in numbers: ``1 added, 0 removed, 2 changed``."""
        return f"{len(self.added)} added, {len(self.removed)} removed, {len(self.changed)} changed"


def difference(before: Goals, after: Goals) -> Difference:
    """What ``after`` has that ``before`` has not, and the other way round."""
    old, new = dict(_all(before)), dict(_all(after))
    changed = {place: _others(old[place], new[place]) for place in new if place in old and old[place] != new[place]}
    return Difference(
        added=tuple(place for place in new if place[1] and place not in old),
        removed=tuple(place for place in old if place[1] and place not in new),
        changed={place: what for place, what in changed.items() if what},
    )


def _all(goals: Goals) -> Iterator[tuple[Place, Campaign | Goal | Experiment]]:
    for campaign in goals.all:
        yield (campaign.campaign, ""), campaign
        yield from (((campaign.campaign, goal.id), goal) for goal in campaign.goals)
    yield from ((("experiment", one.experiment), one) for one in goals.experiments)


def _others(old: Any, new: Any) -> tuple[str, ...]:
    """The fields that differ, as people write them; a campaign's goals are told one by one."""
    names = (field.name for field in fields(old) if field.name != "goals")
    return tuple(name.removesuffix("_ms") for name in names if getattr(old, name) != getattr(new, name))
