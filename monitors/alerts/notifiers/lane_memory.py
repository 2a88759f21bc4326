"""What a lane remembers of its attempts: which messages wait for their next try, and which are sent alone. Pure.

A group that fails again and again while others arrive holds something that the service cannot take: its messages are
sent one by one. Where nothing arrives the service may be away: then groups become smaller, down to one message, until
something arrives, so that one message never holds up those beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

SMALLER_AFTER = 3
"""Failures in a row after which groups become smaller."""
ALONE_AFTER = 2
"""Failures of a goal's messages, each after others arrived, after which they are sent alone."""


@dataclass(slots=True)
class Trouble:
    """What is wrong with the messages of one goal.

    Attributes:
        failures: attempts that failed.
        until_s: they wait for their next try up to then, :func:`kpis.runtime.clock.monotonic`.
        sent_before: how many groups of the lane had arrived when they failed last; None before they did.
        suspicions: how often they failed though others had arrived since.
        is_alone: whether they are sent one by one.
    """

    failures: int = 0
    until_s: float = 0.0
    sent_before: int | None = None
    suspicions: int = 0
    is_alone: bool = False


class LaneMemory:
    """It. Only its delivery writes it; goals are named by the field of the goal in the state hash.

    Attributes:
        failures: attempts of the lane that failed in a row.
        most: messages in a group; None for as many as there may be.
        rest_until_s: the service asked to be left alone up to then.
        digest_s: when the last digest went out; None when none did. Times are monotonic.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.most: int | None = None
        self.rest_until_s = 0.0
        self.digest_s: float | None = None
        self._sent = 0
        self._troubles: dict[str, Trouble] = {}

    def until_s(self, goal: str) -> float:
        """Up to when a goal's messages wait for their next try; 0 where they do not."""
        found = self._troubles.get(goal)
        return 0.0 if found is None else found.until_s

    def is_alone(self, goal: str) -> bool:
        """Whether a goal's messages are sent one by one."""
        found = self._troubles.get(goal)
        return found is not None and found.is_alone

    def failed(self, goals: Collection[str], size: int, now_s: float, pause_s: Callable[[int], float]) -> None:
        """No answer, or one that says to try again, to a group of so many messages."""
        self.failures += 1
        for goal in goals:
            found = self._troubles.setdefault(goal, Trouble())
            found.failures += 1
            found.until_s = now_s + pause_s(found.failures)
            if found.sent_before is not None and self._sent > found.sent_before:
                found.suspicions += 1
            found.sent_before = self._sent
            found.is_alone |= found.suspicions >= ALONE_AFTER
        if self.failures >= SMALLER_AFTER:
            self.most = max(size // 2, 1)

    def refused(self, goals: Collection[str]) -> None:
        """Together they were refused: one of them is at fault."""
        for goal in goals:
            self._troubles.setdefault(goal, Trouble()).is_alone = True

    def answered(self, goals: Collection[str], *, is_sent: bool) -> None:
        """A final answer; what is known of these goals says nothing of what comes after."""
        self.failures, self.most = 0, None
        self._sent += is_sent
        self.forget(goals)

    def forget(self, goals: Collection[str]) -> None:
        """Let go of what is known of goals."""
        for goal in goals:
            self._troubles.pop(goal, None)

    def keep(self, goals: Collection[str]) -> None:
        """Let go of all others: their messages left the lane, by whomever."""
        self.forget(self._troubles.keys() - set(goals))
