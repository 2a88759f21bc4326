"""Keeps every sum inside 64 bits: the event that would take one beyond is refused, and all others count. Pure.

Totals may come to half of what int64 holds. What a window holds may be more than the total, where bookings lie inside
it and their corrections outside; it is bounded by the other half.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.registry import ABSENT, Indices

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LIMIT = 2**62
"""What a total may come to, either way: four million million units of money."""
_REACH = 0.95 * 2**63
"""What anything else may; sums of floats say so, and are a little off."""


class OverflowGuard:
    """An upper bound of every sum of a partition: cheap, and made exact only when it comes near the limit."""

    def __init__(self) -> None:
        self._bound = float(LIMIT)

    def passes(self, gross: float) -> bool:
        """Whether events that move sums by ``gross`` at most, together, cannot take any beyond; they are added then."""
        if self._bound + gross > LIMIT:
            return False
        self._bound += gross
        return True

    def is_at_least(self, *tables: Any) -> None:
        """Take note of sums that come from elsewhere: a series that fell silent brings back the one it had."""
        self._bound = max(self._bound, *map(_largest, tables))

    def forget(self) -> None:
        """Know nothing of the sums: events were added that were looked at one by one."""
        self._bound = float(LIMIT)

    def is_exactly(self, *tables: Any) -> None:
        """Make the bound what the sums come to now."""
        self._bound = max(map(_largest, tables))


def overflowing(
    columns: Indices, added: Iterable[tuple[int, Int64s]], skipped: npt.NDArray[np.bool_], totals: Int64s, reach: Floats
) -> list[int]:
    """The events that would take a sum beyond its limit, in order; each is judged without those refused before it.

    Args:
        columns: series indices, shape (events, series per event), ``ABSENT`` where there is none.
        added: for each measure its index, and what each event adds to it.
        skipped: which events add nothing, because they were counted before.
        totals: [series, measure].
        reach: [series, measure], what panes, windows and entries that wait come to, either way.
    """
    measures = [(measure, values.tolist()) for measure, values in added]
    sums: dict[tuple[int, int], int] = {}
    gross: dict[tuple[int, int], float] = {}
    refused: list[int] = []
    for i, series in enumerate(columns.tolist()):
        if skipped[i]:
            continue
        changes = {(s, m): values[i] for s in series if s != ABSENT for m, values in measures if values[i]}
        for place in changes.keys() - sums.keys():
            sums[place], gross[place] = int(totals[place]), float(reach[place])
        if any(abs(sums[p] + v) > LIMIT or gross[p] + abs(v) > _REACH for p, v in changes.items()):
            refused.append(i)
            continue
        for place, value in changes.items():
            sums[place] += value
            gross[place] += abs(value)
    return refused


def _largest(table: Any) -> float:
    return float(np.abs(table.astype(np.float64)).max(initial=0.0))
