"""A first look at a whole recording, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pacewatch.replay.recording import BadLine, Record


@dataclass(frozen=True, slots=True)
class Scan:
    """What a recording holds.

    Attributes:
        records: how many usable events.
        bad: how many lines hold none.
        first_ms: the earliest time; None when no event has one.
        last_ms: the latest time.
        last_line: the line of the latest time.
        currencies: the currencies its money names, "" for money that names none.
    """

    records: int
    bad: int
    first_ms: int | None
    last_ms: int | None
    last_line: int | None
    currencies: frozenset[str]

    @property
    def only_currency(self) -> str | None:
        """The one currency that all its money names; None when there are several, or money that names none."""
        only = next(iter(self.currencies), "") if len(self.currencies) == 1 else ""
        return only or None


def scan(items: Iterable[Record | BadLine]) -> Scan:
    """Look at every item."""
    for state in scanning(items):
        last = state
    return last


def scanning(items: Iterable[Record | BadLine], every: int = 2000) -> Iterator[Scan]:
    """Look at every item, and give what was seen so far every so often; the last one is the whole."""
    records = bad = 0
    first = last = line = None
    currencies: set[str] = set()
    for number, item in enumerate(items, 1):
        if isinstance(item, BadLine):
            bad += item.lines
        else:
            records += 1
            if item.ts_ms is not None:
                first = item.ts_ms if first is None else min(first, item.ts_ms)
                if last is None or item.ts_ms > last:
                    last, line = item.ts_ms, item.line
            if item.currency is not None and len(currencies) < 2:
                currencies.add(item.currency)
        if number % every == 0:
            yield Scan(records, bad, first, last, line, frozenset(currencies))
    yield Scan(records, bad, first, last, line, frozenset(currencies))
