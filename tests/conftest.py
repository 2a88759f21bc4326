"""Fixtures: real brokers and a real Redis. What a machine lacks is left out loudly, and in CI it is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from pacewatch import programs
from streams.errors import MissingProgram
from tests.kafka.launcher import kafka, missing
from tests.processes import Program, free_ports, listens, until
from tests.redis_server import redis_server

LEFT_OUT: set[str] = set()


def leave_out(what: str) -> None:
    """Skip the calling test because something cannot run here; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI nothing may be left out: {what}")
    LEFT_OUT.add(what)
    pytest.skip(f"left out: {what}")


def need(program: str) -> str:
    """The path of a program that a test runs."""
    found = shutil.which(program)
    if found is None:
        leave_out(f"{program} is not installed")
    return str(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, where nobody can miss it."""
    if LEFT_OUT:
        terminalreporter.section("LEFT OUT")
        for what in sorted(LEFT_OUT):
            terminalreporter.line(what)


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded broker's address."""
    directory = tmp_path_factory.mktemp("broker")
    try:
        binary = programs.broker()
    except MissingProgram as e:
        leave_out(str(e))
    (port,) = free_ports(1)
    url = f"tcp://127.0.0.1:{port}"
    argv = [binary, "broker", "--listener-url", url, "--advertised-listener-url", url]
    program = Program([*argv, "--storage-engine", "memory://tansu/"], directory / "log")
    until(lambda: listens(port), "the embedded broker to answer")
    yield f"127.0.0.1:{port}"
    program.stop()


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Apache Kafka: ``PACEWATCH_TEST_KAFKA``, else one broker started here."""
    given = os.environ.get("PACEWATCH_TEST_KAFKA")
    if given:
        yield given
        return
    lacking = missing()
    if lacking is not None:
        leave_out(f"Apache Kafka: {lacking} is not installed")
    with kafka(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster.bootstrap


@pytest.fixture(params=["embedded", "apache"])
def broker(request: pytest.FixtureRequest) -> str:
    """Both brokers, one after the other: what holds on one must hold on the other."""
    address: str = request.getfixturevalue({"embedded": "embedded_broker", "apache": "apache_kafka"}[request.param])
    return address


@pytest.fixture(scope="session")
def _redis_port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@pytest.fixture
def redis_url(_redis_port: int) -> str:
    """An empty Redis."""
    with redis.Redis(port=_redis_port) as client:
        client.flushall()
    return f"redis://127.0.0.1:{_redis_port}/0"


@pytest.fixture
def known_gap(request: pytest.FixtureRequest, broker: str) -> None:
    """Marks a test that the embedded broker is known to fail: strict, so that a mended gap is noticed."""
    reason = request.node.get_closest_marker("embedded_gap")
    if reason is not None and "embedded" in request.node.name:
        request.node.add_marker(pytest.mark.xfail(reason=reason.args[0], strict=True))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A directory for a test's files."""
    return tmp_path
