"""A newcomer's first hour: the wheel in an empty environment, real Kafka and Redis, and only the README's commands.

Outside of the checkout, so that nothing is found that only lies there. A package index is needed, and nothing else. The
wheel is that of ``PACEWATCH_TEST_WHEEL``, else built here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import leave_out
from tests.kit.processes import Program, free_ports, until
from tests.kit.receiver import Receiver, receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
NOT_THE_CHECKOUT = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache", "secrets")
PIP = ("-m", "pip", "--disable-pip-version-check")
README = (ROOT / "README.md").read_text()
DAYS = 3


@pytest.fixture(scope="module")
def pacewatch(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command, installed from a wheel of this checkout into an environment that has nothing else."""
    home = tmp_path_factory.mktemp("newcomer")
    wheel = os.environ.get("PACEWATCH_TEST_WHEEL") or _built(home)
    _brought([sys.executable, "-m", "venv", str(home / "venv")])
    python = str(home / "venv" / "bin" / "python")
    _brought([python, *PIP, "install", "-q", "-c", str(ROOT / "constraints.txt"), wheel])
    return str(home / "venv" / "bin" / "pacewatch")


def _built(home: Path) -> str:
    """A wheel of this checkout."""
    # A build leaves files beside the sources, and finds those of an earlier one.
    shutil.copytree(ROOT, home / "source", ignore=NOT_THE_CHECKOUT)
    _brought([sys.executable, *PIP, "wheel", "-q", "--no-deps", "-w", str(home / "dist"), str(home / "source")])
    shutil.rmtree(home / "source")
    (wheel,) = (home / "dist").glob("*.whl")
    return str(wheel)


def _brought(argv: list[str]) -> None:
    """Run pip or venv; without a package index this test is left out."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=500, check=False, env=plain())
    if done.returncode:
        leave_out(f"a wheel in an environment of its own: {' '.join(argv[1:5])}: {done.stderr.strip()[-300:]}")


def plain() -> dict[str, str]:
    """This environment without anything of ours, or of the checkout."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PACEWATCH_", "PYTHON", "COLUMNS"))}


class Newcomer:
    """Somebody in an empty directory, with a terminal."""

    def __init__(self, command: str, directory: Path, settings: dict[str, str]) -> None:
        self._command, self._directory = command, directory
        self.env = plain() | {f"PACEWATCH_{name}": value for name, value in settings.items()}
        self.programs: list[Program] = []

    def runs(self, *words: str, code: int = 0, **settings: str) -> str:
        """What a command says that ends by itself with an exit code."""
        assert re.search(rf"pacewatch {words[0]}(?!\w)", README), f"the README does not name {words[0]}"
        env = self.env | {f"PACEWATCH_{name}": value for name, value in settings.items()}
        done = subprocess.run(
            [self._command, *words],
            cwd=self._directory,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def starts(self, word: str, until_it_says: str, **settings: str) -> Program:
        """A service, once it has said that it is ready."""
        assert f"pacewatch {word}" in README
        env = self.env | {f"PACEWATCH_{name}": value for name, value in settings.items()}
        log = self._directory / f"{word}-{len(self.programs)}.log"
        program = Program([self._command, word], log, env)
        self.programs.append(program)
        until(lambda: until_it_says in program.output() or not program.running, f"the {word} to be ready")
        assert program.running, program.output()
        return program


@pytest.fixture
def slack() -> Iterator[Receiver]:
    """A server in Slack's place."""
    with receiver() as found:
        yield found


@pytest.fixture
def newcomer(pacewatch: str, apache_kafka: str, redis_url: str, tmp_path: Path) -> Iterator[Newcomer]:
    """They have a broker and a Redis; ports and topics are theirs alone, because tests share this host."""
    worker_port, monitor_port = free_ports(2)
    own = uuid4().hex[:8]
    settings = {
        "KAFKA": apache_kafka,
        "REDIS": redis_url,
        "TOPIC_PREFIX": f"{own}.",
        "GROUP": own,
        "WORKER_PORT": str(worker_port),
        "MONITOR_PORT": str(monitor_port),
    }
    found = Newcomer(pacewatch, tmp_path, settings)
    yield found
    for program in found.programs:
        program.kill()


def events(now: datetime) -> Iterator[str]:
    """Three days of two campaigns, each quarter of an hour a report, as lines for ``pacewatch replay``."""
    for number in range(DAYS * 96):
        ts = int((now - timedelta(minutes=15 * number)).timestamp() * 1000)
        for campaign in ("spring", "brand"):
            common = {"ts": ts, "campaign_id": campaign, "channel": "search"}
            for kind, quantity, cost in (("impression", 1000, "0"), ("click", 20, "5.00")):
                of_it = {"event_id": f"{campaign}-{kind}-{number}", "quantity": quantity, "cost": cost}
                yield json.dumps({"type": kind, **common, **of_it}) + "\n"


def test_from_an_empty_directory_to_the_first_alert(newcomer: Newcomer, slack: Receiver, tmp_path: Path) -> None:
    """Each step as the README has it; what is said on the way is what they need for the next one."""
    assert newcomer.runs("--version").startswith("pacewatch 0.")
    said = newcomer.runs("doctor", code=1)
    assert "no worker writes" not in said
    assert "no worker has written to this Redis yet: start one with: pacewatch worker" in said

    exported(newcomer, tmp_path)

    first = newcomer.starts("worker", "ready: reading partitions")
    second = newcomer.starts("worker", "ready: reading partitions")
    assert "the worker's own metrics are at 127.0.0.1:" in second.output()
    for program in (first, second):
        assert " ERROR " not in program.output()
        assert program.output().replace("\n", "").isprintable()

    assert "no campaign has had an event yet" in newcomer.runs("init", "--out", "empty.yml")
    newcomer.runs("goals", "check", "empty.yml")

    recorded = tmp_path / "events.ndjson"
    recorded.write_text("".join(events(datetime.now(UTC))))
    newcomer.runs("replay", "events.ndjson")
    until(lambda: counted(newcomer) == DAYS * 96 * 1000, "all events to be counted")
    assert "did you mean 'spring'?" in newcomer.runs("kpi", "sprng", code=2)

    assert "goals.yml: 2 campaigns" in newcomer.runs("init")
    assert "2 campaigns, 6 goals, no errors" in newcomer.runs("goals", "check", "goals.yml")
    newcomer.runs("init", code=2)

    told(newcomer, slack, tmp_path)

    said = newcomer.runs("doctor", GOALS="goals.yml", SLACK_WEBHOOK_URL=slack.url("/T0/s3cr3t"), code=1)
    for well in ("2 workers in the group", "workers write all 4 partitions", "a monitor leads, with goals", "0 errors"):
        assert well in said
    for program in reversed(newcomer.programs):
        assert program.stop() == 0, program.output()
        assert "s3cr3t" not in program.output()


def exported(newcomer: Newcomer, directory: Path) -> None:
    """What they export is what the checkout has, file by file."""
    newcomer.runs("export", "files")
    names = {p.relative_to(directory / "files").as_posix() for p in (directory / "files").rglob("*") if p.is_file()}
    assert {"docker-compose.yml", "prometheus/prometheus.yml", "examples/goals.yml", "docs/settings.md"} <= names
    here = subprocess.run(
        [sys.executable, "-m", "pacewatch", "export", str(directory / "checkout")],
        cwd=ROOT, env=plain(), capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert here.returncode == 0
    for name in names:
        assert (directory / "files" / name).read_bytes() == (directory / "checkout" / name).read_bytes(), name
    theirs = {
        p.relative_to(directory / "checkout").as_posix() for p in (directory / "checkout").rglob("*") if p.is_file()
    }
    assert theirs == names


def counted(newcomer: Newcomer) -> int:
    """The impressions of a campaign, ever."""
    found = json.loads(newcomer.runs("kpi", "--json"))
    return int(found.get("spring", {}).get("total", {}).get("impressions", 0))


def told(newcomer: Newcomer, slack: Receiver, directory: Path) -> None:
    """A campaign that meets what was guessed is not told; one that is to reach far more is, when the file says so."""
    secret = directory / "slack_url"
    secret.write_text(slack.url("/services/T0/B0/s3cr3t"))
    file = directory / "goals.yml"
    newcomer.starts("monitor", "launch board at", GOALS=str(file), SLACK_WEBHOOK_URL_FILE=str(secret))
    wish = "      - {total: clicks, target: 1000000, rule: threshold}\n"
    head, spring, rest = file.read_text().partition("  - campaign: spring\n")
    flight, goals, more = rest.partition("    goals:\n")
    (directory / "wished.yml").write_text(head + spring + flight + goals + wish + more)
    newcomer.runs("goals", "apply", "wished.yml", "--to", "goals.yml")
    until(lambda: any(b"spring" in one.body for one in slack.requests), "the first alert")
    message = next(one.body.decode() for one in slack.requests if b"spring" in one.body)
    assert "clicks" in message.lower()
    assert "1,000,000" in message
    assert "brand" not in message
