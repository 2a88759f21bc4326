"""A real Apache Kafka for tests, without Docker: a KRaft cluster of one or three brokers on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.kafka.jars import jars, missing
from tests.kafka.metadata import brokers
from tests.kit.processes import Program, free_ports, listens, until

__all__ = ["Cluster", "Node", "kafka", "missing"]

_JVM = (
    *("-Xms96m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"),
    # Warnings go to the broker's log; routine does not.
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


@dataclass(frozen=True)
class Node:
    """One broker, which is a controller too.

    Attributes:
        number: its node id, from 1.
        port: where clients reach it.
        controller_port: where the other controllers do.
        directory: its configuration and data.
        others: the ports of further listeners, by name.
    """

    number: int
    port: int
    controller_port: int
    directory: Path
    others: Mapping[str, int] = field(default_factory=dict)


class Cluster:
    """A cluster; :meth:`broker` gives the program of each node, to be hurt."""

    def __init__(
        self,
        directory: Path,
        size: int = 1,
        extra: Mapping[str, str] | None = None,
        client: Mapping[str, object] | None = None,
        *,
        listeners: Mapping[str, str] | None = None,
        scram: Sequence[str] = (),
    ) -> None:
        """Choose ports and format the storage; :meth:`start` runs it.

        Args:
            directory: where configuration, data and logs go.
            size: how many brokers, 1 or 3.
            extra: broker properties that add to or replace the usual ones.
            client: how clients connect, if ``extra`` asks for it (``security_protocol`` and the like).
            listeners: further listeners besides PLAINTEXT: name to protocol (``SASL_SSL`` and the like).
            scram: users, as StorageTool's ``--add-scram`` takes them.
        """
        ports = free_ports(2 * size)
        self._listeners, self._scram = dict(listeners or {}), scram
        self.nodes = [
            Node(
                i + 1, ports[2 * i], ports[2 * i + 1], directory / f"node{i + 1}",
                dict(zip(self._listeners, free_ports(len(self._listeners)), strict=True)),
            )
            for i in range(size)
        ]  # fmt: skip
        self._client = dict(client or {})
        self._classpath = f"{jars()}/*"
        self._programs: dict[int, Program] = {}
        cluster = uuid4().hex[:22]
        for node in self.nodes:
            self._format(node, cluster, extra or {})

    @property
    def bootstrap(self) -> str:
        """All brokers, for clients."""
        return ",".join(f"127.0.0.1:{n.port}" for n in self.nodes)

    def address(self, listener: str) -> str:
        """All brokers on one of the further listeners."""
        return ",".join(f"127.0.0.1:{n.others[listener]}" for n in self.nodes)

    def broker(self, number: int = 1) -> Program:
        """The program of one node: ``kill``, ``start`` again (same ports and data), ``send`` SIGSTOP or SIGCONT."""
        return self._programs[number]

    def start(self) -> None:
        """Start all brokers and wait until they serve."""
        for node in self.nodes:
            argv = ["java", *_JVM, "-cp", self._classpath, "kafka.Kafka", str(node.directory / "server.properties")]
            self._programs[node.number] = Program(argv, node.directory / "broker.log")
        self.wait()

    def wait(self, numbers: Iterable[int] | None = None) -> None:
        """Wait until brokers know of each other and answer clients.

        Args:
            numbers: which ones; all that run when not given (leave out one that SIGSTOP halted).
        """
        waited = set(numbers) if numbers is not None else {n for n, p in self._programs.items() if p.running}
        for node in self.nodes:
            if node.number in waited:
                until(lambda node=node: self._serves(node, waited), f"broker {node.number} to serve")  # type: ignore[misc]

    def stop(self) -> None:
        """End all brokers."""
        for program in self._programs.values():
            if program.running:
                program.kill()

    def _serves(self, node: Node, others: set[int]) -> bool:
        program = self._programs[node.number]
        assert program.running, f"broker {node.number} ended: {program.output()[-2000:]}"
        return listens(node.port) and brokers(f"127.0.0.1:{node.port}", self._client) >= others

    def _format(self, node: Node, cluster: str, extra: Mapping[str, str]) -> None:
        node.directory.mkdir(parents=True)
        size = len(self.nodes)
        open_to_clients = ",".join(f"{n}://127.0.0.1:{p}" for n, p in {"PLAINTEXT": node.port, **node.others}.items())
        protocols = {"CONTROLLER": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT", **self._listeners}
        properties = {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "controller.quorum.voters": ",".join(f"{n.number}@127.0.0.1:{n.controller_port}" for n in self.nodes),
            "listeners": f"{open_to_clients},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": open_to_clients,
            "listener.security.protocol.map": ",".join(f"{name}:{p}" for name, p in protocols.items()),
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(node.directory / "data"),
            "num.partitions": "4",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": str(size),
            "transaction.state.log.num.partitions": "2",
            "transaction.state.log.replication.factor": str(size),
            "transaction.state.log.min.isr": "1",
            "min.insync.replicas": "1" if size == 1 else "2",
            "default.replication.factor": str(size),
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "auto.create.topics.enable": "false",
            "log.retention.check.interval.ms": "500",
            "log.segment.delete.delay.ms": "100",
            "controlled.shutdown.enable": "false",
            # A killed broker is noticed, and let in again, after 3 s instead of 9 s.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            **extra,
        }
        file = node.directory / "server.properties"
        file.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        tool = ["java", *_JVM, "-cp", self._classpath, "kafka.tools.StorageTool"]
        argv = [*tool, "format", "-t", cluster, "-c", str(file)]
        argv += [word for user in self._scram for word in ("--add-scram", user)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def kafka(
    directory: Path,
    size: int = 1,
    extra: Mapping[str, str] | None = None,
    client: Mapping[str, object] | None = None,
    *,
    listeners: Mapping[str, str] | None = None,
    scram: Sequence[str] = (),
) -> Iterator[Cluster]:
    """A running cluster that ends with the block; the arguments are those of :class:`Cluster`."""
    cluster = Cluster(directory, size, extra, client, listeners=listeners, scram=scram)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
