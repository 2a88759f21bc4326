"""Every query of every dashboard, and every rule, in a real Prometheus: two monitors show what one shows."""

from __future__ import annotations

import json
import math
import shutil
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.build import DIRECTORY
from kpis.measures import Stream
from tests.conftest import need
from tests.e2e.test_dashboards import IDLE, PROMETHEUS, VARIABLES, catalogue, filled, goals, ready
from tests.kit.processes import Program, free_ports, until
from tests.kit.system import System
from tests.unit.grafana.test_dashboards import panels

ONE, TWO, BOTH = "pacewatch-one", "pacewatch-two", "pacewatch-both"
"""Jobs: the leader alone; it and a second monitor; and a leader twice, as while the lead changes."""
OWN = {"Up", "Who leads"}
"""Panels of what each process tells of itself: one line each."""
TWICE = OWN | {"Monitors that lead", "Attempts to send", "Alerts"}
"""What is true of two that lead at once: there are two, each sends, and an alert says so."""
ACCEPTED = "pacewatch_accepted_events_total"
CHOSEN = {"window": "1h", "__rate_interval": "10m"}
"""Wide enough that it does not matter in which second a target is scraped."""
CLOSE = {"rel_tol": 0.1, "abs_tol": 1e-6}
SECONDS = {"rel_tol": 0.1, "abs_tol": 5.0}
"""Ages, of which all but those of the last scrape are the same."""
Samples = dict[tuple[tuple[str, str], ...], float]
"""Labels without the job, and values."""


@dataclass
class Scraped:
    """A Prometheus that knows the same monitors by three jobs."""

    port: int
    leader: str

    def ask(self, query: str, at: float | None = None) -> list[dict[str, Any]]:
        """The samples of a query now, or at a time in Unix seconds."""
        asked = {"query": query} if at is None else {"query": query, "time": f"{at:.3f}"}
        url = f"http://127.0.0.1:{self.port}/api/v1/query?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=10) as reply:
            found: list[dict[str, Any]] = json.load(reply)["data"]["result"]
            return found

    def of(self, query: str, job: str, at: float, **chosen: str) -> Samples:
        """What a dashboard's query comes to where only one job is chosen."""
        made = {**VARIABLES, **CHOSEN, **chosen, "job": job}
        return _samples(self.ask(filled(query, made), at))


def _samples(found: list[dict[str, Any]]) -> Samples:
    return {
        tuple(sorted((k, v) for k, v in one["metric"].items() if k not in {"job", "__name__"})): float(one["value"][1])
        for one in found
    }


@pytest.fixture(scope="module")
def scraped(embedded_broker: str, _redis_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Campaigns of which nothing more comes: what is scraped in one second is what is scraped in the next."""
    directory = tmp_path_factory.mktemp("scraped")
    worker_port, port = free_ports(2)
    settings = {
        "GOALS": goals(directory), "CATALOGUE": catalogue(directory), "EXPORT_BREAKDOWNS": "true", "REFRESH_S": "0.2",
        "WORKER_PORT": str(worker_port),
    }  # fmt: skip
    systems = [System(embedded_broker, f"redis://127.0.0.1:{_redis_port}/8", directory, **settings) for _ in range(2)]
    programs: list[Program] = []
    try:
        systems[0].worker()
        systems[0].monitor()
        leader = f"127.0.0.1:{systems[0].port}"
        found = Scraped(port, leader)
        programs.append(
            prometheus(directory, port, f"127.0.0.1:{worker_port}", [f"127.0.0.1:{s.port}" for s in systems])
        )
        until(lambda: ready(port), "Prometheus to be ready")
        until(lambda: _values(found, "pacewatch_monitor_leader") == {1.0}, "the first to lead")
        systems[1].monitor()
        # What grows is known by all jobs from its start, so that rates are of the same growth.
        until(lambda: _values(found, f"count({ACCEPTED})") == {5.0 * len(Stream)}, "all jobs to have the counters")
        simulator = systems[0].start("simulate", "--campaigns", "4", "--rate", "400")
        until(lambda: max(_values(found, f"sum by (job, instance) ({ACCEPTED})")) > 1_000, "a thousand events")
        until(lambda: bool(found.ask("campaign:pacewatch_money_at_risk:max")), "money at risk")
        until(lambda: bool(found.ask("pacewatch_roas_ratio")), "the campaigns' KPIs")
        simulator.stop()
        yield found
    finally:
        for program in programs:
            program.stop()
        for one in systems:
            one.stop()


def prometheus(directory: Path, port: int, worker: str, monitors: list[str]) -> Program:
    """The project's rules, and three jobs: nothing but their names tells them apart."""
    home = Path(shutil.copytree(PROMETHEUS, directory / "prometheus"))
    config = yaml.safe_load((home / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    of_job: dict[str, list[dict[str, Any]]] = {
        ONE: [{"targets": monitors[:1]}], TWO: [{"targets": monitors}],
        BOTH: [{"targets": monitors[:1]}, {"targets": monitors[:1], "labels": {"instance": "again", "pod": "again"}}],
    }  # fmt: skip
    jobs = [{"job_name": name, "static_configs": [*its, {"targets": [worker]}]} for name, its in of_job.items()]
    (home / "prometheus.yml").write_text(yaml.safe_dump(config | {"scrape_configs": jobs, "alerting": {}}))
    argv = [
        need("prometheus"), f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={directory}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    return Program(argv, directory / "prometheus.log")


def _values(found: Scraped, query: str) -> set[float]:
    return set(_samples(found.ask(query)).values())


def queries() -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Dashboard, title, the panel itself and query of every target."""
    for file in sorted(DIRECTORY.glob("*.json")):
        for panel in panels(json.loads(file.read_text())):
            for target in panel["targets"]:
                yield file.stem, panel["title"], panel, target["expr"]


def same(one: Samples, other: Samples, unit: str = "none") -> bool:
    """The same series, with the same values but for the second in which they were scraped."""
    close = SECONDS if unit == "s" else CLOSE
    return one.keys() == other.keys() and all(math.isclose(v, other[k], **close) for k, v in one.items())


def settled(found: Scraped) -> None:
    """Nothing more is counted, and all three jobs have it."""
    told = f'sum by (job) (max without (instance, pod) ({ACCEPTED}{{job=~"$job"}}))'

    def still() -> bool:
        now = time.time()
        values = [found.of(told, job, at) for job in (ONE, TWO, BOTH) for at in (now, now - 3)]
        return bool(values[0]) and all(one == values[0] for one in values)

    until(still, "the counters to stand still")
    assert set(found.of("up", ONE, time.time()).values()) == {1.0}


def test_two_monitors_show_what_one_shows_and_so_do_two_that_lead(scraped: Scraped) -> None:
    """Each query of each panel, those that tell units too; and each shows something, or says when it does not."""
    settled(scraped)
    doubled = scraped.of('sum(pacewatch_spend{job=~"$job"})', BOTH, time.time())
    assert same(
        doubled, {k: 2 * v for k, v in scraped.of('sum(pacewatch_spend{job=~"$job"})', ONE, time.time()).items()}
    )

    def differs() -> list[str]:
        now = time.time()
        found = []
        for board, title, panel, expr in queries():
            alone = scraped.of(expr, ONE, now)
            if not alone and "Empty" not in panel["description"] and title not in IDLE:
                found.append(f"{board}, {title}: shows nothing: {expr}")
            unit = panel["fieldConfig"]["defaults"]["unit"]
            for job, rightly in ((TWO, OWN), (BOTH, TWICE)):
                other = scraped.of(expr, job, now)
                if title not in rightly and not same(alone, other, unit):
                    found.append(f"{board}, {title}, {job}: {alone} is not {other}: {expr}")
        return found

    until(lambda: not differs(), f"two monitors to show what one shows: {differs()[:5]}")


def test_what_goals_files_and_catalogues_bring_is_shown(scraped: Scraped) -> None:
    """What would be empty without them: experiments, what the catalogue adds, breakdowns, alerts that were told."""
    settled(scraped)
    now = time.time()
    shows = {(board, title): bool(scraped.of(expr, ONE, now)) for board, title, _, expr in queries()}
    brought = {title for (board, title), is_shown in shows.items() if board == "experiments" and is_shown}
    assert brought >= {"All experiments", "Variants of $experiment", "Finding of $experiment"}, "the rest needs hours"
    for board, title in (
        ("launch", "Added KPI: $kpi"), ("launch", "Added KPIs"), ("launch", "Added measures"),
        ("portfolio", "Added KPI: $kpi"), ("portfolio", "What people were told"), ("portfolio", "Money at risk"),
        ("compare", "Added measure: $measure"), ("compare", "Side by side"),
    ):  # fmt: skip
        assert shows[board, title], (board, title)


def test_panels_of_processes_have_one_line_more(scraped: Scraped) -> None:
    """The second one is up, and does not lead."""
    settled(scraped)
    own = {title: expr for _, title, _, expr in queries() if title in OWN}
    assert own.keys() == OWN
    for title, expr in own.items():
        alone, two = (scraped.of(expr, job, time.time()) for job in (ONE, TWO))
        (more,) = two.keys() - alone.keys()
        assert two[more] == (1 if title == "Up" else 0)
        assert {k: two[k] for k in alone} == alone


def test_the_chosen_instance_alone_shows_what_all_show(scraped: Scraped) -> None:
    """Where the leader is chosen nothing of campaigns is missing."""
    settled(scraped)

    def differs() -> list[str]:
        now = time.time()
        return [
            f"{board}, {title}"
            for board, title, panel, expr in queries()
            if board != "pipeline"
            and not same(
                scraped.of(expr, ONE, now),
                scraped.of(expr, TWO, now, instance=scraped.leader),
                panel["fieldConfig"]["defaults"]["unit"],
            )
        ]

    until(lambda: not differs(), f"the leader to show all: {differs()}")


def test_rules_come_to_the_same_for_one_two_and_two_that_lead(scraped: Scraped) -> None:
    """What they record, and the alerts that fire or wait, but for the one on two that lead."""
    settled(scraped)
    recorded = [
        rule["record"]
        for file in sorted((PROMETHEUS / "rules").glob("*.rules.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    told = 'count by (alertname) (ALERTS{job=~"$job",alertname!="PacewatchTwoLeaders"})'

    def differs() -> list[str]:
        now = time.time()
        asked = [*(f'{name}{{job=~"$job"}}' for name in recorded), told]
        found = {expr: [scraped.of(expr, job, now) for job in (ONE, TWO, BOTH)] for expr in asked}
        return [f"{expr}: {has}" for expr, has in found.items() if not all(same(has[0], one) for one in has)]

    until(lambda: not differs(), f"rules to come to the same: {differs()}")
    assert scraped.of('campaign:pacewatch_money_at_risk:max{job=~"$job"}', BOTH, time.time())


def test_annotations_mark_who_started_once_a_version_and_what_was_told(scraped: Scraped) -> None:
    """By Prometheus' own answers over the time that the test has run."""
    settled(scraped)
    marks = {
        a["name"]: a["expr"]
        for file in sorted(DIRECTORY.glob("*.json"))
        for a in json.loads(file.read_text())["annotations"]["list"]
    }
    past = {"Monitors that start": 2, "Workers that start": 1, "New versions": 1, "Status changes": 1}
    for name, least in past.items():
        expr = filled(marks[name], {**VARIABLES, **CHOSEN, "job": TWO, "status": "critical"})
        seen = scraped.ask(f"last_over_time(({expr})[15m:1s])")
        assert len(seen) >= least, name
    version = filled(marks["New versions"], {**VARIABLES, **CHOSEN, "job": TWO})
    until(lambda: not scraped.ask(version), "what is new to be new no more")
