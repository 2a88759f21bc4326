"""Whether workers write and a monitor leads, as Redis has it: how fresh, how far behind, what was refused. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kpis.contract import layout
from kpis.measures import Stream
from kpis.units import how_many
from monitors.read.snapshot import PartitionHealth
from pacewatch.doctor.findings import Finding, Level, span

SILENT_MS = 15_000
"""A partition that is written is written every quarter of a second, and by a halted worker's successor in ten."""
OFF_MS = 2_000
_START_WORKER = "start a worker, or see its log: pacewatch worker"
_START_MONITOR = "start one with: pacewatch monitor"
_FAST = "see the clocks of what produces these events, or raise PACEWATCH_MAX_AHEAD_S; then pacewatch rejected replay"


def of_workers(partitions: Sequence[PartitionHealth], now_ms: int, rate: float) -> Iterator[Finding]:
    """Whether each partition is written, and has read what there is.

    Args:
        partitions: of all that the layout says there are.
        now_ms: the clock of the deployment.
        rate: how fast that clock is.
    """
    silent = [p for p in partitions if p.flushed_at_ms is None or now_ms - p.flushed_at_ms > SILENT_MS * rate]
    last = max((p.flushed_at_ms for p in partitions if p.flushed_at_ms is not None), default=None)
    if len(silent) == len(partitions):
        ago = "" if last is None else f", for {span(now_ms - last)}"
        yield Finding(Level.FAIL, f"no worker writes{ago}", _START_WORKER)
    elif silent:
        named = ", ".join(str(p.number) for p in silent[:12])
        of = "partition" if len(silent) == 1 else "partitions"
        yield Finding(Level.FAIL, f"nobody writes {of} {named}; the others are written", _START_WORKER)
    else:
        yield Finding(Level.OK, f"workers write all {how_many(len(partitions), 'partition')}")
    if last is not None and last - now_ms > OFF_MS * rate:
        what = f"a worker's clock is {(last - now_ms) / 1000:,.1f} s ahead of this host's"
        yield Finding(Level.WARN, what, "have NTP set the clocks of both hosts")
    if len(silent) < len(partitions):
        yield from _lag(partitions)
    yield from _too_early(partitions)


def _lag(partitions: Sequence[PartitionHealth]) -> Iterator[Finding]:
    waiting = sum(sum(p.lag.values()) for p in partitions)
    late = [p for p in partitions if p.caught_up is False]
    if late:
        what = f"{how_many(waiting, 'record waits', 'records wait')} to be read, in {how_many(len(late), 'partition')}"
        yield Finding(Level.WARN, what, "wait, if it becomes less; else start more workers, as many as partitions")
    elif any(p.caught_up for p in partitions):
        yield Finding(Level.OK, "all that Kafka holds is read")
    held = [p.number for p in partitions if p.held]
    if held:
        what = f"reading of {how_many(len(held), 'partition')} waits: too many refused records wait for their topic"
        yield Finding(Level.FAIL, what, "see whether Kafka takes records for it")


def _too_early(partitions: Sequence[PartitionHealth]) -> Iterator[Finding]:
    """Events from after now: some producer's clock is fast."""
    counts: Counter[Stream] = Counter()
    for partition in partitions:
        for stream in Stream:
            counts[stream] += partition.counters.get(f"{layout.REJECTED}{stream.value}:too_far_ahead", 0)
    for stream, count in counts.items():
        if count:
            what = f"{how_many(count, 'event')} of {stream.topic_suffix} lay too far ahead of now, and were refused"
            yield Finding(Level.WARN, what, _FAST)


def of_monitors(leader: str | None) -> Iterator[Finding]:
    """Whether a monitor leads, and has goals and somebody to tell.

    Args:
        leader: its token in Redis, which begins with its rank; None when nobody leads.
    """
    if leader is None:
        yield Finding(Level.WARN, "no monitor leads: nothing is judged, and nobody is told", _START_MONITOR)
        return
    rank = leader.partition(":")[0]
    if rank == "0":
        yield Finding(Level.WARN, "a monitor leads, and has no goals", "set PACEWATCH_GOALS for it, and start it again")
    elif rank == "1":
        yield Finding(Level.WARN, "a monitor leads, and has nobody to tell", "set up a notifier: docs/notifiers.md")
    else:
        yield Finding(Level.OK, "a monitor leads, with goals and a notifier")


def of_files(differing: Sequence[str]) -> Iterator[Finding]:
    """Whether all monitors use the same files.

    Args:
        differing: those that they do not.
    """
    for kind in differing:
        cure = "give all monitors the same: whichever leads ends the alerts of what its own lacks"
        yield Finding(Level.WARN, f"monitors use different {kind} files", cure)
