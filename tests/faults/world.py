"""Everything a fault can hurt: two worker places, a Redis with AOF behind a proxy, and a Kafka cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.faults.proxy import Proxy, proxy
from tests.kafka.launcher import Cluster
from tests.kit.processes import Program, free_ports, until
from tests.kit.system import System


class World:
    """A system under faults.

    Attributes:
        system: reads go straight to Redis, the workers' go through the proxy.
        cluster: the Kafka cluster; None on the embedded broker.
        redis: the Redis program.
        network: the proxy between workers and Redis.
        workers: the worker programs by name.
        mutation: the safeguard that is taken out of the workers, if any.
        crashes: how often a worker ended by itself and was started again; no fault is meant to make one do that.
        last_words: what such a worker said last.
        patient: whether faults may last long.
    """

    def __init__(self, broker: str, cluster: Cluster | None, directory: Path, mutation: str = "") -> None:
        self.cluster = cluster
        self.directory = directory
        (self.redis_port,) = free_ports(1)
        data = directory / "redis"
        data.mkdir()
        options = ["--bind", "127.0.0.1", "--port", str(self.redis_port), "--dir", str(data), "--save", ""]
        durable = ["--appendonly", "yes", "--appendfsync", "everysec"]
        self.redis = Program(["redis-server", *options, *durable], directory / "redis.log")
        self.await_redis()
        self._proxies = proxy(self.redis_port)
        self.network: Proxy = self._proxies.__enter__()
        self.system = System(broker, f"redis://127.0.0.1:{self.redis_port}/0", directory)
        self.system.settings |= {
            "REDIS": f"redis://127.0.0.1:{self.network.port}/0",
            "SESSION_TIMEOUT_S": "3",
            "REPLICATION": str(len(cluster.nodes)) if cluster else "1",
            "FLUSH_INTERVAL_S": "0.1",
        }
        self.mutation = mutation
        self.workers: dict[str, Program] = {}
        self.crashes = 0
        self.last_words: list[str] = []
        self.patient = False

    def start(self, name: str) -> Program:
        """Start a worker, with the mutation if the test has one."""
        argv = self.system.command("worker")
        if self.mutation:
            argv = [sys.executable, "-m", "tests.faults.mutant", self.mutation]
        self.workers[name] = Program(argv, self.directory / f"{name}.log", self.system.env)
        return self.workers[name]

    def fail(self, name: str, where: str, after_s: float) -> None:
        """Have a worker fail in some place soon after it is ready, and start another when it has ended."""
        self.workers[name].kill()
        argv = [sys.executable, "-m", "tests.faults.crash", where, str(after_s)]
        failing = Program(argv, self.directory / f"{name}.log", self.system.env)
        until(lambda: not failing.running, f"a worker that fails in {where} to end", deadline_s=60)
        self.workers[name].start()

    def tend(self) -> None:
        """Start workers again that ended by themselves, as a supervisor would."""
        for program in self.workers.values():
            if not program.running:
                self.crashes += 1
                self.last_words.append(program.output()[-3000:])
                program.start()

    def ready(self, name: str, times: int = 1) -> None:
        """Wait until a worker has begun to read, for the given time."""
        until(lambda: self.workers[name].output().count("ready: reading") >= times, f"{name} to read")

    def append_only_file(self) -> Path:
        """The file that Redis appends to: one by one in a directory (Redis 7), or a single one (6.2)."""
        data = self.directory / "redis"
        return max([*data.glob("appendonlydir/*.incr.aof"), *data.glob("*.aof")], key=lambda f: f.stat().st_mtime)

    def await_redis(self) -> None:
        """Wait until Redis has loaded its file and answers."""

        def answers() -> bool:
            try:
                with redis.Redis(port=self.redis_port, socket_timeout=1) as client:
                    return bool(client.ping())
            except redis.RedisError:
                return False

        until(answers, "Redis to answer")

    def settle(self, records: int) -> None:
        """Wait until all records are counted and every partition is caught up, tending the workers meanwhile."""

        def done() -> bool:
            self.tend()
            try:
                metas = self.system.meta()
            except redis.RedisError:
                return False
            return self.system.counted() >= records and all(m.get("caught_up") == "1" for m in metas)

        until(done, f"{records} records to be counted", deadline_s=120)

    def stop(self) -> None:
        """End everything but the cluster."""
        for program in self.workers.values():
            if program.running:
                program.kill()
        self._proxies.__exit__(None, None, None)
        if self.redis.running:
            self.redis.kill()


@contextmanager
def world(broker: str, cluster: Cluster | None, directory: Path, mutation: str = "") -> Iterator[World]:
    """A world that ends with the block."""
    made = World(broker, cluster, directory, mutation)
    try:
        yield made
    finally:
        made.stop()
