"""The one place that turns ``PACEWATCH_REDIS`` into a client, and a client's errors into ours.

All keys of a partition share a hash tag, so on a Cluster a script finds all its keys on one node. Transactions have no
place here, for the asyncio Cluster client runs each of their commands in an event loop of its own, where a connection
made does not outlive it: what must be written in one step is a script.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    NoPermissionError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    SlotNotCoveredError,
)

from kpis.contract import layout
from kpis.runtime import tls
from kpis.runtime.errors import Misconfigured, Unreachable, Unusable, one_line
from kpis.settings.redis_url import RedisUrl, Topology
from kpis.settings.shared import Settings

AWAY = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What a call may raise when Redis cannot serve it now. Not all of the client's errors share a base."""

_SOCKET_TIMEOUT_S = 5.0
_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (AuthenticationError, "it refuses the user or the password"),
    (NoPermissionError, "the user lacks a right"),
    (ReadOnlyError, "it is a replica now"),
    (BusyLoadingError, "it is loading its data"),
    (ClusterDownError, "the cluster is down"),
    (SlotNotCoveredError, "the cluster does not cover all slots"),
)
_ABOUT_DATA = ("WRONGTYPE", "is not an integer", "attempt to ", "bad argument", "Bad data format")
_REFUSED = ("WRONGPASS", "NOAUTH", "invalid username-password pair", "invalid password")


class _MasterClient(Redis):
    """The master's client; it also closes the connections to the sentinels."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        await super().aclose(close_connection_pool)
        manager: Any = self.connection_pool
        for sentinel in manager.sentinel_manager.sentinels:
            await sentinel.aclose()


def connect(settings: Settings) -> Any:
    """A client that answers bytes, gives up on a silent server, and connects at its first call.

    Raises:
        Misconfigured: the URL or the CA file cannot be used.
    """
    place = settings.redis_place
    options = _options(settings, place)
    match place.kind:
        case Topology.CLUSTER:
            nodes = [ClusterNode(host, port) for host, port in place.nodes]
            return RedisCluster(startup_nodes=nodes, **options)
        case Topology.SENTINEL:
            secured = {k: v for k, v in options.items() if k.startswith(("socket_", "ssl"))}
            connecting = {**secured, "retry": _once(), **place.sentinel}
            sentinel: Any = Sentinel(place.nodes, sentinel_kwargs=connecting)  # type: ignore[no-untyped-call]
            return sentinel.master_for(place.master, redis_class=_MasterClient, db=place.database, **options)
        case Topology.SERVER if place.socket:
            # A login in the URL goes before this password.
            options = {"password": place.password, "retry": _once(), "socket_timeout": _SOCKET_TIMEOUT_S}
            return Redis.from_url(settings.redis_url, **options)
        case Topology.SERVER:
            ((host, port),) = place.nodes
            return Redis(host=host, port=port, db=place.database, **options)


async def servers(client: Any) -> list[dict[str, Any]]:
    """What each server says about itself (``INFO``).

    Raises:
        AWAY: Redis does not answer.
    """
    if isinstance(client, RedisCluster):
        return list((await client.info(target_nodes=RedisCluster.ALL_NODES)).values())
    return [await client.info()]


def _options(settings: Settings, place: RedisUrl) -> dict[str, Any]:
    options: dict[str, Any] = {
        "username": place.username,
        "password": place.password,
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "socket_connect_timeout": _SOCKET_TIMEOUT_S,
        "retry": _once(),
    }
    ca = settings.redis_ca
    if ca and not place.tls:
        raise Misconfigured("PACEWATCH_REDIS_CA", "PACEWATCH_REDIS is a URL without TLS", "use rediss://")
    if ca:
        tls.context(ca, "PACEWATCH_REDIS_CA")
        options["ssl_ca_certs"] = str(ca)
    if place.tls:
        options["ssl"] = True
    return options


def _once() -> Retry:
    # For a connection that died unseen; who calls knows how long to wait for a server that is away.
    return Retry(NoBackoff(), 1)


@contextmanager
def answers(address: str) -> Iterator[None]:
    """The one place where errors of Redis become ours; their texts hold nothing of the credentials.

    Args:
        address: where Redis is, without credentials.

    Raises:
        Unreachable: Redis does not answer, or not now.
        Unusable: it holds something else than what is asked for: it will be the same at the next try.
    """
    try:
        yield
    except AWAY as e:
        if unusable(e):
            raise Unusable(address, one_line(e)) from e
        raise Unreachable("Redis", address, _cause(e)) from e


def calls(address: str) -> Callable[[Awaitable[Any]], Coroutine[Any, Any, Any]]:
    """What awaits a call of a client, with its errors made ours, see :func:`answers`."""

    async def call(pending: Awaitable[Any]) -> Any:
        with answers(address):
            return await pending

    return call


def wrong_type(e: Exception) -> bool:
    """Whether a key holds another type than ours: the data is strange, not the server."""
    return isinstance(e, ResponseError) and str(e).startswith("WRONGTYPE")


def _cause(e: Exception) -> str:
    if any(sign in str(e) for sign in _REFUSED):
        return _CAUSES[0][1]
    for kind, cause in _CAUSES:
        if isinstance(e, kind):
            return cause
    return one_line(e)


def unusable(error: Exception) -> bool:
    """Whether an error is about what Redis holds, and not about Redis: it will be the same at the next try."""
    return isinstance(error, ResponseError) and any(said in str(error) for said in _ABOUT_DATA)


async def replay_key(redis: Any) -> bytes:
    """What the headers of records that are sent again are signed with: made by whoever needs it first."""
    await redis.set(layout.REPLAY_KEY, secrets.token_bytes(32), nx=True)
    return bytes(await redis.get(layout.REPLAY_KEY) or b"")
