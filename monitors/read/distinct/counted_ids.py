"""Distinct counts: how many different ids a campaign had, by the sketches that workers keep (HyperLogLog).

A sketch is off by 0.81 % (one standard deviation). There is one for each quarter hour, and one of all time; a window of
an hour or more is the union of the quarter hours that it touches, so it may reach up to a quarter hour further back
than the window does. Those of one partition Redis counts; those of several are unions made here, as no command of a
Cluster spans them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kpis.contract import layout
from kpis.contract.claimed import fields_of
from kpis.contract.published import Layout
from kpis.contract.redis_client import unusable
from kpis.contract.row_format import RowFormat
from kpis.measures import UNKNOWN, Measure, Row
from kpis.series import is_campaign
from kpis.times import HOUR_MS, QUARTER_MS
from kpis.windows import TOTAL, Window, parse_window
from monitors.read.distinct.hyperloglog import count, union
from monitors.read.merge import Merge
from monitors.read.snapshot import PartitionHealth, SeriesRows

MOST_SKETCHES = 4_000
"""Sketches that one read looks at: a day of forty campaigns, and some tens of milliseconds of Redis. What does not fit
waits for the next reads, and has the counts of before until then."""

_Ids = Mapping[str, Row]
_Counts = Mapping[tuple[str, int], int]
"""A window and a column, and how many different ids are in it."""


@dataclass(frozen=True, slots=True)
class AskedCount:
    """One count: of which measure in which window, and the sketches of each partition that it is the union of."""

    window: str
    column: int
    keys: tuple[tuple[str, ...], ...]


class Sketches:
    """Holds what was counted, and counts anew what changed.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        of: how rows are read.
    """

    def __init__(self, redis: Any, of: RowFormat) -> None:
        self._redis = redis
        self._of = of
        self._shown: dict[str, SeriesRows] = {}
        self._ids: dict[str, _Ids] = {}
        self._counts: dict[str, _Counts] = {}
        self._due: dict[str, None] = {}

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What sketches count."""
        return self._of.distinct

    @property
    def has_due(self) -> bool:
        """Whether what changed is not all counted yet."""
        return bool(self._due)

    async def counted(
        self, merge: Merge, found: Layout, partitions: Sequence[PartitionHealth]
    ) -> Mapping[str, SeriesRows]:
        """All series, with distinct counts in place of how many events had an id.

        Args:
            merge: all series, and those that changed.
            found: which windows there are.
            partitions: how far each partition is.

        Raises:
            kpis.contract.redis_client.AWAY: Redis does not answer.
        """
        if not self._of.distinct:
            return merge.series
        changed = {name for name in merge.changed if self._note(name, merge.series.get(name))}
        names = await self._count_due(merge, found, partitions)
        shown = dict(self._shown)
        for name in changed | names:
            rows = merge.series.get(name)
            if rows is None:
                shown.pop(name, None)
            else:
                shown[name] = SeriesRows(self._with_counts(name, rows.windows), rows.partitions)
        self._shown = shown
        return shown

    def _note(self, name: str, rows: SeriesRows | None) -> bool:
        """Note what is to be counted of a series that may have changed."""
        if rows is None:
            for held in (self._ids, self._counts, self._due):
                held.pop(name, None)
            return True
        columns = self._of.uncounted
        ids = {window: tuple(row[c] for c in columns) for window, row in rows.windows.items()}
        if is_campaign(name) and self._ids.get(name) != ids and any(map(any, ids.values())):
            self._due[name] = None
        self._ids[name] = ids
        return True

    async def _count_due(self, merge: Merge, found: Layout, partitions: Sequence[PartitionHealth]) -> set[str]:
        """Count as many of those that are due as one read may; gives which."""
        windows = [w for w in map(parse_window, found.windows) if w.span_ms >= HOUR_MS]
        asked: dict[str, list[AskedCount]] = {}
        size = 0
        for name in list(self._due):
            rows = merge.series[name]
            wanted = list(self._asked(name, rows, windows, partitions))
            size += sum(len(keys) for one in wanted for keys in one.keys)
            if asked and size > MOST_SKETCHES:
                break
            asked[name] = wanted
            del self._due[name]
        try:
            numbers = iter(await self.count_all([one for wanted in asked.values() for one in wanted]))
        except BaseException:
            self._due.update(dict.fromkeys(asked))
            raise
        for name, wanted in asked.items():
            self._counts[name] = {
                (one.window, one.column): number for one, number in zip(wanted, numbers, strict=False)
            }
        return set(asked)

    def _asked(
        self, name: str, rows: SeriesRows, windows: Iterable[Window], partitions: Sequence[PartitionHealth]
    ) -> Iterator[AskedCount]:
        """What is to be counted of a campaign: only where any id came."""
        for measure in self._of.distinct:
            if rows.windows.get(TOTAL, self._of.zero)[measure.column] > 0:
                keys = [(self.key(number, measure, name, None),) for number in rows.partitions]
                yield AskedCount(TOTAL, measure.column, tuple(keys))
            for window in windows:
                if rows.windows.get(window.name, self._of.zero)[measure.column] > 0:
                    yield AskedCount(
                        window.name,
                        measure.column,
                        tuple(
                            tuple(self.key(n, measure, name, at) for at in quarters_of(window, at_ms))
                            for n in rows.partitions
                            if (at_ms := partitions[n].watermark_ms) is not None
                        ),
                    )

    def key(self, partition: int, measure: Measure, series: str, quarter: int | None) -> str:
        """The key of a sketch of a campaign: of a quarter hour, or of all time."""
        (name,) = fields_of(measure)
        return layout.sketch(partition, name, series, quarter)

    async def count_all(self, asked: Sequence[AskedCount]) -> list[int]:
        """How many different ids each has; :data:`UNKNOWN` where no sketch is there."""
        if not asked:
            return []
        pipe = self._redis.pipeline(transaction=False)
        for one in asked:
            if len(one.keys) == 1:
                pipe.pfcount(*one.keys[0])
            else:
                for key in (key for keys in one.keys for key in keys):
                    pipe.get(key)
        answers = iter(await pipe.execute(raise_on_error=False))
        found: list[int] = []
        for one in asked:
            if len(one.keys) == 1:
                found.append(_number(next(answers)))
            else:
                sketches = [_bytes(next(answers)) for keys in one.keys for _ in keys]
                found.append(count(union(raw for raw in sketches if raw)))
        return [number or UNKNOWN for number in found]

    def _with_counts(self, name: str, windows: Mapping[str, Row]) -> Mapping[str, Row]:
        counts, columns = self._counts.get(name, {}), self._of.uncounted
        return {
            window: tuple(
                (min(counts.get((window, i), UNKNOWN), v) if v > 0 else none) if i in columns else v
                for i, v in enumerate(row)
            )
            for window, row in windows.items()
            for none in (UNKNOWN if _is_short(window) else 0,)
        }


@lru_cache(maxsize=64)
def _is_short(window: str) -> bool:
    """Whether nothing is ever known of a window: so nothing is said where none came, either."""
    return window != TOTAL and parse_window(window).span_ms < HOUR_MS


def quarters_of(window: Window, at_ms: int) -> range:
    """The quarter hours, by their number since the epoch, that a window touches which ends at a moment."""
    first = (window.pane_of(at_ms) - window.panes + 1) * window.pane_ms
    return range(first // QUARTER_MS, at_ms // QUARTER_MS + 1)


def _number(answer: Any) -> int:
    """A count; none where a key holds something else."""
    if isinstance(answer, Exception):
        if not unusable(answer) and "HyperLogLog" not in str(answer):
            raise answer
        return 0
    return int(answer)


def _bytes(answer: Any) -> bytes:
    if isinstance(answer, Exception):
        if not unusable(answer):
            raise answer
        return b""
    return bytes(answer or b"")
