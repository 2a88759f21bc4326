"""Rules and runbooks: one for each, of the same severity, with panels, commands, metrics and settings that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from grafana.build import DIRECTORY
from monitors.runbooks import PATH, runbook
from monitors.settings import MonitorSettings
from pacewatch.cli import app
from tests.contract.monitors.test_prometheus import exported, named_in
from tests.unit.grafana.test_dashboards import panels

ROOT = Path(__file__).parents[3]
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(RUNBOOKS.glob("Pacewatch*.md"))
FILES = sorted((ROOT / "prometheus").glob("*/*.rules.yml"))
HEADS = ["What it means", "How to see it", "What to do", "When it ends"]
MONITOR, GRAFANA = "http://127.0.0.1:9600", "http://127.0.0.1:3000"
"""The only addresses of links, so that one replacement each makes them those of a deployment."""
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def alerts() -> dict[str, dict[str, Any]]:
    """Every alert rule there is, by its name, those that are optional too."""
    groups = (group for file in FILES for group in yaml.safe_load(file.read_text())["groups"])
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def commands(found: Any = None, before: str = "") -> set[str]:
    """The commands of ``pacewatch``, such as ``doctor`` and ``goals check``."""
    known: set[str] = set()
    group: Any = found or typer.main.get_command(app)
    for name, one in group.commands.items():
        known |= commands(one, f"{name} ") if hasattr(one, "commands") else {before + name}
    return known


def test_every_rule_has_its_runbook_and_every_runbook_its_rule() -> None:
    assert len(alerts()) > 25
    assert {page.stem for page in PAGES} == set(alerts())
    listed = re.findall(r"\]\((\w+)\.md\)", (RUNBOOKS / "README.md").read_text())
    assert sorted(listed) == sorted(alerts())


@pytest.mark.parametrize("name", sorted(alerts()))
def test_a_rule_says_what_is_wrong_how_bad_it_is_and_where_to_read_on(name: str) -> None:
    """Its runbook, where the monitor serves it and the repository has it; a dashboard that there is."""
    rule = alerts()[name]
    said = rule["annotations"]
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert said["summary"].removesuffix("{{ end }}").endswith(".")
    assert said["description"].endswith(".")
    assert said["runbook_url"] == f"{MONITOR}{PATH.format(page=f'{name}.md')}"
    uids = {json.loads(file.read_text())["uid"] for file in DIRECTORY.glob("*.json")}
    base, uid = re.match(r"(http://[^/]+)/d/([\w-]+)", said["dashboard"]).groups()  # type: ignore[union-attr]
    assert (base, uid in uids) == (GRAFANA, True)


@EACH
def test_a_runbook_has_its_four_parts_and_the_severity_of_its_rule(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.stem}\n\nSeverity: {alerts()[page.stem]['labels']['severity']}.\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADS
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    assert all(len(part.split()) >= 2 for part in parts)
    assert max(len(line) for line in text.splitlines()) <= 120, "it is read as it stands"


@EACH
def test_what_a_runbook_has_people_look_at_exists(page: Path) -> None:
    """Panels, metrics, other alerts, files, settings."""
    text = " ".join(page.read_text().split())
    for board, some in re.findall(r'(Pipeline|Launch) dashboard[^"`]*?, panels? ((?:"[^"]+"[^".;]*)+)', text):
        titles = {panel["title"] for panel in panels(json.loads((DIRECTORY / f"{board.lower()}.json").read_text()))}
        assert set(re.findall(r'"([^"]+)"', some)) <= titles
    assert named_in(text) <= exported() | {"pacewatch_pace_projected"}
    assert set(re.findall(r"\bPacewatch[A-Z]\w+", text)) <= set(alerts())
    assert all((ROOT / name).exists() for name in re.findall(r"`((?:docs|prometheus)/[\w./]+)`", text))
    settings = {f"PACEWATCH_{name.upper()}" for name in MonitorSettings.model_fields}
    assert set(re.findall(r"\bPACEWATCH_\w+", text)) <= settings


@EACH
def test_every_command_in_a_runbook_is_one(page: Path) -> None:
    for command in re.findall(r"(?:^ {6}|`)pacewatch ([a-z]+(?: [a-z]+)?)", page.read_text(), re.MULTILINE):
        assert {command, command.split()[0]} & commands()


def test_panels_are_named_in_the_form_that_the_tests_look_for() -> None:
    """Most runbooks name some; a form that is not found would be looked at by nobody."""
    named = [page for page in PAGES if re.search(r'dashboard[^"`]*?, panels? "', " ".join(page.read_text().split()))]
    assert len(named) >= 20


def test_a_monitor_serves_the_pages_and_nothing_else() -> None:
    assert runbook("PacewatchWorkerDown.md") == (RUNBOOKS / "PacewatchWorkerDown.md").read_text()
    for name in ("Nothing.md", "../security.md", "..%2Fsecurity.md", "PacewatchWorkerDown", "", "/etc/passwd", ".md"):
        assert runbook(name) is None
