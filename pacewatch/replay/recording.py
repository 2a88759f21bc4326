"""Recorded events: what a replay file holds, line by line.

Each line is a usable event, or a bad line with its reason: no line is lost on the way. An event is usable when it is a
JSON object of a known ``type``; whether it can be counted is for the worker to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from kpis.measures import Stream
from kpis.times import parse_time
from pacewatch.replay.csv_rows import CsvRows
from pacewatch.replay.lines import Lines
from pacewatch.replay.mapping import Mapping
from streams.events.schema import MONEY_FIELD

MAX_KEY = 512
"""The longest message key that is sent, in bytes; a longer campaign id cannot be valid."""
_YEAR_10000_MS = 253_402_300_800_000
_STREAMS = {stream.value: stream for stream in Stream}


@dataclass(frozen=True, slots=True)
class Record:
    """One event.

    Attributes:
        line: the line it starts on.
        stream: its stream.
        key: the campaign id as bytes, of a measure without one its account; None when the event has neither.
        ts_ms: its time, epoch milliseconds; None when it has no usable one.
        currency: the currency it names ("" when it names none) if it carries money; None if it carries none.
        value: the JSON text.
    """

    line: int
    stream: Stream
    key: bytes | None
    ts_ms: int | None
    currency: str | None
    value: bytes


@dataclass(frozen=True, slots=True)
class BadLine:
    """Lines that hold no event.

    Attributes:
        line: the first of them.
        reason: what is wrong, naming the column where there is one.
        lines: how many lines it covers (a quoted CSV cell may span several).
    """

    line: int
    reason: str
    lines: int = 1


class _Head(msgspec.Struct):
    """The fields that a replay looks at; the rest passes unseen."""

    type: Any = None
    campaign_id: Any = None
    ts: Any = None
    currency: Any = None
    cost: Any = None
    revenue: Any = None
    amount: Any = None
    value: Any = None
    account: Any = None


_HEAD = msgspec.json.Decoder(_Head)


class Recording:
    """An open replay file; a context manager that iterates over its events and bad lines.

    Args:
        path: NDJSON or CSV, plain or gzip; CSV when a mapping is given or the name ends in ``.csv`` or ``.csv.gz``.
        mapping: how CSV columns become event fields; columns named like the fields need none.

    Raises:
        BrokenFile: the file cannot be opened.
    """

    def __init__(self, path: Path, mapping: Mapping | None = None) -> None:
        self._lines = Lines(path)
        named_csv = path.name.removesuffix(".gz").endswith(".csv")
        self._mapping = mapping or (Mapping() if named_csv else None)
        self._stack = ExitStack()
        self._stack.enter_context(self._lines)

    @property
    def size(self) -> int:
        """The file's length on disk, in bytes."""
        return self._lines.size

    @property
    def position(self) -> int:
        """How many bytes of it have been read."""
        return self._lines.position

    def __iter__(self) -> Iterator[Record | BadLine]:
        """The events and bad lines, in file order; blank lines are skipped.

        Raises:
            BrokenFile: the file cannot be read to its end.
            Misconfigured: the mapping names a column that the CSV header does not have.
        """
        if self._mapping is not None:
            for row in CsvRows(self._lines, self._mapping):
                if isinstance(row.event, str):
                    yield BadLine(row.line, row.event, row.lines)
                else:
                    yield parse(row.line, msgspec.json.encode(row.event))
            return
        for number, line in self._lines:
            if line is None:
                yield BadLine(number, "longer than a million bytes")
            elif text := line.strip():
                yield parse(number, text)

    def __enter__(self) -> Recording:
        """This recording."""
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        """Close the file."""
        self._stack.close()


def parse(line: int, text: bytes) -> Record | BadLine:
    """The event of one line of JSON."""
    try:
        head = _HEAD.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        return BadLine(line, f"no JSON object ({e})")
    stream = _STREAMS.get(head.type) if isinstance(head.type, str) else None
    if stream is None:
        return BadLine(line, f"type is {str(head.type)[:40]!r}, not one of {', '.join(_STREAMS)}")
    money = getattr(head, MONEY_FIELD[stream])
    named = head.currency if isinstance(head.currency, str) else ""
    owner = head.account if stream is Stream.MEASURE and head.campaign_id is None else head.campaign_id
    # Most values are of no money: one that names no currency says nothing of what the file's money is in.
    bare = money is None or (stream is Stream.MEASURE and not named)
    return Record(line, stream, _key(owner), _time(head.ts), None if bare else named, text)


def _time(ts: object) -> int | None:
    """Epoch milliseconds; None for what is no time, so that one absurd number does not decide a whole shift."""
    ms = ts if type(ts) is int else parse_time(ts) if isinstance(ts, str) else None
    return ms if ms is not None and 0 <= ms < _YEAR_10000_MS else None


def _key(campaign: object) -> bytes | None:
    """The message key: what keeps one campaign's events in one partition, in file order."""
    if not isinstance(campaign, str | int) or campaign == "":
        return None
    return str(campaign).encode("utf-8", "surrogatepass")[:MAX_KEY]
