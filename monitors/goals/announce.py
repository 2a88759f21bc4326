"""Tells workers which campaigns have a goal: those always have a series of their own, however many campaigns come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kpis.contract import layout
from kpis.contract.redis_client import answers

_AGAIN_S = 30.0
"""A Redis that lost everything lost this too."""
_PUBLISH = """
redis.call('UNLINK', KEYS[1])
for from = 1, #ARGV, 4000 do
  redis.call('SADD', KEYS[1], unpack(ARGV, from, math.min(from + 3999, #ARGV)))
end
"""


class GoalAnnouncement:
    """Publishes the campaigns of a goals file, while this monitor leads.

    Args:
        redis: a client that returns bytes.
        address: where it is, without credentials, for errors.
        series: the campaigns' series.
    """

    def __init__(self, redis: Any, address: str, series: Iterable[str]) -> None:
        self._publish = redis.register_script(_PUBLISH)
        self._address = address
        self._series: list[str] = []
        self._due_s = 0.0
        self._is_told = True
        self.replace(series)

    def replace(self, series: Iterable[str]) -> None:
        """Publish others from now on, at the next time; none at all where there are none any more."""
        found = sorted(set(series))
        if found != self._series:
            self._series, self._due_s, self._is_told = found, 0.0, False

    async def publish(self, now_s: float) -> None:
        """Publish them, if it is time to.

        Args:
            now_s: see :func:`kpis.runtime.clock.monotonic`.

        Raises:
            Unreachable: Redis does not answer.
        """
        if (self._is_told and not self._series) or now_s < self._due_s:
            return
        with answers(self._address):
            await self._publish(keys=[layout.GOAL_CAMPAIGNS], args=self._series)
        self._due_s, self._is_told = now_s + _AGAIN_S, True
