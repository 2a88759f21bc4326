"""Whether the numbers are those of now, and what to do where there are none. Pure; for the head and /readyz alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kpis.times import MINUTE_MS, span_text
from monitors.board.overview.overview_shapes import Freshness, HealthNow
from monitors.board.shapes import StreamNow
from monitors.read.snapshot import PartitionHealth, Snapshot
from monitors.view import NOT_READ, View

SILENT_S = 30.0
"""A worker writes every second, even when nothing comes; a rebalance may take some. After so many it is missed."""


@dataclass(frozen=True, slots=True)
class FreshnessPolicy:
    """What is too old.

    Attributes:
        max_lag_ms: how old data may be to be judged.
        unread_s: how many real seconds ago the monitor's last read may be.
        rate: milliseconds of the deployment's clock in a real one.
    """

    max_lag_ms: int = 60_000
    unread_s: float = 5.0
    rate: float = 1.0

    @property
    def silent_ms(self) -> int:
        """For how long nobody may write, on the deployment's clock."""
        return int(SILENT_S * 1000 * self.rate)


def health_of(
    view: View, now_ms: int, now_s: float, policy: FreshnessPolicy, streams: Iterable[StreamNow] = ()
) -> HealthNow:
    """How the numbers stand.

    Args:
        view: what is known.
        now_ms: the deployment's clock.
        now_s: :func:`kpis.runtime.clock.monotonic`.
        policy: what is too old.
        streams: how each stream stands.
    """
    if view.problem:
        return HealthNow(_why_unread(view), f"{view.problem.rstrip('.')}.")
    if view.read_at_s is not None and now_s - view.read_at_s > policy.unread_s:
        return HealthNow(Freshness.UNREAD, f"The last read of Redis is {_span(1000 * (now_s - view.read_at_s))} ago.")
    if view.snapshot is None:
        return HealthNow(Freshness.UNREAD, "Redis was not read yet.")
    silent = _silent(view.snapshot.partitions, now_ms, policy.silent_ms)
    if silent and len(silent) == len(view.snapshot.partitions):
        least = min(silent.values())
        return HealthNow(Freshness.NO_WORKER, f"No worker has written for {_span(least)}.", least)
    return _behind(view.snapshot, now_ms, policy, tuple(streams), silent)


def next_steps(view: View, campaigns: int) -> tuple[str, ...]:
    """What to do where there is nothing to see yet: sentences, in the order in which to do it.

    Args:
        view: what is known.
        campaigns: how many there are.
    """
    steps: list[str] = []
    if view.is_bare:
        steps.append("Start a worker: pacewatch worker, with the same PACEWATCH_REDIS as this monitor.")
    if view.is_bare or (view.snapshot is not None and not campaigns):
        steps.append(
            "Send ad events to Kafka; or recorded ones, by pacewatch replay; or simulated ones, by pacewatch simulate."
        )
    if steps or (view.snapshot is not None and campaigns and not view.campaigns and not view.goals_problem):
        steps.append(
            "Write down what campaigns should reach, and name the file in PACEWATCH_GOALS: without it there is no pace."
        )
    return tuple(steps)


def _why_unread(view: View) -> Freshness:
    if view.is_bare:
        return Freshness.NO_WORKER
    return Freshness.UNREAD if view.problem == NOT_READ else Freshness.REDIS_AWAY


def _silent(partitions: Iterable[PartitionHealth], now_ms: int, silent_ms: int) -> dict[int, int]:
    """For how long nobody wrote a partition, of those of which that is too long."""
    told = ((one.number, one.flushed_at_ms) for one in partitions)
    return {number: now_ms - at for number, at in told if at is not None and now_ms - at > silent_ms}


def _behind(
    found: Snapshot, now_ms: int, policy: FreshnessPolicy, streams: tuple[StreamNow, ...], silent: dict[int, int]
) -> HealthNow:
    behind_ms = 0 if found.as_of_ms is None else max(0, now_ms - found.as_of_ms)
    late = max((one for one in streams if one.is_behind), key=lambda one: -(one.complete_to_ms or 0), default=None)
    if silent:
        which = ", ".join(map(str, sorted(silent)[:5]))
        said = f"Nobody has written partition {which} for {_span(max(silent.values()))}: its campaigns stand still."
        return HealthNow(Freshness.BEHIND, said, max(behind_ms, *silent.values()))
    if behind_ms > policy.max_lag_ms:
        stream = late.name if late else _most_unread(found)
        of = f", most of it in {stream}" if stream else ""
        said = f"The pipeline is {_span(behind_ms)} behind{of}: pace is on hold until it catches up."
        return HealthNow(Freshness.BEHIND, said, behind_ms, stream)
    if late is not None:
        return HealthNow(Freshness.BEHIND, late.says, max(0, now_ms - (late.complete_to_ms or now_ms)), late.name)
    return HealthNow(Freshness.LIVE, "", behind_ms)


def _most_unread(found: Snapshot) -> str:
    """The topic of which most waits in Kafka; empty where nothing does."""
    sums: dict[str, int] = {}
    for partition in found.partitions:
        for topic, count in partition.lag.items():
            sums[topic] = sums.get(topic, 0) + count
    most = max(sums, key=sums.__getitem__, default="")
    return most if sums.get(most) else ""


def _span(ms: float) -> str:
    return f"{int(ms / 1000)} s" if ms < MINUTE_MS else span_text(int(ms))
