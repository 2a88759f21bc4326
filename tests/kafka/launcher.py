"""A real Apache Kafka for tests, without Docker: a KRaft cluster of one or three brokers on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.processes import Program, free_ports, listens, until

_POM = Path(__file__).with_name("pom.xml")
_JVM = ("-Xms96m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


def missing() -> str | None:
    """What Apache Kafka needs and this machine lacks; None when it can run."""
    return next((tool for tool in ("java", "mvn") if shutil.which(tool) is None), None)


def jars() -> Path:
    """The directory with the broker's jars, resolved by Maven on first use."""
    root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "pacewatch-tests")
    # Named by the pom's content, so that another version never mixes with this one.
    target = root / f"kafka-{hash_of(_POM)}"
    if not (target / ".complete").exists():
        target.mkdir(parents=True, exist_ok=True)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
        subprocess.run(["mvn", "-q", "-B", "-f", str(_POM), *goal], check=True, timeout=900)
        (target / ".complete").touch()
    return target


def hash_of(file: Path) -> str:
    """A short digest of a file's content."""
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@dataclass(frozen=True)
class Node:
    """One broker, which is a controller too.

    Attributes:
        number: its node id, from 1.
        port: where clients reach it.
        controller_port: where the other controllers do.
        directory: its configuration and data.
    """

    number: int
    port: int
    controller_port: int
    directory: Path


class Cluster:
    """A running cluster; :meth:`broker` gives the program of each node, to be hurt."""

    def __init__(self, directory: Path, size: int, extra: Mapping[str, str] | None = None) -> None:
        ports = free_ports(2 * size)
        self.nodes = [Node(i + 1, ports[2 * i], ports[2 * i + 1], directory / f"node{i + 1}") for i in range(size)]
        self._classpath = f"{jars()}/*"
        cluster = uuid4().hex[:22]
        self._programs: dict[int, Program] = {}
        for node in self.nodes:
            self._format(node, cluster, extra or {})
        for node in self.nodes:
            argv = ["java", *_JVM, "-cp", self._classpath, "kafka.Kafka", str(node.directory / "server.properties")]
            self._programs[node.number] = Program(argv, node.directory / "broker.log")
        self.wait()

    @property
    def bootstrap(self) -> str:
        """All brokers, for clients."""
        return ",".join(f"127.0.0.1:{n.port}" for n in self.nodes)

    def broker(self, number: int = 1) -> Program:
        """The program of one node."""
        return self._programs[number]

    def wait(self) -> None:
        """Wait until every running broker accepts clients."""
        for node in self.nodes:
            program = self._programs[node.number]
            if program.running:
                until(lambda n=node: listens(n.port), f"broker {node.number} to answer: {program.output()[-2000:]}")  # type: ignore[misc]

    def stop(self) -> None:
        """End all brokers."""
        for program in self._programs.values():
            if program.running:
                program.kill()

    def _format(self, node: Node, cluster: str, extra: Mapping[str, str]) -> None:
        node.directory.mkdir(parents=True)
        size = len(self.nodes)
        properties = {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "controller.quorum.voters": ",".join(f"{n.number}@127.0.0.1:{n.controller_port}" for n in self.nodes),
            "listeners": f"PLAINTEXT://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
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
            **extra,
        }
        file = node.directory / "server.properties"
        file.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        argv = [
            "java",
            *_JVM,
            "-cp",
            self._classpath,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            cluster,
            "-c",
            str(file),
        ]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def kafka(directory: Path, size: int = 1, extra: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster that ends with the block."""
    cluster = Cluster(directory, size, extra)
    try:
        yield cluster
    finally:
        cluster.stop()
