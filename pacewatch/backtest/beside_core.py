"""What a catalogue has counted beside the core, in process: columns, rows as readers have them, and ids told apart.

Columns are claimed in the catalogue's order, as if no worker had claimed any. Ids are not sketched but kept for a day,
so that a distinct count is exact here and right to 0.81 % where a monitor says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from kpis.arrays import Int64s
from kpis.catalogue import Catalogue
from kpis.contract.claimed import Columns, fields_of
from kpis.contract.row_format import RowFormat
from kpis.measures import UNKNOWN, WIDTH, Row, pack_within, unpack
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from kpis.windows import Window
from monitors.read.distinct.counted_ids import quarters_of
from streams.events.takings import MeasurePlan
from streams.state.added.levels import merged
from streams.state.flush import Flush

_Ids = dict[int, set[bytes]]
"""Those of each quarter hour, by its number since the epoch."""
_Told = Mapping[tuple[str, int], int]
"""How many different ids there are, by window and column."""


class BesideCore:
    """Reads what one partition counts as a monitor would.

    Args:
        catalogue: what is counted.
        series: of which campaigns ids are kept.

    Attributes:
        plan: what the partition takes of events.
    """

    def __init__(self, catalogue: Catalogue, series: frozenset[str]) -> None:
        fields = [name for measure in catalogue.added_measures for name in fields_of(measure)]
        self.plan = MeasurePlan(catalogue, Columns({name: WIDTH + i for i, name in enumerate(fields)}))
        self._format = RowFormat(catalogue, self.plan.columns)
        self._sketches = {fields_of(m)[0]: m.column for m in self._format.distinct}
        self._series = series
        self._stored: dict[tuple[str, int], bytes] = {}
        self._ids: dict[tuple[str, str], _Ids] = {}
        self._told: dict[str, tuple[int, _Told]] = {}

    def keep(self, flush: Flush, series: frozenset[str], now_ms: int) -> Iterator[tuple[str, int, Row]]:
        """Keep what a flush has of some series; gives their quarter hours that changed, and what each has now."""
        levels = self.plan.columns.levels
        rows = {at: packed for at, packed in flush.history.items() if at[0] in series}
        for at, gain in flush.late.items():
            if at[0] in series:
                held = unpack(rows.get(at, self._stored.get(at, b"")), self.plan.width)
                rows[at] = pack_within(merged(held, gain, levels), held)
        self._stored.update(rows)
        for (sketch, name, quarter), ids in flush.sketches.items():
            if name in self._series and quarter is not None:
                self._told.pop(name, None)
                self._ids.setdefault((sketch, name), {}).setdefault(quarter, set()).update(ids)
        self._forget(now_ms)
        for (name, quarter), row in zip(rows, self._format.unpacked([*rows.values()]).tolist(), strict=True):
            yield name, quarter, tuple(row)

    def windows(self, series: str, sums: Mapping[Window, Int64s], now_ms: int) -> dict[str, Row]:
        """The rows of windows, of their stored sums; with distinct counts of whole campaigns."""
        taken = self.plan.columns.taken(np.array([*sums.values()], np.int64), self._format.catalogue)
        rows = {window: tuple(row) for window, row in zip(sums, taken.tolist(), strict=True)}
        if series in self._series and self._sketches:
            told = self._counted(series, rows, now_ms)
            for window, row in rows.items():
                rows[window] = tuple(
                    (min(told.get((window.name, i), UNKNOWN), v) if v > 0 else 0) if i in self._format.uncounted else v
                    for i, v in enumerate(row)
                )
        return {window.name: row for window, row in rows.items()}

    def _counted(self, series: str, windows: Iterable[Window], now_ms: int) -> _Told:
        """Anew where ids came since, or a quarter hour passed."""
        quarter, before = now_ms // QUARTER_MS, self._told.get(series)
        if before is not None and before[0] == quarter:
            return before[1]
        found = {
            (window.name, column): len(_within(self._ids.get((sketch, series), {}), quarters_of(window, now_ms)))
            for sketch, column in self._sketches.items()
            for window in windows
            if window.span_ms >= HOUR_MS
        }
        self._told[series] = quarter, found
        return found

    def _forget(self, now_ms: int) -> None:
        """Let go of ids that no window reaches any more."""
        oldest = (now_ms - DAY_MS) // QUARTER_MS - 1
        for held in self._ids.values():
            for quarter in [q for q in held if q < oldest]:
                del held[quarter]


def _within(ids: _Ids, quarters: Iterable[int]) -> set[bytes]:
    return set().union(*(ids[quarter] for quarter in quarters if quarter in ids))
