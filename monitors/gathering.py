"""The evidence on all goals about proportions: brought up to date with each look, and kept in Redis."""

from __future__ import annotations

from kpis.measures import ZERO
from kpis.windows import parse_window
from monitors.alerts.outbox import Outbox
from monitors.alerts.stored import decode_evidence, encode_evidence, goal_key
from monitors.goals.values import Campaign, Goal, RatioGoal
from monitors.pacing import evidence
from monitors.pacing.evidence import Evidence, EvidencePolicy
from monitors.pacing.verdict import Observed, Status

KEEP_EVERY_S = 10.0
"""Real seconds of looks that a process that is killed may lose: the next one takes all that was counted as one look."""


class Gathering:
    """What is known of each goal, in this process; Redis has it as of a few seconds ago.

    Args:
        outbox: where it is kept.
        policy: what counts as proof.
    """

    def __init__(self, outbox: Outbox, policy: EvidencePolicy) -> None:
        self._outbox = outbox
        self._policy = policy
        self._held: dict[str, Evidence] = {}
        self._unkept: set[str] = set()
        self._is_loaded = False
        self._due_s = 0.0

    async def load(self) -> None:
        """Take up what was kept, once.

        Raises:
            Unreachable: Redis does not answer.
        """
        if self._is_loaded:
            return
        stored = {name: decode_evidence(raw) for name, raw in (await self._outbox.evidence()).items()}
        # What cannot be read is begun anew with the next look: nothing else can be made of it.
        self._held |= {name: held for name, held in stored.items() if held is not None}
        self._is_loaded = True

    def look(self, campaign: Campaign, goal: Goal, observed: Observed) -> Status | None:
        """What is proven after a look; None for goals that are not judged by evidence, or where there can be none.

        It goes by the flight's sums to date: unlike totals they are all of one moment, also while one stream is behind.
        """
        at_ms, flight = observed.as_of_ms, campaign.flight
        if not evidence.applies_to(goal) or at_ms is None or not flight.start_ms <= at_ms < flight.end_ms:
            return None
        if flight.start_ms < observed.history_from_ms:
            return None
        total, name = observed.to_date, goal_key(campaign, goal)
        held = self._held.get(name)
        if held is None or not held.is_about(goal, flight, self._policy):
            since = observed.window if _is_within(goal, flight.start_ms, at_ms) else observed.to_date
            found = evidence.begin(goal, flight, since or ZERO, total, at_ms, policy=self._policy)
        else:
            found = evidence.gain(held, goal, total, at_ms, self._policy)
        if found is not held:
            self._held[name] = found
            self._unkept.add(name)
        return evidence.proven(found, self._policy)

    async def keep(self, goals: set[str], now_s: float) -> None:
        """Store what changed, every few seconds, and forget goals that are gone.

        Args:
            goals: all there are, by their names.
            now_s: see :func:`kpis.runtime.clock.monotonic`.

        Raises:
            Unreachable: Redis does not answer.
        """
        if now_s < self._due_s:
            return
        gone = sorted(self._held.keys() - goals)
        for name in gone:
            del self._held[name]
        await self._outbox.forget(gone)
        await self._outbox.keep_evidence({n: encode_evidence(self._held[n]) for n in self._unkept & self._held.keys()})
        self._unkept.clear()
        self._due_s = now_s + KEEP_EVERY_S


def _is_within(goal: RatioGoal, start_ms: int, at_ms: int) -> bool:
    """Whether all of a goal's window lies in its flight."""
    return at_ms - parse_window(goal.window).span_ms >= start_ms
