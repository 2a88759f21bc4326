"""What people were told, in Redis, so that it survives this process, and the lock of the one monitor that tells them.

A transition and its message are written in one script: a change is in each lane exactly once, whatever dies when.
:mod:`monitors.alerts.outbox.lanes` is what becomes of it there.

Keys share the hash tag ``{alerts}``, so the scripts work on Redis Cluster::

    pw:{alerts}:leader        string  token of the monitor that acts                  (expires)
    pw:{alerts}:state         hash    goal -> state as JSON; campaign -> its milestones
    pw:{alerts}:writes        string  how many changes were written, by monitors and people; see
                                      :mod:`monitors.alerts.outbox.journal` and :mod:`monitors.alerts.outbox.last_seen`
    pw:{alerts}:evidence      hash    goal -> evidence as JSON
    pw:{alerts}:lane:<name>   list    messages for a notifier, oldest first
    pw:{alerts}:parked        list    messages that were given up, with the reason
    pw:{alerts}:told          list    the last messages, sent or not, for people
    pw:{alerts}:acknowledged  hash    goal -> who takes care of its alert
    pw:{alerts}:mutes         hash    name -> a mute that someone set
    pw:{alerts}:deeds         list    what people did of late, for people
    pw:{alerts}:files         hash    token -> which files that monitor uses, see
                                      :mod:`monitors.alerts.outbox.files_in_use`
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Any
from uuid import uuid4

from kpis.contract.redis_client import calls
from kpis.runtime.clock import monotonic, wall_ms
from monitors.alerts.interventions import ACKNOWLEDGED, MUTES, WRITES
from monitors.alerts.outbox.files_in_use import FilesInUse
from monitors.alerts.outbox.journal import Journal, Write
from monitors.alerts.outbox.last_seen import LastSeen
from monitors.alerts.outbox.queued import PARKED, encode_entry, lane_key

LEADER = "pw:{alerts}:leader"
STATE = "pw:{alerts}:state"
EVIDENCE = "pw:{alerts}:evidence"
TOLD = "pw:{alerts}:told"
FORMER = "pw:{alerts}:outbox"
"""The list of all that is to be sent, before there were lanes."""

_log = logging.getLogger(__name__)

_AT_ONCE = 1_000
"""Goals in one command, so that none holds Redis for long."""
KEEP_TOLD = 200
_SEEN = (STATE, ACKNOWLEDGED, MUTES)


class Recorded(StrEnum):
    """What became of a transition."""

    WRITTEN = "written"
    REPEATED = "repeated"
    """It was there already: the answer to an earlier try was lost."""
    FOLLOWER = "follower"
    """Another monitor leads: nothing was written."""
    CHANGED = "changed"
    """The state is not the one that was judged from: nothing was written."""


def leader_token(*, has_goals: bool, has_notifiers: bool) -> str:
    """A token of this process; of a monitor that has something to tell and somebody to tell it, one that goes first."""
    rank = int(has_goals) + int(has_goals and has_notifiers)
    return f"{rank}:{uuid4().hex}"


class Outbox:
    """The alert keys in Redis.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        token: unique to this process.
        ttl_ms: real milliseconds after which a silent leader is replaced.

    Attributes:
        files: which files the monitors use.
        leads_until_s: until when this monitor certainly leads, on :func:`kpis.runtime.clock.monotonic`.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, redis: Any, address: str, token: str, ttl_ms: int) -> None:
        self._redis = redis
        self._call = calls(address)
        self._token = token
        self._ttl_ms = ttl_ms
        self.files = FilesInUse(redis, address, token)
        self.leads_until_s = 0.0
        self._leads = False
        self._journal = Journal()
        self._seen = LastSeen(_SEEN)
        self._record, self._lead, self._resign, self._look, self._restore = (
            redis.register_script(files(__package__).joinpath(f"{name}.lua").read_text("utf-8"))
            for name in ("record", "lead", "resign", "look", "restore")
        )

    async def lead(self) -> bool:
        """Become or stay the leader; False when another monitor is. What Redis forgot is written again."""
        args, until_s = [self._token, self._ttl_ms], monotonic() + self._ttl_ms / 1000
        leads, number = await self._call(self._lead(keys=[LEADER, WRITES], args=args))
        self._leads = bool(leads)
        if not leads:
            self._journal.clear()
            return False
        self.leads_until_s = until_s
        self._journal.compare(int(number))
        self._seen.compare(int(number))
        await self._write_again()
        return True

    async def resign(self) -> None:
        """Let another monitor lead at once."""
        await self._call(self._resign(keys=[LEADER], args=[self._token]))
        await self.files.leave()

    async def states(self) -> dict[str, bytes]:
        """All stored states by goal."""
        return _by_name(await self._call(self._redis.hgetall(STATE)))

    async def look(self) -> dict[str, bytes]:
        """The same, and seen: where Redis has lost some, a monitor that leads writes back what it saw last."""
        number, found = await self._found()
        self._seen.see(number, found, leads=self._leads)
        if self._leads and self._seen.is_lost:
            found = await self._write_again()
        return _by_name(found[STATE])

    async def record(
        self,
        goal: str,
        before: bytes | None,
        after: bytes | None,
        message: bytes | None,
        *,
        lanes: Sequence[str] = (),
        is_over: bool = False,
    ) -> Recorded:
        """Write a transition, and its message if it has one, both or neither.

        Args:
            goal: whose state.
            before: the stored state that was judged from; None when there was none.
            after: the new one; None to forget it.
            message: what to tell; None for nothing.
            lanes: the notifiers that send it; without any it is only kept as told.
            is_over: whether an alert is over or a new one begins, so that nobody takes care of it any more.
        """
        args = (
            self._token,
            goal,
            before or b"",
            after or b"",
            message or b"",
            KEEP_TOLD,
            encode_entry(message, wall_ms()) if message and lanes else b"",
            "1" if is_over else "0",
        )
        keys = (LEADER, STATE, TOLD, ACKNOWLEDGED, WRITES, *map(lane_key, lanes))
        write = Write(keys, args)
        found, number = await self._written(write)
        if found in {Recorded.WRITTEN, Recorded.REPEATED}:
            self._seen.note(number, STATE, write.field, write.after)
            if is_over:
                self._seen.put(ACKNOWLEDGED, write.field, b"")
        return found

    async def adopt(self, lanes: Sequence[str]) -> int:
        """Move what an older version left to be sent into lanes; gives how many there were.

        Each is moved before it is taken away, so that one that dies in between moves it twice, never not at all.
        """
        found = await self._call(self._redis.lrange(FORMER, 0, -1))
        for message in found:
            for lane in lanes:
                await self._call(self._redis.rpush(lane_key(lane), encode_entry(message, wall_ms())))
            await self._call(self._redis.lrem(FORMER, 1, message))
        return len(found)

    async def forget(self, goals: list[str]) -> None:
        """Drop the states of goals that are in no goals file any more."""
        if goals:
            for goal in goals:
                self._seen.put(STATE, goal.encode(), b"")
                self._seen.put(ACKNOWLEDGED, goal.encode(), b"")
            await self._call(self._redis.hdel(STATE, *goals))
            await self._call(self._redis.hdel(EVIDENCE, *goals))
            await self._call(self._redis.hdel(ACKNOWLEDGED, *goals))

    async def evidence(self) -> dict[str, bytes]:
        """All stored evidence by goal."""
        return _by_name(await self._call(self._redis.hgetall(EVIDENCE)))

    async def keep_evidence(self, found: Mapping[str, bytes]) -> None:
        """Store evidence by goal, so that it survives this process."""
        names = list(found)
        for first in range(0, len(names), _AT_ONCE):
            some = {name: found[name] for name in names[first : first + _AT_ONCE]}
            await self._call(self._redis.hset(EVIDENCE, mapping=some))

    async def parked(self) -> int:
        """How many messages were given up, of those that are kept."""
        return int(await self._call(self._redis.llen(PARKED)))

    async def given_up(self) -> list[bytes]:
        """The messages that were given up and are kept, oldest first."""
        found: list[bytes] = await self._call(self._redis.lrange(PARKED, 0, -1))
        return found

    async def send_again(self, raw: bytes, notifier: str, message: bytes) -> None:
        """Put a message that was given up back into its lane, as of now, and take it off the parked.

        It is in the lane before it is taken away: one that dies in between sends it again twice, never not at all.
        """
        await self._call(self._redis.rpush(lane_key(notifier), encode_entry(message, wall_ms())))
        await self._call(self._redis.lrem(PARKED, 1, raw))

    async def told(self) -> list[bytes]:
        """The last messages, oldest first."""
        found: list[bytes] = await self._call(self._redis.lrange(TOLD, 0, -1))
        return found

    async def _written(self, write: Write) -> tuple[Recorded, int]:
        answer, number = await self._call(self._record(keys=write.keys, args=write.args))
        found = Recorded(answer.decode())
        if found is Recorded.WRITTEN:
            self._journal.note(int(number), write)
        elif found is Recorded.REPEATED:
            self._journal.found(int(number), write)
        return found, int(number)

    async def _write_again(self) -> dict[str, dict[bytes, bytes]]:
        """Write what Redis has forgotten: the last transitions with their messages, then all that was seen to stand."""
        missing = self._journal.missing
        if missing:
            _log.warning("Redis has forgotten %d transitions; they are written again", len(missing))
        while missing:
            became, _ = await self._written(missing[0])
            if became is Recorded.CHANGED:
                # It has forgotten what that one was judged from, too.
                held = await self._call(self._redis.hget(STATE, missing[0].field))
                await self._written(missing[0].judged_from(held or b""))
            missing.popleft()
        if not self._seen.is_lost:
            return {}
        _, found = await self._found()
        for key, fields in self._seen.lacking(found).items():
            if fields:
                _log.warning("Redis has forgotten %d of %s; they are written back", len(fields), key)
            await self._put_back(key, list(fields.items()))
        number, found = await self._found()
        self._seen.accept(number, found)
        return found

    async def _put_back(self, key: str, fields: Sequence[tuple[bytes, bytes]]) -> None:
        for first in range(0, len(fields), _AT_ONCE):
            args = (arg for pair in fields[first : first + _AT_ONCE] for arg in pair)
            await self._call(self._restore(keys=[LEADER, WRITES, key], args=[self._token, *args]))

    async def _found(self) -> tuple[int, dict[str, dict[bytes, bytes]]]:
        """How many changes were written, and all that stands, as of one moment."""
        number, *hashes = await self._call(self._look(keys=[WRITES, *_SEEN], args=[]))
        pairs = ((key, zip(flat[::2], flat[1::2], strict=True)) for key, flat in zip(_SEEN, hashes, strict=True))
        return int(number), {key: dict(fields) for key, fields in pairs}


def _by_name(raw: Mapping[bytes, bytes]) -> dict[str, bytes]:
    return {k.decode(errors="replace"): v for k, v in raw.items()}
