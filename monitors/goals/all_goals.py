"""All goals of a file as one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    """

    campaigns: tuple[Campaign, ...] = ()
    parents: tuple[Campaign, ...] = ()
    experiments: tuple[Experiment, ...] = ()

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
        return Goals(campaigns, parents, tuple(one.moved(ms) for one in self.experiments))


def _moved(campaign: Campaign, ms: int) -> Campaign:
    flight, days = campaign.flight, round(ms / DAY_MS)
    return replace(
        campaign,
        flight=replace(flight, start_ms=flight.start_ms + ms, end_ms=flight.end_ms + ms),
        goals=tuple(replace(g, curve=g.curve.moved(days)) if isinstance(g, TotalGoal) else g for g in campaign.goals),
        mutes=tuple(replace(m, from_ms=m.from_ms + ms, until_ms=m.until_ms + ms) for m in campaign.mutes),
        milestones=tuple(m if m.at_ms is None else replace(m, at_ms=m.at_ms + ms) for m in campaign.milestones),
    )
