"""The embedded broker and Redis: real programs on loopback, in memory and one temporary directory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import redis.asyncio as redis
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Unreachable
from pacewatch.embedded import programs
from pacewatch.embedded.children import Child, Nursery

HOST = "127.0.0.1"
_ATTEMPTS = 5
_DEADLINE_S = 20.0
_POLL_S = 0.02
_ADDRESS_TAKEN = ("in use", "addrinuse")


@dataclass(frozen=True, slots=True)
class Embedded:
    """What runs.

    Attributes:
        kafka: the broker's ``host:port``.
        redis_url: the URL of Redis.
        directory: the temporary directory, which goes when they stop.
        nursery: starts more children that end before the broker and Redis do.
        broker: the broker's process.
        redis: Redis's process.
    """

    kafka: str
    redis_url: str
    directory: Path
    nursery: Nursery
    broker: Child
    redis: Child


@asynccontextmanager
async def embedded() -> AsyncIterator[Embedded]:
    """Start the broker and Redis, wait until both answer, and stop them at the end.

    Raises:
        MissingProgram: a binary is not installed.
        Unreachable: one of them does not come up.
    """
    broker_program, redis_program = programs.broker(), programs.redis_server()
    async with Nursery() as nursery:
        (broker, kafka_port), (server, redis_port) = await asyncio.gather(
            start_broker(nursery, broker_program), start_redis(nursery, redis_program)
        )
        yield Embedded(
            kafka=f"{HOST}:{kafka_port}",
            redis_url=f"redis://{HOST}:{redis_port}/0",
            directory=nursery.directory,
            nursery=nursery,
            broker=broker,
            redis=server,
        )


def free_port() -> int:
    """A loopback port that was free a moment ago; another program may take it before it is used."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def start_broker(nursery: Nursery, program: str, port: int | None = None) -> tuple[Child, int]:
    """Start the Kafka-compatible broker; gives it and its port (a free one unless given)."""
    cluster = f"pacewatch-{uuid4().hex}"

    def argv(port: int) -> Sequence[str]:
        url = f"tcp://{HOST}:{port}"
        listen = ("--listener-url", url, "--advertised-listener-url", url)
        return [program, "broker", *listen, "--storage-engine", "memory://tansu/", "--cluster-id", cluster]

    async def answers(port: int, _: Child) -> bool:
        return await _cluster_id(port) == cluster

    return await _start(nursery, "broker", argv, answers, port)


async def start_redis(nursery: Nursery, program: str, port: int | None = None) -> tuple[Child, int]:
    """Start Redis with an append-only file, synced every second; gives it and its port (a free one unless given)."""
    directory = nursery.directory / "redis"
    directory.mkdir(exist_ok=True)

    def argv(port: int) -> Sequence[str]:
        durable = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--dir", str(directory))
        memory = ("--maxmemory-policy", "noeviction")
        return [program, "--bind", HOST, "--port", str(port), *durable, *memory, "--daemonize", "no"]

    async def answers(port: int, child: Child) -> bool:
        async with redis.Redis(host=HOST, port=port, socket_connect_timeout=1, socket_timeout=1) as client:
            info = await client.info("server")
            return bool(info["process_id"] == child.pid)

    return await _start(nursery, "redis", argv, answers, port)


async def _start(
    nursery: Nursery,
    name: str,
    argv: Callable[[int], Sequence[str]],
    answers: Callable[[int, Child], Awaitable[bool]],
    port: int | None,
) -> tuple[Child, int]:
    """Start a server on a free port, and on another one when that was taken in between."""
    for attempt in range(1, _ATTEMPTS + 1):
        chosen = port or free_port()
        child = await nursery.start(name, argv(chosen))
        if await _until_it_answers(child, chosen, answers):
            return child, chosen
        said = child.tail()
        await child.stop()
        if attempt == _ATTEMPTS or not any(sign in said.lower() for sign in _ADDRESS_TAKEN):
            cause = f"it ended or stayed silent; its last lines: {said[-500:]}"
            raise Unreachable(f"the embedded {name}", f"{HOST}:{chosen}", cause)
        child.log.unlink(missing_ok=True)
    raise AssertionError("the last attempt returns or raises")


async def _until_it_answers(child: Child, port: int, answers: Callable[[int, Child], Awaitable[bool]]) -> bool:
    """Poll until the server answers as itself; False when it ended or the deadline passed."""
    deadline = monotonic() + _DEADLINE_S
    while child.returncode is None and monotonic() < deadline:
        if _listens(port):
            try:
                if await answers(port, child):
                    return True
            except (redis.RedisError, KafkaError, OSError, TimeoutError):
                pass
        await asyncio.sleep(_POLL_S)
    return False


def _listens(port: int) -> bool:
    """Whether something accepts connections on the port; spares the clients' noisy retries."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


async def _cluster_id(port: int) -> str | None:
    """The cluster id that the broker on the port reports: tells our own broker from a stranger's on a taken port."""
    admin = AIOKafkaAdminClient(bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=2000)
    try:
        await admin.start()
        described: dict[str, object] = await admin.describe_cluster()
        return str(described.get("cluster_id"))
    finally:
        await admin.close()
