"""``pacewatch doctor`` on real services: what is empty, away, silent, old or misconfigured is a line, no traceback."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from kpis.contract import layout
from kpis.measures import Stream
from kpis.runtime.clock import wall_ms
from kpis.times import HOUR_MS
from monitors.alerts.outbox.outbox import LEADER
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level
from pacewatch.doctor.in_kafka import of_kafka
from pacewatch.doctor.in_redis import of_redis
from tests.contract.monitors.test_service import running

NOWHERE = "127.0.0.1:1"


def doctor(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it with nothing set but what is given."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")} | env
    argv = [sys.executable, "-m", "pacewatch", "doctor", *words]
    return subprocess.run(argv, env=own, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def mute() -> Iterator[str]:
    """A server that takes connections and never says a word: its address."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        is_over = threading.Event()

        def take() -> None:
            while not is_over.is_set():
                try:
                    taken.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            is_over.set()
            thread.join()
            for one in taken:
                one.close()


@contextmanager
def old_redis(version: str) -> Iterator[str]:
    """A server that answers what every Redis of an old version would: its URL."""
    info = f"redis_version:{version}\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n".encode()
    answers = {
        b"INFO": b"$%d\r\n%s\r\n" % (len(info), info),
        b"TIME": b"*2\r\n$10\r\n%d\r\n$1\r\n0\r\n" % (wall_ms() // 1000),
        b"HGETALL": b"*0\r\n",
    }

    def serve(client: socket.socket) -> None:
        while data := client.recv(4096):
            words = re.findall(rb"\*\d+\r\n\$\d+\r\n(\w+)\r\n", data)
            client.sendall(b"".join(answers.get(word, b"+OK\r\n") for word in words))

    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            try:
                while True:
                    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
            except OSError:
                return

        threading.Thread(target=take, daemon=True).start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        server.shutdown(socket.SHUT_RDWR)


def troubles(found: list[Finding]) -> list[str]:
    """What is not well."""
    return [f"{one.level} {one.what}" for one in found if one.level is not Level.OK]


def test_services_that_are_away_are_errors_and_json_says_the_same() -> None:
    done = doctor("--json", PACEWATCH_KAFKA=NOWHERE, PACEWATCH_REDIS=f"redis://:s3cr3t@{NOWHERE}/0")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["level"]) == (2, "", "FAIL")
    failed = [one for one in said["findings"] if one["level"] == "FAIL"]
    assert [one["what"].split(" at ")[0] for one in failed] == ["Kafka", "Redis"]
    assert all(one["cure"] for one in said["findings"] if one["level"] != "OK")
    assert "s3cr3t" not in done.stdout


def test_services_that_take_connections_and_say_nothing_are_given_up_soon() -> None:
    with mute() as kafka, mute() as store:
        done = doctor(PACEWATCH_KAFKA=kafka, PACEWATCH_REDIS=f"redis://{store}/0", COLUMNS="40")
    assert (done.returncode, done.stderr) == (2, "")
    assert f"FAIL  Kafka at {kafka}" in done.stdout
    assert f"FAIL  Redis at {store}" in done.stdout
    # In a pipe each is one line, with its cure, however wide the terminal around it is.
    assert [line.split()[0] for line in done.stdout.splitlines()[:-1] if not line.startswith(("OK", "WARN"))] == [
        "FAIL",
        "FAIL",
    ]


def test_settings_that_cannot_be_used_are_said_with_what_is_no_setting() -> None:
    done = doctor(PACEWATCH_CLOCK="fast", PACEWATCH_REDISS="hunter2")
    assert (done.returncode, done.stderr) == (2, "")
    assert "WARN  settings: PACEWATCH_REDISS is no setting and is ignored; did you mean PACEWATCH_REDIS?" in done.stdout
    assert "FAIL  settings: PACEWATCH_CLOCK" in done.stdout
    assert "hunter2" not in done.stdout


@running
async def test_an_old_redis_is_an_error() -> None:
    with old_redis("5.0.14") as url:
        found, held = await of_redis(MonitorSettings.load(redis=url))
    assert (troubles(found)[0].endswith("has version 5.0.14"), held) == (True, None)


@running
async def test_an_empty_redis_wants_a_worker_and_nothing_else(redis_url: str) -> None:
    found, held = await of_redis(MonitorSettings.load(redis=redis_url))
    assert held is None
    assert troubles(found) == [
        "WARN Redis keeps no append-only file",
        "WARN no worker has written to this Redis yet",
    ]


@running
async def test_what_redis_holds_is_looked_at(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        stored = {"partitions": "2", "currency": "USD", "windows": "5m,24h", "history_days": "10"}
        client.hset(layout.LAYOUT, mapping=stored)
        now = wall_ms()
        client.hset(layout.meta(0), mapping={"flushed_at": now, "caught_up": "1", "clock": now})
        client.hset(layout.meta(1), mapping={"flushed_at": now - HOUR_MS, "caught_up": "0", "lag:x": "7"})
        client.hset(layout.kpi(0), mapping={"spring": "{}", "spring|channel=search": "{}", "a%7Cb": "{}"})
        client.set(LEADER, "0:abc", px=60_000)
        found, held = await of_redis(MonitorSettings.load(redis=redis_url))
        client.config_set("maxmemory", "100mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            evicting, _ = await of_redis(MonitorSettings.load(redis=redis_url))
        finally:
            client.config_set("maxmemory", "0")
            client.config_set("maxmemory-policy", "noeviction")
    assert held is not None
    assert held.campaigns == {"spring", "a|b"}
    assert troubles(found) == [
        "WARN Redis keeps no append-only file",
        "WARN PACEWATCH_WINDOWS is 1m,5m,1h,24h here, and 5m,24h for the workers that wrote last",
        "WARN PACEWATCH_HISTORY_DAYS is 40 here, and 10 for the workers that wrote last",
        "FAIL nobody writes partition 1; the others are written",
        "WARN 7 records wait to be read, in 1 partition",
        "WARN a monitor leads, and has no goals",
    ]
    assert "WARN Redis may evict keys (maxmemory-policy allkeys-lru)" in troubles(evicting)


async def _topics(broker: str, prefix: str, **configured: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        topics = [f"{prefix}{stream.topic_suffix}" for stream in Stream]
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configured) for name in topics])
    finally:
        await admin.close()


@running
async def test_topics_and_their_last_records_are_looked_at(apache_kafka: str) -> None:
    prefix = f"d{uuid4().hex[:8]}."
    settings = MonitorSettings.load(kafka=apache_kafka, topic_prefix=prefix, group=prefix)
    await _topics(apache_kafka, prefix, **{"retention.ms": "3600000", "cleanup.policy": "compact"})
    producer = AIOKafkaProducer(bootstrap_servers=apache_kafka)
    await producer.start()
    try:
        await producer.send_and_wait(f"{prefix}clicks", b"{}", key=b"c", timestamp_ms=wall_ms() + HOUR_MS // 2)
        await producer.send_and_wait(f"{prefix}spend", b"{}", key=b"c")
    finally:
        await producer.stop()
    told = troubles(await of_kafka(settings))
    assert f"WARN topics {prefix}rejected are missing" in told
    assert f"FAIL topic {prefix}clicks is compacted: of a campaign's events Kafka keeps the last one" in told
    assert any(line.startswith("WARN topics keep records for 1 h 00 min:") for line in told)
    assert f"WARN no worker is in the group {prefix}" in told
    (fast,) = (line for line in told if "was sent at a time" in line)
    assert fast.startswith(f"WARN the last record of {prefix}clicks was sent at a time that is 29 min from now")


@running
async def test_a_broker_that_says_little_of_itself_is_no_error(embedded_broker: str) -> None:
    prefix = f"d{uuid4().hex[:8]}."
    settings = MonitorSettings.load(kafka=embedded_broker, topic_prefix=prefix, group=prefix)
    await _topics(embedded_broker, prefix)
    async with asyncio.timeout(30):
        found = await of_kafka(settings)
    assert all(one.level is not Level.FAIL for one in found), troubles(found)


@pytest.mark.parametrize("is_given", [True, False])
def test_init_in_an_empty_system_writes_an_example_and_while_redis_is_away_nothing(
    redis_url: str, tmp_path: Path, *, is_given: bool
) -> None:
    file = tmp_path / "first.yml"
    env = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")}
    env["PACEWATCH_REDIS"] = redis_url if is_given else f"redis://{NOWHERE}/0"
    argv = [sys.executable, "-m", "pacewatch", "init", "--out", str(file)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, file.exists()) == ((0, True) if is_given else (1, False))
    if is_given:
        assert "my-campaign" in file.read_text()
        assert str(file) in done.stdout
    else:
        assert len(done.stderr.splitlines()) == 1
