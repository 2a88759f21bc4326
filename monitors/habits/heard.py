"""When each measure of a campaign last grew: how long nothing came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kpis.measures import WIDTH, ZERO, Row, add
from kpis.times import HOUR_MS, QUARTER_MS
from monitors.read.past import Past


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a campaign.

    Attributes:
        total: what had been counted.
        since_ms: of each measure, the watermark of the look that saw it change last.
        then: of each measure, all that had been counted at that look.
        armed_ms: the clock of the first look: what should have come before is not this monitor's to judge.
    """

    total: Row
    since_ms: Row
    then: tuple[Row, ...]
    armed_ms: int

    def after(self, total: Row, at_ms: int) -> Heard:
        """After another look."""
        if total == self.total:
            return self
        grew = [now != before for now, before in zip(total, self.total, strict=True)]
        since = tuple(at_ms if new else held for new, held in zip(grew, self.since_ms, strict=True))
        then = tuple(total if new else held for new, held in zip(grew, self.then, strict=True))
        return replace(self, total=total, since_ms=since, then=then)


def nothing_heard(now_ms: int) -> Heard:
    """What is known before anything ever came."""
    return Heard(ZERO, (now_ms,) * WIDTH, (ZERO,) * WIDTH, now_ms)


def first_heard(total: Row, past: Past, open_quarters: tuple[Row, ...], at_ms: int) -> Heard:
    """What a first look knows, from quarter hours: at the latest when the last one that had something ended.

    Args:
        total: what was counted.
        past: the whole hours.
        open_quarters: the quarter hours after it.
        at_ms: the watermark.
    """
    since = tuple(_last(column, past, open_quarters, at_ms) for column in range(WIDTH))
    return Heard(total, since, tuple(_before(total, past, open_quarters, ms) for ms in since), at_ms)


def _before(total: Row, past: Past, open_quarters: tuple[Row, ...], since_ms: int) -> Row:
    """What had been counted at the end of a quarter hour, or a little more where that hour is past or it goes on."""
    first = max(-((past.end_ms - since_ms) // QUARTER_MS), 0)
    later = add(open_quarters[first:]) if open_quarters[first:] else ZERO
    hour = -((past.start_ms - since_ms) // HOUR_MS)
    whole = past.hours[max(hour, 0) :].sum(axis=0, dtype=np.float64).tolist() if hour < len(past.hours) else ZERO
    return tuple(max(int(t - o - w), 0) for t, o, w in zip(total, later, whole, strict=True))


def _last(column: int, past: Past, open_quarters: tuple[Row, ...], at_ms: int) -> int:
    for number in range(len(open_quarters) - 1, -1, -1):
        if open_quarters[number][column]:
            return min(past.end_ms + (number + 1) * QUARTER_MS, at_ms)
    busy = past.busy[:, column].nonzero()[0]
    if not len(busy):
        return past.start_ms if len(past.hours) else at_ms - at_ms % HOUR_MS
    return past.start_ms + (int(busy[-1]) + 1) * QUARTER_MS
