"""Evidence on a proportion leaves out what came while something else was wrong. Pure, but for what the engine keeps.

Impressions whose clicks are not counted prove nothing of the clicks. From the first moment at which a stream may stand
still, what was known before is kept beside what is gathered on. If it does stand still, the former goes on from there;
if it was chance, the latter does, for then to leave out every gap would leave out what evidence is made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitors.engine import BESIDE, Engine
from monitors.goals.subject import key_of
from monitors.goals.values import Campaign, RatioGoal
from monitors.pacing import evidence
from monitors.pacing.causes import Judged
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.sight import Sight


def spare(engine: Engine, campaign: Campaign, judged: Iterable[Judged], seen: Sight) -> None:
    """Keep, use or let go of what was known before, once it is known what explains what.

    Args:
        engine: whose evidence.
        campaign: whose goals.
        judged: its verdicts, with what is held by a cause.
        seen: what they were judged from.
    """
    found = list(judged)
    is_surge = any(verdict.reason is Reason.SURGE for _, verdict in found)
    for goal, verdict in found:
        if evidence.applies_to(goal) and key_of(campaign, goal) in engine.held:
            _spare(engine, key_of(campaign, goal), goal, verdict, seen, is_surge=is_surge)


def _spare(engine: Engine, name: str, goal: RatioGoal, verdict: Verdict, seen: Sight, *, is_surge: bool) -> None:
    held, before = engine.held[name], engine.held.get(name + BESIDE)
    if before is not None and before.flight_ms != held.flight_ms:
        before = None
    if verdict.status is not Status.HOLD:
        if engine.held.pop(name + BESIDE, None) is not None:
            engine.dropped.add(name + BESIDE)
        return
    if is_surge or verdict.reason not in {Reason.EXPLAINED, Reason.AWAITS_STREAM}:
        return
    if before is None:
        before = engine.held[name + BESIDE] = held
        engine.dropped.discard(name + BESIDE)
        engine.changed.add(name + BESIDE)
    if verdict.reason is Reason.EXPLAINED and seen.as_of_ms is not None:
        successes, trials = goal.kpi.parts(seen.to_date)
        engine.held[name] = replace(before, at_ms=seen.as_of_ms, successes=successes, trials=trials, onset=None)
        engine.changed.add(name)
