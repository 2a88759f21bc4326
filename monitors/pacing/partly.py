"""What is counted only since a moment: no KPI divides what came since by what came before. Pure."""

from __future__ import annotations

from functools import lru_cache

from kpis.windows import parse_window
from monitors.goals.periods import period_at
from monitors.goals.subject import Subject, Watch
from monitors.goals.values import Flight, TotalGoal


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
