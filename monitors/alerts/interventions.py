"""What people do about alerts: acknowledge one, mute a campaign for a while. In Redis, so that all monitors know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from kpis.contract.documents import UNREADABLE
from kpis.contract.redis_client import calls
from monitors.goals.subject import muted_at
from monitors.goals.values import Campaign

ACKNOWLEDGED = "pw:{alerts}:acknowledged"
MUTES = "pw:{alerts}:mutes"
WRITES = "pw:{alerts}:writes"
"""Counts what people do, as it does transitions: by it a monitor finds that Redis has lost some."""
DEEDS = "pw:{alerts}:deeds"
"""What people did of late, for people: what holds of it is in the hashes."""
KEEP_DEEDS = 200
LONGEST = 200
"""Characters of who and why that are kept."""
MOST_MUTES = 1_000
MOST_ACKNOWLEDGED = 10_000


class Acknowledgement(msgspec.Struct, frozen=True):
    """Someone takes care of an alert: who, when (the deployment's clock, epoch milliseconds), and what they say."""

    by: str
    at_ms: int
    note: str = ""


class Silence(msgspec.Struct, frozen=True):
    """A mute that someone set while the system runs; those of a goals file are :class:`~monitors.goals.values.Mute`.

    Attributes:
        campaign: of which campaign, or :data:`EVERY`.
        from_ms, until_ms: from when until when (exclusive), the deployment's clock.
        by, why: who set it, and what for.
    """

    campaign: str
    from_ms: int
    until_ms: int
    by: str
    why: str = ""

    def is_of(self, campaign: str) -> bool:
        """Whether it mutes a campaign at all."""
        return self.campaign in {campaign, EVERY}

    def covers(self, campaign: str, at_ms: int) -> bool:
        """Whether a campaign is muted by it at a moment."""
        return self.is_of(campaign) and self.from_ms <= at_ms < self.until_ms


class DeedKind(StrEnum):
    """What people do."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    MUTED = "muted"
    UNMUTED = "unmuted"


class Deed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody did, kept after it is over.

    Attributes:
        kind: what.
        of: the goal's field in the state hash; of a mute its campaign, or :data:`EVERY`.
        by, at_ms, note: who, when (the deployment's clock), and what they said.
        until_ms: until when a mute was set.
    """

    kind: DeedKind
    of: str
    by: str
    at_ms: int
    note: str = ""
    until_ms: int | None = None


EVERY = "*"
"""In place of a campaign: all of them."""


@dataclass(frozen=True, slots=True)
class Interventions:
    """All that people have done and that holds.

    Attributes:
        acknowledged: by the field of the goal in the state hash.
        mutes: by the name under which one can be taken back.
    """

    acknowledged: Mapping[str, Acknowledgement] = field(default_factory=dict)
    mutes: Mapping[str, Silence] = field(default_factory=dict)

    def mutes_campaign(self, campaign: Campaign, at_ms: int) -> bool:
        """Whether nothing but ends is sent about a campaign, by its goals file or by someone's mute."""
        if muted_at(campaign, at_ms) is not None:
            return True
        return any(mute.covers(campaign.campaign, at_ms) for mute in self.mutes.values())


NO_INTERVENTIONS = Interventions()
_encode = msgspec.json.Encoder().encode
_decode_acknowledgement = msgspec.json.Decoder(Acknowledgement).decode
_decode_silence = msgspec.json.Decoder(Silence).decode
_decode_deed = msgspec.json.Decoder(Deed).decode


class InterventionStore:
    """Them in Redis.

    Args:
        redis: a client that returns bytes.
        address: where it is, without credentials, for errors.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, redis: Any, address: str) -> None:
        self._redis = redis
        self._call = calls(address)

    async def read(self) -> Interventions:
        """All; what cannot be read is left out."""
        acknowledged = await self._call(self._redis.hgetall(ACKNOWLEDGED))
        mutes = await self._call(self._redis.hgetall(MUTES))
        return Interventions(_read(acknowledged, _decode_acknowledgement), _read(mutes, _decode_silence))

    async def acknowledge(self, goal: str, found: Acknowledgement) -> bool:
        """Keep that someone takes care of an alert, until it is over; False when there are too many already."""
        full = int(await self._call(self._redis.hlen(ACKNOWLEDGED))) >= MOST_ACKNOWLEDGED
        if full and not await self._call(self._redis.hexists(ACKNOWLEDGED, goal)):
            return False
        await self._count()
        kept = msgspec.structs.replace(found, by=found.by[:LONGEST], note=found.note[:LONGEST])
        await self._call(self._redis.hset(ACKNOWLEDGED, goal, _encode(kept)))
        await self._keep(Deed(DeedKind.ACKNOWLEDGED, goal, kept.by, kept.at_ms, kept.note))
        return True

    async def unacknowledge(self, goal: str, by: str, now_ms: int) -> bool:
        """Take back that someone takes care of an alert; False when nobody does."""
        await self._count()
        was_there = bool(await self._call(self._redis.hdel(ACKNOWLEDGED, goal)))
        if was_there:
            await self._keep(Deed(DeedKind.UNACKNOWLEDGED, goal, by[:LONGEST], now_ms))
        return was_there

    async def mute(self, name: str, silence: Silence, now_ms: int) -> bool:
        """Keep a mute, and let go of those that are over; False when there are too many already."""
        held = _read(await self._call(self._redis.hgetall(MUTES)), _decode_silence)
        over = [key for key, mute in held.items() if mute.until_ms <= now_ms]
        if over:
            await self._call(self._redis.hdel(MUTES, *over))
        if len(held) - len(over) >= MOST_MUTES and name not in held:
            return False
        await self._count()
        kept = msgspec.structs.replace(silence, by=silence.by[:LONGEST], why=silence.why[:LONGEST])
        await self._call(self._redis.hset(MUTES, name, _encode(kept)))
        await self._keep(Deed(DeedKind.MUTED, kept.campaign, kept.by, now_ms, kept.why, kept.until_ms))
        return True

    async def unmute(self, name: str, *, by: str = "", now_ms: int | None = None) -> bool:
        """Take a mute back; False when there is none of that name. Who did it is kept where the time is given."""
        held = _read(await self._call(self._redis.hgetall(MUTES)), _decode_silence)
        await self._count()
        was_there = bool(await self._call(self._redis.hdel(MUTES, name)))
        if was_there and now_ms is not None and name in held:
            await self._keep(Deed(DeedKind.UNMUTED, held[name].campaign, by[:LONGEST], now_ms))
        return was_there

    async def deeds(self) -> list[Deed]:
        """What people did of late, oldest first; what cannot be read is left out."""
        found = await self._call(self._redis.lrange(DEEDS, 0, -1))
        return list(_read({str(n).encode(): raw for n, raw in enumerate(found)}, _decode_deed).values())

    async def _keep(self, deed: Deed) -> None:
        # After what it tells of: a deed that is missing says less, one that was never done would lie.
        await self._call(self._redis.rpush(DEEDS, _encode(deed)))
        await self._call(self._redis.ltrim(DEEDS, -KEEP_DEEDS, -1))

    async def _count(self) -> None:
        # Before the change: a monitor that looks in between looks again, and takes away nothing that it has not seen.
        await self._call(self._redis.incr(WRITES))


def _read(raw: Mapping[bytes, bytes], decode: Any) -> dict[str, Any]:
    found = {}
    for key, value in raw.items():
        try:
            found[key.decode(errors="replace")] = decode(value)
        except UNREADABLE:
            continue
    return found
