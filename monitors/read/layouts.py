"""The layout, as every reader asks Redis for it."""

from __future__ import annotations

from typing import Any

from kpis.contract import layout
from kpis.contract.redis_client import AWAY, unreachable, wrong_type
from monitors.read.decoding import BadLayout, read_layout
from monitors.read.snapshot import Layout


async def fetch_layout(redis: Any, address: str) -> Layout:
    """What the worker published.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.

    Raises:
        Unreachable: Redis does not answer.
        BadLayout: no worker has written to it yet, or what it holds cannot be used.
    """
    try:
        return read_layout(await redis.hgetall(layout.LAYOUT))
    except AWAY as e:
        if wrong_type(e):
            raise BadLayout(f"{layout.LAYOUT} in Redis cannot be read: {e}") from e
        raise unreachable(address, e) from e
