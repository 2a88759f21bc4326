"""What a common cause explains of one campaign waits until that is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from monitors.goals.subject import Subject, Watch, Watched
from monitors.outage.common_cause import SILENT, Stillness
from monitors.pacing.causes import BRINGS, Judged, hangs_on, hold
from monitors.pacing.verdict import Reason, Verdict


def under(
    judged: Iterable[Judged], standing: Mapping[Watched, Stillness], suspected: Iterable[Watched]
) -> list[Judged]:
    """One campaign's verdicts; those that a common cause explains are held.

    Args:
        judged: all of its goals and watches with their verdicts.
        standing: the streams that stand still, by the watch that would say so.
        suspected: those that may.
    """
    found, maybe = list(judged), tuple(suspected)
    own = {goal.of: verdict for goal, verdict in found if isinstance(goal, Watch)}
    causes = [(w, held) for w, held in standing.items() if held.of_whole or _is_silent(own.get(w)) or held.back_ms]
    return [(goal, _held(goal, verdict, causes, maybe)) for goal, verdict in found]


def _is_silent(verdict: Verdict | None) -> bool:
    return verdict is not None and (verdict.reason in SILENT or verdict.reason is Reason.EXPLAINED)


def _held(
    goal: Subject, verdict: Verdict, causes: Iterable[tuple[Watched, Stillness]], maybe: Iterable[Watched]
) -> Verdict:
    if not verdict.status.is_judgement and verdict.reason is not Reason.AWAITS_STREAM:
        return verdict
    for watched, standing in causes:
        if standing.is_all or _is_about(goal, watched):
            return hold(verdict, Reason.EXPLAINED)
    for watched in maybe:
        if verdict.status.is_miss and _is_about(goal, watched):
            return replace(hold(verdict, Reason.AWAITS_STREAM), waits_for=str(BRINGS[watched]))
    return verdict


def _is_about(goal: Subject, watched: Watched) -> bool:
    return (isinstance(goal, Watch) and goal.of is watched) or hangs_on(goal, watched)
