"""Several hashes of one partition, read at one moment.

Every flush raises the partition's sequence number, so what was read between two equal ones belongs together. That works
on every kind of Redis alike, where a transaction does not, and costs the server less than a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import WatchError

from kpis.contract import layout
from kpis.contract.redis_client import wrong_type

_TRIES = 10


class ConsistentReads:
    """Reads hashes.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
    """

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    async def hashes(self, partition: int, keys: Sequence[str]) -> list[dict[bytes, bytes] | None]:
        """The hashes as they stood together, in the order of their keys; None for one that is no hash.

        Raises:
            kpis.contract.redis_client.AWAY: Redis does not answer, or is written faster than it can be read.
        """
        for _ in range(_TRIES):
            before, *found, after = await self._once(partition, keys)
            if before == after:
                return found
        raise WatchError(f"partition {partition} changed at every try to read it")

    async def _once(self, partition: int, keys: Sequence[str]) -> list[Any]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.hmget(layout.meta(partition), layout.EPOCH, layout.SEQ)
        for key in keys:
            pipe.hgetall(key)
        pipe.hmget(layout.meta(partition), layout.EPOCH, layout.SEQ)
        found = await pipe.execute(raise_on_error=False)
        # A Cluster client puts what went wrong with a node among the results.
        for error in (r for r in found if isinstance(r, Exception) and not wrong_type(r)):
            raise error
        return [None if isinstance(r, Exception) else r for r in found]
