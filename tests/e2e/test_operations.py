"""What people who run it see: Slack, services that are away, idle partitions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tests.conftest import leave_out
from tests.e2e.conftest import Build
from tests.e2e.test_main_job import event
from tests.kit.processes import Program, embedded_broker, free_ports, listens, until
from tests.kit.redis_server import redis_server
from tests.kit.system import System


@contextmanager
def slack() -> Iterator[tuple[str, list[str]]]:
    """A server in Slack's place: its webhook URL and the texts it was sent."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take a message."""
            told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/T0/B0/s3cr3t", told
    finally:
        server.shutdown()
        thread.join()


def goals(directory: Path, target: int) -> str:
    """A goals file: a flight that is half over, with a target of clicks."""
    moment = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    start, end = moment - timedelta(days=15), moment + timedelta(days=15)
    file = directory / "goals.yaml"
    file.write_text(
        "campaigns:\n"
        "  - campaign: c1\n"
        "    name: Spring launch\n"
        f"    flight: {{start: {start.isoformat()}, end: {end.isoformat()}, timezone: UTC}}\n"
        "    goals:\n"
        f"      - {{total: clicks, target: {target}, warning: [0.9, 1.1], critical: [0.75, 1.25], rule: threshold}}\n"
    )
    return str(file)


def test_slack_hears_of_each_pace_change_once_even_when_the_monitor_restarts(build: Build, tmp_path: Path) -> None:
    """A miss, a restart, and the way back: two messages that say what is actual, expected and projected."""
    with slack() as (url, told):
        system = build(GOALS=goals(tmp_path, 1000), SLACK_WEBHOOK_URL=url)
        system.worker()
        # Of now: after a quiet hour the goal would wait to know whether anything is served at all.
        system.send([event("click", i, quantity=10) for i in range(20)])
        system.await_counted(20)
        first = system.monitor()
        until(lambda: len(told) == 1, "the miss to be told")
        message = json.dumps(json.loads(told[0]))
        for part in (
            "Spring launch",
            r"*Actual*\n200",
            r"*Expected*\n500",
            "Threshold",
            "375",
            r"*Projection*\n400",
            "critical",
        ):
            assert part in message, (part, message)
        first.stop()
        system.monitor()
        system.send([event("click", i, quantity=10) for i in range(20, 50)])
        system.await_counted(50)
        until(lambda: len(told) == 2, "the recovery to be told")
        assert "s3cr3t" not in first.output()
        until(lambda: 'status="on_pace"' in system.get("/metrics")[1], "the status on /metrics")
        assert len(told) == 2


def test_an_idle_partition_keeps_its_clock_moving(build: Build) -> None:
    """So that readers can tell quiet from stuck."""
    system = build()
    system.worker()
    until(lambda: all("clock" in meta for meta in system.meta()), "every partition to have a clock")
    before = [int(meta["clock"]) for meta in system.meta()]
    until(lambda: all(int(m["clock"]) > b for m, b in zip(system.meta(), before, strict=True)), "all clocks to move")
    assert all(meta["caught_up"] == "1" for meta in system.meta())


def test_a_worker_waits_for_a_redis_that_is_away_and_goes_on_by_itself(build: Build, tmp_path: Path) -> None:
    """At its start, and in the middle; one clear line each time, without credentials."""
    (port,) = free_ports(1)
    system = build(REDIS=f"redis://127.0.0.1:{port}/0")
    system.redis_url = f"redis://127.0.0.1:{port}/0"
    worker = system.start("worker")
    until(
        lambda: f"Redis at 127.0.0.1:{port} does not answer" in worker.output(), "the worker to say that Redis is away"
    )
    with redis_server(port):
        until(lambda: "ready: reading partitions" in worker.output(), "the worker to read")
        system.send([event("click", i) for i in range(5)])
        system.await_counted(5)
    # This Redis kept nothing: the worker notices, and counts again from what Kafka holds.
    system.send([event("click", i) for i in range(5, 9)])
    with redis_server(port):
        system.await_counted(9)
        assert system.kpi("c1")["c1"]["total"]["clicks"] == 9
    assert worker.running


def test_a_worker_waits_for_a_kafka_that_is_away(redis_url: str, tmp_path: Path) -> None:
    """With a clear line that names it, and starts when it comes."""
    (port,) = free_ports(1)
    system = System(f"127.0.0.1:{port}", redis_url, tmp_path)
    worker = system.start("worker")
    try:
        until(lambda: f"Kafka at 127.0.0.1:{port} does not answer" in worker.output(), "the worker to say so")
        system.programs.insert(0, embedded_broker(port, tmp_path / "broker.log"))
        until(lambda: listens(port), "the broker to answer")
        until(lambda: "ready: reading partitions" in worker.output(), "the worker to read")
    finally:
        system.stop()


def test_while_kafka_is_away_numbers_do_not_look_fresh(redis_url: str, tmp_path: Path) -> None:
    """The worker flushes on, but its watermark stands: what stopped coming is nobody's miss."""
    (port,) = free_ports(1)
    system = System(f"127.0.0.1:{port}", redis_url, tmp_path)
    broker = embedded_broker(port, tmp_path / "broker.log")
    try:
        until(lambda: listens(port), "the broker to answer")
        worker = system.worker()
        system.send([event("click", i) for i in range(5)])
        system.await_counted(5)
        until(lambda: all(meta.get("caught_up") == "1" for meta in system.meta()), "all to be read")
        broker.kill()
        until(lambda: all(meta.get("caught_up") == "0" for meta in system.meta()), "that to be no longer known")
        stood = [(meta["clock"], meta["flushed_at"]) for meta in system.meta() if "clock" in meta]
        until(
            lambda: all(m["flushed_at"] > at for m, (_, at) in zip(system.meta(), stood, strict=False) if "clock" in m),
            "it to be flushed on",
        )
        assert [meta["clock"] for meta in system.meta() if "clock" in meta] == [clock for clock, _ in stood]
        assert worker.running
    finally:
        system.stop()
        broker.stop()


def test_the_demo_on_real_logs_equals_their_ground_truth(tmp_path: Path) -> None:
    """Seven days of a real platform's logs, which lie beside the project where it is developed."""
    data = Path(__file__).parents[3] / "shared" / "data" / "ipinyou-2013-s2"
    if not (data / "truth.json").exists():
        leave_out("the recorded logs are not beside the project")
    system = System("", "", tmp_path)
    env_free = {k: v for k, v in system.env.items() if not k.startswith("PACEWATCH_")}
    demo = Program(
        system.command("demo", "--data", str(data / "events.ndjson.gz"), "--speed", "max", "--json"),
        tmp_path / "demo.out",
        env_free,
    )
    assert demo.wait(120) == 0, demo.output()
    values = json.loads(demo.output().strip().splitlines()[-1])
    truth = json.loads((data / "truth.json").read_text())["campaigns"]
    for campaign, expected in truth.items():
        total = values[campaign]["total"]
        assert total["impressions"] == expected.get("impressions", 0)
        assert total["spend_micros"] == expected.get("spend_micros", 0)
        assert total["clicks"] == expected["clicks_distinct"]
        assert total["conversions"] == expected.get("conversions_distinct", 0)
    assert any("|channel=" in series for series in values)
