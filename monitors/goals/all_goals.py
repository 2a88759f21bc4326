"""All goals of a file as one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kpis.catalogue import CORE, Catalogue
from kpis.series import is_campaign
from kpis.times import DAY_MS
from monitors.goals.experiments.experiment import Experiment
from monitors.goals.values import Campaign, Goal, TotalGoal


@dataclass(frozen=True, slots=True)
class Goals:
    """All that has goals.

    Attributes:
        campaigns: campaigns.
        parents: accounts and the portfolio, as far as they have goals of their own.
        experiments: what is compared.
        catalogue: what goals may be about; their measures are columns of its rows.
    """

    campaigns: tuple[Campaign, ...] = ()
    parents: tuple[Campaign, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    catalogue: Catalogue = CORE

    @property
    def all(self) -> tuple[Campaign, ...]:
        """Campaigns, then parents: in this order they are judged."""
        return (*self.campaigns, *self.parents)

    def __iter__(self) -> Iterator[tuple[Campaign, Goal]]:
        """Each goal with what it is of."""
        return ((campaign, goal) for campaign in self.all for goal in campaign.goals)

    def shifted(self, ms: int) -> Goals:
        """The same goals with every time moved by ``ms`` milliseconds; dates of curves by whole days."""
        campaigns, parents = (tuple(_moved(one, ms) for one in some) for some in (self.campaigns, self.parents))
        return replace(
            self, campaigns=campaigns, parents=parents, experiments=tuple(one.moved(ms) for one in self.experiments)
        )

    def under(self, catalogue: Catalogue) -> Goals | None:
        """The same goals, about the measures and KPIs that another catalogue has for theirs; None if it lacks one."""
        try:
            campaigns, parents = (
                tuple(_about(one, catalogue) for one in some) for some in (self.campaigns, self.parents)
            )
            experiments = tuple(replace(one, kpi=catalogue.by_name[one.kpi.name]) for one in self.experiments)
        except KeyError:
            return None
        return Goals(campaigns, parents, experiments, catalogue)


def accounts_of(goals: Goals) -> dict[str, str]:
    """Whose campaigns are, by series; those of nobody are left out."""
    return {one.series: one.account for one in goals.campaigns if one.account}


def breakdowns_of(goals: Goals) -> frozenset[str]:
    """The breakdown series that parents are the sum of."""
    return frozenset(name for one in goals.parents for name in one.members if not is_campaign(name))


def _about(campaign: Campaign, catalogue: Catalogue) -> Campaign:
    """Raises: KeyError for a goal about what the catalogue does not have."""
    goals = tuple(
        replace(goal, total=catalogue.totals[goal.total.title])
        if isinstance(goal, TotalGoal)
        else replace(goal, kpi=catalogue.by_name[goal.kpi.name])
        for goal in campaign.goals
    )
    return replace(campaign, goals=goals)


def _moved(campaign: Campaign, ms: int) -> Campaign:
    flight, days = campaign.flight, round(ms / DAY_MS)
    return replace(
        campaign,
        flight=replace(flight, start_ms=flight.start_ms + ms, end_ms=flight.end_ms + ms),
        goals=tuple(replace(g, curve=g.curve.moved(days)) if isinstance(g, TotalGoal) else g for g in campaign.goals),
        mutes=tuple(replace(m, from_ms=m.from_ms + ms, until_ms=m.until_ms + ms) for m in campaign.mutes),
        milestones=tuple(m if m.at_ms is None else replace(m, at_ms=m.at_ms + ms) for m in campaign.milestones),
    )
