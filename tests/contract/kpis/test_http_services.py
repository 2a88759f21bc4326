"""Monitor and worker as processes that ask for credentials over TLS: what they let in, and that they show no secret."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import redis
import yaml

from kpis.contract import layout
from kpis.contract.documents import document
from tests.conftest import need
from tests.kit.certificates import Certificates, certificates
from tests.kit.http_client import Client, basic, bearer
from tests.kit.monitor_fakes import NOON, row
from tests.kit.processes import Program, free_ports, listens, until
from tests.kit.system import System

TOKEN, PASSWORD = "t0ken-not-for-logs", "pässwort not for logs"
RIGHT = (bearer(TOKEN), basic("leser", PASSWORD))
NOWHERE = "127.0.0.1:1"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    need("openssl")
    return certificates(tmp_path_factory.mktemp("tls") / "own")


@pytest.fixture
def guarded(redis_url: str, tmp_path: Path, own: Certificates) -> Iterator[System]:
    """A system whose pages ask for a token or a password, over TLS; every secret is a file, and all is logged."""
    for name, secret in (("token", TOKEN), ("password", PASSWORD)):
        (tmp_path / name).write_text(f"{secret}\n", encoding="utf-8")
    made = System(
        NOWHERE,
        redis_url,
        tmp_path,
        HTTP_TOKEN_FILE=str(tmp_path / "token"),
        HTTP_USER="leser",
        HTTP_PASSWORD_FILE=str(tmp_path / "password"),
        HTTP_CERT=str(own.certificate),
        HTTP_KEY=str(own.key),
        LOG_LEVEL="DEBUG",
    )
    with redis.Redis.from_url(redis_url) as client:
        told = {"partitions": 1, "currency": "EUR", "windows": "1m,5m,1h,24h", "history_days": 40}
        client.hset(layout.LAYOUT, mapping=told)
        client.hset(layout.kpi(0), "c", document(NOON, {"1h": row(5), "total": row(7)}))
    yield made
    made.stop()


def shows_no_secret(made: System, *said: str) -> None:
    """Neither what was served or printed, nor any log, holds a secret or what Basic makes of it."""
    logs = [program.output() for program in made.programs]
    assert any(logs), "there is something to look at"
    for text in (*logs, *said):
        assert "Traceback" not in text
        for secret in (TOKEN, PASSWORD, "not-for-logs", "not for logs", RIGHT[1].split()[1]):
            assert secret not in text


def test_a_monitor_lets_in_who_shows_token_or_password_and_nobody_else(guarded: System, own: Certificates) -> None:
    monitor = guarded.monitor()
    client = Client(guarded.port, own.ca)
    until(lambda: client.ask("/readyz").status == 200, "the monitor to be ready, as a probe sees it")
    until(lambda: '"id":"c"' in client.ask("/api/campaigns", RIGHT[0]).text, "the board to have the campaign")
    assert f"launch board at {client.url}/, metrics at {client.url}/metrics" in monitor.output()
    wrong = (None, bearer("x"), basic("leser", "x"), basic("pacewatch", PASSWORD), f"Bearer {PASSWORD.encode()!r}")
    for path in ("/", "/metrics", "/api/campaigns", "/api/campaigns/c", "/api/events", "/static/list.js"):
        assert [client.ask(path, shown).status for shown in wrong] == [401] * 5, path
    for right in RIGHT:
        assert client.first_line("/api/events", right) == (200, "retry: 2000\n")
        assert '"id":"c"' in client.ask("/api/campaigns", right).text
        assert "Pacewatch" in client.ask("/", right).text
    assert client.ask("/healthz").status == 200

    def counted() -> bool:
        text = client.ask("/metrics", RIGHT[0]).text
        reasons = {"no_credentials": 6, "unknown_scheme": 0, "wrong": 24}
        return all(f'pacewatch_monitor_refused_requests_total{{reason="{r}"}} {n}' in text for r, n in reasons.items())

    until(counted, "refused requests to be counted")
    Client(guarded.port).raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n" % RIGHT[0].encode())
    client.raw(b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer %s\x00\r\n\r\n" % TOKEN.encode())
    client.raw(b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer %s\r\n\r\n" % (TOKEN * 1000).encode())
    assert monitor.running
    assert monitor.stop() == 0
    shows_no_secret(guarded, *client.seen)


def test_top_shows_its_credentials_to_a_monitor_whose_authority_it_was_given(
    guarded: System, own: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.monitor()
    client = Client(guarded.port, own.ca)
    until(lambda: '"id":"c"' in client.ask("/api/campaigns", RIGHT[0]).text, "the board to have the campaign")
    distrusts = guarded.run("top", "--once")
    assert distrusts.returncode == 2
    assert "is not trusted: " in distrusts.stderr
    assert "SSL_CERT_FILE" in distrusts.stderr
    monkeypatch.setenv("SSL_CERT_FILE", str(own.ca))
    for kind in ("HTTP_TOKEN_FILE", "HTTP_PASSWORD_FILE"):
        without = guarded.settings.pop(kind)
        shown = guarded.run("top", "--once")
        assert (shown.returncode, "No goal" in shown.stdout) == (0, True), shown.stderr
        guarded.settings[kind] = without
    held = {kind: guarded.settings.pop(kind) for kind in ("HTTP_TOKEN_FILE", "HTTP_USER", "HTTP_PASSWORD_FILE")}
    unnamed = guarded.run("top", "--once")
    assert unnamed.returncode == 2
    assert "PACEWATCH_HTTP_TOKEN: " in unnamed.stderr
    assert "asks for a token or a password, and none is set here" in unnamed.stderr
    assert "PACEWATCH_HTTP_USER and PACEWATCH_HTTP_PASSWORD" in unnamed.stderr
    guarded.settings |= held
    guarded.settings["HTTP_TOKEN_FILE"] = str(own.ca.parent / "names")
    (own.ca.parent / "names").write_text("another-token")
    refused = guarded.run("top", "--once")
    assert refused.returncode == 2
    assert "PACEWATCH_HTTP_TOKEN, PACEWATCH_HTTP_PASSWORD" in refused.stderr
    in_url = guarded.run("top", "--once", "--url", f"https://leser:{PASSWORD}@127.0.0.1:{guarded.port}")
    assert (in_url.returncode, "PACEWATCH_HTTP_USER" in in_url.stderr) == (2, True)
    said = [text for done in (distrusts, refused, in_url, shown) for text in (done.stdout, done.stderr)]
    shows_no_secret(guarded, *said, *client.seen)


def test_a_worker_without_kafka_serves_its_metrics_to_who_may_read_them_and_counts_kafkas_errors(
    guarded: System, own: Certificates
) -> None:
    """Errors of the Kafka client are counted, also where only errors are shown."""
    (port,) = free_ports(1)
    guarded.settings |= {"WORKER_PORT": str(port), "LOG_LEVEL": "ERROR"}
    worker = guarded.start("worker")
    until(lambda: listens(port) or not worker.running, "the worker to serve its metrics")
    client = Client(port, own.ca)
    assert client.ask("/healthz").status == 200
    assert [client.ask("/metrics", shown).status for shown in (None, bearer("x"), *RIGHT)] == [401, 401, 200, 200]
    text = client.ask("/metrics", RIGHT[0]).text
    assert 'pacewatch_worker_refused_requests_total{reason="no_credentials"} 1.0' in text
    assert 'pacewatch_worker_refused_requests_total{reason="wrong"} 1.0' in text

    def errors() -> float:
        (line,) = (
            line
            for line in client.ask("/metrics", RIGHT[1]).text.splitlines()
            if line.startswith("pacewatch_worker_kafka_errors_total ")
        )
        return float(line.split()[1])

    until(lambda: errors() > 0, "an error of the Kafka client to be counted")
    Client(port).raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n" % RIGHT[0].encode())
    assert client.ask("/metrics", RIGHT[0]).status == 200
    worker.stop()
    guarded.programs[0].log.open("a").write("looked at\n")
    shows_no_secret(guarded, *client.seen)


def test_prometheus_scrapes_with_the_lines_that_the_documents_show(guarded: System, own: Certificates) -> None:
    need("prometheus")
    guarded.monitor()
    page = (Path(__file__).parents[3] / "docs" / "security.md").read_text()
    (shown,) = re.findall(r"\*\*Prometheus\*\* shows the token:\n\n(.*?)\n\n", page, re.DOTALL)
    lines = dedent(shown).replace("/run/secrets/http_token", guarded.settings["HTTP_TOKEN_FILE"])
    job = yaml.safe_load(lines.replace("/etc/pacewatch/ca.pem", str(own.ca)))
    job |= {"job_name": "monitor", "static_configs": [{"targets": [f"127.0.0.1:{guarded.port}"]}]}
    config = guarded.directory / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
    (port,) = free_ports(1)
    storage = f"--storage.tsdb.path={guarded.directory / 'tsdb'}"
    listen = f"--web.listen-address=127.0.0.1:{port}"
    log = guarded.directory / "prometheus.log"
    guarded.programs.append(Program(["prometheus", f"--config.file={config}", storage, listen], log))
    until(lambda: listens(port) and Client(port).ask("/-/ready").status == 200, "Prometheus to be ready")

    def health() -> str:
        targets = json.loads(Client(port).ask("/api/v1/targets").text)["data"]["activeTargets"]
        return ", ".join(f"{target['health']} {target['lastError']}" for target in targets)

    until(lambda: health() == "up ", f"the monitor to be scraped, which is {health()}")
    shows_no_secret(guarded)


@pytest.mark.parametrize("command", ["monitor", "worker"])
@pytest.mark.parametrize("wrong", ["none", "nonsense", "another", "encrypted", "alone"])
def test_a_certificate_that_cannot_be_used_ends_the_service_with_the_settings_name(
    guarded: System, own: Certificates, tmp_path: Path, command: str, wrong: str
) -> None:
    guarded.settings["WORKER_PORT"] = str(free_ports(1)[0])
    (tmp_path / "nonsense").write_text("nonsense")
    locked = [
        "openssl",
        "ec",
        "-aes256",
        "-passout",
        "pass:x",
        "-in",
        str(own.key),
        "-out",
        str(tmp_path / "encrypted"),
    ]
    subprocess.run(locked, check=True, capture_output=True)
    guarded.settings["HTTP_KEY"] = {"another": f"{own.ca}.key", "alone": ""}.get(wrong, str(tmp_path / wrong))
    done = guarded.run(command)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("pacewatch: PACEWATCH_HTTP_CERT, PACEWATCH_HTTP_KEY: ")
    assert "Traceback" not in done.stderr
    doctor = guarded.run("doctor")
    assert "FAIL  pages: PACEWATCH_HTTP_CERT, PACEWATCH_HTTP_KEY: " in doctor.stdout
    assert "not-for-logs" not in done.stderr + doctor.stdout


def test_doctor_says_who_may_read_the_pages(guarded: System) -> None:
    assert "OK    pages: served over TLS, to who shows the token or the password" in guarded.run("doctor").stdout
    for name in ("HTTP_TOKEN_FILE", "HTTP_PASSWORD_FILE", "HTTP_CERT", "HTTP_KEY"):
        del guarded.settings[name]
    assert "OK    pages: served over plain HTTP on loopback only" in guarded.run("doctor").stdout
    guarded.settings["WORKER_HOST"] = "0.0.0.0"  # noqa: S104
    assert "WARN  pages: served over plain HTTP, to everybody" in guarded.run("doctor").stdout
