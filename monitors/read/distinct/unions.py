"""Different ids of several campaigns together: the union of their sketches, where that is not too many of them.

A union is as exact as one sketch is, 0.81 %. It is counted anew every quarter of a minute at the most, a few at each
read. What takes more sketches than a read may look at stays unknown, and so does what breakdowns have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kpis.contract.published import Layout
from kpis.measures import UNKNOWN, Measure
from kpis.runtime.clock import monotonic
from kpis.series import is_campaign, is_parent
from kpis.times import HOUR_MS
from kpis.windows import TOTAL, Window, parse_window
from monitors.read.distinct.counted_ids import AskedCount, Sketches, quarters_of
from monitors.read.snapshot import PartitionHealth, SeriesRows

MOST_OF_ONE = 1_000
"""Sketches of one union: those of all time of a thousand campaigns, or a day of ten."""
MOST_A_READ = 2_000
"""Sketches of all unions that one read counts."""
REST_S = 15.0
"""For how many real seconds a union holds."""

_Place = tuple[str, str, int]
"""A parent, a window and a column."""


@dataclass(frozen=True, slots=True)
class Members:
    """What unions may be of.

    Attributes:
        series: how many events of each had an id.
        windows: those that have counts; None is all time.
        partitions: how far each partition is.
    """

    series: Mapping[str, SeriesRows]
    windows: tuple[Window | None, ...]
    partitions: Sequence[PartitionHealth]

    def ids(self, members: Iterable[str], window: str, measure: Measure) -> dict[str, int]:
        """Those that have any id in a window, and how many events had one."""
        rows = {one: self.series[one].windows for one in members if one in self.series}
        counts = {one: windows[window][measure.column] for one, windows in rows.items() if window in windows}
        return {one: count for one, count in counts.items() if count > 0}


@dataclass(frozen=True, slots=True)
class DueUnion:
    """A union: of what it is, and no more than how many ids there can be."""

    place: _Place
    asked: AskedCount
    most: int

    @property
    def size(self) -> int:
        """How many sketches it is of."""
        return sum(map(len, self.asked.keys))


class Unions:
    """Holds what was counted.

    Args:
        sketches: counts sketches.
    """

    def __init__(self, sketches: Sketches) -> None:
        self._sketches = sketches
        self._held: dict[_Place, tuple[float, int]] = {}

    async def counted(
        self,
        sums: Mapping[str, SeriesRows],
        series: Mapping[str, SeriesRows],
        found: Layout,
        partitions: Sequence[PartitionHealth],
    ) -> Mapping[str, SeriesRows]:
        """Sums of several series with how many different ids they have, where that can be said.

        Args:
            sums: by key, each with its members.
            series: the members, with how many events of each had an id.
            found: which windows there are.
            partitions: how far each partition is.

        Raises:
            kpis.contract.redis_client.AWAY: Redis does not answer.
        """
        windows = (None, *(w for w in map(parse_window, found.windows) if w.span_ms >= HOUR_MS))
        among = Members(series, windows, partitions)
        now, wanted = monotonic(), dict[_Place, DueUnion]()
        for key, rows in sums.items():
            if len(rows.members) <= MOST_OF_ONE and all(map(is_campaign, rows.members)):
                wanted |= {one.place: one for one in self._of(key, rows, among)}
        self._held = {place: held for place, held in self._held.items() if place in wanted}
        await self._count([one for one in wanted.values() if self._held.get(one.place, (0.0, 0))[0] <= now], now)
        return {key: self._with(key, rows, wanted) for key, rows in sums.items()}

    def _of(self, key: str, rows: SeriesRows, among: Members) -> Iterator[DueUnion]:
        """The unions of one parent that are not too large."""
        for window in among.windows:
            name = TOTAL if window is None else window.name
            for measure in self._sketches.measures:
                if name not in rows.windows or rows.windows[name][measure.column] != UNKNOWN:
                    continue
                ids = among.ids(rows.members, name, measure)
                # Nobody keeps sketches of an account itself.
                if not any(map(is_parent, ids)):
                    asked = self._asked(window, measure, ids, among)
                    due = DueUnion((key, name, measure.column), asked, sum(ids.values()))
                    if due.size <= MOST_OF_ONE:
                        yield due

    def _asked(self, window: Window | None, measure: Measure, members: Iterable[str], among: Members) -> AskedCount:
        keys: dict[int, list[str]] = {}
        for member in members:
            for number in among.series[member].partitions:
                at_ms = among.partitions[number].watermark_ms
                quarters: Iterable[int | None] = [None]
                if window is not None:
                    quarters = [] if at_ms is None else quarters_of(window, at_ms)
                keys.setdefault(number, []).extend(self._sketches.key(number, measure, member, at) for at in quarters)
        name = TOTAL if window is None else window.name
        return AskedCount(name, measure.column, tuple(map(tuple, keys.values())))

    async def _count(self, due: list[DueUnion], now: float) -> None:
        """Count as many of what is due as a read may, what waits for longest first."""
        due.sort(key=lambda one: self._held.get(one.place, (0.0, 0))[0])
        size, chosen = 0, list[DueUnion]()
        for one in due:
            size += one.size
            if chosen and size > MOST_A_READ:
                break
            chosen.append(one)
        numbers = await self._sketches.count_all([one.asked for one in chosen])
        for one, number in zip(chosen, numbers, strict=True):
            self._held[one.place] = now + REST_S, min(number, one.most)

    def _with(self, key: str, rows: SeriesRows, wanted: Mapping[_Place, DueUnion]) -> SeriesRows:
        counts = {place[1:]: self._held[place][1] for place in wanted if place[0] == key and place in self._held}
        if not counts:
            return rows
        windows = {
            name: tuple(counts.get((name, at), value) for at, value in enumerate(row))
            for name, row in rows.windows.items()
        }
        return replace(rows, windows=windows)
