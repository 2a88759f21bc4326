"""What the monitor knows at one moment: the only thing that the exporter and the web pages look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpis.series import campaign_part
from monitors.alerts.assessment import Assessment
from monitors.alerts.interventions import NO_INTERVENTIONS, Interventions
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.outbox.queued import Backlog
from monitors.alerts.status_changes import RecentChanges
from monitors.experiments.ruling import Ruling
from monitors.goals.values import Campaign
from monitors.read.snapshot import ReadProblem, Snapshot


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """How one notifier does.

    Attributes:
        backlog: what waits for it.
        outcomes: its attempts by this process, by outcome.
        parked: messages that this process gave up, by the reason.
        refreshes: how often this process sent again what stands, by outcome.
    """

    backlog: Backlog = field(default_factory=Backlog)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    parked: Mapping[Outcome, int] = field(default_factory=dict)
    refreshes: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Examined:
    """All experiments.

    Attributes:
        rulings: how each stands.
        told: the same, with what people know of it.
    """

    rulings: tuple[Ruling, ...] = ()
    told: tuple[Assessment, ...] = ()


NOTHING_EXAMINED = Examined()
NOT_READ = "Redis was not read yet"
"""The problem of a monitor that has just begun."""


@dataclass(frozen=True, slots=True)
class View:
    """The monitor's knowledge.

    Attributes:
        snapshot: the last one read; None before the first.
        assessments: every goal, judged on it.
        common: what all campaigns are watched for together.
        examined: all experiments.
        changes: of what people are told, those of late.
        redis_up: whether the last read succeeded.
        problem: why it did not, for people; empty when it did.
        is_bare: whether it did not for no worker has written anything yet that can be read.
        read_at_s: when the last read succeeded, on :func:`kpis.runtime.clock.monotonic`; None before the first.
        reads: how many reads succeeded.
        leads: whether this monitor sends messages.
        lanes: how each notifier that is set up does, by its name.
        done: what people have done about alerts.
        history_problems: what the last read of history could not use.
        campaigns: those of the goals file, as they were judged.
        goals_problem: why the goals file as it is now is not used, for people; empty while it is.
        catalogue_problem: the same of the catalogue file.
        uncounted: dimensions that goals or scopes are about, and no worker breaks down by.
        differing_files: those that another monitor that runs has otherwise: goals, catalogue.
    """

    snapshot: Snapshot | None = None
    assessments: tuple[Assessment, ...] = ()
    common: tuple[Assessment, ...] = ()
    examined: Examined = NOTHING_EXAMINED
    changes: RecentChanges = field(default_factory=RecentChanges)
    redis_up: bool = False
    problem: str = NOT_READ
    is_bare: bool = False
    read_at_s: float | None = None
    reads: int = 0
    leads: bool = False
    lanes: Mapping[str, LaneHealth] = field(default_factory=dict)
    done: Interventions = NO_INTERVENTIONS
    history_problems: Mapping[ReadProblem, int] = field(default_factory=dict)
    campaigns: tuple[Campaign, ...] = ()
    goals_problem: str = ""
    catalogue_problem: str = ""
    uncounted: tuple[str, ...] = ()
    differing_files: tuple[str, ...] = ()

    @property
    def announced(self) -> frozenset[str]:
        """What workers keep apart and people may mute: campaigns with goals, those of experiments, and experiments."""
        found = {campaign.series for campaign in self.campaigns}
        for experiment in (ruling.experiment for ruling in self.examined.rulings):
            found |= {*map(campaign_part, experiment.series), experiment.stands_for.series}
        return frozenset(found)

    @property
    def waiting(self) -> int:
        """Messages that wait to be sent, by whomever."""
        return sum(lane.backlog.count for lane in self.lanes.values())
