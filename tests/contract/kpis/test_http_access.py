"""Who may read the pages: the monitor's application and the worker's own server, over plain HTTP and TLS."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, parser
from pydantic import SecretStr

from kpis.measures import Row
from kpis.runtime import tls
from kpis.runtime.clock import Clock
from kpis.runtime.errors import Misconfigured, Unreachable
from kpis.runtime.http import serving
from kpis.runtime.http.access import Access, AccessPolicy
from kpis.runtime.http.serving import Limits
from monitors.board.board import Board, BoardPolicy
from monitors.board.http.api import Reads
from monitors.board.http.routes import HEADERS, BoardParts
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.pacing.verdict import Status
from monitors.read.breakdowns import Windows
from monitors.read.queries import Query
from monitors.web import guarded, make_app
from streams.metrics import worker_metrics
from streams.process.metrics_server import LIMITS, MetricsServer
from tests.conftest import leave_out, need
from tests.kit.certificates import Certificates, certificates
from tests.kit.http_client import Client, basic, bearer
from tests.kit.processes import until
from tests.unit.monitors.board.test_board import judged, view

TOKEN, USER, PASSWORD = "t0ken-" * 5, "leser", "päss: wörd 密"
POLICY = AccessPolicy(SecretStr(TOKEN), USER, SecretStr(PASSWORD))
RIGHT = (bearer(TOKEN), basic(USER, PASSWORD))
Serve = Callable[[AccessPolicy], Client]


@contextmanager
def worker_page(policy: AccessPolicy, own: Certificates | None, limits: Limits = LIMITS) -> Iterator[Client]:
    """The worker's server."""
    metrics = worker_metrics()
    secured = tls.server_context(own.certificate, own.key, "a test") if own else None
    server = MetricsServer(
        ("127.0.0.1", 0), metrics.registry, policy, metrics.refused_requests, tls=secured, limits=limits
    )
    try:
        yield Client(server.port, own.ca if own else None)
    finally:
        server.close()


@contextmanager
def monitor_pages(policy: AccessPolicy, own: Certificates | None) -> Iterator[Client]:
    """The monitor's application, in a thread with an event loop of its own."""
    secured = tls.server_context(own.certificate, own.key, "a test") if own else None
    ports: list[int] = []
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def history(_: Query) -> dict[int, Row]:
        raise Unreachable("Redis", "nowhere", "a test")

    async def breakdowns(_: str) -> dict[str, Windows]:
        raise Unreachable("Redis", "nowhere", "a test")

    async def sums(_: Iterable[Query]) -> dict[Query, Row]:
        raise Unreachable("Redis", "nowhere", "a test")

    async def serve() -> None:
        refused: Counter[Access] = Counter()
        parts = BoardParts(Board("run", BoardPolicy()), Reads(history, breakdowns, sums), Clock())
        # A new view at each look: metrics of a view are made once.
        shown = lambda: view(judged("late", Status.CRITICAL))  # noqa: E731
        app = make_app(shown, Exporter(ExportPolicy(), refused), 5, parts, [guarded(policy, refused)])
        served = await serving.serve(app, "127.0.0.1", 0, secured, LIMITS)
        ports.append(served.addresses[0][1])
        started.set()
        await stop.wait()
        await served.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert started.wait(30)
        yield Client(ports[0], own.ca if own else None)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    need("openssl")
    return certificates(tmp_path_factory.mktemp("tls") / "own")


@pytest.fixture(params=["worker", "worker over TLS", "monitor", "monitor over TLS"])
def serve(request: pytest.FixtureRequest, own: Certificates) -> Iterator[Serve]:
    """Starts a server with a policy; ends with the test. Logs as much as the commands do."""
    request.getfixturevalue("caplog").set_level(logging.CRITICAL, "aiohttp")
    pages = worker_page if "worker" in request.param else monitor_pages
    with ExitStack() as stack:
        yield lambda policy: stack.enter_context(pages(policy, own if "TLS" in request.param else None))


def refusals(client: Client) -> dict[str, float]:
    """Refused requests by reason, as the server's metrics have them."""
    text = client.ask("/metrics", RIGHT[0]).text
    samples = [s for family in parser.text_string_to_metric_families(text) for s in family.samples]
    return {s.labels["reason"]: s.value for s in samples if s.name.endswith("_refused_requests_total")}


def test_the_right_credentials_are_answered_and_others_refused_and_counted(serve: Serve) -> None:
    client = serve(POLICY)
    assert refusals(client) == {"no_credentials": 0, "unknown_scheme": 0, "wrong": 0}
    for right in RIGHT:
        reply = client.ask("/metrics", right)
        assert (reply.status, "_refused_requests_total" in reply.text) == (200, True)
    shown = [None, None, None, "Digest x", "Basic ?", bearer(TOKEN + "x"), basic(USER, ""), basic("x", PASSWORD)]
    for wrong in shown:
        reply = client.ask("/metrics", wrong)
        assert (reply.status, "_total" in reply.text) == (401, False)
        assert [value.split()[0] for value in reply.headers["www-authenticate"]] == ["Basic", "Bearer"]
        assert reply.headers["cache-control"] == ["no-store"]
    assert refusals(client) == {"no_credentials": 3, "unknown_scheme": 2, "wrong": 3}
    assert not any(secret in said for said in client.seen for secret in (TOKEN, PASSWORD))


def test_without_a_policy_everybody_is_answered(serve: Serve) -> None:
    client = serve(AccessPolicy())
    for any_ in (None, bearer("x"), "Basic ?"):
        assert client.ask("/metrics", any_).status == 200


def test_a_probe_needs_no_credentials_and_learns_nothing(serve: Serve) -> None:
    client = serve(POLICY)
    reply = client.ask("/healthz")
    assert (reply.status, "alive" in reply.text, len(reply.text) < 100) == (200, True, True)
    for path in ("/healthz/", "/HEALTHZ", "/healthz/../metrics", "/healthz%2f..%2fmetrics", "/metrics?/healthz"):
        assert client.ask(path).status == 401, path
    assert "_total" not in client.ask("//healthz").text


def test_a_refusal_of_head_has_no_body_and_other_methods_are_refused_too(serve: Serve) -> None:
    client = serve(POLICY)
    answered = client.raw(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b" 401 " in head.splitlines()[0]
    assert body == b""
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert client.ask("/metrics", method=method).status == 401, method


@pytest.mark.parametrize(
    "header",
    [b"Bearer \xff\xfe\x80", b"Basic \xc3\x28", b"Bearer " + b"a" * 7000, b"Basic " + b"x" * 60_000, b"\xed\xa0\x80"],
    ids=["no UTF-8", "broken UTF-8", "long", "too long", "a surrogate"],
)
def test_no_header_breaks_the_server_or_prints_a_traceback(
    serve: Serve, header: bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(POLICY)
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: %s\r\n\r\n"
    status = client.raw(request % header).split(b" ", 2)[1:2]
    assert status in ([b"401"], [b"400"], [b"431"], []), "refused, as a wrong one or as no HTTP"
    assert client.ask("/metrics", RIGHT[0]).status == 200
    assert "Traceback" not in capfd.readouterr().err + caplog.text


def test_who_speaks_the_other_protocol_is_hung_up_on_without_a_traceback(
    serve: Serve, own: Certificates, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Plain HTTP to TLS, TLS to plain HTTP, and nonsense to either."""
    client = serve(POLICY)
    other = Client(client.port, None if client.ca else own.ca)
    with suppress(ConnectionError, HTTPException, ssl.SSLError):
        assert other.ask("/metrics", RIGHT[0]).status == 400
    Client(client.port).raw(b"\x16\x03\x01nonsense\r\n\r\n\x00\r\n\r\n")
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", client.port)) as rude:
            rude.sendall(b"\x16")
    assert client.ask("/metrics", RIGHT[0]).status == 200
    assert "Traceback" not in capfd.readouterr().err + caplog.text


def test_clients_that_never_speak_keep_nobody_out(serve: Serve) -> None:
    client = serve(POLICY)
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(socket.create_connection(("127.0.0.1", client.port)))
        assert client.ask("/metrics", RIGHT[1]).status == 200


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_connections_beyond_the_bound_take_the_place_of_silent_ones(own: Certificates, secured: bool) -> None:
    """Whoever asks is answered, with three times as many connections as there is room for."""
    limits = Limits(connections=20)
    with worker_page(POLICY, own if secured else None, limits) as client, ExitStack() as stack:
        for _ in range(3 * limits.connections):
            stack.enter_context(client.connected())
        assert client.ask("/metrics", RIGHT[0]).status == 200
        assert client.ask("/healthz").status == 200


def test_a_head_that_comes_a_byte_at_a_time_has_a_deadline(own: Certificates) -> None:
    """From the connection on, however often a byte comes; and a probe is answered meanwhile."""
    with worker_page(POLICY, None, Limits(head_s=1.0)) as client, ExitStack() as stack:
        slow = [stack.enter_context(client.connected()) for _ in range(200)]
        hung_up: set[int] = set()

        def drip() -> bool:
            for i, end in enumerate(slow):
                try:
                    end.sendall(b"G")
                    end.settimeout(0.0001)
                    if end.recv(1000):
                        hung_up.add(i)
                except TimeoutError:
                    continue
                except OSError:
                    hung_up.add(i)
            assert client.ask("/healthz").status == 200
            return len(hung_up) == len(slow)

        until(drip, "all of them to be hung up on")


def test_who_does_not_read_an_answer_is_hung_up_on() -> None:
    """One that is larger than what the system holds for him."""
    registry = CollectorRegistry()
    wide = Gauge("wide", "Much.", ["x"], registry=registry)
    for i in range(100_000):
        wide.labels(f"{i:0200}")
    refused = worker_metrics().refused_requests
    server = MetricsServer(("127.0.0.1", 0), registry, AccessPolicy(), refused, limits=Limits(answer_s=1.0))
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as lazy:
            lazy.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert lazy.recv(1)
            until(lambda: not server._served._runner.server.connections, "the connection to be gone")
    finally:
        server.close()


def test_a_handshake_that_does_not_come_has_a_deadline(own: Certificates) -> None:
    """It holds no place meanwhile."""
    with worker_page(POLICY, own, Limits(handshake_s=0.5)) as client:
        with socket.create_connection(("127.0.0.1", client.port), timeout=60) as silent:
            assert silent.recv(1) == b""
        assert client.ask("/healthz").status == 200


def test_a_probe_says_why_the_worker_is_not_alive() -> None:
    """And needs no credentials for it."""
    metrics, why = worker_metrics(), list[str | None](["records wait and are not counted"])
    server = MetricsServer(
        ("127.0.0.1", 0), metrics.registry, POLICY, metrics.refused_requests, why_not_alive=lambda: (why or [None])[0]
    )
    try:
        reply = Client(server.port).ask("/healthz")
        assert (reply.status, reply.text) == (503, "records wait and are not counted\n")
        why.clear()
        assert Client(server.port).ask("/healthz").status == 200
    finally:
        server.close()


def open_files() -> int:
    """How many this process has, sockets included."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_many_connections_leave_nothing_behind() -> None:
    """Thousands that come and go, garbage, heads without end and requests in a row."""
    rude = (
        b"",
        b"\x00" * 100,
        b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 100_000,
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 300,
    )
    with worker_page(AccessPolicy(), None) as client:
        assert client.ask("/healthz").status == 200
        before = open_files()
        for i in range(1000):
            with socket.create_connection(("127.0.0.1", client.port), timeout=60) as end, suppress(OSError):
                end.sendall(rude[i % len(rude)])
        assert client.ask("/healthz").status == 200
        until(lambda: open_files() <= before + 1, "all connections to be closed")


def test_the_worker_is_served_on_ipv6_too() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        leave_out("this machine has no IPv6")
    metrics = worker_metrics()
    server = MetricsServer(("::1", 0), metrics.registry, POLICY, metrics.refused_requests)
    with socket.create_connection(("::1", server.port), timeout=60) as end:
        end.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert b" 401 " in end.recv(100)
    server.close()


def test_every_page_of_the_monitor_but_the_probes_is_guarded_and_carries_the_policies(own: Certificates) -> None:
    paths = (
        "/", "/campaign?id=late", "/api/campaigns", "/api/campaigns/late", "/api/campaign?id=late", "/api/changes",
        "/api/campaign/trends?id=late", "/static/vendor/uPlot.min.css", "/api/events", "/api/docs",
        "/api/openapi.json", "/static/list.js", "/metrics",
        "/docs/runbooks/PacewatchMonitorDown.md", "/none",
    )  # fmt: skip
    with monitor_pages(POLICY, own) as client:
        for path in paths:
            reply = client.ask(path)
            assert reply.status == 401, path
            assert {name: reply.headers.get(name.lower()) for name in HEADERS} == {n: [v] for n, v in HEADERS.items()}
            assert reply.text == '{"error":"credentials are needed (no_credentials)"}'
        for right in RIGHT:
            status, line = client.first_line("/api/events", right)
            assert (status, line) == (200, "retry: 2000\n")
            assert [client.ask(path, right).status for path in paths if path != "/api/events"] == [200] * 13 + [404]
        assert [client.ask(path).status for path in ("/healthz", "/readyz")] == [200, 200]


@pytest.mark.parametrize("old", ["SSLv3", "TLSv1", "TLSv1_1"])
def test_old_versions_of_tls_are_not_spoken(own: Certificates, old: str) -> None:
    made = tls.server_context(own.certificate, own.key, "a test")
    assert made.minimum_version > getattr(type(made.minimum_version), old)


def test_certificate_files_that_cannot_be_used_are_said(own: Certificates, tmp_path: Path) -> None:
    (tmp_path / "nonsense").write_text("nonsense")
    for cert, key in (
        (tmp_path / "none", own.key),
        (own.certificate, tmp_path / "none"),
        (tmp_path / "nonsense", own.key),
        (own.ca, own.key),
        (tmp_path, own.key),
    ):
        with pytest.raises(Misconfigured, match=r"^SOME_SETTING: certificate and key cannot be used \(.+\)$"):
            tls.server_context(cert, key, "SOME_SETTING")
