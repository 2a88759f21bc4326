"""All partitions' series as one, kept up as partitions change: what did not change is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kpis.contract.published import Layout
from kpis.series import is_parent
from kpis.windows import TOTAL
from monitors.read.snapshot import SeriesRows
from monitors.read.window_rows import WindowRows, added, only


@dataclass(frozen=True, slots=True)
class Part:
    """One partition.

    Attributes:
        rows: series to its rows.
        touched: the series that may differ from what the last merge saw; gone ones too.
    """

    rows: Mapping[str, WindowRows]
    touched: Iterable[str]


class Merge:
    """The series of all partitions, the rows of each window added; windows the layout does not name are left out.

    Attributes:
        series: series key to its rows. Each merge makes a new one, so one that was handed out stays as it is.
        own: the same of what was counted of accounts themselves, and of no campaign.
        changed: the series that may differ after the last merge.
    """

    def __init__(self) -> None:
        self.series: Mapping[str, SeriesRows] = {}
        self.own: Mapping[str, SeriesRows] = {}
        self.changed: set[str] = set()
        self._of: Layout | None = None

    def merge(self, found: Layout, parts: Sequence[Part]) -> None:
        """Bring ``series`` up to date with the partitions, in the order of their numbers."""
        fresh = self._of != found
        self._of = found
        series, own = ({}, {}) if fresh else (dict(self.series), dict(self.own))
        self.changed = {*self.series, *self.own} if fresh else set()
        names = (*found.windows, TOTAL)
        for number, part in enumerate(parts):
            touched = part.rows if fresh else part.touched
            self.changed.update(touched)
            for name in touched:
                held = own if is_parent(name) else series
                merged = _merged(name, number, parts, held.get(name), names)
                if merged is not None:
                    held[name] = merged
                else:
                    held.pop(name, None)
        self.series, self.own = series, own


def _merged(
    name: str, number: int, parts: Sequence[Part], before: SeriesRows | None, names: tuple[str, ...]
) -> SeriesRows | None:
    """A series after partition ``number`` changed; None when no partition holds it."""
    rows = parts[number].rows.get(name)
    others = [n for n in before.partitions if n != number] if before else []
    if not others:
        return None if rows is None else SeriesRows(only(rows, names), (number,))
    held = {n: parts[n].rows[name] for n in sorted([*others, number]) if name in parts[n].rows}
    return SeriesRows(added(held.values(), names), tuple(held)) if held else None
