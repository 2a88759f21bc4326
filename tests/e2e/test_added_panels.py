"""What a catalogue adds, in a real Prometheus: the variables of the dashboards list it, and its panels draw it."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from grafana.build import DIRECTORY
from tests.conftest import need
from tests.contract.monitors.test_catalogue_follow import DOCUMENT, HEAD, environment, monitor, seeded
from tests.kit.processes import Program, free_ports
from tests.kit.processes import until as awaited
from tests.kit.redis_server import redis_server
from tests.kit.wide_seed import CATALOGUE, WideSeed, catalogue
from tests.unit.grafana.test_dashboards import panels

CHOSEN = {
    "campaign": "c1", "window": "1h", "dimension": "channel", "kpi": "cost_per_visit", "measure": "visits",
    "job": ".+", "instance": ".+", "account": ".*", "goal": "spend", "__rate_interval": "20s", "experiment": "hero",
}  # fmt: skip


def filled(expr: str) -> str:
    """A query as Grafana sends it: what is no variable, as a group of a match, stays as it is."""
    return re.sub(r"\$\{?(\w+)\}?", lambda m: m[0] if m[1].isdigit() else CHOSEN[m[1]], expr)


class Asked:
    """A Prometheus that scrapes one monitor."""

    def __init__(self, directory: Path, monitor_at: str) -> None:
        (self.port,) = free_ports(1)
        config = directory / "prometheus.yml"
        target = monitor_at.removeprefix("http://")
        jobs = f"[{{job_name: pacewatch, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]"
        config.write_text(f"scrape_configs: {jobs}\n")
        at = f"--web.listen-address=127.0.0.1:{self.port}"
        argv = [need("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={directory}/tsdb", at]
        self.program = Program(argv, directory / "prometheus.log")

    def ask(self, path: str, **query: str) -> Any:
        """What it answers; nothing while it starts."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return json.load(reply)["data"]
        except OSError:
            return {"result": []}


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


def test_added_kpis_and_measures_list_themselves_and_are_drawn(port: int, tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "goals.yml").write_text(HEAD)
        (tmp_path / "catalogue.yml").write_text(CATALOGUE)
        env = environment(port, tmp_path) | {"PACEWATCH_EXPORT_BREAKDOWNS": "true"}
        async with Redis(port=port) as redis:
            await seeded(redis)
            seed = WideSeed(redis, catalogue())
            for channel, visits in (("search", 10), ("social", 30)):
                parts = dict.fromkeys(("1h", "total"), DOCUMENT | {"visits": visits})
                await seed.document(0, f"c1|channel={channel}", parts)
            async with monitor(env, tmp_path / "log") as base:
                found = Asked(tmp_path, base)
                try:
                    await asyncio.to_thread(check, found)
                finally:
                    found.program.stop()

    asyncio.run(run())


def check(found: Asked) -> None:
    """Ask what the dashboards ask."""
    awaited(lambda: bool(found.ask("query", query="pacewatch_breakdown_kpi")["result"]), "a scrape")
    listed: dict[tuple[str, str], set[str]] = {}
    drawn: dict[tuple[str, str], dict[str, float]] = {}
    units: set[tuple[str, str]] = set()
    for file in sorted(DIRECTORY.glob("*.json")):
        board = json.loads(file.read_text())
        for variable in board["templating"]["list"]:
            if variable["name"] in {"kpi", "measure"}:
                known = re.fullmatch(r"label_values\((.+), (\w+)\)", filled(variable["query"]["query"]))
                assert known
                series = found.ask("series", **{"match[]": known[1]})
                listed[file.stem, variable["name"]] = {one[known[2]] for one in series}
        for panel in panels(board):
            if panel["title"].startswith("Added"):
                shown, *unit = panel["targets"]
                result = found.ask("query", query=filled(shown["expr"]))["result"]
                name = "breakdown" if file.stem == "compare" else "kpi" if "KPI" in panel["title"] else "measure"
                values = {one["metric"][name]: float(one["value"][1]) for one in result}
                drawn[file.stem, panel["title"]] = values
                units |= {
                    (panel["title"], one["metric"]["unit"])
                    for target in unit
                    for one in found.ask("query", query=filled(target["expr"]))["result"]
                }
    kpis = {"cost_per_visit", "visit_rate", "roi", "per_hour"}
    assert listed["compare", "kpi"] == kpis, "frequency has no value for parts: nobody counts their people"
    assert listed["launch", "kpi"] == listed["portfolio", "kpi"] == kpis | {"frequency"}
    assert listed["compare", "measure"] == {"visits", "hours"}
    whole = {kind: drawn.pop(("launch", f"Added {kind}")) for kind in ("KPIs", "measures")}
    assert whole["KPIs"].keys() == kpis | {"frequency"}, "all of them, whatever is chosen"
    assert (whole["KPIs"]["cost_per_visit"], whole["measures"]["visits"]) == (0.5, 40.0)
    assert drawn == {
        ("compare", "Added KPI: $kpi"): {"channel=search": 2.0, "channel=social": pytest.approx(2 / 3)},
        ("compare", "Added measure: $measure"): {"channel=search": 10.0, "channel=social": 30.0},
        ("launch", "Added KPI: $kpi"): {"cost_per_visit": 0.5},
        ("launch", "Added measure: $measure"): {"visits": 40.0},
        ("portfolio", "Added KPI: $kpi"): {"cost_per_visit": 0.5},
    }
    assert units == {("Added KPI: $kpi", "currency:EUR "), ("Added measure: $measure", "short")}
