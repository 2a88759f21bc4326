"""The dashboards: fresh, of the SDK's schema, of metrics that exist, and explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import DIRECTORY, main, rendered
from grafana.style import CODES
from monitors.pacing.verdict import Status
from tests.contract.monitors.test_prometheus import exported, named_in

ROOT = DIRECTORY.parents[1]
PROVISIONING = DIRECTORY.parent / "provisioning"
FILES = sorted(DIRECTORY.glob("*.json"))


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels but rows."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels") or ()
        else:
            yield panel


def test_the_committed_dashboards_are_what_the_code_makes() -> None:
    """No more, no fewer."""
    assert main(["--check"]) == 0
    assert set(FILES) == set(rendered())


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_dashboard_loads_into_the_schema_and_back(file: Path) -> None:
    """So Grafana understands every field."""
    found = json.loads(file.read_text())
    loaded = Dashboard.from_json(found)
    assert (loaded.uid, loaded.title) == (found["uid"], found["title"])


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_panel_says_what_it_shows(file: Path) -> None:
    """And none is repeated for each campaign: 2,000 of them would stop a browser."""
    for panel in panels(json.loads(file.read_text())):
        assert panel.get("description", "").endswith("."), panel["title"]
        assert panel["targets"]
        assert not panel.get("repeat")
        assert panel["datasource"]["uid"] == "${datasource}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_metric_that_a_dashboard_names_is_exported(file: Path) -> None:
    """In panels, variables and annotations."""
    assert named_in(file.read_text()) - {"pacewatch_dashboards"} <= exported()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_jobs_and_instances_are_selectable_and_every_query_minds_the_choice(file: Path) -> None:
    """Several of each, all at first. What rules record has no instance, because it is the same on all."""
    board = json.loads(file.read_text())
    chosen = {v["name"]: v for v in board["templating"]["list"]}
    for name in ("job", "instance"):
        assert (chosen[name]["multi"], chosen[name]["includeAll"], chosen[name]["allValue"]) == (True, True, ".+")
        assert chosen[name]["current"]["value"] == "$__all"
    for expr in (target["expr"] for panel in panels(board) for target in panel["targets"]):
        for metric, matchers in re.findall(r"(?<![\w:])((?:\w+:)?pacewatch[_:]\w+(?::\w+)*|up)\b(\{[^}]*\})?", expr):
            assert 'job=~"$job"' in matchers, expr
            assert ":" in metric or 'instance=~"$instance"' in matchers, expr


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_ranges_of_rates_follow_the_scrapes_and_the_width_of_a_graph(file: Path) -> None:
    """A fixed one is empty where Prometheus scrapes every minute, and skips spikes on a graph of a month."""
    for panel in panels(json.loads(file.read_text())):
        for target in panel["targets"]:
            assert set(re.findall(r"[})]\[([^]]*)\]", target["expr"])) <= {"$__rate_interval"}, target["expr"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_no_number_doubles_where_two_monitors_tell_it(file: Path) -> None:
    """All but what a process tells of itself is inside a largest or a least, which does not mind how many tell it."""
    once = re.compile(r"(max|min) (without \(instance, pod\)|by \([^)]*\)) \((last_over_time\(|rate\()?$|min\($")
    for panel in panels(json.loads(file.read_text())):
        for target in panel["targets"]:
            expr = target["expr"]
            for found in re.finditer(r"(?<![\w:])pacewatch_(\w+)\{", expr):
                is_own = found[1].startswith(("worker_", "monitor_leader", "notifier_attempts"))
                assert is_own or once.search(expr[: found.start()]), expr


def test_every_status_of_a_goal_has_a_colour_and_a_word() -> None:
    """A new one would be drawn as nothing."""
    assert set(CODES) == set(Status)


def test_provisioning_finds_the_dashboards_and_the_data_source() -> None:
    """As docker compose mounts them."""
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "pacewatch.yml").read_text())["providers"]
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    for config in ("prometheus", "deploy"):
        scrapes = yaml.safe_load((ROOT / config / "prometheus.yml").read_text())["global"]
        assert source["jsonData"]["timeInterval"] == scrapes["scrape_interval"], "else $__rate_interval is too short"
