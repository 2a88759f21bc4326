"""A goal together with what came of judging it."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.alerts.lifecycle import AlertState
from monitors.goals.subject import Subject
from monitors.goals.values import Campaign
from monitors.pacing.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Assessment:
    """A goal, its verdict, and what people were told about it."""

    campaign: Campaign
    goal: Subject
    verdict: Verdict
    state: AlertState
