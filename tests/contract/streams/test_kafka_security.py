"""Kafka that lets in only whom it knows: a real broker with SASL and TLS, and real workers that log in."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kpis.runtime.errors import Misconfigured
from kpis.settings.shared import Settings
from streams.kafka import clients
from tests.conftest import leave_out, need
from tests.kafka.launcher import Cluster, kafka, missing
from tests.kit.certificates import Certificates, certificates
from tests.kit.processes import until
from tests.kit.spied import Spied, spied

USER, PASSWORD = "pacewatch", "hunter2-not-for-logs"
LISTENERS = {"LOGIN": "SASL_PLAINTEXT", "BOTH": "SASL_SSL", "MUTUAL": "SSL"}


@dataclass(frozen=True)
class Guarded:
    """A broker with a listener of each kind, and the certificates it goes by."""

    cluster: Cluster
    files: Certificates

    def settings(self, listener: str, **more: str) -> dict[str, str]:
        """What a client of a listener is told."""
        login = {"KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_USERNAME": USER, "KAFKA_PASSWORD": PASSWORD}
        trust = {"KAFKA_CA": str(self.files.ca)}
        own = {"KAFKA_CERT": str(self.files.certificate), "KAFKA_KEY": str(self.files.key)}
        told = {"LOGIN": login, "BOTH": login | trust, "MUTUAL": trust | own}[listener]
        return {"KAFKA_SECURITY": LISTENERS[listener].lower(), **told, **more}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One broker for all tests here."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"Apache Kafka: {lacking}")
    need("openssl")
    directory = tmp_path_factory.mktemp("guarded")
    files = certificates(directory / "tls")
    both = directory / "server-with-key.pem"
    both.write_text(files.key.read_text() + files.certificate.read_text())
    plain = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    extra = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files.ca),
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    }
    for listener in ("login", "both"):
        extra[f"listener.name.{listener}.plain.sasl.jaas.config"] = plain
        for size in ("256", "512"):
            extra[f"listener.name.{listener}.scram-sha-{size}.sasl.jaas.config"] = scram
    users = [f"SCRAM-SHA-{size}=[name={USER},password={PASSWORD}]" for size in ("256", "512")]
    with kafka(directory / "kafka", extra=extra, listeners=LISTENERS, scram=users) as cluster:
        yield Guarded(cluster, files)


@pytest.fixture
def spy(guarded: Guarded, redis_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Spied]:
    """A system that speaks to one listener with some settings."""
    listener, more = request.param
    settings = guarded.settings(listener, **more)
    with spied(guarded.cluster.address(listener), redis_url, tmp_path, ["hunter2"], **settings) as found:
        yield found


def clicks(path: Path, count: int) -> Path:
    """A file of clicks."""
    now = int(time.time() * 1000)
    lines = ({"type": "click", "event_id": f"e{i}", "ts": now, "campaign_id": "c"} for i in range(count))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    "spy",
    [
        ("BOTH", {"KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}),
        ("LOGIN", {"KAFKA_SASL_MECHANISM": "PLAIN"}),
        ("MUTUAL", {}),
    ],
    indirect=True,
    ids=["sasl_ssl", "sasl_plaintext", "ssl"],
)
def test_a_worker_reads_what_replay_sends(spy: Spied, tmp_path: Path) -> None:
    """Topics made, events in, a dead letter out, totals exact; doctor says how Kafka is spoken to."""
    system = spy.system
    system.worker()
    system.monitor()
    file = clicks(tmp_path / "clicks.ndjson", 50)
    assert "50" in spy.run("replay", str(file))
    system.await_counted(50)
    assert system.kpi("c")["c"]["total"]["clicks"] == 50
    security = system.settings["KAFKA_SECURITY"].upper()
    mechanism = system.settings.get("KAFKA_SASL_MECHANISM")
    shown = f"{security} with {mechanism}" if mechanism else security
    assert f"OK    Kafka at {system.broker} ({shown}) answers" in spy.run("doctor")


@pytest.mark.parametrize(
    ("spy", "cause"),
    [
        (("BOTH", {"KAFKA_PASSWORD": "wrong-hunter2"}), "it refuses the user or the password"),
        (
            ("BOTH", {"KAFKA_PASSWORD": "wrong-hunter2", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256"}),
            "it refuses the user or the password",
        ),
        (("LOGIN", {"KAFKA_PASSWORD": "wrong-hunter2"}), "it refuses the user or the password"),
        (("BOTH", {"KAFKA_CA": ""}), "certificate verify failed"),
    ],
    indirect=["spy"],
    ids=["plain", "scram", "clear", "distrust"],
)
def test_a_worker_that_is_not_let_in_says_why_and_keeps_trying(spy: Spied, cause: str) -> None:
    """One clear line each time; commands say it once and end."""
    worker = spy.system.start("worker")
    until(lambda: worker.output().count("trying again") >= 2 or not worker.running, "the worker to try again")
    assert worker.running
    assert f"Kafka at {spy.system.broker} does not answer: " in worker.output()
    assert worker.output().count(cause) >= 2
    doctor = next(line for line in spy.run("doctor").splitlines() if "Kafka" in line)
    assert doctor.startswith("FAIL")
    assert cause in doctor
    assert cause in spy.run("simulate", "--duration", "1")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"security": "sasl_ssl"}, "SASL_MECHANISM"),
        ({"security": "sasl_ssl", "sasl_mechanism": "PLAIN"}, "USERNAME"),
        ({"security": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "u"}, "PASSWORD"),
        ({"username": "u"}, "USERNAME"),
        ({"security": "ssl", "password": "hunter2"}, "PASSWORD"),
        ({"ca": "/ca.pem"}, "CA"),
        ({"security": "ssl", "ca": "/missing/ca.pem"}, "CA"),
        ({"security": "ssl", "cert": "/cert.pem"}, "KEY"),
        ({"security": "ssl", "key": "/key.pem"}, "CERT"),
        ({"security": "ssl", "cert": "/missing/cert.pem", "key": "/missing/key.pem"}, "CERT"),
        ({"security": "tls"}, "SECURITY"),
        ({"security": "sasl_ssl", "sasl_mechanism": "GSSAPI"}, "SASL_MECHANISM"),
    ],
)
def test_settings_that_contradict_each_other_are_named(given: dict[str, str], named: str) -> None:
    """By the variable to change, and without the password."""
    with pytest.raises(Misconfigured) as e:
        clients.options(Settings.load(**{f"kafka_{k}": v for k, v in given.items()}))
    assert e.value.setting == f"PACEWATCH_KAFKA_{named}"
    assert "hunter2" not in str(e.value)


def test_the_password_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Like every secret."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("PACEWATCH_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    settings = Settings.load(kafka_security="SASL_PLAINTEXT", kafka_sasl_mechanism="PLAIN", kafka_username="u")
    assert clients.options(settings)["sasl_plain_password"] == PASSWORD
