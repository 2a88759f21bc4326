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

_RENEW_MS = PROMPT_MS // 6
"""The age from which on an end that was reached gives way to a newer one: what lies before the newer says nothing."""


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
        self._end: tuple[int, int] | None = None
        self._is_told = True

    def counted(self, start: int, arrivals: Arrivals, now_ms: int) -> None:
        """Note what was counted from the offset ``start`` on, by the worker's clock at ``now_ms``."""
        if arrivals.latest_ms:
            self._since_taken_ms = max(arrivals.latest_ms, self._since_taken_ms or 0)
            self._reached_ms = max(arrivals.latest_ms, self._reached_ms or 0)
        if self._end is not None and start >= self._end[0] and now_ms - self._end[1] < PROMPT_MS:
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
        if end is not None and end.said_ms_ago is not None and self._wants_end(now_ms, offset, end):
            self._end = end.offset, now_ms - int(end.said_ms_ago * rate)
        progress = Progress(None if end is None else offset < end.offset, self._since_taken_ms)
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

    def _wants_end(self, now_ms: int, offset: int, end: KnownEnd) -> bool:
        if self._end is None or end.offset < self._end[0]:
            return True
        return offset >= self._end[0] and now_ms - self._end[1] > _RENEW_MS


def _number(stored: str | None) -> int | None:
    return int(stored) if stored is not None and stored.isascii() and stored.isdigit() else None
