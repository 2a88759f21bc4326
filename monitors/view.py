"""What the monitor knows at one moment: the only thing that the exporter and the web pages look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitors.alerts.assessment import Assessment
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.status_changes import RecentChanges
from monitors.goals.values import Campaign
from monitors.read.snapshot import ReadProblem, Snapshot


@dataclass(frozen=True, slots=True)
class View:
    """The monitor's knowledge.

    Attributes:
        snapshot: the last one read; None before the first.
        assessments: every goal, judged on it.
        common: what all campaigns are watched for together.
        changes: of what people are told, those of late.
        redis_up: whether the last read succeeded.
        problem: why it did not, for people; empty when it did.
        read_at_s: when the last read succeeded, on :func:`kpis.runtime.clock.monotonic`; None before the first.
        reads: how many reads succeeded.
        leads: whether this monitor sends messages.
        outcomes: attempts to send, by outcome.
        notifier: by whom, see :class:`monitors.alerts.notifiers.known.Known`; empty when nobody is told.
        waiting: messages that wait to be sent.
        history_problems: what the last read of history could not use.
        campaigns: those of the goals file, as they were judged.
        goals_problem: why the goals file as it is now is not used, for people; empty while it is.
    """

    snapshot: Snapshot | None = None
    assessments: tuple[Assessment, ...] = ()
    common: tuple[Assessment, ...] = ()
    changes: RecentChanges = field(default_factory=RecentChanges)
    redis_up: bool = False
    problem: str = "Redis was not read yet"
    read_at_s: float | None = None
    reads: int = 0
    leads: bool = False
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    notifier: str = ""
    waiting: int = 0
    history_problems: Mapping[ReadProblem, int] = field(default_factory=dict)
    campaigns: tuple[Campaign, ...] = ()
    goals_problem: str = ""
