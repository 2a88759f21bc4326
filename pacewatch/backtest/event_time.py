"""Recorded events in the order and at the time at which a worker would have had them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kpis.measures import Stream
from kpis.times import MINUTE_MS
from pacewatch.replay.recording import BadLine, Record

_AT_ONCE = 10_000
"""Records held at most before they are counted."""


@dataclass(frozen=True, slots=True)
class Span:
    """When it is looked.

    Attributes:
        from_ms: the first look is at or after it.
        until_ms: the last look is at or after it; what came later is left out.
        every_ms: between two looks, which lie on whole multiples of it.
    """

    from_ms: int
    until_ms: int
    every_ms: int

    @property
    def first_ms(self) -> int:
        """The first look."""
        return -(-self.from_ms // self.every_ms) * self.every_ms

    @property
    def last_ms(self) -> int:
        """The last look."""
        return max(-(-self.until_ms // self.every_ms) * self.every_ms, self.first_ms)


@dataclass(slots=True)
class Batches:
    """What came since the ones before.

    Attributes:
        now_ms: the clock.
        is_look: whether it is time to look.
        values: records as they came, by stream.
    """

    now_ms: int
    is_look: bool
    values: dict[Stream, list[bytes]]


@dataclass(slots=True)
class LeftOut:
    """What of a file came to nothing before it was even decoded.

    Attributes:
        bad_lines: lines without an event.
        after_the_end: events after the last look.
    """

    bad_lines: int = 0
    after_the_end: int = 0


@dataclass(slots=True)
class EventTime:
    """Delivers records by a clock that follows the latest event, and goes on between them.

    Attributes:
        span: when it is looked.
        left_out: what was not delivered, so far.
    """

    span: Span
    left_out: LeftOut = field(default_factory=LeftOut)

    def batches(self, items: Iterable[Record | BadLine]) -> Iterator[Batches]:
        """Everything up to the last look; an event arrives at the latest event time of the file up to it.

        What is out of order is late, as it would be live. An event without a usable time arrives where it stands.
        """
        # Ages at arrival are seen to a minute, so nothing waits for longer than that to be counted.
        step = min(self.span.every_ms, MINUTE_MS)
        at, held, values = self.span.first_ms, 0, dict[Stream, list[bytes]]()
        for record in self._records(items):
            while record.ts_ms is not None and record.ts_ms > at:
                if values or self._is_look(at):
                    yield Batches(at, self._is_look(at), values)
                held, values = 0, {}
                at += step
            values.setdefault(record.stream, []).append(record.value)
            held += 1
            if held == _AT_ONCE:
                yield Batches(at, is_look=False, values=values)
                held, values = 0, {}
        while at <= self.span.last_ms:
            if values or self._is_look(at):
                yield Batches(at, self._is_look(at), values)
            values = {}
            at += step

    def _records(self, items: Iterable[Record | BadLine]) -> Iterator[Record]:
        for item in items:
            if isinstance(item, BadLine):
                self.left_out.bad_lines += item.lines
            elif item.ts_ms is not None and item.ts_ms > self.span.last_ms:
                # One absurd time must not take the clock along.
                self.left_out.after_the_end += 1
            else:
                yield item

    def _is_look(self, at_ms: int) -> bool:
        return (at_ms - self.span.first_ms) % self.span.every_ms == 0
