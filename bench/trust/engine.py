"""Runs the monitor's decision code over a stream, and gives what people would have been told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import ZERO
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, step
from monitors.goals.values import Campaign, Flight, Goal, TotalGoal
from monitors.pacing.evidence import EvidencePolicy, applies_to, begin, gain, proven
from monitors.pacing.judge import judge
from monitors.pacing.verdict import Observed, Status, VerdictPolicy

VERDICTS, LIFECYCLE, EVIDENCE = VerdictPolicy(), LifecyclePolicy(), EvidencePolicy()


class Told(NamedTuple):
    """A message: when, what kind of change, and the status it brought."""

    at_ms: int
    change: Change
    status: Status


def run(goal: Goal, flight: Flight, at: Int64s, stream: Int64s, window_ms: int = 0) -> Iterator[Told]:
    """Look at a stream at each of its times, in order.

    Args:
        goal: what is judged.
        flight: its campaign's.
        at: when it is looked at, epoch milliseconds, evenly apart.
        stream: what was counted since the look before, a row each.
        window_ms: the length of the goal's window; for a total none is needed.
    """
    campaign = Campaign("sim", "sim", flight, (goal,))
    upto = np.cumsum(stream, axis=0)
    windows = None
    if not isinstance(goal, TotalGoal):
        back = window_ms // int(at[0] if len(at) == 1 else at[1] - at[0])
        windows = upto.copy()
        windows[back:] -= upto[:-back]
    state, known = AlertState(), None
    for n, now in enumerate(at.tolist()):
        window = None if windows is None else tuple(windows[n].tolist())
        to_date = tuple(upto[n].tolist()) if windows is None else ZERO
        observed = Observed(to_date, window, now, 0)
        if applies_to(goal):
            total = tuple(upto[n].tolist())
            known = (
                begin(goal, flight, window or ZERO, total, now, policy=EVIDENCE)
                if known is None
                else gain(known, goal, total, now, EVIDENCE)
            )
            observed = replace(observed, proven=proven(known, EVIDENCE))
        verdict = judge(campaign, goal, observed, VERDICTS, now)
        transition = step(state, verdict, LIFECYCLE, now)
        state = transition.after
        if transition.change.is_told:
            yield Told(now, transition.change, state.told)
