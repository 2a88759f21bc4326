"""What people were told and what waits to be sent, in Redis, so that both survive this process.

A transition and its message are written in one script: a change is in the outbox exactly once, whatever dies when.
From there a message goes out at least once: a monitor that dies between Slack's answer and taking the message off
sends it again, for a webhook knows no idempotency key.

Keys share the hash tag ``{alerts}``, so the scripts work on Redis Cluster::

    pw:{alerts}:leader    string  token of the monitor that acts                  (expires)
    pw:{alerts}:state     hash    goal -> state as JSON; campaign -> its milestones
    pw:{alerts}:evidence  hash    goal -> evidence as JSON
    pw:{alerts}:outbox    list    messages to send, oldest first
    pw:{alerts}:told      list    the last messages, sent or not, for people
    pw:{alerts}:dead      list    messages that Slack refused for good
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Any

from kpis.contract.redis_client import answers

LEADER = "pw:{alerts}:leader"
STATE = "pw:{alerts}:state"
EVIDENCE = "pw:{alerts}:evidence"
OUTBOX = "pw:{alerts}:outbox"
TOLD = "pw:{alerts}:told"
DEAD = "pw:{alerts}:dead"

_Arg = bytes | str | int | float

_AT_ONCE = 1_000
"""Goals in one command, so that none holds Redis for long."""
KEEP_TOLD = 200
KEEP_DEAD = 1000


class Recorded(StrEnum):
    """What became of a transition."""

    WRITTEN = "written"
    REPEATED = "repeated"
    """It was there already: the answer to an earlier try was lost."""
    FOLLOWER = "follower"
    """Another monitor leads: nothing was written."""
    CHANGED = "changed"
    """The state is not the one that was judged from: nothing was written."""


class Outbox:
    """The alert keys in Redis.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        token: unique to this process.
        ttl_ms: real milliseconds after which a silent leader is replaced.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, redis: Any, address: str, token: str, ttl_ms: int) -> None:
        self._redis = redis
        self._address = address
        self._token = token
        self._ttl_ms = ttl_ms
        self._record, self._settle, self._lead, self._resign = (
            redis.register_script(files(__package__).joinpath(f"{name}.lua").read_text("utf-8"))
            for name in ("record", "settle", "lead", "resign")
        )

    async def lead(self) -> bool:
        """Become or stay the leader; False when another monitor is."""
        return bool(await self._call(self._lead(keys=[LEADER], args=[self._token, self._ttl_ms])))

    async def resign(self) -> None:
        """Let another monitor lead at once."""
        await self._call(self._resign(keys=[LEADER], args=[self._token]))

    async def states(self) -> dict[str, bytes]:
        """All stored states by goal."""
        raw = await self._call(self._redis.hgetall(STATE))
        return {k.decode(errors="replace"): v for k, v in raw.items()}

    async def record(
        self, goal: str, before: bytes | None, after: bytes | None, message: bytes | None, *, send: bool
    ) -> Recorded:
        """Write a transition, and its message if it has one, both or neither.

        Args:
            goal: whose state.
            before: the stored state that was judged from; None when there was none.
            after: the new one; None to forget it.
            message: what to tell; None for nothing.
            send: whether the message also goes to the outbox, not only to what was told.
        """
        args: list[_Arg] = [
            self._token,
            goal,
            before or b"",
            after or b"",
            message or b"",
            KEEP_TOLD,
            "1" if send else "0",
        ]
        answer = await self._call(self._record(keys=[LEADER, STATE, OUTBOX, TOLD], args=args))
        return Recorded(answer.decode())

    async def forget(self, goals: list[str]) -> None:
        """Drop the states of goals that are in no goals file any more."""
        if goals:
            await self._call(self._redis.hdel(STATE, *goals))
            await self._call(self._redis.hdel(EVIDENCE, *goals))

    async def evidence(self) -> dict[str, bytes]:
        """All stored evidence by goal."""
        raw = await self._call(self._redis.hgetall(EVIDENCE))
        return {k.decode(errors="replace"): v for k, v in raw.items()}

    async def keep_evidence(self, found: Mapping[str, bytes]) -> None:
        """Store evidence by goal, so that it survives this process."""
        names = list(found)
        for first in range(0, len(names), _AT_ONCE):
            some = {name: found[name] for name in names[first : first + _AT_ONCE]}
            await self._call(self._redis.hset(EVIDENCE, mapping=some))

    async def head(self) -> bytes | None:
        """The oldest message that waits; None when none does."""
        found: bytes | None = await self._call(self._redis.lindex(OUTBOX, 0))
        return found

    async def settle(self, message: bytes, dead: bool) -> bool:
        """Take the head off the outbox, delivered or dead; False when it was not this message, or not for us to."""
        args: list[_Arg] = [self._token, message, "1" if dead else "0", KEEP_DEAD]
        return bool(await self._call(self._settle(keys=[LEADER, OUTBOX, DEAD], args=args)))

    async def waiting(self) -> int:
        """How many messages wait."""
        return int(await self._call(self._redis.llen(OUTBOX)))

    async def told(self) -> list[bytes]:
        """The last messages, oldest first."""
        found: list[bytes] = await self._call(self._redis.lrange(TOLD, 0, -1))
        return found

    async def _call(self, pending: Awaitable[Any]) -> Any:
        with answers(self._address):
            return await pending
