"""``pacewatch replay``: recorded events into Kafka."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from kpis.runtime.clock import Clock
from kpis.times import DAY_MS
from pacewatch.progress import Meter
from pacewatch.replay.mapping import Mapping
from pacewatch.replay.recording import BadLine, Recording
from pacewatch.replay.scan import Scan, scanning
from pacewatch.replay.sender import Sender, Sent
from pacewatch.replay.shift import shift

BAD_SHOWN = 10
"""How many bad lines are named one by one."""
_STEP = 200
_LONGEST_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """A file to replay.

    Attributes:
        path: NDJSON or CSV, plain or gzip.
        mapping: how CSV columns become fields; None for NDJSON, and for CSV whose columns are named like fields.
    """

    path: Path
    mapping: Mapping | None = None


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """How a replay went.

    Attributes:
        sent: what became of the events.
        bad: the first bad lines.
        bad_lines: how many lines held no usable event.
        streams: events by stream.
    """

    sent: Sent
    bad: tuple[BadLine, ...]
    bad_lines: int
    streams: Counter[str]

    @property
    def summary(self) -> str:
        """One line for people."""
        parts = [f"{self.sent.acked:,} events acknowledged"]
        if self.streams:
            parts.append(", ".join(f"{n:,} {name}" for name, n in sorted(self.streams.items())))
        if self.sent.failed:
            parts.append(f"{self.sent.failed:,} not taken by Kafka, the first for {self.sent.first_failure}")
        if self.bad_lines:
            parts.append(f"{self.bad_lines:,} lines hold no usable event")
        return "; ".join(parts)


async def look(source: RecordingSource, console: Console | None = None) -> Scan:
    """Read the whole file once: what is in it, and its first and last time.

    Raises:
        BrokenFile: it cannot be read to its end.
        Misconfigured: the mapping does not fit it.
    """
    with Recording(source.path, source.mapping) as recording, Meter("scanned", recording.size, console) as meter:
        for seen in scanning(recording):
            meter.update(recording.position, seen.records)
            await asyncio.sleep(0)
    return seen


def too_old(scan: Scan, shift_ms: int, now_ms: int, history_days: int) -> bool:
    """Whether the worker would refuse the first events as older than the history it keeps."""
    return scan.first_ms is not None and scan.first_ms + shift_ms < now_ms - history_days * DAY_MS


async def replay(
    source: RecordingSource,
    sender: Sender,
    *,
    shift_ms: int = 0,
    pace: Clock | None = None,
    complain: Callable[[str], None],
    console: Console | None = None,
) -> ReplaySummary:
    """Send every event of a file, in file order.

    Args:
        source: the file.
        sender: takes the events.
        shift_ms: milliseconds added to every ``ts``.
        pace: an event is sent when this clock shows its (shifted) time; None for as fast as possible.
        complain: is told of the first bad lines, as they are met.
        console: where progress is shown; stderr when not given.

    Raises:
        BrokenFile: the file cannot be read to its end; what came before has been sent.
        Misconfigured: the mapping does not fit it.
    """
    bad: list[BadLine] = []
    bad_lines = 0
    streams: Counter[str] = Counter()
    with Recording(source.path, source.mapping) as recording, Meter("sent", recording.size, console) as meter:
        for number, item in enumerate(recording, 1):
            if isinstance(item, BadLine):
                bad_lines += item.lines
                if len(bad) < BAD_SHOWN:
                    bad.append(item)
                    complain(f"{source.path}: line {item.line}: {item.reason}")
                continue
            record = shift(item, shift_ms)
            if pace is not None and record.ts_ms is not None:
                while (ahead_s := pace.real_seconds(record.ts_ms - pace.now_ms())) > 0:
                    meter.update(recording.position, sender.sent.handed)
                    await asyncio.sleep(min(ahead_s, _LONGEST_WAIT_S))
            await sender.send(record)
            streams[record.stream] += 1
            if number % _STEP == 0:
                meter.update(recording.position, sender.sent.handed)
        sent = await sender.flush()
    return ReplaySummary(sent, tuple(bad), bad_lines, streams)
