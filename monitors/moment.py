"""Several hashes of one partition, read at one moment: by a script, which works on every kind of Redis alike."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.exceptions import RedisError

_READ = files(__package__).joinpath("moment.lua").read_text("utf-8")


class Moment:
    """Reads hashes.

    Args:
        redis: a client that returns bytes.
    """

    def __init__(self, redis: Any) -> None:
        self._read = redis.register_script(_READ)

    async def hashes(self, keys: Sequence[str]) -> list[dict[bytes, bytes] | None]:
        """The hashes as they stood together, in the order of their keys; None for one that is no hash.

        Raises:
            streams.redis_link.AWAY: Redis does not answer.
        """
        found: list[list[bytes] | RedisError] = await self._read(keys=keys)
        return [None if isinstance(flat, RedisError) else _pairs(flat) for flat in found]


def _pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
