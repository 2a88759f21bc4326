"""What the board says of partitions that are not counted, streams that are late, goals that cannot be used. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kpis.measures import Stream
from kpis.times import MINUTE_MS, span_text
from kpis.units import how_many
from monitors.alerts.assessment import Assessment
from monitors.board.shapes import StreamNow
from monitors.pacing.verdict import Status
from monitors.read.snapshot import PartitionHealth, Snapshot
from monitors.words.common_phrases import WORST
from monitors.words.phrases import case_of, sentence

_MOST = 5
"""Notices of partitions; an outage of all of them is said in one more."""
_LONGEST = 200
_LONGEST_PROBLEM = 500


def notices(
    partitions: Iterable[PartitionHealth],
    goals_problem: str = "",
    common: Iterable[Assessment] = (),
    *,
    catalogue_problem: str = "",
    uncounted: Iterable[str] = (),
    differing: int = 0,
    differing_files: Iterable[str] = (),
) -> tuple[str, ...]:
    """A sentence for each file that is not used, each partition that cannot go on or waits, and each cause.

    Args:
        partitions: how they stand.
        goals_problem: why the goals file as it is now is not used; empty while it is.
        common: what all campaigns are watched for together.
        catalogue_problem: the same of the catalogue file.
        uncounted: dimensions that goals or scopes are about, and no worker breaks down by.
        differing: in how many partitions the worker counts other measures than are read here.
        differing_files: those that another monitor that runs has otherwise.
    """
    found = [said for health in partitions if (said := _of(health))]
    left = how_many(len(found) - _MOST, "more partition is", "more partitions are")
    more = [f"{left} not counted either."] if len(found) > _MOST else []
    about_goals = [f"The last good goals are judged: {goals_problem[:_LONGEST_PROBLEM]}"] if goals_problem else []
    if catalogue_problem:
        about_goals.insert(0, f"The last good catalogue is used: {catalogue_problem[:_LONGEST_PROBLEM]}")
    if missing := ", ".join(uncounted):
        about_goals.append(not_broken_down(missing))
    if differing:
        of = how_many(differing, "partition")
        about_goals.append(f"Workers of {of} count by another version of the catalogue file: numbers may be missing.")
    if files := " and ".join(differing_files):
        about_goals.append(other_files(files))
    causes = [f"{sentence(case_of(one.campaign, one.goal, one.verdict, ''))}." for one in common if is_told_here(one)]
    return (*causes, *about_goals, *found[:_MOST], *more)


def not_broken_down(dimensions: str) -> str:
    """What is said where no worker counts what goals or scopes are about."""
    return (
        f"No worker breaks down by {dimensions}: goals of it are not judged, and it has no numbers. "
        "PACEWATCH_BREAKDOWNS of the workers must name it by itself."
    )


def other_files(which: str) -> str:
    """What is said where monitors of one Redis use different files."""
    return (
        f"Monitors of this Redis use different files: {which}. All need the same: whichever leads "
        "judges by its own, and ends the alerts of what that lacks."
    )


def is_told_here(one: Assessment) -> bool:
    """Whether a common cause is said beside the rows: it is certain, or was told and is not over."""
    return one.verdict.status is Status.CRITICAL and one.verdict.reason in WORST


def streams(found: Snapshot, max_lag_ms: int) -> tuple[StreamNow, ...]:
    """How each stream stands that the worker tells of.

    Args:
        found: what was read.
        max_lag_ms: how far behind is nothing to tell.
    """
    return tuple(_stream(found, one, max_lag_ms) for one in Stream if found.complete_to(one) is not None)


def _stream(found: Snapshot, stream: Stream, max_lag_ms: int) -> StreamNow:
    complete_to, late_ms, says = found.complete_to(stream), found.late_ms(stream), ""
    # Beside the numbers as a whole: where all is behind, that is said of all of it.
    behind_ms = (found.as_of_ms or 0) - (complete_to or 0)
    is_behind = behind_ms > late_ms + max_lag_ms
    if is_behind:
        habit = f", {span_text(late_ms)} of it by habit" if late_ms >= MINUTE_MS else ""
        says = f"The stream of {stream.topic_suffix} is {span_text(behind_ms)} behind{habit}."
    elif late_ms >= max(MINUTE_MS, max_lag_ms):
        says = f"The stream of {stream.topic_suffix} comes {span_text(late_ms)} late by habit."
    return StreamNow(str(stream), complete_to, found.reached_ms(stream), late_ms, is_behind, says)


def _of(health: PartitionHealth) -> str:
    if health.parked:
        return f"Partition {health.number} is parked, the others are counted: {health.parked[:_LONGEST]}"
    if health.held:
        one, more = "refused record waits for its topic", "refused records wait for their topic"
        waiting = how_many(health.letters, one, more)
        return f"Partition {health.number} waits, the others are counted: {waiting}, which takes none."
    return ""
