"""How far one topic of a partition is read, and up to when its stream is complete. Pure.

How late a feed is by habit is seen from the age of its events at arrival, and only where they were counted as they
came: a backlog that this side is late with says nothing of the feed. What lies at or beyond an end of the topic that
Kafka told came after that, so it waited for us no longer than since then. Where that is more than a minute ages do not
count; where it is less it makes no prompt feed late, see :mod:`streams.state.lateness`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kpis.contract import layout
from streams.partitions.tools import KnownEnd
from streams.state.lateness import PROMPT_MS, Arrivals, Lateness
from streams.state.watermark import Progress, StreamReading, read_stream

UNANSWERED_MS = 15_000
"""Real milliseconds without an answer to a fetch, which takes one second at the most: then a broker is away."""
_End = tuple[int, int]
"""An end of the topic as Kafka told it: the offset, and when by the worker's clock."""


class StreamProgress:
    """One topic of a partition.

    Args:
        topic: its name.
        meta: the partition's meta hash as it was taken.
    """

    def __init__(self, topic: str, meta: Mapping[str, str]) -> None:
        self._topic = topic
        self._since_taken_ms: int | None = None
        self._reached_ms = _number(meta.get(f"{layout.REACHED}{topic}"))
        self._lateness = Lateness(meta.get(f"{layout.AGES}{topic}", ""))
        self._reading = StreamReading(
            _number(meta.get(f"{layout.STREAM_CLOCK}{topic}")), _number(meta.get(f"{layout.LATE}{topic}")) or 0
        )
        self._passed: _End | None = None
        self._next: _End | None = None
        self._is_told = True

    def counted(self, start: int, arrivals: Arrivals, now_ms: int) -> None:
        """Note what was counted from the offset ``start`` on, by the worker's clock at ``now_ms``."""
        if arrivals.latest_ms:
            self._since_taken_ms = max(arrivals.latest_ms, self._since_taken_ms or 0)
            self._reached_ms = max(arrivals.latest_ms, self._reached_ms or 0)
        if self._passed is not None and start >= self._passed[0] and now_ms - self._passed[1] < PROMPT_MS:
            self._lateness.count(arrivals.times, now_ms)
            self._is_told = False

    def advance(self, now_ms: int, offset: int, end: KnownEnd | None, rate: float) -> Progress:
        """Move its watermark on; answers how far the topic is read.

        Args:
            now_ms: the worker's clock.
            offset: the next one to count.
            end: where the topic ends.
            rate: how many milliseconds of the worker's clock pass in a real one.
        """
        if end is not None and end.said_ms_ago is not None:
            self._look_at(offset, (end.offset, now_ms - int(end.said_ms_ago * rate)))
        progress = Progress(_is_behind(offset, end), self._since_taken_ms)
        self._reading = read_stream(self._reading, now_ms, progress, self._lateness.late_ms or 0)
        return progress

    def told(self, now_ms: int) -> dict[str, int | str]:
        """What the next flush says of it: meta fields. The ages are in it when they changed since the last call."""
        late = self._lateness.late_ms
        found: dict[str, int | str | None] = {
            layout.REACHED: None if self._reached_ms is None else min(self._reached_ms, now_ms),
            layout.STREAM_CLOCK: self._reading.at_ms,
            layout.LATE: late,
            layout.AGES: None if self._is_told else self._lateness.stored,
        }
        self._is_told = True
        return {f"{prefix}{self._topic}": value for prefix, value in found.items() if value is not None}

    def _look_at(self, offset: int, end: _End) -> None:
        """Keep the newest end that reading has passed, and one that it comes to."""
        if self._next is not None and offset >= self._next[0]:
            self._passed, self._next = self._next, None
        # A topic that is made anew ends before the end that was waited for.
        if self._next is None or end[0] < self._next[0]:
            self._next = end
        if offset >= end[0]:
            self._passed = end


def _is_behind(offset: int, end: KnownEnd | None) -> bool | None:
    """Whether records wait; None where nobody knows: a broker that is away says nothing of what would have come."""
    if end is None or offset < end.offset:
        return None if end is None else True
    return None if end.said_ms_ago is not None and end.said_ms_ago > UNANSWERED_MS else False


def _number(stored: str | None) -> int | None:
    return int(stored) if stored is not None and stored.isascii() and stored.isdigit() else None
