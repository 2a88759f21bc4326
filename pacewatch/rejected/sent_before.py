"""Which refused records were sent again already, and when: a sorted set in Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from kpis.contract import layout
from kpis.contract.redis_client import answers, connect, replay_key
from kpis.settings.shared import Settings

_FOR_EVER = -1


class SentBefore:
    """What is remembered, by identity (``topic/partition/offset``), for as long as a repeat counts nothing.

    Args:
        redis: see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        keep_s: for how many seconds; after them the worker would count such a record once more.
    """

    def __init__(self, redis: Any, address: str, keep_s: int) -> None:
        self._redis = redis
        self._address = address
        self._keep_s = keep_s

    async def key(self) -> bytes:
        """What the headers of records that are sent again are signed with.

        Raises:
            Unreachable: Redis does not answer.
        """
        return bytes(await self._call(replay_key(self._redis)))

    async def known(self, identities: Sequence[str]) -> list[bool]:
        """Whether each was sent again before.

        Raises:
            Unreachable: Redis does not answer.
        """
        if not identities:
            return []
        scores = await self._call(self._redis.zmscore(layout.REPLAYED, list(identities)))
        before = await self._call(self._redis.smismember(layout.REPLAYED_BEFORE, list(identities)))
        return [score is not None or bool(old) for score, old in zip(scores, before, strict=True)]

    async def remember(self, identities: Sequence[str], now_s: float) -> None:
        """Note that these were sent and acknowledged, at a time in epoch seconds.

        Raises:
            Unreachable: Redis does not answer.
        """
        if identities:
            await self._call(self._redis.zadd(layout.REPLAYED, dict.fromkeys(identities, now_s)))

    async def prune(self, now_s: float) -> None:
        """Forget what was sent too long ago to matter.

        Raises:
            Unreachable: Redis does not answer.
        """
        await self._call(self._redis.zremrangebyscore(layout.REPLAYED, "-inf", now_s - self._keep_s))
        if await self._call(self._redis.ttl(layout.REPLAYED_BEFORE)) == _FOR_EVER:
            await self._call(self._redis.expire(layout.REPLAYED_BEFORE, self._keep_s))

    async def _call(self, pending: Any) -> Any:
        with answers(self._address):
            return await pending


@asynccontextmanager
async def replayed(settings: Settings) -> AsyncIterator[SentBefore]:
    """The set in the settings' Redis."""
    redis = connect(settings)
    try:
        yield SentBefore(redis, settings.redis_address, max(settings.dedupe_hours, settings.history_days * 24) * 3600)
    finally:
        await redis.aclose()
