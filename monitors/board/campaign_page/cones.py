"""The cone of a pace line: from what there is now to where the verdict says that it ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.alerts.assessment import Assessment
from monitors.board.campaign_page.detail_shapes import ConePoint, PaceLine
from monitors.goals.curves import curve_of
from monitors.goals.periods import period_at
from monitors.goals.values import TotalGoal


def cone_of(one: Assessment, line: PaceLine) -> tuple[ConePoint, ...]:
    """Where a total will be, along its curve; none where its verdict does not say where it ends.

    What is yet to come is spread as the curve spreads the rest of the target. Only the end is what the verdict proves.
    """
    goal, verdict = one.goal, one.verdict
    if not isinstance(goal, TotalGoal) or verdict.projected is None or not line.points:
        return ()
    flight, curve = period_at(one.campaign.flight, goal.per, line.as_of_ms), curve_of(goal.curve)
    if line.as_of_ms >= flight.end_ms:
        return ()
    begun = curve(flight, line.as_of_ms)
    now = next(point.actual for point in reversed(line.points) if point.at_ms <= line.as_of_ms)
    found: list[ConePoint] = []
    for at_ms in _moments(line):
        # A curve that expects nothing more says nothing of when the rest comes.
        part = (
            (curve(flight, at_ms) - begun) / (1 - begun)
            if begun < 1
            else ((at_ms - line.as_of_ms) / (flight.end_ms - line.as_of_ms))
        )
        low, high = (now + round((end - now) * part) for end in verdict.interval) if verdict.interval else (None, None)
        found.append(ConePoint(at_ms, now + round((verdict.projected - now) * part), low, high))
    return tuple(found)


def _moments(line: PaceLine) -> Iterable[int]:
    return (point.at_ms for point in line.points if point.at_ms >= line.as_of_ms)
