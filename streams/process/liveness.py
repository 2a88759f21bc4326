"""Whether a worker is alive: whether reading moves, or there is nothing to read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Life(StrEnum):
    """How a worker fares; the value says it to people."""

    ALIVE = "alive"
    LOOP_STUCK = "its event loop stands still"
    FETCHER_DEAD = "what fetches from Kafka has ended"
    NOT_FETCHING = "nothing was asked of Kafka for too long"
    NOT_COUNTING = "records wait and are not counted"

    @property
    def is_alive(self) -> bool:
        """Whether it needs no restart."""
        return self is Life.ALIVE


@dataclass(frozen=True, slots=True)
class LivenessPolicy:
    """When a worker is stuck.

    Attributes:
        stuck_s: seconds without a move; what takes a worker longest, loading a large partition, takes some ten.
        rebalance_s: seconds more while the consumer group is joined anew.
    """

    stuck_s: float = 60.0
    rebalance_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Observation:
    """What a look at a worker finds; times are of one monotonic clock, in seconds.

    Attributes:
        loop_at: when its event loop last ran.
        fetched_at: when a fetch last came back, with records or without.
        fetcher_ended: whether the client's fetching has ended by itself.
        is_assigned: whether it has joined its group and was given what to read.
        is_kafka_away: whether the group's coordinator is unknown: there is nobody to ask.
        waiting: partition to the offsets counted so far, for those that are read and have records waiting.
    """

    loop_at: float
    fetched_at: float
    fetcher_ended: bool = False
    is_assigned: bool = True
    is_kafka_away: bool = False
    waiting: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


class Liveness:
    """Remembers since when each partition has not moved.

    Args:
        policy: when that is too long.
    """

    def __init__(self, policy: LivenessPolicy) -> None:
        self._policy = policy
        self._since: dict[int, tuple[tuple[int, ...], float]] = {}

    def judge(self, seen: Observation, now_s: float) -> Life:
        """How the worker fares now."""
        most = self._policy.stuck_s
        if now_s - seen.loop_at > most:
            return Life.LOOP_STUCK
        if seen.fetcher_ended:
            return Life.FETCHER_DEAD
        patience = most if seen.is_assigned else most + self._policy.rebalance_s
        if now_s - seen.fetched_at > patience and not seen.is_kafka_away:
            return Life.NOT_FETCHING
        self._since = {n: self._moved(n, offsets, now_s) for n, offsets in seen.waiting.items()}
        if any(now_s - since > most for _, since in self._since.values()):
            return Life.NOT_COUNTING
        return Life.ALIVE

    def _moved(self, number: int, offsets: tuple[int, ...], now_s: float) -> tuple[tuple[int, ...], float]:
        held = self._since.get(number)
        return held if held is not None and held[0] == offsets else (offsets, now_s)
