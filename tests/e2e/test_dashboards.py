"""The launch day in a real Prometheus: what every panel asks for, and which alert a dead worker raises."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from grafana.build import DIRECTORY
from tests.conftest import need
from tests.e2e.test_operations import slack
from tests.kit.processes import Program, free_ports, until
from tests.kit.system import System
from tests.unit.grafana.test_dashboards import panels

PROMETHEUS = Path(__file__).parents[2] / "prometheus"
VARIABLES = {
    "account": "Acme", "campaign": "sim-0", "goal": "spend", "window": "1m", "dimension": "channel",
    "job": ".+", "kpi": "roi", "measure": "served", "instance": ".+", "__rate_interval": "20s", "experiment": "banner",
    "scope": "account", "name": ".*",
}  # fmt: skip
WATCHDOG, DOWN, SILENT = "PacewatchWatchdog", "PacewatchWorkerDown", "PacewatchWorkerSilent"
IDLE = {"Lost records"}
"""Panels whose series appears with the first trouble only; their descriptions say what that is."""


@dataclass
class Watched:
    """A system and what watches it."""

    system: System
    worker: Program
    prometheus: int
    alertmanager: int
    told: list[str]

    def ask(self, path: str, **query: str) -> Any:
        """What Prometheus answers."""
        url = f"http://127.0.0.1:{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as reply:
            return json.load(reply)["data"]

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The alerts that Alertmanager has, by their names."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.alertmanager}/api/v2/alerts", timeout=10) as reply:
            return {alert["labels"]["alertname"]: alert for alert in json.load(reply)}


@pytest.fixture(scope="module")
def watched(embedded_broker: str, _redis_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Simulated campaigns, of which sim-0 spends far too little for its goal, and all that watches them."""
    directory = tmp_path_factory.mktemp("watched")
    programs: list[Program] = []
    (worker_port,) = free_ports(1)
    with slack() as (url, told):
        system = System(
            embedded_broker, f"redis://127.0.0.1:{_redis_port}/7", directory, WORKER_PORT=str(worker_port),
            GOALS=goals(directory), CATALOGUE=catalogue(directory), SLACK_WEBHOOK_URL=url, EXPORT_BREAKDOWNS="true",
            REFRESH_S="0.2",
        )  # fmt: skip
        try:
            worker = system.worker()
            system.monitor()
            system.start("simulate", "--campaigns", "4", "--rate", "400")
            prometheus, alertmanager = free_ports(2)
            programs += watchers(directory, system.port, worker_port, prometheus, alertmanager)
            # Prometheus listens before it has read its storage, and answers 503 until it has.
            until(lambda: ready(prometheus) and ready(alertmanager), "Prometheus and Alertmanager to be ready")
            yield Watched(system, worker, prometheus, alertmanager, told)
        finally:
            for program in programs:
                program.stop()
            system.stop()


def ready(port: int) -> bool:
    """What is there says that it can be asked."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10) as reply:
            return bool(reply.status == HTTPStatus.OK)
    except OSError:
        return False


def goals(directory: Path) -> str:
    """Goals of one campaign: spend, and a ratio. Two of its channels are compared."""
    moment = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    start, end = moment - timedelta(days=15), moment + timedelta(days=15)
    file = directory / "goals.yaml"
    file.write_text(
        "campaigns:\n  - campaign: sim-0\n    name: Launch\n    account: Acme\n"
        f"    flight: {{start: {start.isoformat()}, end: {end.isoformat()}, timezone: UTC}}\n"
        "    goals:\n      - {total: spend, target: 100000, rule: threshold}\n"
        "      - {ratio: ctr, at_least: 0.0001, window: 1m}\n"
        "experiments:\n  - experiment: banner\n    name: Banner\n    account: Acme\n    campaign: sim-0\n"
        "    dimension: channel\n"
        f"    variants: [search, social]\n    kpi: ctr\n    start: {start.isoformat()}\n    timezone: UTC\n"
    )
    return str(file)


def catalogue(directory: Path) -> str:
    """A measure beside the core's, a KPI, and one that parts have too: what is simulated spends of no one channel."""
    file = directory / "catalogue.yaml"
    file.write_text(
        "measures: {served: {stream: impressions}}\n"
        "kpis:\n  roi: {formula: (revenue - spend) / spend, meaning: Return.}\n"
        "  per_served: {formula: clicks / served, meaning: Clicks of what was served.}\n"
    )
    return str(file)


def watchers(directory: Path, monitor: int, worker: int, prometheus: int, alertmanager: int) -> list[Program]:
    """Prometheus and Alertmanager with the project's configuration, faster and at these ports."""
    home = Path(shutil.copytree(PROMETHEUS, directory / "prometheus"))
    ports = {"9600": monitor, "9601": worker, "9093": alertmanager}
    config = (home / "prometheus.yml").read_text().replace("interval: 5s", "interval: 1s")
    (home / "prometheus.yml").write_text(re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{ports[m[1]]}", config))
    for rules in (home / "rules").glob("*.rules.yml"):
        # What takes minutes on call takes seconds here.
        hurried = re.sub(r"for: \d+m", "for: 1s", rules.read_text()).replace("_errors_total[2m]", "_errors_total[10s]")
        rules.write_text(re.sub(r"(_timestamp_seconds\)?) > 60", r"\1 > 5", hurried))
    (home / "alertmanager.yml").write_text(
        (home / "alertmanager.yml").read_text().replace("group_wait: 10s", "group_wait: 1s")
    )
    manager = shutil.which("alertmanager") or need("prometheus-alertmanager")
    return [
        Program(
            [
                need("prometheus"), f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={directory}/tsdb",
                f"--web.listen-address=127.0.0.1:{prometheus}",
            ],
            directory / "prometheus.log",
        ),
        Program(
            [
                manager, f"--config.file={home}/alertmanager.yml", f"--storage.path={directory}/alerts",
                f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address=",
            ],
            directory / "alertmanager.log",
        ),
    ]  # fmt: skip


def queries() -> Iterator[tuple[str, str, str, str]]:
    """Dashboard, panel, its description and query, with the variables filled in, of every target of every panel."""
    for file in sorted(DIRECTORY.glob("*.json")):
        for panel in panels(json.loads(file.read_text())):
            for target in panel["targets"]:
                yield file.stem, panel["title"], panel["description"], filled(target["expr"])


def filled(expr: str, chosen: Mapping[str, str] = VARIABLES) -> str:
    """A query as Grafana sends it: what is no variable, as a group of a match, stays as it is."""
    return re.sub(r"\$\{?(\w+)\}?", lambda m: m[0] if m[1].isdigit() else chosen[m[1]], expr)


def test_every_panel_shows_something_and_soon(watched: Watched) -> None:
    """Or its description says when it is empty. Each query takes Prometheus less than a second."""
    until(lambda: watched.ask("query", query="pacewatch_roas_ratio")["result"], "the campaigns' KPIs in Prometheus")
    until(lambda: watched.ask("query", query="campaign:pacewatch_money_at_risk:max")["result"], "money at risk")
    until(lambda: watched.ask("query", query="rate(pacewatch_accepted_events_total[1m])")["result"], "rates")

    def empty() -> list[str]:
        found = []
        for board, panel, about, expr in queries():
            started = time.perf_counter()
            result = watched.ask("query", query=expr)["result"]
            assert time.perf_counter() - started < 1, expr
            if not result and "Empty" not in about and panel not in IDLE:
                found.append(f"{board}, {panel}: {expr}")
        return found

    until(lambda: not empty(), f"every panel to show something; these do not: {empty()}")


def test_every_variable_has_values_and_every_annotation_can_be_asked_for(watched: Watched) -> None:
    """Grafana finds the values of a label in the series that match."""
    until(lambda: watched.ask("query", query="pacewatch_breakdown_window_impressions")["result"], "breakdowns")
    for file in sorted(DIRECTORY.glob("*.json")):
        board = json.loads(file.read_text())
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                known = re.fullmatch(r"label_values\((.+), (\w+)\)", filled(variable["query"]["query"]))
                assert known, variable["query"]
                found = watched.ask("series", **{"match[]": known[1]})
                assert any(known[2] in labels for labels in found), (file.stem, variable["name"])
        for annotation in board.get("annotations", {}).get("list", []):
            if "expr" in annotation:
                assert watched.ask("query", query=filled(annotation["expr"]))["resultType"] == "vector"


def test_a_pace_miss_reaches_slack_and_a_dead_worker_alertmanager(watched: Watched) -> None:
    """The one is the monitor's message, the other a pipeline alert; a dead worker is no pace miss."""
    until(lambda: any("Launch" in text for text in watched.told), "the pace alert in Slack")
    until(lambda: set(watched.alerts()) == {WATCHDOG}, "no alert while all is well but the one that always fires")
    before = len(watched.told)
    watched.worker.kill()
    until(lambda: {DOWN, SILENT} <= set(watched.alerts()), "the alerts on the worker and its partitions")
    until(lambda: watched.alerts()[SILENT]["status"]["state"] == "suppressed", "the cause to hush what follows from it")
    assert not any(name.startswith("Pace") and not name.startswith("Pacewatch") for name in watched.alerts())
    assert len(watched.told) == before
    link = urllib.parse.urlsplit(watched.alerts()[DOWN]["annotations"]["runbook_url"])
    status, text = watched.system.get(link.path)
    assert (status, text.splitlines()[0]) == (200, f"# {DOWN}")
