"""A real Alertmanager on loopback, and a receiver that notes what it tells people."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.conftest import need
from tests.kit.processes import Program, free_ports, until
from tests.kit.receiver import Receiver

CONFIG = """
route:
  receiver: people
  group_by: [campaign]
  group_wait: 200ms
  group_interval: 200ms
  repeat_interval: 1h
inhibit_rules:
  - source_matchers: [severity = critical]
    target_matchers: [severity = warning]
    equal: [campaign]
receivers:
  - name: people
    webhook_configs: [{url: "URL", send_resolved: true}]
"""


class RealAlertmanager:
    """One, with what it holds and what it told people.

    Attributes:
        url: where it is.
    """

    def __init__(self, directory: Path, config: str = CONFIG) -> None:
        self._people = Receiver()
        (self._port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self._port}"
        file = directory / "alertmanager.yml"
        file.write_text(config.replace("URL", self._people.url()))
        manager = shutil.which("alertmanager") or need("prometheus-alertmanager")
        self.program = Program(
            [
                manager, f"--config.file={file}", f"--storage.path={directory}/data",
                f"--web.listen-address=127.0.0.1:{self._port}", "--cluster.listen-address=",
            ],
            directory / "alertmanager.log",
        )  # fmt: skip
        self.await_ready()

    @property
    def told(self) -> list[dict[str, Any]]:
        """Its notifications, oldest first, as its webhook receiver gets them."""
        return [request.json for request in list(self._people.requests)]

    def await_ready(self) -> None:
        """Wait until it can be asked."""
        until(self._is_ready, "Alertmanager to be ready")

    def restart(self) -> None:
        """Kill it and start it again: it knows its silences, if it had time to write them, and no alert."""
        self.program.kill()
        self.program.start()
        self.await_ready()

    def alerts(self, state: str = "", **labels: str) -> list[dict[str, Any]]:
        """What it holds and is not over: all, or those in a state, with these labels."""
        found: list[dict[str, Any]] = self._ask("/api/v2/alerts")
        return [
            one
            for one in found
            if (not state or one["status"]["state"] == state) and labels.items() <= one["labels"].items()
        ]

    def severities(self, **labels: str) -> list[str]:
        """The severities of what it holds, in order."""
        return sorted(one["labels"]["severity"] for one in self.alerts(**labels))

    def silence(self, **labels: str) -> None:
        """Silence alerts with these labels for an hour, as people do on its page."""
        now = datetime.now(UTC)
        body = {
            "matchers": [{"name": k, "value": v, "isRegex": False, "isEqual": True} for k, v in labels.items()],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "someone",
            "comment": "known",
        }
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v2/silences", json.dumps(body), headers)
        assert connection.getresponse().status == 200
        connection.close()

    def told_of(self, status: str, **labels: str) -> list[dict[str, Any]]:
        """What people were told of alerts with these labels, by status: ``firing`` or ``resolved``."""
        return [
            alert
            for told in self.told
            for alert in told["alerts"]
            if alert["status"] == status and labels.items() <= alert["labels"].items()
        ]

    def stop(self) -> None:
        """End it and its receiver."""
        self.program.stop()
        self._people.stop()

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as reply:
            return json.load(reply)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=10) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


@contextmanager
def alertmanager(directory: Path, config: str = CONFIG) -> Iterator[RealAlertmanager]:
    """Start one, and stop it at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    found = RealAlertmanager(directory, config)
    try:
        yield found
    finally:
        found.stop()
