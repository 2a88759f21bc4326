"""Which streams a verdict hangs on. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from kpis.measures import Measure, Stream
from monitors.goals.subject import Subject, Watch, Watched
from monitors.goals.values import TotalGoal

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
