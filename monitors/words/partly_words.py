"""What is said of a goal some of whose numbers are not counted in all of its time. Pure."""

from __future__ import annotations

from kpis.windows import parse_window
from monitors.goals.subject import Subject
from monitors.goals.values import Flight, RatioGoal
from monitors.pacing.verdict import Reason, Verdict
from monitors.words.moments import moment


def partly_says(goal: Subject, verdict: Verdict, flight: Flight) -> str:
    """``counted since 11:04 (UTC); its window is whole at 12:04 (UTC)``; empty for any other reason."""
    since_ms, at_ms = verdict.since_ms, verdict.as_of_ms
    if verdict.reason is not Reason.PARTLY_COUNTED:
        return ""
    if since_ms is None:
        return "no worker counts what it is made of"
    since = f"counted since {moment(since_ms, flight.timezone, at_ms)}"
    if not isinstance(goal, RatioGoal) or at_ms is None or at_ms >= flight.end_ms:
        return f"{since}, which is not all of its time"
    whole_ms = since_ms + parse_window(goal.window).span_ms
    return f"{since}; its window is whole at {moment(whole_ms, flight.timezone, at_ms)}"
