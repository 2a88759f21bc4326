"""When each measure of a campaign last grew: how long nothing came of it.

Only of the core's measures: what is added is not watched for silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from kpis.measures import INDEX, WIDTH, ZERO, Row, add
from kpis.times import HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.read.past import Past

COMES_OF = {INDEX["clicks"]: INDEX["impressions"], INDEX["conversions"]: INDEX["clicks"]}
"""The measure that another one comes of."""
REPORTS_MS = 120_000.0
"""What comes in steps of two minutes and more comes as reports of many."""
FADE = 0.9995
"""After some 1,400 events a gap counts half."""
FIRST_STEP_MS = float(QUARTER_MS)
"""Before any is known: reports come every quarter of an hour at least."""
RISE, FALL = 1.25, 0.975
"""Rising nine times as fast as falling, it settles where one gap in ten is longer: log(1.25) / -log(0.975) is 8.8."""
NO_GAPS = ((0.0, 0.0),) * WIDTH
UNWATCHED_MS = 30 * MINUTE_MS
"""What grew while nobody looked for so long came at no known time: it is no report, and no step is learned of it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a campaign.

    Attributes:
        total: what had been counted.
        since_ms: of each measure, the watermark of the look that saw it change last.
        then: of each measure, all that had been counted at that look.
        before: all that had been counted before each measure grew last, of that measure; where nobody looked for long
            before that, what had been counted then.
        step_ms: how long each measure takes by habit from one growth to the next: some nine in ten are shorter.
        gaps: of each measure, how much of what it comes of passed between two growths: the most, and the second most;
            they fade with each growth.
        armed_ms: the clock of the first look: what should have come before is not this monitor's to judge.
        looked_ms: the watermark of the last look, to a minute.
    """

    total: Row
    since_ms: Row
    then: tuple[Row, ...]
    before: Row
    step_ms: tuple[float, ...]
    gaps: tuple[tuple[float, float], ...]
    armed_ms: int
    looked_ms: int = 0

    def after(self, total: Row, at_ms: int) -> Heard:
        """After another look."""
        if total == self.total:
            return self if at_ms - self.looked_ms < MINUTE_MS else replace(self, looked_ms=at_ms)
        if any(self.total) and not any(total):
            # Redis has lost it, and all is counted again: that nothing is there says nothing until it is.
            return nothing_heard(at_ms)
        is_watched = at_ms - self.looked_ms <= UNWATCHED_MS
        since, then, before, steps = list(self.since_ms), list(self.then), list(self.before), list(self.step_ms)
        gaps = list(self.gaps)
        for column, (now, was) in enumerate(zip(total, self.total, strict=True)):
            if now != was:
                if is_watched:
                    steps[column] = _step(steps[column], at_ms - since[column])
                since[column], then[column], before[column] = at_ms, total, was if is_watched else now
                gaps[column] = self._gap(column)
        return Heard(total, tuple(since), tuple(then), tuple(before), tuple(steps), tuple(gaps), self.armed_ms, at_ms)

    def excused(self, columns: Iterable[int], since_ms: int, at_ms: int) -> Heard:
        """With the time from one moment to another left out of how long some measures are silent.

        What is left of a silence is what it lasted before; what it comes of is taken to have come evenly.

        Args:
            columns: of those that were silent before.
            since_ms: since when it was nobody's own fault.
            at_ms: until when.
        """
        since, then = list(self.since_ms), list(self.then)
        for column in columns:
            held = self.since_ms[column]
            if held > since_ms or held >= at_ms:
                continue
            part = (since_ms - held) / (at_ms - held)
            since[column] = at_ms - (since_ms - held)
            then[column] = tuple(
                int(now - part * (now - before)) for now, before in zip(self.total, self.then[column], strict=True)
            )
        return replace(self, since_ms=tuple(since), then=tuple(then))

    def comes_in_reports(self, column: int) -> bool:
        """Whether a measure comes in reports of many, minutes apart."""
        return self.step_ms[column] >= REPORTS_MS

    def unsettled(self, column: int) -> int:
        """How much of a measure came with a last report of many, whose outcomes are yet to come; 0 of a steady one."""
        return self.total[column] - self.before[column] if self.comes_in_reports(column) else 0

    def _gap(self, column: int) -> tuple[float, float]:
        """The two largest gaps of a measure that grows now."""
        of = COMES_OF.get(column)
        if of is None:
            return self.gaps[column]
        passed = float(max(self.before[of] - self.then[column][of], 0))
        most, second = (gap * FADE for gap in self.gaps[column])
        return (most, max(second, passed)) if passed <= most else (passed, most)


def _step(usual_ms: float, gap_ms: int) -> float:
    """A high quantile, tracked: it rises by much with each longer gap, and falls by little with each shorter one."""
    if gap_ms > usual_ms:
        return min(usual_ms * RISE, gap_ms)
    return max(usual_ms * FALL, gap_ms)


def nothing_heard(now_ms: int) -> Heard:
    """What is known before anything ever came."""
    steps = (FIRST_STEP_MS,) * WIDTH
    return Heard(ZERO, (now_ms,) * WIDTH, (ZERO,) * WIDTH, ZERO, steps, NO_GAPS, now_ms, now_ms)


def first_heard(total: Row, past: Past, open_quarters: tuple[Row, ...], at_ms: int) -> Heard:
    """What a first look knows, from quarter hours: at the latest when the last one that had something ended.

    Args:
        total: what was counted.
        past: the whole hours.
        open_quarters: the quarter hours after it.
        at_ms: the watermark.
    """
    total = total[:WIDTH]
    since = tuple(_last(column, past, open_quarters, at_ms) for column in range(WIDTH))
    then = tuple(_before(total, past, open_quarters, ms) for ms in since)
    return Heard(total, since, then, total, (FIRST_STEP_MS,) * WIDTH, NO_GAPS, at_ms, at_ms)


def _before(total: Row, past: Past, open_quarters: tuple[Row, ...], since_ms: int) -> Row:
    """What had been counted at the end of a quarter hour, or a little more where that hour is past or it goes on."""
    first = max(-((past.end_ms - since_ms) // QUARTER_MS), 0)
    later = add(open_quarters[first:])[:WIDTH] if open_quarters[first:] else ZERO
    hour = -((past.start_ms - since_ms) // HOUR_MS)
    hours = past.hours[max(hour, 0) :, :WIDTH]
    whole = hours.sum(axis=0, dtype=np.float64).tolist() if hour < len(past.hours) else ZERO
    return tuple(max(int(t - o - w), 0) for t, o, w in zip(total, later, whole, strict=True))


def _last(column: int, past: Past, open_quarters: tuple[Row, ...], at_ms: int) -> int:
    for number in range(len(open_quarters) - 1, -1, -1):
        if open_quarters[number][column]:
            return min(past.end_ms + (number + 1) * QUARTER_MS, at_ms)
    busy = past.busy[:, column].nonzero()[0]
    if not len(busy):
        return past.start_ms if len(past.hours) else at_ms - at_ms % HOUR_MS
    return past.start_ms + (int(busy[-1]) + 1) * QUARTER_MS
