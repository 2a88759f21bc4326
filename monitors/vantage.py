"""Each goal sees what it needs: a campaign as of the streams that the goal hangs on."""

from __future__ import annotations

from kpis.measures import Stream
from monitors.goals.periods import period_at
from monitors.goals.subject import Subject, Watch
from monitors.goals.values import Flight, Period, RatioGoal, TotalGoal
from monitors.pacing.needs import streams_of
from monitors.sight import Sight

_ADS = len(Stream) - 1
_MEASURES = (Stream.MEASURE,)
LATE_MS = 60_000
"""A feed that is later than a minute by habit is judged as of its own time; less is no matter for any rule."""


class Vantage:
    """One look at a campaign, as of its streams.

    Args:
        seen: the look.
        flight: the campaign's.
    """

    def __init__(self, seen: Sight, flight: Flight) -> None:
        self._seen = seen
        self._flight = flight
        self._earlier: dict[int, Sight] = {}
        self._alive: frozenset[Stream] = frozenset()
        self._silent: frozenset[Stream] = frozenset()
        self._late: dict[Stream, int] = {}
        self._lacks_measures = _lacks_measures(seen)
        if not _is_on_time(seen):
            self._weigh(seen)

    def _weigh(self, seen: Sight) -> None:
        """Which streams have brought anything, and which of them are late."""
        self._alive = frozenset(s for s, health in seen.streams.items() if health.reached_ms is not None)
        self._silent = frozenset(seen.streams) - self._alive
        as_of = seen.as_of_ms
        self._late = {
            stream: health.watermark_ms
            for stream, health in seen.streams.items()
            if as_of is not None and health.watermark_ms is not None and as_of - health.watermark_ms > LATE_MS
        }

    def of(self, goal: Subject) -> Sight | Stream:
        """What a goal or watch is judged from; a stream that it needs and has to wait for.

        It waits for one that has never brought anything, and for one that has not reached the day, week or month yet
        that the goal is about now: what came of that is known as a sum only.
        """
        if not self._alive:
            return Stream.MEASURE if self._lacks_measures and _needs_measures(goal) else self._seen
        needed = streams_of(goal, self._alive)
        if self._silent and not isinstance(goal, Watch) and (silent := needed & self._silent):
            return min(silent)
        if not (behind := needed & self._late.keys()):
            return self._seen
        late = {stream: self._late[stream] for stream in sorted(behind)}
        latest = min(late, key=late.__getitem__)
        return latest if self._is_of_before(goal, late[latest]) else self._at(late[latest])

    def _is_of_before(self, goal: Subject, at_ms: int) -> bool:
        """Whether a moment lies before the period that a goal is about now."""
        if not isinstance(goal, TotalGoal) or goal.per is Period.FLIGHT or self._seen.as_of_ms is None:
            return False
        return at_ms < period_at(self._flight, goal.per, self._seen.as_of_ms).start_ms

    def _at(self, at_ms: int) -> Sight:
        if at_ms not in self._earlier:
            # Further back than what is held of late there is nothing to go by but what is known now.
            self._earlier[at_ms] = self._seen.until(at_ms) or self._seen
        return self._earlier[at_ms]


def _is_on_time(seen: Sight) -> bool:
    """Whether all streams bring something and none of them is late, or nobody says: each goal sees all there is.

    What is no ad event nobody need send: only what is made of it waits for it, see :func:`_lacks_measures`.
    """
    as_of = seen.as_of_ms
    return not seen.streams or (
        len(seen.streams) >= _ADS
        and all(
            health.reached_ms is not None
            and (as_of is None or health.watermark_ms is None or as_of - health.watermark_ms <= LATE_MS)
            for stream, health in seen.streams.items()
            if stream is not Stream.MEASURE or health.reached_ms is not None
        )
    )


def _lacks_measures(seen: Sight) -> bool:
    """Whether the stream of measures has never brought anything, where workers tell of streams."""
    health = seen.streams.get(Stream.MEASURE)
    return bool(seen.streams) and (health is None or health.reached_ms is None)


def _needs_measures(goal: Subject) -> bool:
    """Whether a goal is made of what is no ad event."""
    if isinstance(goal, TotalGoal):
        return goal.total.streams == _MEASURES
    return isinstance(goal, RatioGoal) and any(one.streams == _MEASURES for one in goal.kpi.formula.measures)
