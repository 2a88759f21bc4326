"""A Pacewatch under test: real worker and monitor processes on a real broker and a real Redis."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from kpis.contract import layout
from kpis.measures import Stream
from tests.kit.processes import Program, free_ports, listens, until

Event = dict[str, Any]
Values = dict[str, dict[str, dict[str, Any]]]


class System:
    """Settings of its own, so that several tests can share a broker."""

    def __init__(self, broker: str, redis_url: str, directory: Path, **settings: str) -> None:
        self.broker, self.redis_url, self.directory = broker, redis_url, directory
        self.prefix = f"e{uuid4().hex[:8]}."
        (self.port,) = free_ports(1)
        self.settings = {
            "KAFKA": broker,
            "REDIS": redis_url,
            "GROUP": f"g{uuid4().hex[:8]}",
            "TOPIC_PREFIX": self.prefix,
            "WORKER_PORT": "0",
            "MONITOR_PORT": str(self.port),
            "REBALANCE_TIMEOUT_S": "3",
            "SESSION_TIMEOUT_S": "6",
            # Tests wait for offsets.
            "CANARY_S": "0",
            **settings,
        }
        self.programs: list[Program] = []

    @property
    def env(self) -> dict[str, str]:
        """The environment of its commands."""
        mine = {f"PACEWATCH_{k}": v for k, v in self.settings.items()}
        return {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")} | mine

    def command(self, *words: str) -> list[str]:
        """The command line of ``pacewatch``."""
        return [sys.executable, "-m", "pacewatch", *words]

    def start(self, *words: str) -> Program:
        """Start a service."""
        log = self.directory / f"{words[0]}-{len(self.programs)}.log"
        self.programs.append(Program(self.command(*words), log, self.env))
        return self.programs[-1]

    def worker(self) -> Program:
        """Start a worker, and wait until it reads."""
        program = self.start("worker")
        until(lambda: "ready: reading partitions" in program.output() or not program.running, "the worker to be ready")
        assert program.running, program.output()
        return program

    def monitor(self) -> Program:
        """Start a monitor, and wait until it answers."""
        program = self.start("monitor")
        until(lambda: listens(self.port) or not program.running, "the monitor to answer")
        assert program.running, program.output()
        return program

    def run(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        argv = self.command(*words)
        return subprocess.run(argv, capture_output=True, text=True, env=self.env, timeout=timeout, check=False)

    def stop(self) -> None:
        """End all services."""
        for program in reversed(self.programs):
            if program.running:
                program.stop()

    def topic(self, kind: str) -> str:
        """The topic of a replay event's type."""
        return f"{self.prefix}{Stream(kind).topic_suffix}"

    def send(self, events: Iterable[Event]) -> None:
        """Produce replay events, each to its topic."""
        self.send_raw(
            (
                self.topic(e["type"]),
                (e.get("campaign_id") or e["account"]).encode(),
                json.dumps({k: v for k, v in e.items() if k != "type"}).encode(),
            )
            for e in events
        )

    def send_raw(self, records: Iterable[tuple[str, bytes | None, bytes | None]]) -> None:
        """Produce (topic, key, value) records, all acknowledged."""

        async def main() -> None:
            producer = AIOKafkaProducer(bootstrap_servers=self.broker, acks="all", linger_ms=20)
            await producer.start()
            try:
                await asyncio.gather(*[await producer.send(t, v, key=k) for t, k, v in records])
            finally:
                await producer.stop()

        asyncio.run(main())

    def consume(self, topic: str, count: int) -> list[Any]:
        """The first records of a topic, and a moment later no more than that."""

        async def main() -> list[Any]:
            reader = AIOKafkaConsumer(
                bootstrap_servers=self.broker, auto_offset_reset="earliest", enable_auto_commit=False
            )
            await reader.start()
            try:
                reader.assign([TopicPartition(topic, p) for p in sorted(await _partitions(reader, topic))])
                found: list[Any] = []
                deadline = time.monotonic() + 30
                while len(found) < count and time.monotonic() < deadline:
                    for records in (await reader.getmany(timeout_ms=200)).values():
                        found += records
                for records in (await reader.getmany(timeout_ms=1000)).values():
                    found += records
                return found
            finally:
                await reader.stop()

        return asyncio.run(main())

    def meta(self) -> list[dict[str, str]]:
        """The meta hashes of all partitions."""
        with redis.Redis.from_url(self.redis_url, decode_responses=True) as client:
            return [dict(client.hgetall(layout.meta(p))) for p in range(int(self.settings.get("PARTITIONS", "4")))]

    def counted(self) -> int:
        """Records read so far, over all topics and partitions."""
        return sum(int(v) for meta in self.meta() for k, v in meta.items() if k.startswith(layout.OFFSET))

    def counter(self, name: str) -> int:
        """The sum of a meta counter over partitions."""
        return sum(int(meta.get(name, 0)) for meta in self.meta())

    def await_counted(self, records: int) -> None:
        """Wait until that many records are counted and flushed."""
        until(lambda: self.counted() >= records, f"{records} records to be counted, of which {self.counted()} are")

    def kpi(self, *words: str) -> Values:
        """What ``pacewatch kpi --json`` prints."""
        done = self.run("kpi", *words, "--json")
        assert done.returncode == 0, done.stderr
        values: Values = json.loads(done.stdout)
        return values

    def get(self, path: str) -> tuple[int, str]:
        """A page of the monitor: status and text."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
                return int(reply.status), reply.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()


async def _partitions(reader: AIOKafkaConsumer, topic: str) -> set[int]:
    while True:
        await reader._client.force_metadata_update()
        found = reader.partitions_for_topic(topic)
        if found:
            return set(found)
        await reader.topics()
        await asyncio.sleep(0.05)


def totals(values: Values, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The total of each whole campaign, under other names."""
    return {c: {new: w["total"][old] for new, old in names.items()} for c, w in values.items() if "|" not in c}
