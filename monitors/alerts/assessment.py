"""A goal together with what came of judging it."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.alerts.interventions import Acknowledgement
from monitors.alerts.lifecycle import AlertState
from monitors.goals.subject import Subject
from monitors.goals.values import Campaign
from monitors.pacing.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Assessment:
    """A goal, its verdict, what people were told about it, and what they do about that.

    Attributes:
        acknowledged: who takes care of its alert; None for nobody.
        is_muted: whether its campaign is muted now.
    """

    campaign: Campaign
    goal: Subject
    verdict: Verdict
    state: AlertState
    acknowledged: Acknowledgement | None = None
    is_muted: bool = False
