"""docker-compose.yml does what it says: its commands and configurations run here as plain processes, all of them real.

Grafana is left out, for it comes in no package, and with it what only Docker does: images, networks, limits.
"""

from __future__ import annotations

import json
import re
import signal
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from tests.compose.loopback import Stack
from tests.conftest import leave_out
from tests.kafka.launcher import missing
from tests.kit.processes import Program, until

pytestmark = pytest.mark.slow
SCALE = {"kafka": 1, "redis": 1, "worker": 2, "monitor": 1, "prometheus": 1, "alertmanager": 1, "simulator": 1}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What ``docker compose --profile demo up --scale worker=2`` would run, all of it healthy."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"Apache Kafka: {lacking}")
    made = Stack(tmp_path_factory.mktemp("stack"), SCALE)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def fetched(stack: Stack, service: str, port: int, path: str) -> str:
    """What a service serves."""
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.port(service, port)}{path}", timeout=10) as reply:
        return str(reply.read().decode())


def asked(stack: Stack, query: str) -> dict[str, float]:
    """What Prometheus answers: instance or campaign to value."""
    reply = json.loads(fetched(stack, "prometheus", 9090, f"/api/v1/query?query={urllib.parse.quote(query)}"))
    results: list[dict[str, Any]] = reply["data"]["result"]
    return {r["metric"].get("campaign", r["metric"].get("instance", "")): float(r["value"][1]) for r in results}


def program(stack: Stack, service: str) -> Program:
    """The process of a service's only replica."""
    found = stack.of(service)[0].program
    assert found is not None
    return found


def impressions(stack: Stack) -> dict[str, float]:
    """All impressions of each campaign, as the monitor exports them."""
    families = text_string_to_metric_families(fetched(stack, "monitor", 9600, "/metrics"))
    samples = (sample for family in families for sample in family.samples)
    return {s.labels["campaign"]: s.value for s in samples if s.name == "pacewatch_impressions_total"}


def test_redis_takes_the_password_of_the_secret_and_shows_it_to_no_process_list(stack: Stack) -> None:
    """It keeps an append-only file and evicts nothing."""
    password = (stack.secrets / "redis_password").read_text().strip()
    port = stack.port("redis", 6379)
    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with redis.Redis(port=port, password=password) as client:
        assert client.config_get("maxmemory*")["maxmemory-policy"] == "noeviction"
        assert int(client.config_get("maxmemory")["maxmemory"]) == 640 * 1024**2
        assert client.config_get("append*")["appendonly"] == "yes"
        assert client.config_get("appendfsync")["appendfsync"] == "everysec"
    for container in stack.containers:
        assert container.program is not None
        assert password not in Path(f"/proc/{container.program.pid}/cmdline").read_text()


def test_prometheus_finds_every_replica_of_the_worker_and_the_alertmanager(stack: Stack) -> None:
    """Each by its own address."""
    workers = {f"127.0.0.1:{c.ports[9601]}" for c in stack.of("worker")}
    targets = workers | {f"127.0.0.1:{stack.port('monitor', 9600)}"}
    until(lambda: asked(stack, 'up{job=~"pacewatch-.*"}') == dict.fromkeys(targets, 1.0), "all targets to be up")
    until(
        lambda: json.loads(fetched(stack, "prometheus", 9090, "/api/v1/alertmanagers"))["data"]["activeAlertmanagers"],
        "Prometheus to find the Alertmanager",
    )


def test_the_workers_share_the_partitions(stack: Stack) -> None:
    """Two with the same environment: neither has a name of its own."""
    count = int(stack.of("worker")[0].environment()["PACEWATCH_PARTITIONS"])

    def owned() -> list[float]:
        return sorted(asked(stack, "pacewatch_worker_partitions").values())

    until(lambda: len(owned()) == 2 and owned()[0] > 0 and sum(owned()) == count, "both workers to own partitions")


def test_the_demos_load_arrives_exactly_in_the_monitor_and_in_prometheus(stack: Stack) -> None:
    """What the simulator says it sent, to the last impression, once it is stopped as Docker stops it."""
    simulator = program(stack, "simulator")
    until(lambda: sum(impressions(stack).values()) > 500, "impressions at the monitor")
    simulator.send(signal.SIGTERM)
    assert simulator.wait() == 0, simulator.output()
    truth = json.loads(re.search(r"^\{.*^\}", simulator.output(), re.M | re.S)[0])  # type: ignore[index]
    expected = {campaign: float(row["impressions"]) for campaign, row in truth.items()}
    assert len(expected) == 8
    until(lambda: impressions(stack) == expected, "the monitor to have all impressions")
    until(lambda: asked(stack, "pacewatch_impressions_total") == expected, "Prometheus to have all impressions")


def test_the_goals_of_the_example_are_judged(stack: Stack) -> None:
    """The monitor finds the file where the compose file puts it."""
    until(lambda: set(asked(stack, "pacewatch_pace_status == 1")) == {"sim-0", "sim-1"}, "both campaigns to be judged")


def test_a_service_that_does_not_serve_is_unhealthy(stack: Stack) -> None:
    """A halted Redis takes the monitor's readiness with it, for as long as it is halted."""
    server, monitor, worker = (stack.of(name)[0] for name in ("redis", "monitor", "worker"))
    for halted in (server, worker):
        assert halted.healthy()
        program(stack, halted.service).send(signal.SIGSTOP)
        try:
            assert not halted.healthy()
            until(lambda: halted is worker or not monitor.healthy(), "the monitor to be unready")  # noqa: B023
        finally:
            program(stack, halted.service).send(signal.SIGCONT)
        until(halted.healthy, f"{halted.service} to be healthy again")
    until(monitor.healthy, "the monitor to be healthy again")


def test_everything_ends_within_its_grace_when_it_is_told_to(stack: Stack) -> None:
    """Docker would kill it afterwards, and a last flush or message with it."""
    for container in reversed(stack.containers):
        assert container.program is not None
        if container.program.running:
            grace = float(container.said["stop_grace_period"].removesuffix("s"))
            container.program.send(signal.SIGTERM)
            assert container.program.wait(grace) in {0, 143, -signal.SIGTERM}, container.program.output()[-2000:]
