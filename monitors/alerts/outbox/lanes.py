"""Lanes: what waits to be sent, in Redis, a list for each notifier. What one cannot deliver holds up no other.

A message lies in its lane from the transition on that wrote it, and leaves it when it is delivered, or parked with the
reason. It goes out at least once: a monitor that dies between an answer and taking the message off sends it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from msgspec.structs import replace

from kpis.contract.redis_client import calls
from monitors.alerts.outbox.outbox import LEADER
from monitors.alerts.outbox.queued import PARKED, Backlog, Parked, Queued, decode_queued, encode_parked, lane_key

KEEP_PARKED = 1000
KEEP_SETTLED = 4_000
"""Messages of which this process remembers that they are done with."""
AT_ONCE = 1000
"""Messages looked at together: an outage of thousands of goals is told in a few digests."""


class Lane:
    """One notifier's messages.

    Args:
        redis: a client that returns bytes.
        address: where it is, without credentials, for errors.
        token: unique to this process, as the leader's.
        notifier: whose.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, redis: Any, address: str, token: str, notifier: str) -> None:
        self.notifier = notifier
        self._redis = redis
        self._call = calls(address)
        self._token = token
        self._settled: dict[bytes, bytes] = {}
        self._settle, self._waiting = (
            redis.register_script(files(__package__).joinpath(f"{name}.lua").read_text("utf-8"))
            for name in ("settle", "waiting")
        )

    async def read(self) -> list[Queued]:
        """The oldest messages that wait, at most ``AT_ONCE``."""
        return [decode_queued(raw) for raw in await self._call(self._redis.lrange(self._key, 0, AT_ONCE - 1))]

    async def goals(self) -> set[str]:
        """The goals of all messages that wait and can be read."""
        found = map(decode_queued, await self._call(self._redis.lrange(self._key, 0, -1)))
        return {one.alert.goal for one in found if one.alert is not None}

    async def to_send(self) -> list[Queued]:
        """The same, for whoever sends them: none where another monitor leads, for it sends them."""
        found = await self._call(self._waiting(keys=[LEADER, self._key], args=[self._token, AT_ONCE]))
        # Redis did not answer when they were taken off, or has forgotten it: they are not sent again.
        again = {raw: self._settled[raw] for raw in found if raw in self._settled}
        if again:
            await self._take_off(again)
        return [decode_queued(raw) for raw in found if raw not in again]

    async def backlog(self) -> Backlog:
        """How much waits."""
        count = int(await self._call(self._redis.llen(self._key)))
        if not count:
            return Backlog()
        head = await self._call(self._redis.lindex(self._key, 0))
        return Backlog() if head is None else Backlog(count, decode_queued(head).queued_ms)

    async def settle(self, messages: Sequence[Queued], parked: Parked | None = None) -> int:
        """Take messages off, delivered or parked; nothing where another monitor leads.

        Args:
            messages: which.
            parked: why they are given up, its ``message`` is filled in; None when they were delivered.

        Returns:
            How many were taken off.
        """
        found: dict[bytes, bytes] = {}
        for message in messages:
            text = message.raw.decode(errors="replace")
            found[message.raw] = b"" if parked is None else encode_parked(replace(parked, message=text))
        self._settled |= found
        for _ in range(len(self._settled) - KEEP_SETTLED):
            del self._settled[next(iter(self._settled))]
        return await self._take_off(found)

    async def _take_off(self, messages: Mapping[bytes, bytes]) -> int:
        args = [self._token, KEEP_PARKED, *(arg for pair in messages.items() for arg in pair)]
        return int(await self._call(self._settle(keys=[LEADER, self._key, PARKED], args=args)))

    @property
    def _key(self) -> str:
        return lane_key(self.notifier)
