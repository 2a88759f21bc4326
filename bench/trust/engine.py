"""Runs the monitor's engine over a stream, and gives what people would have been told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from kpis.arrays import Int64s
from kpis.times import HOUR_MS, QUARTER_MS
from kpis.windows import parse_windows
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, step
from monitors.engine import Engine
from monitors.goals.values import Campaign, Flight, Goal
from monitors.pacing.verdict import Reason, Status
from monitors.read.past import Past, joined, nothing_yet, open_quarters
from monitors.sight import Sight

LIFECYCLE = LifecyclePolicy()
WINDOWS = parse_windows("1m,5m,1h,24h")


class Told(NamedTuple):
    """A message: when, what kind of change, the status it brought, about which goal, and why."""

    at_ms: int
    change: Change
    status: Status
    goal: str
    reason: Reason


def run(goal: Goal, flight: Flight, at: Int64s, stream: Int64s) -> Iterator[Told]:
    """Look at a stream at each of its times, in order.

    Args:
        goal: what is judged, beside what every campaign is watched for.
        flight: its campaign's.
        at: when it is looked at, epoch milliseconds, evenly apart.
        stream: what was counted since the look before, a row each.
    """
    return told(Campaign("sim", "sim", flight, (goal,)), sights(at, stream))


def told(campaign: Campaign, looks: Iterable[tuple[int, Sight]]) -> Iterator[Told]:
    """What people are told of a campaign that is looked at again and again."""
    engine, states = Engine(), dict[str, AlertState]()
    for now, seen in looks:
        for one, verdict in engine.look(campaign, seen, now):
            transition = step(states.get(one.id, AlertState()), verdict, LIFECYCLE, now)
            states[one.id] = transition.after
            if transition.change.is_told:
                yield Told(now, transition.change, transition.after.told, one.id, verdict.reason)


def sights(at: Int64s, stream: Int64s) -> Iterator[tuple[int, Sight]]:
    """What a monitor sees at each look."""
    upto = np.cumsum(stream, axis=0)
    step_ms = int(at[0] if len(at) == 1 else at[1] - at[0])
    windows = {w.name: _window(upto, w.span_ms // step_ms) for w in WINDOWS if w.span_ms >= step_ms}
    quarters = np.zeros((int((at[-1] - 1) // QUARTER_MS) + 1, stream.shape[1]), np.int64)
    totals = dict(zip(at.tolist(), map(tuple, upto.tolist()), strict=True))
    ends = np.append(np.flatnonzero(np.diff((at - 1) // QUARTER_MS)), len(at) - 1)
    whole = np.diff(np.concatenate([np.zeros((1, stream.shape[1]), np.int64), upto[ends]]), axis=0)
    quarters[((at - 1) // QUARTER_MS)[ends]] = whole
    before = np.concatenate([np.zeros((1, stream.shape[1]), np.int64), np.cumsum(quarters, axis=0)])
    past = nothing_yet(0)
    for n, now in enumerate(at.tolist()):
        hour = now - now % HOUR_MS
        if past.end_ms != hour:
            past = joined(past, past.end_ms, quarters[past.end_ms // QUARTER_MS :], hour)
        known = _known(past, quarters, upto[n] - before[(now - 1) // QUARTER_MS], now)
        rows: Mapping[str, tuple[int, ...]] = {name: tuple(rows[n].tolist()) for name, rows in windows.items()}
        yield now, Sight(now, 0, totals[now], rows, past, known)


def _window(upto: Int64s, back: int) -> Int64s:
    found = upto.copy()
    found[back:] -= upto[:-back]
    return found


def _known(past: Past, quarters: Int64s, last: Int64s, now: int) -> tuple[tuple[int, ...], ...]:
    """The open quarter hours: the last one as far as it was counted."""
    found = open_quarters(0, quarters, past, now - 1)
    return (*found[:-1], tuple(last.tolist())) if found else ()
