"""A verdict and what is stored of its goal become a transition. Pure: the cycle and the backtest decide alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from msgspec.structs import replace as replaced

from kpis.measures import Row
from monitors.alerts.endings import asks_otherwise, restated
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, Transition, ended, step
from monitors.alerts.muting import within_mutes
from monitors.alerts.quieting import Quiet, QuietPolicy, is_due_again, quiet
from monitors.alerts.stored import NOTHING_HELD, Held
from monitors.goals.subject import Subject
from monitors.goals.values import Campaign
from monitors.pacing.verdict import Verdict


@dataclass(frozen=True, slots=True)
class TellingPolicy:
    """When people are told.

    Attributes:
        lifecycle: how patient alerts are.
        quiet: how often one is sent.
    """

    lifecycle: LifecyclePolicy = field(default_factory=LifecyclePolicy)
    quiet: QuietPolicy = field(default_factory=QuietPolicy)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known when a verdict is told.

    Attributes:
        now_ms: the clock.
        is_muted: whether the campaign is muted now.
        is_acknowledged: whether someone takes care of the alert.
        then: what is known now to have been counted by the time of ``Held.counted``; None when nothing is.
    """

    now_ms: int
    is_muted: bool = False
    is_acknowledged: bool = False
    then: Row | None = None


def decide(
    campaign: Campaign, goal: Subject, verdict: Verdict, held: Held, policy: TellingPolicy, *, around: Circumstances
) -> Transition:
    """The transition of one goal.

    Args:
        campaign: whose.
        goal: which of its goals or watches.
        verdict: the verdict.
        held: what is stored of it.
        policy: when people are told.
        around: what else is known.
    """
    state, at_ms = held.state, verdict.as_of_ms or around.now_ms
    if held.is_before(campaign.flight):
        if state.is_firing:
            # What is left of an earlier flight ends; this one is judged from the next look on.
            return within_mutes(ended(state, at_ms), None, is_quiet=around.is_muted)
        held, state = NOTHING_HELD, AlertState()
    if state.is_firing and verdict.status.is_judgement and asks_otherwise(held, campaign, goal, verdict):
        # What was proven was proven of another goal: this one is what it is now.
        verdict = replaced(verdict, recovered=verdict.status)
    found = step(state, verdict, policy.lifecycle.of(goal), at_ms)
    if found.change is Change.RESOLVED:
        found = restated(found, held, campaign, goal, verdict, then=around.then)
    why = quiet(
        state.known[0], found.after.told, held.sends, policy.quiet, around.now_ms,
        is_muted=around.is_muted, is_acknowledged=around.is_acknowledged,
    )  # fmt: skip
    transition = within_mutes(found, verdict, is_quiet=why is not Quiet.NOT)
    if transition.change.is_told or around.is_muted or around.is_acknowledged:
        return transition
    # Not beside numbers that are old, or that meet their bound by now.
    if verdict.status.is_miss and is_due_again(transition.after, held.sends, policy.quiet, around.now_ms):
        return replace(transition, change=Change.REPEATED)
    return transition
