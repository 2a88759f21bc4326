"""The dashboards: fresh, of the SDK's schema, of metrics that exist, and explained."""

from __future__ import annotations

import json
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


def test_every_status_of_a_goal_has_a_colour_and_a_word() -> None:
    """A new one would be drawn as nothing."""
    assert set(CODES) == set(Status)


def test_provisioning_finds_the_dashboards_and_the_data_source() -> None:
    """As docker compose mounts them."""
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "pacewatch.yml").read_text())["providers"]
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
