"""Fixtures: real brokers and a real Redis. What a machine lacks is left out loudly, and in CI it is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings

from kpis.runtime.errors import MissingProgram
from pacewatch.embedded import programs
from tests.kafka.launcher import kafka, missing
from tests.kafka.metadata import brokers
from tests.kit import processes
from tests.kit.processes import free_ports, listens, until
from tests.kit.redis_server import redis_server

# Machines are slow and noisy: how long an example takes says nothing.
settings.register_profile("pacewatch", deadline=None)
settings.load_profile("pacewatch")

# readline, which pytest loads, says in the environment of its children that a terminal has 80 columns: nobody asked.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

_LEFT_OUT = "left out: "


def leave_out(what: str) -> None:
    """Skip the calling test because something cannot run here; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI nothing may be left out: {what}")
    pytest.skip(f"{_LEFT_OUT}{what}")


def need(program: str) -> str:
    """The path of a program that a test runs."""
    found = shutil.which(program)
    if found is None:
        leave_out(f"{program} is not installed")
    return str(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, where nobody can miss it."""
    reasons = {str(report.longrepr[-1]) for report in terminalreporter.stats.get("skipped", [])}
    if reasons:
        terminalreporter.section("LEFT OUT", red=True)
        for reason in sorted(reasons):
            terminalreporter.line(f"LEFT OUT: {reason.partition(_LEFT_OUT)[2] or reason}", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, a test that was skipped in any other way is a failure too."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") and skipped:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _redis_on_path() -> None:
    """Without a redis-server on PATH the tests run the one of the embedded mode."""
    if shutil.which("redis-server") is None:
        try:
            wheel = Path(programs.redis_server()).parent
        except MissingProgram:
            # The tests that need it say so.
            return
        os.environ["PATH"] = f"{os.environ.get('PATH', '')}{os.pathsep}{wheel}"


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded broker's address."""
    directory = tmp_path_factory.mktemp("broker")
    (port,) = free_ports(1)
    try:
        program = processes.embedded_broker(port, directory / "log")
    except MissingProgram as e:
        leave_out(str(e))
    try:
        until(lambda: listens(port) and brokers(f"127.0.0.1:{port}"), "the embedded broker to answer")
        yield f"127.0.0.1:{port}"
    finally:
        # It holds all in memory: nothing is worth a slow farewell.
        program.kill()


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Apache Kafka: ``PACEWATCH_TEST_KAFKA``, else one broker started here."""
    given = os.environ.get("PACEWATCH_TEST_KAFKA")
    if given:
        yield given
        return
    lacking = missing()
    if lacking is not None:
        leave_out(f"Apache Kafka: {lacking}")
    with kafka(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster.bootstrap


@pytest.fixture(params=["embedded", "apache"])
def broker(request: pytest.FixtureRequest) -> str:
    """Both brokers, one after the other: what holds on one must hold on the other."""
    address: str = request.getfixturevalue({"embedded": "embedded_broker", "apache": "apache_kafka"}[request.param])
    return address


@pytest.fixture(scope="session")
def _redis_port() -> Iterator[int]:
    need("redis-server")
    with redis_server() as port:
        yield port


@pytest.fixture
def redis_url(_redis_port: int) -> str:
    """An empty Redis."""
    with redis.Redis(port=_redis_port) as client:
        client.flushall()
    return f"redis://127.0.0.1:{_redis_port}/0"


@pytest.fixture
def known_gap(request: pytest.FixtureRequest) -> None:
    """Turns ``embedded_gap(reason, raises=...)`` into an xfail on the embedded broker only.

    It is strict, so that a mended gap is noticed, and names how the gap shows, so that no other failure hides in it.
    """
    gap = request.node.get_closest_marker("embedded_gap")
    if gap is not None and request.node.callspec.params["broker"] == "embedded":
        mark = pytest.mark.xfail(reason=gap.args[0], raises=gap.kwargs["raises"], strict=True)
        request.node.add_marker(mark)
