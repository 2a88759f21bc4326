"""Experiments in the cycle: what was counted of their variants becomes rulings, and what people are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from kpis.measures import Stream
from kpis.runtime.clock import monotonic
from kpis.series import campaign_part
from kpis.times import DAY_MS, QUARTER_MS
from monitors.alerts.assessment import Assessment
from monitors.experiments.ruling import Ruling, rule
from monitors.experiments.ruling_verdicts import verdicts_of
from monitors.experiments.weighing import VariantCounts, Weighed, weigh
from monitors.goals.experiments.experiment import Experiment
from monitors.read.history import REMEMBER_S, History, days_of
from monitors.read.queries import Query
from monitors.read.snapshot import Snapshot
from monitors.telling import Round, Telling
from monitors.view import Examined


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted of an experiment, and what that proves.

    Attributes:
        until_s: when it is read anew all the same: late events are counted into quarter hours that had passed.
        end_ms: up to when was counted.
        counts: what.
        weighed: what it proves.
    """

    until_s: float
    end_ms: int
    counts: VariantCounts
    weighed: Weighed


class Examining:
    """Rules on experiments. History is read when another quarter hour is over, and every two minutes.

    Args:
        history: what was counted.
        telling: tells people.
        max_lag_ms: how far the watermark may be behind now.
    """

    def __init__(self, history: History, telling: Telling, max_lag_ms: int) -> None:
        self._history = history
        self._telling = telling
        self._max_lag_ms = max_lag_ms
        self._held: dict[Experiment, _Counted] = {}

    async def examine(self, now: Round, experiments: Iterable[Experiment], snapshot: Snapshot) -> Examined:
        """How each experiment stands, and that with what people know of it.

        Raises:
            Unreachable: Redis does not answer.
        """
        known = tuple(experiments)
        rulings: list[Ruling] = []
        told: list[Assessment] = []
        for experiment in known:
            counted = await self._counted(experiment, snapshot, now.now_ms)
            counts = self._dated(experiment, counted.counts, snapshot, now.now_ms)
            ruling = rule(experiment, counts, counted.weighed, now.now_ms)
            rulings.append(ruling)
            told += await self._telling.judged(now, experiment.stands_for, verdicts_of(ruling), None)
        self._held = {one: held for one, held in self._held.items() if one in known}
        return Examined(tuple(rulings), tuple(told))

    async def _counted(self, experiment: Experiment, snapshot: Snapshot, now_ms: int) -> _Counted:
        end_ms = _end(experiment, snapshot, now_ms)
        held = self._held.get(experiment)
        if held is None or held.end_ms != end_ms or held.until_s <= monotonic():
            counts = await self._counts(experiment, snapshot, end_ms)
            if held is not None and _is_same(held.counts, counts):
                weighed = held.weighed
            else:
                # Weeks of quarter hours take a tenth of a second for each pair: others are served meanwhile.
                weighed = await asyncio.to_thread(weigh, experiment, counts)
            held = self._held[experiment] = _Counted(monotonic() + REMEMBER_S, end_ms, counts, weighed)
        return held

    async def _counts(self, experiment: Experiment, snapshot: Snapshot, end_ms: int) -> VariantCounts:
        """What history has of all variants, in the whole quarter hours from the start on."""
        begin_ms = _begin(experiment)
        queries = [Query(one.series[0], begin_ms, end_ms, one.series) for one in experiment.variants]
        found = await self._history.days(snapshot.layout.partitions, queries) if begin_ms < end_ms else {}
        first = (begin_ms - begin_ms // DAY_MS * DAY_MS) // QUARTER_MS
        last = first + max(end_ms - begin_ms, 0) // QUARTER_MS
        rows = [found[query][first:last] for query in queries if query in found and len(days_of(query))]
        above, below = experiment.kpi.above.column, experiment.kpi.below.column
        nothing = np.zeros((0, len(experiment.variants)), np.int64)
        if len(rows) < len(queries):
            return VariantCounts(begin_ms, nothing, nothing, None)
        trials, successes = (np.stack([one[:, column] for one in rows], axis=1) for column in (below, above))
        return VariantCounts(begin_ms, trials, successes, None)

    def _dated(self, experiment: Experiment, counts: VariantCounts, snapshot: Snapshot, now_ms: int) -> VariantCounts:
        """Counts with how old they are, and what they wait for."""
        reached = _reached(experiment, snapshot)
        due_ms = (now_ms if experiment.end_ms is None else min(now_ms, experiment.end_ms)) - self._max_lag_ms
        late = _late(experiment, snapshot, due_ms)
        return replace(
            counts,
            as_of_ms=None if reached is None else counts.begin_ms + len(counts.trials) * QUARTER_MS,
            is_stale=_is_stale(experiment, snapshot, due_ms),
            waits_for=None if _is_stale(experiment, snapshot, due_ms) else late,
            is_partly=_is_partly(experiment, snapshot),
            history_from_ms=now_ms - snapshot.layout.history_days * DAY_MS,
        )


def _is_same(one: VariantCounts, other: VariantCounts) -> bool:
    return np.array_equal(one.trials, other.trials) and np.array_equal(one.successes, other.successes)


def _begin(experiment: Experiment) -> int:
    """The first whole quarter hour of an experiment."""
    return -(-experiment.start_ms // QUARTER_MS) * QUARTER_MS


def _end(experiment: Experiment, snapshot: Snapshot, now_ms: int) -> int:
    """The end of the last whole quarter hour that is complete."""
    reached = _reached(experiment, snapshot)
    last = now_ms if experiment.end_ms is None else min(now_ms, experiment.end_ms)
    end_ms = _begin(experiment) if reached is None else min(reached, last)
    return end_ms // QUARTER_MS * QUARTER_MS


def _is_partly(experiment: Experiment, snapshot: Snapshot) -> bool:
    """Whether some of what it compares was not counted in all of its time."""
    if snapshot.columns is None:
        return False
    whole_ms = snapshot.columns.whole_from(experiment.kpi.formula.measures)
    return whole_ms is None or whole_ms > _begin(experiment)


def _campaigns(experiment: Experiment) -> frozenset[str]:
    """The campaigns that it is about: what holds a breakdown holds its campaign too."""
    return frozenset(map(campaign_part, experiment.series))


def _reached(experiment: Experiment, snapshot: Snapshot) -> int | None:
    """The event time up to which all that is compared is complete; None where one has no clock yet."""
    found = [snapshot.as_of_streams(one, experiment.streams) for one in _campaigns(experiment)]
    return None if None in found else min(ms for ms in found if ms is not None)


def _is_stale(experiment: Experiment, snapshot: Snapshot, due_ms: int) -> bool:
    return any((ms := snapshot.as_of(one)) is not None and ms < due_ms for one in _campaigns(experiment))


def _late(experiment: Experiment, snapshot: Snapshot, due_ms: int) -> Stream | None:
    """The stream that is later than by habit; the latest of several, None where none is."""
    late: dict[Stream, int] = {}
    for campaign in _campaigns(experiment):
        for stream, health in snapshot.streams_of(campaign).items():
            if stream in experiment.streams and health.watermark_ms is not None:
                behind = due_ms - (health.late_ms or 0) - health.watermark_ms
                late[stream] = max(behind, late.get(stream, 0))
    found = {stream: behind for stream, behind in late.items() if behind > 0}
    return max(sorted(found), key=found.__getitem__, default=None)
