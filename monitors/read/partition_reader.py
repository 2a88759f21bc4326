"""One partition's documents, held and kept up to date: only what flushes changed is read again.

What is held is of one flush, with the meta hash of that flush. Nothing locks Redis while it is read: a flush may come
in between, and then what it changed is read once more, until a read had none in it. That works on every kind of Redis
alike, and no read makes the server busy for long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import WatchError

from kpis.contract import layout
from kpis.contract.redis_client import wrong_type
from kpis.contract.row_format import CORE_FORMAT, RowFormat
from monitors.read.changes import Changed, Entry, Mark, Why, mark_of, since
from monitors.read.decoding import Problems, read_document, read_meta, read_series
from monitors.read.scopes.wanted import WantedParts
from monitors.read.snapshot import PartitionHealth, ReadProblem
from monitors.read.window_rows import WindowRows

_TRIES = 10
_CHUNK = 1_000
"""Documents in one answer: some 2 MB, and a few milliseconds in which nothing else runs."""


@dataclass(frozen=True, slots=True)
class PartitionRead:
    """What a read found.

    Attributes:
        health: from the meta hash.
        stored: how many series Redis holds.
    """

    health: PartitionHealth
    stored: int


class PartitionReader:
    """Reads a partition.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        number: which.
        wanted: which breakdown series are read; with another it takes another reader.
        of: how rows are read; with another one it takes another reader.

    Attributes:
        rows: series to its rows, as of the last read.
        reads: how often it was read, and why that way.
    """

    def __init__(self, redis: Any, number: int, *, wanted: WantedParts, of: RowFormat = CORE_FORMAT) -> None:
        self.rows: dict[str, WindowRows] = {}
        self.reads: Counter[Why] = Counter()
        self._redis = redis
        self._number = number
        self._wanted = wanted
        self._format = of
        self._read: Mark | None = None
        self._touched: set[str] = set()
        self._unusable: dict[bytes, ReadProblem] = {}

    async def read(self, problems: Problems) -> PartitionRead:
        """Bring ``rows`` up to date; what cannot be used is counted in ``problems``.

        Raises:
            kpis.contract.redis_client.AWAY: Redis does not answer, or is written faster than it can be read.
        """
        answer = await self._fetch((), self._read)
        changed = since(self._read, answer.mark, answer.entries)
        self.reads[changed.why] += 1
        for _ in range(_TRIES):
            if changed.why is Why.SAME:
                return self._result(answer, problems)
            # Should this fail half way, what is held is of no flush.
            self._read, mark = None, answer.mark
            asked = await self._asked(changed)
            answer = await self._fetch(asked, mark)
            if changed.reads_all:
                self._forget_all_but(asked)
            if mark is None and answer.newest is None:
                return self._result(answer, problems)
            if answer.went_back:
                changed = Changed(Why.WENT_BACK)
                continue
            self._read = mark
            changed = since(mark, answer.mark, answer.entries)
        raise WatchError(f"partition {self._number} changed at every try to read it")

    def take_touched(self) -> set[str]:
        """The series that may differ since the last call; gone ones too."""
        touched, self._touched = self._touched, set()
        return touched

    def _result(self, answer: _Answer, problems: Problems) -> PartitionRead:
        problems.update(self._unusable.values())
        if answer.wrong:
            problems[ReadProblem.BAD_KEY] += answer.wrong
        return PartitionRead(read_meta(self._number, answer.meta, problems), answer.stored)

    async def _asked(self, changed: Changed) -> Sequence[bytes]:
        """The series to read."""
        series: Iterable[bytes] = changed.series
        if changed.reads_all:
            pipe = self._redis.pipeline(transaction=False)
            pipe.hkeys(layout.kpi(self._number))
            (series,) = [found or () for found in _checked(await pipe.execute(raise_on_error=False))]
        return [s for s in series if self._wanted.has(s)]

    async def _fetch(self, series: Sequence[bytes], after: Mark | None) -> _Answer:
        """Read documents, and after them what the partition says of itself: its meta hash, and changes ``after``."""
        last = max(0, (len(series) - 1) // _CHUNK * _CHUNK)
        newest = after
        for at in range(0, last, _CHUNK):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hmget(layout.kpi(self._number), series[at : at + _CHUNK])
            pipe.hgetall(layout.meta(self._number))
            documents, meta = _checked(await pipe.execute(raise_on_error=False))
            self._keep(series[at : at + _CHUNK], documents)
            newest = _later(newest, mark_of(meta or {}))
        pipe = self._redis.pipeline(transaction=False)
        pipe.hmget(layout.kpi(self._number), series[last:] or [b"none"])
        pipe.hgetall(layout.meta(self._number))
        pipe.hlen(layout.kpi(self._number))
        pipe.xrange(layout.changes(self._number), f"({after}" if after else "+", "+", count=layout.CHANGES_KEPT)
        documents, *said = _checked(await pipe.execute(raise_on_error=False))
        self._keep(series[last:], documents)
        return _Answer(newest, *said)

    def _keep(self, series: Sequence[bytes], documents: Sequence[bytes | None] | None) -> None:
        seen: Problems = Counter()
        for raw_name, raw in zip(series, documents or [None] * len(series), strict=False):
            self._unusable.pop(raw_name, None)
            name = read_series(raw_name, seen)
            if name is None:
                self._unusable[raw_name] = ReadProblem.BAD_SERIES
                continue
            self._touched.add(name)
            rows = None if raw is None else read_document(raw, seen, self._format)
            if rows is not None:
                self.rows[name] = rows
                continue
            self.rows.pop(name, None)
            if raw is not None:
                self._unusable[raw_name] = ReadProblem.BAD_DOCUMENT

    def _forget_all_but(self, series: Sequence[bytes]) -> None:
        """Let go of series that Redis holds no more."""
        held = set(series)
        gone = [name for name in self.rows if name.encode() not in held]
        for name in gone:
            del self.rows[name]
        self._touched.update(gone)
        self._unusable = {s: problem for s, problem in self._unusable.items() if s in held}


class _Answer:
    """What a partition says of itself, after documents were read.

    Attributes:
        newest: the newest flush met; of a partition that went back not the one it is at.
    """

    def __init__(
        self,
        newest: Mark | None,
        meta: Mapping[bytes, bytes] | None,
        stored: int | None,
        entries: Iterable[Entry] | None,
    ) -> None:
        self.meta = meta or {}
        self.stored = stored or 0
        self.entries = entries or ()
        self.mark = mark_of(self.meta) if stored is not None else None
        self.newest = _later(newest, self.mark)
        # A stream of another type is no loss: all documents are read instead.
        self.wrong = (meta is None) + (stored is None)

    @property
    def went_back(self) -> bool:
        """Whether a flush that was there while documents were read is there no more."""
        return self.newest != self.mark


def _later(one: Mark | None, other: Mark | None) -> Mark | None:
    return max((mark for mark in (one, other) if mark is not None), default=None)


def _checked(answers: list[Any]) -> list[Any]:
    """Answers, with None for a key of the wrong type: it must not hide other keys. A Cluster puts errors among them."""
    for error in (a for a in answers if isinstance(a, Exception) and not wrong_type(a)):
        raise error
    return [None if isinstance(a, Exception) else a for a in answers]
