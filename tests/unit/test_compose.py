"""What docker-compose.yml and the Dockerfile promise: pinned, on loopback, limited, unprivileged, secrets as files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.make_secrets import make
from kpis.settings.environment import PREFIX
from monitors import goals
from monitors.settings import MonitorSettings
from tests.compose import reference
from tests.compose.file import (
    DOCKERFILE,
    FILE,
    ROOT,
    Service,
    compose,
    entrypoint,
    image_environment,
    instructions,
    mounts,
    services,
    variables,
)
from tests.conftest import leave_out

EACH = pytest.mark.parametrize("name", sorted(services()))
SERVERS = pytest.mark.parametrize("name", sorted(set(services()) - {"simulator"}))
_MIB = {"m": 1, "g": 1024}


def service(name: str) -> Service:
    """One of the services."""
    return services()[name]


def limits(name: str) -> dict[str, Any]:
    """What it may use."""
    found: dict[str, Any] = service(name)["deploy"]["resources"]["limits"]
    return found


def mebibytes(text: str) -> int:
    """512m or 1g, or with a b behind, in MiB."""
    number, unit = re.fullmatch(r"(\d+)([mg])b?", text).groups()  # type: ignore[union-attr]
    return int(number) * _MIB[unit]


def test_the_compose_file_fits_the_schema_of_the_compose_specification() -> None:
    """As check-jsonschema ships it."""
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_docker_composes_own_loader_reads_it_as_these_tests_do() -> None:
    """Its merged keys and its variables come out the same."""
    lacking = reference.missing()
    if lacking is not None:
        leave_out(f"the reference loader of compose files: {lacking}")
    model = reference.loaded(FILE)
    assert set(model["services"]) == set(services())
    for name, mine in services().items():
        theirs = model["services"][name]
        assert theirs["image"] == mine["image"]
        assert theirs.get("command") == mine.get("command")
        assert {k: str(v) for k, v in (theirs.get("environment") or {}).items()} == {
            k: str(v) for k, v in mine.get("environment", {}).items()
        }


@EACH
def test_everything_a_service_refers_to_is_declared(name: str) -> None:
    """And what is declared is used, here or by another."""
    found, whole = service(name), compose()
    assert set(found["networks"]) <= set(whole["networks"])
    assert set(found.get("secrets", [])) <= set(whole["secrets"])
    assert set(found.get("depends_on", {})) <= set(whole["services"])
    assert {s for each in services().values() for s in each.get("secrets", [])} == set(whole["secrets"])
    assert {s for each in services().values() for s in mounts(each).values() if s[0] != "."} == set(whole["volumes"])


@pytest.mark.parametrize("file", [DOCKERFILE, ROOT / "deploy" / "Dockerfile"], ids=lambda file: file.parent.name)
def test_the_dockerfile_has_no_fault_that_hadolint_knows(file: Path) -> None:
    """Not even a remark on style."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_image_of_an_installed_package_runs_as_that_of_a_checkout() -> None:
    """But for where the package comes from and what is said of the image, both are the same."""
    ours, exported = (
        [line for line in file.read_text().partition("\nRUN groupadd")[2].splitlines() if not line.startswith("#")]
        for file in (DOCKERFILE, ROOT / "deploy" / "Dockerfile")
    )
    assert [line for line in ours if line] == [line for line in exported if line]
    assert 'dockerfile: "${DOCKERFILE:-Dockerfile}"' in FILE.read_text()


@EACH
def test_every_image_is_pinned_to_a_whole_version(name: str) -> None:
    """``latest`` or a major version would change under a running deployment."""
    assert re.search(r":v?\d+\.\d+\.\d+(-[a-z]+)?$", service(name)["image"])


def test_the_images_versions_are_those_of_the_project() -> None:
    """Our own, that of the Kafka the tests run on, and a Python that we support in both stages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert service("worker")["image"] == f"pacewatch:{project['version']}"
    pom = (ROOT / "tests" / "kafka" / "pom.xml").read_text()
    assert service("kafka")["image"].partition(":")[2] in re.findall(r"<version>(.+?)</version>", pom)
    versions = {re.match(r"python:(\d+\.\d+\.\d+)-", stage)[1] for stage in instructions("FROM")}  # type: ignore[index]
    assert len(versions) == 1


@EACH
def test_every_published_port_is_on_loopback(name: str) -> None:
    """Nothing here asks for a password on its port but Redis, which has none published."""
    for port in service(name).get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@EACH
def test_every_container_is_unprivileged_with_a_read_only_root(name: str) -> None:
    """It has no capability, gains none, and writes where it was told to only."""
    found = service(name)
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert all("size=" in mount for mount in found["tmpfs"])
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(found)
    assert "docker.sock" not in str(found)


def test_our_image_runs_as_a_user_of_its_own() -> None:
    """By number, so that a cluster can see that it is not root."""
    user, group = instructions("USER")[-1].split(":")
    assert int(user) > 1000
    assert int(group) > 1000


@EACH
def test_every_container_is_limited_in_memory_processors_processes_and_log(name: str) -> None:
    """One that runs wild leaves the others alive."""
    assert mebibytes(limits(name)["memory"]) <= 1024
    assert 0 < float(limits(name)["cpus"]) <= 2
    assert 0 < int(limits(name)["pids"]) <= 512
    assert set(service(name)["logging"]["options"]) == {"max-size", "max-file"}


def test_redis_and_the_heap_of_kafka_stay_below_their_containers() -> None:
    """Killed by the kernel is worse than full: Redis needs room for its rewrite, Java for what is not heap."""
    maxmemory = re.search(r"--maxmemory (\w+)", service("redis")["command"][-1])
    heap = re.search(r"-Xmx(\w+)", service("kafka")["environment"]["KAFKA_HEAP_OPTS"])
    assert maxmemory
    assert heap
    assert mebibytes(maxmemory[1]) <= 0.7 * mebibytes(limits("redis")["memory"])
    assert mebibytes(heap[1]) <= 0.7 * mebibytes(limits("kafka")["memory"])


@SERVERS
def test_every_server_has_a_health_check(name: str) -> None:
    """By which others wait for it."""
    check = service(name)["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@EACH
def test_every_dependency_waits_for_health_and_every_stop_has_its_time(name: str) -> None:
    """Docker's ten seconds would cut off a flush, a message or Kafka's shutdown."""
    for other, condition in service(name).get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert not service(other)["healthcheck"].get("disable")
    assert int(service(name)["stop_grace_period"].removesuffix("s")) >= 20


def test_the_worker_scales() -> None:
    """No two replicas may want the same name, port or member id."""
    worker = service("worker")
    assert not {"container_name", "ports", "hostname"} & set(worker)
    assert "PACEWATCH_INSTANCE" not in worker["environment"]


def test_every_variable_of_ours_is_a_setting_and_has_a_value_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nothing reads would be a setting that does nothing."""
    known = {f"{PREFIX}{field.upper()}": field for field in MonitorSettings.model_fields}
    for given in [*(s.get("environment", {}) for s in services().values()), image_environment()]:
        mine = {k: str(v) for k, v in given.items() if k.startswith(PREFIX)}
        for key, value in mine.items():
            assert key.removesuffix("_FILE") in known
            if not key.endswith("_FILE"):
                monkeypatch.setenv(key, value)
    assert {v for v in variables() if v.startswith(PREFIX)} <= set(known)
    assert MonitorSettings.load().partitions == int(service("kafka")["environment"]["KAFKA_NUM_PARTITIONS"])


def test_every_secret_is_a_file_and_no_password_stands_in_the_compose_file() -> None:
    """Not even as a default."""
    for secret in compose()["secrets"].values():
        assert re.fullmatch(r"\./secrets/\w+", secret["file"])
    for name in services():
        for key, value in service(name).get("environment", {}).items():
            if re.search(r"PASSWORD|WEBHOOK|TOKEN", key):
                assert key.endswith("_FILE")
                assert str(value).removeprefix("/run/secrets/") in service(name)["secrets"]
    assert not re.search(r"(?i)token|password|webhook", " ".join(variables()))
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()


@EACH
def test_every_mounted_file_is_in_the_repository_and_every_volume_has_a_name(name: str) -> None:
    """Docker would make an empty directory of a missing file, and a volume without a name is lost."""
    for source in mounts(service(name)).values():
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
        else:
            assert source in compose()["volumes"]


def test_everything_that_names_no_volume_of_its_own_is_read_only() -> None:
    """A configuration is not for a container to change."""
    for found in services().values():
        for mount in found.get("volumes", []):
            if isinstance(mount, str):
                assert mount.startswith("./") == mount.endswith(":ro")
            else:
                assert mount["read_only"] is True


def test_redis_and_kafka_are_where_no_way_leads_out_of_the_data_network() -> None:
    """Kafka is reached from this host besides, Redis is not."""
    assert compose()["networks"]["data"]["internal"] is True
    assert service("redis")["networks"] == ["data"]
    assert "ports" not in service("redis")
    assert {n for n in services() if "data" in service(n)["networks"]} == {
        "kafka", "redis", "worker", "monitor", "simulator",
    }  # fmt: skip


def test_prometheus_is_configured_as_without_docker_but_for_its_targets() -> None:
    """Two files would drift apart."""

    def rest(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: rest(v) for k, v in value.items() if not k.endswith(("static_configs", "sd_configs"))}
        return [rest(v) for v in value] if isinstance(value, list) else value

    plain, composed = (
        yaml.safe_load((ROOT / name / "prometheus.yml").read_text()) for name in ("prometheus", "deploy")
    )
    assert rest(composed) == rest(plain)


def test_grafana_opens_with_a_dashboard_that_it_is_given() -> None:
    """Where the provisioning looks for dashboards, from the Prometheus of this stack."""
    grafana = service("grafana")
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    places = {target: ROOT / source for target, source in mounts(grafana).items()}
    directory, _, dashboard = home.rpartition("/")
    assert (places[directory] / dashboard).is_file()
    provisioned = places["/etc/grafana/provisioning"]
    providers = yaml.safe_load((provisioned / "dashboards" / "pacewatch.yml").read_text())["providers"]
    assert {p["options"]["path"] for p in providers} == {directory}
    sources = yaml.safe_load((provisioned / "datasources" / "prometheus.yml").read_text())["datasources"]
    listens = next(w for w in service("prometheus")["command"] if w.startswith("--web.listen-address="))
    assert {s["url"] for s in sources} == {f"http://prometheus:{listens.rpartition(':')[2]}"}
    assert set(grafana["networks"]) & set(service("prometheus")["networks"])


def test_the_image_runs_pacewatch_and_serves_to_other_containers() -> None:
    """On loopback of its own container nobody would reach it."""
    assert entrypoint() == ["pacewatch"]
    settings = image_environment()
    assert settings["PACEWATCH_MONITOR_HOST"] == settings["PACEWATCH_WORKER_HOST"] == "0.0.0.0"  # noqa: S104


def test_the_example_of_a_goals_file_has_no_error() -> None:
    """It is what the monitor is started with."""
    assert goals.load(ROOT / "examples" / "goals.yml").campaigns


def test_secrets_are_made_once(tmp_path: Path) -> None:
    """For every secret of the compose file, different ones; what a person put there stays."""
    directory = tmp_path / "secrets"
    names = {Path(s["file"]).name for s in compose()["secrets"].values()}
    assert set(make(directory)) == names == {f.name for f in directory.iterdir()}
    password = (directory / "redis_password").read_text()
    assert len(password.strip()) >= 32
    assert password != (directory / "grafana_password").read_text()
    assert directory.stat().st_mode & 0o077 == 0
    (directory / "slack_webhook_url").write_text("http://slack.invalid/hook")
    (directory / "grafana_password").unlink()
    assert make(directory) == ["grafana_password"]
    assert (directory / "redis_password").read_text() == password
    assert (directory / "slack_webhook_url").read_text() == "http://slack.invalid/hook"


def test_the_monitor_starts_without_slack_when_its_secret_is_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the secrets are made."""
    make(tmp_path / "secrets")
    names = ("slack_webhook_url", "slack_bot_token", "slack_signing_secret")
    for name in names:
        monkeypatch.setenv(f"PACEWATCH_{name.upper()}_FILE", str(tmp_path / "secrets" / name))
    monkeypatch.setenv("PACEWATCH_SLACK_CHANNEL", "")
    settings = MonitorSettings.load()
    assert [getattr(settings, name) for name in (*names, "slack_channel")] == [None] * 4
