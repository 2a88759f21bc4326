"""A system of which every output is kept, to be searched for secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kit.system import System

WEBHOOK = "http://127.0.0.1:1/services/T0/not-for-logs-either"


@dataclass
class Spied:
    """A system, and what its commands have printed."""

    system: System
    said: list[str] = field(default_factory=list)

    def run(self, *words: str) -> str:
        """Run a command to its end; gives what it printed."""
        done = self.system.run(*words)
        self.said += [done.stdout, done.stderr]
        return done.stdout + done.stderr

    def total(self, campaign: str, name: str) -> Any:
        """A total as the command prints it; None while it cannot."""
        done = self.system.run("kpi", campaign, "--json")
        self.said += [done.stdout, done.stderr]
        return json.loads(done.stdout).get(campaign, {"total": {}})["total"].get(name) if done.returncode == 0 else None

    def show_no_secret(self, *secrets: str) -> None:
        """Neither commands nor services have shown a secret or the webhook."""
        said = "\n".join([*self.said, *(p.output() for p in self.system.programs)])
        assert said.strip()
        for secret in (*secrets, "not-for-logs-either"):
            assert secret not in said


@contextmanager
def spied(broker: str, redis_url: str, directory: Path, secrets: list[str], **settings: str) -> Iterator[Spied]:
    """A system that logs all it can; at its end no secret was shown."""
    told = {"SLACK_WEBHOOK_URL": WEBHOOK, "LOG_LEVEL": "DEBUG", **settings}
    found = Spied(System(broker, redis_url, directory, **told))
    try:
        yield found
    finally:
        found.system.stop()
    found.show_no_secret(*secrets)
