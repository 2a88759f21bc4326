"""Which brokers a cluster says it has: the sign by which tests know that it serves, not only listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_DEADLINE_S = 10.0


def brokers(address: str, client: Mapping[str, object] | None = None) -> frozenset[int]:
    """The ids of the brokers in the answer to a metadata request; empty while nothing answers.

    Args:
        address: ``host:port`` of the broker to ask.
        client: more options of the client, such as ``security_protocol``.
    """
    # In a thread of its own, so that a test may wait from within its event loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _ask(address, client or {})).result()


async def _ask(address: str, client: Mapping[str, object]) -> frozenset[int]:
    quiet = logging.getLogger("aiokafka")
    level = quiet.level
    # A refused connection is expected here, and the client logs it as an error.
    quiet.setLevel(logging.CRITICAL)
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=5000, **client)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await admin.start()
            described = await admin.describe_cluster()
        return frozenset(b["node_id"] for b in described["brokers"])
    except (KafkaError, OSError, TimeoutError):
        return frozenset()
    finally:
        await admin.close()
        quiet.setLevel(level)
