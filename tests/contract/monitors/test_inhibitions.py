"""What a real Alertmanager with the project's configuration tells of, and what it leaves out beside something worse."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.contract.monitors.test_prometheus import ROOT
from tests.kit.processes import Program, free_ports, listens, until

Alert = dict[str, str]
M, W = {"job": "pacewatch-monitor"}, {"job": "pacewatch-worker"}


def alert(name: str, *some: Alert, **labels: str) -> Alert:
    """The labels of an alert."""
    return {"alertname": f"Pacewatch{name}", **{k: v for one in some for k, v in one.items()}, **labels}


SILENT, BEHIND = alert("WorkerSilent", M, partition="1"), alert("Behind", M, partition="1")
LATE, CANARY = alert("DeliveryLate", M, notifier="slack"), alert("CanaryLate", M, partition="1")
PROBE = alert("ProbeMissing", M, campaign="pacewatch-probe")
FOLLOW = [
    ([alert("RedisDown", M, instance="a")], [SILENT, BEHIND, CANARY, PROBE, LATE, alert("NoLeader", M)]),
    ([alert("WorkerDown", W, instance="c")], [SILENT, BEHIND, CANARY, PROBE]),
    ([alert("RedisDown", M)], [alert("WorkerRedisErrors", W, instance="c")]),
    ([alert("WorkerKafkaErrors", W, instance="c")], [CANARY, PROBE]),
    ([SILENT], [BEHIND, CANARY, PROBE]),
    ([alert("PartitionParked", M, partition="1")], [BEHIND, CANARY]),
    ([alert("PartitionHeld", M, partition="1")], [BEHIND, CANARY]),
    ([alert("NoLeader", M)], [alert("DeliveryStuck", M, notifier="slack"), LATE, PROBE]),
    ([alert("DeliveryStuck", M, notifier="slack")], [LATE]),
    (
        [alert("PaceCritical", M, campaign="c", goal="spend")],
        [alert("PaceWarning", M, campaign="c", goal="spend")],
    ),
]
"""A cause, and what follows from it."""
MARK = [alert(name, campaign="last", goal="sent") for name in ("PaceCritical", "PaceWarning")]
"""When the second is suppressed, all that was sent before has been looked at."""
STAND = [
    [SILENT, alert("Behind", M, partition="2")],
    [alert("RedisDown", M, instance="a"), alert("WorkerSilent", {"job": "another-monitor"}, partition="1")],
    [alert("WorkerKafkaErrors", W, instance="c"), alert("WorkerRedisErrors", W, instance="d"), SILENT],
    [alert("MonitorDown", M, instance="a"), alert("NoLeader", M), alert("WorkerDown", W), alert("GoalsProblem", M)],
    [alert("DeliveryStuck", M, notifier="slack"), alert("DeliveryLate", M, notifier="pager")],
    [
        alert("PaceCritical", M, campaign="c", goal="spend"),
        alert("PaceWarning", M, campaign="c", goal="clicks"),
        alert("PaceWarning", M, campaign="d", goal="spend"),
    ],
    [alert("RecordsLost", M, topic="ads.spend"), alert("RedisDown", M), alert("Watchdog")],
]
"""What is told side by side: of other partitions, workers, deployments, goals; and the watchdog in any case."""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[int]:
    """The port of an Alertmanager that holds nothing."""
    (port,) = free_ports(1)
    argv = [
        shutil.which("alertmanager") or need("prometheus-alertmanager"), f"--config.file={ROOT}/alertmanager.yml",
        f"--storage.path={tmp_path}", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    program = Program(argv, tmp_path / "log")
    try:
        until(lambda: listens(port), "Alertmanager to answer")
        yield port
    finally:
        program.stop()


def send(port: int, alerts: list[Alert]) -> None:
    """Have alerts fire."""
    body = json.dumps([{"labels": labels} for labels in alerts]).encode()
    url, head = f"http://127.0.0.1:{port}/api/v2/alerts", {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=10):
        pass


def states(port: int) -> dict[str, set[str]]:
    """The alerts by their state: active, suppressed or not looked at yet (unprocessed)."""
    found: dict[str, set[str]] = {}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/alerts", timeout=10) as reply:
        for one in json.load(reply):
            found.setdefault(one["status"]["state"], set()).add(text(one["labels"]))
    return found


def text(labels: Alert) -> str:
    """Labels, to be compared and read."""
    return " ".join(f"{key}={labels[key]}" for key in sorted(labels))


@pytest.mark.parametrize(("causes", "follow"), FOLLOW, ids=lambda some: some[0]["alertname"])
def test_what_follows_from_a_cause_wakes_nobody(manager: int, causes: list[Alert], follow: list[Alert]) -> None:
    """The cause itself does."""
    send(manager, [*causes, *follow])
    expected = {"active": set(map(text, causes)), "suppressed": set(map(text, follow)) - set(map(text, causes))}

    def found() -> dict[str, set[str]]:
        held = states(manager)
        # One that follows may itself be the cause of another.
        return {name: held.get(name, set()) for name in expected}

    until(lambda: found() == expected, f"of {expected} only the first to be told")


@pytest.mark.parametrize("alerts", STAND, ids=lambda alerts: str(alerts[0]["alertname"]))
def test_what_is_no_consequence_is_told_too(manager: int, alerts: list[Alert]) -> None:
    """Of another partition, worker, deployment, notifier or goal, whatever else fires."""
    send(manager, alerts)
    send(manager, MARK)
    until(lambda: states(manager).get("suppressed"), "what was sent last to be looked at")
    assert states(manager) == {"active": {*map(text, alerts), text(MARK[0])}, "suppressed": {text(MARK[1])}}
