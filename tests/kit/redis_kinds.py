"""Redis that is not a single open server: with TLS and a user, watched by a Sentinel, or a Cluster. All real."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis

from tests.conftest import leave_out, need
from tests.kit.certificates import Certificates
from tests.kit.processes import Program, free_ports, listens, until

_BUS = 10_000
"""A cluster node talks to the others on its port plus this."""


@contextmanager
def server(directory: Path, port: int, **options: str) -> Iterator[Program]:
    """A redis-server with its data in a directory of its own; ends with the block."""
    home = directory / f"redis-{port}"
    home.mkdir(parents=True)
    plain = "0" if "tls_port" in options else str(port)
    given = {"bind": "127.0.0.1", "port": plain, "dir": str(home), "save": ""}
    given |= {k.replace("_", "-"): v for k, v in options.items()}
    program = Program([need("redis-server"), *(w for k, v in given.items() for w in (f"--{k}", v))], home / "log")
    try:
        until(lambda: listens(port) or not program.running, "redis-server to listen")
        assert program.running or "tls_port" in options, program.output()
        yield program
    finally:
        if program.running:
            program.kill()


@contextmanager
def encrypted(directory: Path, own: Certificates, user: str, password: str) -> Iterator[int]:
    """The port of a server that speaks only TLS and knows only one user."""
    (port,) = free_ports(1)
    options = {
        "tls_port": str(port),
        "tls_cert_file": str(own.certificate),
        "tls_key_file": str(own.key),
        "tls_ca_cert_file": str(own.ca),
        "tls_auth_clients": "no",
        "aclfile": str(directory / "users.acl"),
    }
    directory.mkdir(exist_ok=True)
    Path(options["aclfile"]).write_text(f"user default off\nuser {user} on >{password} ~pw:* +@all\n")
    with server(directory, port, **options) as program:
        if not program.running:
            leave_out(f"{need('redis-server')} was built without TLS")
        yield port


@dataclass(frozen=True)
class Watched:
    """A master and its replica, watched by a Sentinel.

    Attributes:
        ports: of the programs by name: ``master``, ``replica``, ``sentinel``.
        programs: to be hurt.
        password: what all three ask for.
    """

    ports: Mapping[str, int]
    programs: Mapping[str, Program]
    password: str

    def client(self, name: str) -> Any:
        """A client of one of the servers."""
        return redis.Redis(port=self.ports[name], password=self.password, socket_timeout=5)

    def synced(self) -> bool:
        """Whether the replica has all that the master has, and the Sentinel knows it."""
        with self.client("master") as master, self.client("sentinel") as sentinel:
            state = master.info("replication")
            known = sentinel.sentinel_slaves("mymaster")
            return bool(
                state["connected_slaves"]
                and state["slave0"]["state"] == "online"
                and state["slave0"]["offset"] == state["master_repl_offset"]
                and known
                and known[0]["flags"] == "slave"
                and known[0]["master-link-status"] == "ok"
            )


@contextmanager
def watched(directory: Path, password: str) -> Iterator[Watched]:
    """A master, a replica and a Sentinel that fails over after half a second."""
    ports = dict(zip(("master", "replica", "sentinel"), free_ports(3), strict=True))
    secret = {"requirepass": password, "masterauth": password}
    config = directory / "sentinel.conf"
    config.write_text(
        f"bind 127.0.0.1\nport {ports['sentinel']}\nrequirepass {password}\n"
        f"sentinel monitor mymaster 127.0.0.1 {ports['master']} 1\nsentinel auth-pass mymaster {password}\n"
        "sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 3000\n"
    )
    with ExitStack() as stack:
        programs = {"master": stack.enter_context(server(directory, ports["master"], **secret))}
        of_master = {"replicaof": f"127.0.0.1 {ports['master']}", "repl_diskless_sync_delay": "0", **secret}
        programs["replica"] = stack.enter_context(server(directory, ports["replica"], **of_master))
        argv = [need("redis-server"), str(config), "--sentinel"]
        programs["sentinel"] = Program(argv, directory / "sentinel.log")
        stack.callback(programs["sentinel"].kill)
        found = Watched(ports, programs, password)
        until(lambda: listens(ports["sentinel"]), "the Sentinel to listen")
        until(found.synced, "the replica to follow")
        yield found


@dataclass(frozen=True)
class Nodes:
    """A Redis Cluster.

    Attributes:
        programs: each node's, by port.
        url: for ``PACEWATCH_REDIS``.
        password: which they ask for; None if they do not.
    """

    programs: Mapping[int, Program]
    url: str
    password: str | None = None

    def flush(self) -> None:
        """Empty all nodes."""
        for port in self.programs:
            with redis.Redis(port=port, password=self.password) as client:
                client.flushall()

    def port_of(self, key: str) -> int:
        """The port of the node that holds a key."""
        client: Any
        with redis.RedisCluster(host="127.0.0.1", port=next(iter(self.programs)), password=self.password) as client:
            return int(client.get_node_from_key(key).port)

    def whole(self) -> bool:
        """Whether every node sees every slot served."""
        return all(_state(port, self.password) == "ok" for port in self.programs)


@contextmanager
def cluster(directory: Path, password: str = "") -> Iterator[Nodes]:
    """A Redis Cluster of three nodes without replicas."""
    need("redis-cli")
    ports = _cluster_ports(3)
    options = {"cluster_enabled": "yes", "cluster_node_timeout": "1000"}
    options |= {"requirepass": password, "masterauth": password} if password else {}
    with ExitStack() as stack:
        programs = {port: stack.enter_context(server(directory, port, **options)) for port in ports}
        addresses = [f"127.0.0.1:{port}" for port in ports]
        argv = [
            "redis-cli",
            *(["-a", password] if password else []),
            "--cluster",
            "create",
            *addresses,
            "--cluster-replicas",
            "0",
            "--cluster-yes",
        ]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        # One node is named and the others are found.
        login = f":{quote(password, safe='')}@" if password else ""
        url = f"redis+cluster://{login}127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}"
        found = Nodes(programs, url, password or None)
        until(found.whole, "the cluster to be whole")
        yield found


def _state(port: int, password: str | None) -> str:
    with redis.Redis(port=port, password=password) as client:
        info: Any = client.execute_command("CLUSTER INFO")
        return str(info["cluster_state"])


def _cluster_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found += [p for p in free_ports(count) if p + _BUS < 65_536 and not listens(p + _BUS) and p not in found]
    return found[:count]
