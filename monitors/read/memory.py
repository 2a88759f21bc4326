"""How full Redis is. What it cannot hold it refuses, and then no flush goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of Redis memory, of the fullest node on a Cluster.

    Attributes:
        used: taken now.
        limit: the most it may take (``maxmemory``); 0 for no limit.
    """

    used: int
    limit: int


async def read_memory(redis: Any) -> Memory | None:
    """The memory of a Redis; None where this user may not ask."""
    try:
        answer: dict[str, Any] = await redis.info("memory")
    except ResponseError:
        return None
    # A Cluster answers by node.
    nodes = [answer] if "used_memory" in answer else list(answer.values())
    found = [Memory(int(n["used_memory"]), int(n.get("maxmemory", 0))) for n in nodes]
    return max(found, key=lambda m: m.used / (m.limit or float("inf")), default=None)
