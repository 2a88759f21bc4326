"""``pacewatch replay``: recorded events into Kafka."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from kpis.runtime.clock import Clock
from kpis.times import DAY_MS
from kpis.units import how_many
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
        parts = [f"{how_many(self.sent.acked, 'event')} acknowledged"]
        if self.streams:
            parts.append(", ".join(f"{n:,} {name}" for name, n in sorted(self.streams.items())))
        if self.sent.failed:
            parts.append(f"{self.sent.failed:,} not taken by Kafka, the first for {self.sent.first_failure}")
        if self.bad_lines:
            parts.append(how_many(self.bad_lines, "line holds no usable event", "lines hold no usable event"))
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
    bad = BadLines(source.path, complain)
    streams: Counter[str] = Counter()
    with Recording(source.path, source.mapping) as recording, Meter("sent", recording.size, console) as meter:
        show = partial(_show, meter, recording, sender)
        for number, item in enumerate(recording, 1):
            if isinstance(item, BadLine):
                bad.add(item)
                continue
            record = shift(item, shift_ms)
            if pace is not None and record.ts_ms is not None:
                await _until(record.ts_ms, pace, show)
            await sender.send(record)
            streams[record.stream] += 1
            if number % _STEP == 0:
                show()
        sent = await sender.flush()
    return ReplaySummary(sent, tuple(bad.first), bad.lines, streams)


def _show(meter: Meter, recording: Recording, sender: Sender) -> None:
    meter.update(recording.position, sender.sent.handed)


class BadLines:
    """The lines without an event.

    Attributes:
        first: the first of them.
        lines: how many.
    """

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self.first: list[BadLine] = []
        self.lines = 0
        self._path = path
        self._complain = complain

    def add(self, line: BadLine) -> None:
        """Count one, and complain while there are few."""
        self.lines += line.lines
        if len(self.first) < BAD_SHOWN:
            self.first.append(line)
            self._complain(f"{self._path}: line {line.line}: {line.reason}")


async def _until(at_ms: int, pace: Clock, show: Callable[[], None]) -> None:
    """Wait until a clock shows a time."""
    while (ahead_s := pace.real_seconds(at_ms - pace.now_ms())) > 0:
        show()
        await asyncio.sleep(min(ahead_s, _LONGEST_WAIT_S))
