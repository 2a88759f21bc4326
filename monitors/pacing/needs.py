"""What a verdict hangs on: streams, and measures that are counted in all of its time. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import lru_cache

from kpis.measures import Measure, Stream
from kpis.windows import parse_window
from monitors.goals.periods import period_at
from monitors.goals.subject import Subject, Watch, Watched
from monitors.goals.values import Flight, TotalGoal

_WATCHED = {
    Watched.SERVING: frozenset({Stream.IMPRESSION}),
    Watched.CLICKS: frozenset({Stream.IMPRESSION, Stream.CLICK}),
    Watched.CONVERSIONS: frozenset({Stream.CLICK, Stream.CONVERSION}),
    Watched.SPEND: frozenset({Stream.IMPRESSION, Stream.SPEND}),
    Watched.EVENINGS: frozenset({Stream.IMPRESSION}),
    Watched.SURGE: frozenset({Stream.IMPRESSION}),
}


def streams_of(subject: Subject, alive: AbstractSet[Stream]) -> frozenset[Stream]:
    """The streams that a goal or a watch needs.

    Args:
        subject: what is judged.
        alive: the streams that have ever had an event. Money may come with several; where it comes with a stream of its
            own, that is the one that counts.
    """
    if isinstance(subject, Watch):
        return _WATCHED[subject.of]
    if isinstance(subject, TotalGoal):
        return _of(subject.total, alive)
    return frozenset().union(*(_of(measure, alive) for measure in subject.kpi.formula.measures))


def _of(measure: Measure, alive: AbstractSet[Stream]) -> frozenset[Stream]:
    own = measure.streams[0]
    if len(measure.streams) == 1 or own in alive or not alive & set(measure.streams):
        return frozenset({own})
    return frozenset(alive & set(measure.streams))


def is_partly(flight: Flight, goal: Subject, whole_ms: int | None, at_ms: int) -> bool:
    """Whether some of what a goal is judged by was not counted in all of its time.

    That is a total's flight or period, a ratio's window, and its whole flight once that is over.

    Args:
        flight: the goal's campaign's.
        goal: what is judged; watches are of what always is counted.
        whole_ms: from when on all that it is made of is counted; 0 where it always was, None where nobody counts it.
        at_ms: the watermark.
    """
    if whole_ms == 0 or isinstance(goal, Watch):
        return False
    return whole_ms is None or whole_ms > _begin(flight, goal, at_ms)


def _begin(flight: Flight, goal: Subject, at_ms: int) -> int:
    if isinstance(goal, TotalGoal):
        return period_at(flight, goal.per, at_ms).start_ms
    if isinstance(goal, Watch) or at_ms >= flight.end_ms:
        return flight.start_ms
    return at_ms - _span_ms(goal.window)


@lru_cache(maxsize=64)
def _span_ms(window: str) -> int:
    return parse_window(window).span_ms
