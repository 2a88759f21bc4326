"""Keeps totals inside 64 bits: a sum that would wrap around stops the worker instead of turning wrong."""

from __future__ import annotations

import numpy as np

from streams.entries import Entries, Int64s
from streams.errors import Permanent

LIMIT = float(2**62)
"""Half of what int64 holds: the check sums as floats, whose rounding this leaves room for."""


class TotalOverflow(Permanent):
    """A total is about to leave 64 bits: four million million units, so the input is wrong.

    Attributes:
        partition: where.
    """

    def __init__(self, partition: int) -> None:
        super().__init__(
            f"partition {partition}: a total would pass 2**62 micros or counts; the events that do it are not real. "
            "Remove them from the topic, or skip them by deleting records below their end"
        )
        self.partition = partition


class Headroom:
    """An upper bound of every total of a partition; cheap, and made exact only when it comes near the limit."""

    def __init__(self) -> None:
        self._bound = LIMIT

    def admit(self, partition: int, entries: Entries, totals: Int64s) -> None:
        """Make sure that adding entries keeps every total inside the limit.

        Raises:
            TotalOverflow: it might not; nothing was added.
        """
        added = float(np.abs(entries.values.astype(np.float64)).sum())
        if self._bound + added > LIMIT:
            self._bound = _largest(totals)
            if self._bound + added > LIMIT:
                raise TotalOverflow(partition)
        self._bound += added

    def adopt(self, totals: Int64s) -> None:
        """Take note of totals that come from elsewhere: a series that fell silent brings back the one it had."""
        self._bound = max(self._bound, _largest(totals))


def _largest(totals: Int64s) -> float:
    return float(np.abs(totals.astype(np.float64)).max(initial=0.0))
