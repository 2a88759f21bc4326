"""Several workers of a host: each serves its own metrics at a port of its own, and a port keeps none from counting."""

from __future__ import annotations

import logging
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaConnectionError

from kpis.settings.shared import Settings
from streams.kafka.clients import CoordinatorIsChosen
from streams.metrics import worker_metrics
from streams.process.metrics_server import MetricsServer
from streams.service import serve_metrics


def free_row(count: int) -> int:
    """The first of so many ports in a row that nothing listens on."""
    for first in range(20_000, 30_000, count):
        with ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probes.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
        return first
    raise AssertionError("no ports are free")


@contextmanager
def serving(settings: Settings) -> Iterator[MetricsServer | None]:
    """What a worker's start does."""
    served = serve_metrics(settings, worker_metrics(), lambda: None)
    try:
        yield served
    finally:
        if served is not None:
            served.close()


def test_a_second_worker_has_the_next_port_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    port = free_row(10)
    settings = Settings.load(worker_port=port)
    caplog.set_level(logging.INFO)
    with serving(settings) as first, serving(settings) as second:
        assert first is not None
        assert second is not None
        assert (first.port, second.port) == (port, port + 1)
        for at in (port, port + 1):
            with urllib.request.urlopen(f"http://127.0.0.1:{at}/healthz", timeout=10) as reply:
                assert reply.status == 200
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == f"the worker's own metrics are at 127.0.0.1:{port}"
    assert said[1].startswith(f"port {port} is taken: the worker's own metrics are at 127.0.0.1:{port + 1}")
    with serving(settings) as again:
        assert again is not None
        assert again.port == port


def test_where_all_ports_are_taken_a_worker_counts_without_metrics(caplog: pytest.LogCaptureFixture) -> None:
    port = free_row(10)
    with ExitStack() as taken:
        for at in range(port, port + 10):
            taken.enter_context(socket.create_server(("127.0.0.1", at)))
        with serving(Settings.load(worker_port=port)) as served:
            assert served is None
    assert f"not served: ports {port} to {port + 9} are taken" in caplog.text
    with serving(Settings.load(worker_port=0)) as off:
        assert off is None


def test_an_address_that_is_not_this_hosts_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    with serving(Settings.load(worker_host="192.0.2.1")) as served:
        assert served is None
    assert len(caplog.records) == 1


def test_that_a_new_group_has_no_coordinator_yet_is_no_error_and_for_long_it_is() -> None:
    def record(error: Exception) -> logging.LogRecord:
        return logging.LogRecord("a", logging.ERROR, "f", 1, "failed: %s", (error,), None)

    missing, away = GroupCoordinatorNotAvailableError(), KafkaConnectionError("away")
    patient, over = CoordinatorIsChosen(), CoordinatorIsChosen(patience_s=-1.0)
    assert [patient.filter(record(error)) for error in (missing, missing, away)] == [False, False, True]
    assert over.filter(record(missing))
