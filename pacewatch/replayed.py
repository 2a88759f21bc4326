"""Which refused records were sent again already: a set in Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from streams import layout
from streams.redis_link import AWAY, connect, unreachable
from streams.settings import Settings


class Replayed:
    """What is remembered, by identity (``topic/partition/offset``).

    Args:
        redis: see :func:`streams.redis_link.connect`.
        address: where it is, without credentials, for errors.
    """

    def __init__(self, redis: Any, address: str) -> None:
        self._redis = redis
        self._address = address

    async def known(self, identities: Sequence[str]) -> list[bool]:
        """Whether each was sent again before.

        Raises:
            Unreachable: Redis does not answer.
        """
        if not identities:
            return []
        return [bool(n) for n in await self._call(self._redis.smismember(layout.REPLAYED, list(identities)))]

    async def remember(self, identities: Sequence[str]) -> None:
        """Note that these were sent and acknowledged.

        Raises:
            Unreachable: Redis does not answer.
        """
        if identities:
            await self._call(self._redis.sadd(layout.REPLAYED, *identities))

    async def _call(self, pending: Any) -> Any:
        try:
            return await pending
        except AWAY as e:
            raise unreachable(self._address, e) from e


@asynccontextmanager
async def replayed(settings: Settings) -> AsyncIterator[Replayed]:
    """The set in the settings' Redis."""
    redis = connect(settings)
    try:
        yield Replayed(redis, settings.redis_address)
    finally:
        await redis.aclose()
