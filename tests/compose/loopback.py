"""docker-compose.yml without Docker: its commands, environments, configurations and health checks as plain processes.

What is inside a container is put in a place of its own on this host: a service's host name and port become a free port
on loopback, a mounted file, a volume, a secret and ``/tmp`` become paths in the directory of the test. Nothing else of
what the file says is changed. The programs are those of this host, not of the images.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy import make_secrets
from tests.compose.file import ROOT, Service, compose, entrypoint, image_environment, mounts, services
from tests.conftest import need
from tests.kafka.jars import jars
from tests.kit.processes import Program, free_ports, until

PORTS = {
    "kafka": (19092, 9092, 9093),
    "redis": (6379,),
    "worker": (9601,),
    "monitor": (9600,),
    "prometheus": (9090,),
    "alertmanager": (9093,),
}
"""What each service listens on in its container."""

_NOT_PROPERTIES = {"KAFKA_HEAP_OPTS"}
_SERIALS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


class Container:
    """One replica of a service: where the things inside it are on this host."""

    def __init__(self, stack: Stack, service: str, replica: int) -> None:
        self.stack, self.service, self.replica = stack, service, replica
        self.said: Service = services()[service]
        self.home = stack.directory / f"{service}-{replica}"
        self.home.mkdir()
        self.ports = dict(zip(PORTS.get(service, ()), free_ports(len(PORTS.get(service, ()))), strict=True))
        self.program: Program | None = None
        self._paths = {"/tmp": str(self.home)}  # noqa: S108 - the name inside the container
        for name in self.said.get("secrets", []):
            self._paths[f"/run/secrets/{name}"] = str(stack.secrets / name)
        for target, source in mounts(self.said).items():
            self._paths[target] = str(self._mounted(target, source))

    def inside(self, text: str) -> str:
        """What is written for the inside of the container, for this host."""
        names = "|".join(PORTS)
        paths = "|".join(sorted(map(re.escape, self._paths), key=len, reverse=True))
        own = "|".join(str(p) for p in self.ports) or "(?!)"
        pattern = (
            rf"(?P<path>(?<![\w./-])(?:{paths})(?![\w-]))"
            rf"|\b(?P<host>{names}):(?P<port>\d+)"
            rf"|(?P<self>(?:0\.0\.0\.0|127\.0\.0\.1|(?<=://))[:/](?P<own>{own})\b)"
            rf"|(?P<option>(?:--port|-p) )(?P<listen>{own})\b"
        )
        return re.sub(pattern, self._replaced, text)

    def environment(self) -> dict[str, str]:
        """The variables of its process, and nothing of the test's own but where programs are."""
        given = {k: self.inside(str(v)) for k, v in self.said.get("environment", {}).items()}
        if self.said["image"].startswith("pacewatch:"):
            # What a container listens on is its own; here a port is chosen, and loopback is enough.
            image = {k: v.replace("0.0.0.0", "127.0.0.1") for k, v in image_environment().items() if k != "PATH"}  # noqa: S104
            own = {f"PACEWATCH_{self.service.upper()}_PORT": str(p) for p in self.ports.values()}
            given = {**image, **own, **given}
        return {**given, "PATH": os.environ["PATH"], "HOME": str(self.home)}

    def start(self) -> Program:
        """Start its process."""
        argv = self._kafka() if self.service == "kafka" else self._program() + [self.inside(w) for w in self._command()]
        self.program = Program(argv, self.home / "log", self.environment())
        return self.program

    def healthy(self) -> bool:
        """Whether its health check succeeds."""
        assert self.program is not None
        assert self.program.running, self.program.output()[-3000:]
        kind, *words = self.said["healthcheck"]["test"]
        argv = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        argv = [self.inside(word) for word in argv]
        argv[0] = sys.executable if argv[0] == "python" else need(argv[0])
        allowed_s = float(self.said["healthcheck"]["timeout"].removesuffix("s"))
        try:
            done = subprocess.run(
                argv, env=self.environment(), capture_output=True, timeout=allowed_s, check=False, cwd=self.home
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def _command(self) -> list[str]:
        return [str(word) for word in self.said["command"]]

    def _program(self) -> list[str]:
        """What the image runs before the command."""
        if self.said["image"].startswith("pacewatch:"):
            return [sys.executable, "-m", *entrypoint()]
        if self.service == "alertmanager":
            return [shutil.which("alertmanager") or need("prometheus-alertmanager")]
        return [need("prometheus")] if self.service == "prometheus" else []

    def _kafka(self) -> list[str]:
        """What Kafka's image does: make properties of the variables, format the storage, run the broker."""
        given = self.environment()
        names = [k for k in given if k.startswith("KAFKA_") and k not in _NOT_PROPERTIES]
        properties = {k.removeprefix("KAFKA_").lower().replace("_", "."): given[k] for k in names}
        file = self.home / "server.properties"
        file.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        java = ["java", *given["KAFKA_HEAP_OPTS"].split(), *_SERIALS, "-cp", f"{jars()}/*"]
        tool = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={given['CLUSTER_ID']}", "-c", str(file)]
        done = subprocess.run(tool, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return [*java, "kafka.Kafka", str(file)]

    def _replaced(self, found: re.Match[str]) -> str:
        if found["path"]:
            return self._paths[found["path"]]
        if found["host"]:
            return f"127.0.0.1:{self.stack.port(found['host'], int(found['port']))}"
        if found["option"]:
            return f"{found['option']}{self.ports[int(found['listen'])]}"
        separator = found["self"][-len(found["own"]) - 1]
        return f"127.0.0.1{separator}{self.ports[int(found['own'])]}"

    def _mounted(self, target: str, source: str) -> Path:
        """A copy of what is mounted, its addresses changed; for a volume, an empty directory."""
        here = self.home / target.lstrip("/")
        here.parent.mkdir(parents=True, exist_ok=True)
        if not source.startswith("./"):
            here.mkdir()
            return here
        if (ROOT / source).is_dir():
            return Path(shutil.copytree(ROOT / source, here))
        self.stack.configurations.append((self, ROOT / source, here))
        return here


class Stack:
    """The services that run here, one process for each replica."""

    def __init__(self, directory: Path, scale: Mapping[str, int]) -> None:
        """Choose ports and make secrets.

        Args:
            directory: where everything goes that the processes write.
            scale: how many replicas each service has; those not named are left out.
        """
        self.directory, self.secrets = directory, directory / "secrets"
        self.configurations: list[tuple[Container, Path, Path]] = []
        make_secrets.make(self.secrets)
        assert {Path(s["file"]).name for s in compose()["secrets"].values()} <= {f.name for f in self.secrets.iterdir()}
        self.containers = [Container(self, name, i) for name, count in scale.items() for i in range(count)]
        for container, source, target in self.configurations:
            target.write_text(container.inside(self._discovered(source.read_text(encoding="utf-8"))))

    def of(self, service: str) -> list[Container]:
        """The replicas of a service."""
        return [c for c in self.containers if c.service == service]

    def port(self, service: str, port: int) -> int:
        """Where a port of a service's only replica is on this host."""
        return self.of(service)[0].ports[port]

    def start(self) -> None:
        """Start everything, each when what it depends on is healthy, and wait until all is healthy."""
        waiting = list(self.containers)
        while waiting:
            ready = [c for c in waiting if not {w.service for w in waiting} & set(c.said.get("depends_on", {}))]
            for container in ready:
                container.start()
            for container in ready:
                if not container.said["healthcheck"].get("disable"):
                    until(container.healthy, f"{container.service} to be healthy", 90)
            waiting = [c for c in waiting if c not in ready]

    def stop(self) -> None:
        """End everything that runs, the last first."""
        for container in reversed(self.containers):
            if container.program is not None and container.program.running:
                container.program.stop()

    def _discovered(self, text: str) -> str:
        """A configuration in which Docker's DNS has answered: its question becomes the list of replicas."""
        if "dns_sd_configs" not in text:
            return text
        configuration = yaml.safe_load(text)
        for job in configuration["scrape_configs"]:
            for question in job.pop("dns_sd_configs", []):
                job.setdefault("static_configs", []).append(self._answer(question))
        return yaml.safe_dump(configuration)

    def _answer(self, question: dict[str, Any]) -> dict[str, list[str]]:
        found = [c.ports[question["port"]] for name in question["names"] for c in self.of(name)]
        return {"targets": [f"127.0.0.1:{port}" for port in found]}
