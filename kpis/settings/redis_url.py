"""Where Redis is: one URL for a single server, a Sentinel set-up or a Cluster.

::

    redis://[user:password@]host:6379/0                                 a single server
    redis+sentinel://[user:password@]host:26379,host2:26379/mymaster/0  the master that the sentinels name
    redis+cluster://[user:password@]host:6379,host2:6379                a Redis Cluster, found by any of these nodes
    unix:///path/to/socket                                              a single server

``rediss`` in place of ``redis`` is the same with TLS. User and password are those of the Redis servers; sentinels that
ask for some get them as ``?sentinel_username=...&sentinel_password=...``. The whole URL is a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from kpis.runtime.errors import Misconfigured

SETTING = "PACEWATCH_REDIS"
_FORMS = "write it as redis://HOST:PORT/0, redis+sentinel://HOST:PORT,.../NAME/0 or redis+cluster://HOST:PORT,..."
_TLS = {"redis": False, "rediss": True}


class Topology(StrEnum):
    """What kind of Redis, in words for people."""

    SERVER = "a single server"
    SENTINEL = "Sentinel"
    CLUSTER = "Cluster"


_TOPOLOGIES = {"": Topology.SERVER, "sentinel": Topology.SENTINEL, "cluster": Topology.CLUSTER}


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A Redis URL, taken apart.

    Attributes:
        kind: what it names.
        tls: whether connections are encrypted.
        nodes: host and port of the server, the sentinels or some nodes of the cluster; empty for a socket.
        socket: the path of a Unix socket.
        master: what the sentinels call the master.
        database: the number of the database.
        username, password: for the Redis servers.
        sentinel: username and password for the sentinels.
    """

    kind: Topology
    tls: bool
    nodes: tuple[tuple[str, int], ...]
    socket: str = ""
    master: str = ""
    database: int = 0
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    sentinel: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """Where it is, without credentials: for logs and errors."""
        listed = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.nodes)
        return self.socket or (f"{listed}/{self.master}" if self.master else listed)

    def __str__(self) -> str:
        """The kind, for people."""
        return f"{self.kind} over TLS" if self.tls else str(self.kind)


def parse(url: str) -> RedisUrl:
    """Take a Redis URL apart.

    Raises:
        Misconfigured: it is none; the message shows nothing of it.
    """
    scheme, separator, _ = url.partition("://")
    transport, _, kind = scheme.partition("+")
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc.rpartition("@")[0] + parts.path + parts.query + parts.fragment:
            # What follows an unescaped / or ? or # of a password would pass for a path, and be logged.
            raise ValueError("its user or password must be percent-encoded")
        if separator and scheme == "unix":
            return RedisUrl(Topology.SERVER, tls=False, nodes=(), socket=_socket(parts))
        if not separator or transport not in _TLS or kind not in _TOPOLOGIES:
            raise ValueError("its scheme is unknown")
        return _network(parts, _TOPOLOGIES[kind], tls=_TLS[transport])
    except ValueError as e:
        # The parser's own messages quote the URL, so only those written here are shown.
        why = str(e) if str(e).startswith("its ") else "a host or port cannot be read"
        raise Misconfigured(SETTING, f"it is no Redis URL: {why}", _FORMS) from None


def _socket(parts: SplitResult) -> str:
    if not parts.path:
        raise ValueError("its path is missing")
    return unquote(parts.path)


def _network(parts: SplitResult, kind: Topology, *, tls: bool) -> RedisUrl:
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    nodes = tuple(_node(h, 26379 if kind is Topology.SENTINEL else 6379) for h in hosts.split(","))
    path = [unquote(p) for p in parts.path.split("/") if p]
    master = path.pop(0) if kind is Topology.SENTINEL and path else ""
    database = path.pop(0) if path else "0"
    if kind is Topology.SENTINEL and not master:
        raise ValueError("its master's name is missing")
    if path or not (database.isascii() and database.isdecimal()):
        raise ValueError("its path is not the number of a database")
    if kind is Topology.SERVER and len(nodes) > 1:
        raise ValueError("its hosts are many, but its scheme names a single server")
    if kind is Topology.CLUSTER and int(database):
        raise ValueError("its database must be 0: a Redis Cluster has no other")
    return RedisUrl(
        kind, tls, nodes,
        master=master, database=int(database),
        username=unquote(user) or None, password=unquote(password) or None,
        sentinel=_sentinel(parts.query),
    )  # fmt: skip


def _node(text: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("its host is missing")
    return parts.hostname, parts.port or port


def _sentinel(query: str) -> dict[str, str]:
    known = ("sentinel_username", "sentinel_password")
    return {name.removeprefix("sentinel_"): value for name, value in parse_qsl(query) if name in known}
