"""How late the events of a feed come by habit: the age that nine of ten had at most when they arrived. Pure.

Ages are counted in buckets, eight to each doubling from one minute to two days, and a bucket's end is what is told: at
most a tenth too much, never too little. Younger events count as prompt. Half of a count is forgotten in an hour, so
that a feed that became prompt is prompt again soon.

Of a feed that brings few events time alone would leave no memory, and any single event would be its habit. So nothing
is forgotten of the last :data:`_LEAST` events' worth, and :data:`_STRAYS` events that come late say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from kpis.arrays import Int64s, Mask
from kpis.times import HOUR_MS, MINUTE_MS

PROMPT_MS = MINUTE_MS
"""Events that are younger when they arrive are not late."""
BOUNDS_MS = np.rint(PROMPT_MS * 2.0 ** (np.arange(93) / 8)).astype(np.int64)
"""Where buckets begin, but for the first, which is of prompt events. The last one has no end, and tells where it
begins."""

_LATE_MS = (0, *BOUNDS_MS[1:].tolist(), int(BOUNDS_MS[-1]))
"""What each bucket says of a feed whose quantile lies in it."""
_HALF_LIFE_MS = HOUR_MS
_BEYOND = 0.1
"""The share of events that may come later than what counts as habit."""
_LEAST = 20.0
_STRAYS = 2.0
_STORED_PER_EVENT = 100
_STORED = re.compile(r"[0-9]{1,18}(_[0-9]{1,3}_[0-9]{1,18})*")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The events of a chunk.

    Attributes:
        latest_ms: the latest event time, epoch milliseconds; 0 when there was none.
        times: event times of those that say something of the feed: no repeats, and none that was sent again.
    """

    latest_ms: int
    times: Int64s

    def and_then(self, others: Arrivals) -> Arrivals:
        """Those of two chunks as one."""
        if not self.latest_ms:
            return others
        return Arrivals(max(self.latest_ms, others.latest_ms), np.concatenate([self.times, others.times]))

    @classmethod
    def of(cls, times: Int64s, keep: Mask | None, again: Collection[int]) -> Arrivals:
        """Those of a batch with these event times.

        Args:
            times: epoch milliseconds.
            keep: which are no repeats; None for all.
            again: places of those that were sent again.
        """
        latest = int(times.max()) if len(times) else 0
        if again:
            keep = np.ones(len(times), np.bool_) if keep is None else keep.copy()
            keep[list(again)] = False
        return cls(latest, times if keep is None else times[keep])


NO_ARRIVALS = Arrivals(0, np.empty(0, np.int64))


class Lateness:
    """The ages of one feed's events at arrival, a decaying count by bucket.

    Args:
        stored: what :attr:`stored` gave before; anything else than that is begun anew.
    """

    def __init__(self, stored: str = "") -> None:
        self._counts = np.zeros(len(_LATE_MS))
        self._at_ms = 0
        self._late_ms: int | None = None
        self._is_counted = True
        if _STORED.fullmatch(stored):
            self._at_ms, *pairs = map(int, stored.split("_"))
            if max(pairs[::2], default=0) < len(_LATE_MS):
                self._counts[pairs[::2]] = np.array(pairs[1::2]) / _STORED_PER_EVENT
                self._is_counted = False

    @property
    def late_ms(self) -> int | None:
        """How late the feed is by habit, milliseconds: 0 when it is prompt, None before its first event."""
        if not self._is_counted:
            total = float(self._counts.sum())
            later = total - np.cumsum(self._counts)
            enough = later <= max(_BEYOND * total, _STRAYS) * (1 + 1e-9)
            self._late_ms = _LATE_MS[int(enough.argmax())] if total else None
            self._is_counted = True
        return self._late_ms

    @property
    def stored(self) -> str:
        """All of it: when it was counted, then bucket and hundredths of events by turns, joined by underscores.

        A monitor of before takes each field of the meta hash for a number, and Python takes this for one.
        """
        hundredths = np.rint(self._counts * _STORED_PER_EVENT).astype(np.int64)
        held = np.flatnonzero(hundredths)
        return "_".join(map(str, [self._at_ms, *np.column_stack([held, hundredths[held]]).reshape(-1).tolist()]))

    def count(self, times: Int64s, now_ms: int) -> None:
        """Count events of these times, epoch milliseconds, which arrived at ``now_ms``."""
        if not len(times):
            return
        self._forget(now_ms)
        if now_ms - int(times.min()) < PROMPT_MS:
            self._counts[0] += len(times)
        else:
            places = np.searchsorted(BOUNDS_MS, now_ms - times, side="right")
            self._counts += np.bincount(places, minlength=len(_LATE_MS))
        self._is_counted = False

    def _forget(self, now_ms: int) -> None:
        total = float(self._counts.sum())
        if total > _LEAST:
            passed = max(0, now_ms - self._at_ms)
            self._counts *= max(0.5 ** (passed / _HALF_LIFE_MS), _LEAST / total)
        self._at_ms = now_ms
