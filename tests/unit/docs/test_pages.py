"""The documents: generated pages are fresh, links lead somewhere, and files that are named exist."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from docs import goal_names
from docs.build import main
from kpis.times import MINUTE_MS
from monitors import goals
from monitors.pacing.verdict import Reason
from pacewatch.goals.overview import lines, shares

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"])
EXAMPLES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples").glob("*.yml"))
SCHEMA = json.loads((ROOT / "docs" / "goals.schema.json").read_text())

UNSAID = (
    Reason.FLIGHT_CLOSED, Reason.NOT_STARTED, Reason.NO_CLOCK, Reason.NO_WINDOW, Reason.NO_VALUE, Reason.HISTORY_GONE,
    Reason.NOTHING_DUE,
)  # fmt: skip
"""Reasons whose own words say all there is to know."""


def anchors(page: Path) -> set[str]:
    """What may follow ``#`` in a link to a page."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_committed_pages_are_what_the_code_makes() -> None:
    assert main(["--check"]) == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_head_in_it(page: Path) -> None:
    dead: list[str] = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        path = (page.parent / name) if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            dead.append(target)
    assert dead == []


def test_every_file_that_contributing_names_exists() -> None:
    named = re.findall(r"`([a-z_]+/[\w/.*]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_constants_of_the_rules_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| ([\d.]+)( min)? \|", (ROOT / "docs" / "pacing.md").read_text(), re.MULTILINE)
    assert len(rows) > 20
    wrong = [name for name, value, unit in rows if constant(name) != float(value) * (MINUTE_MS if unit else 1)]
    assert wrong == []


def constant(name: str) -> float:
    """What ``room.module.NAME``, or a policy's field after it, is in the code."""
    room, module, *rest = name.split(".")
    found = importlib.import_module(f"monitors.{room}.{module}")
    for part in rest:
        found = getattr(found, part)
        found = found() if isinstance(found, type) else found
    return float(found)


def test_every_reason_that_the_page_on_pacing_names_exists() -> None:
    text = (ROOT / "docs" / "pacing.md").read_text().partition("### What the reasons say")[2].partition("## For")[0]
    named = {name for row in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named <= set(Reason)
    assert {*Reason} - named <= set(UNSAID), "a reason that people meet has its line"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 110


def test_the_pictures_of_the_readme_are_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert len(pictures) == 3
    assert {name: size for name in pictures if (size := (ROOT / name).stat().st_size) > 200_000} == {}


class EditorLoader(yaml.SafeLoader):
    """Reads a date as its text, as an editor that checks a schema does."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@pytest.mark.parametrize("page", ["README.md", "docs/goals.md", *EXAMPLES])
def test_the_goals_that_are_shown_fit_the_schema(page: str) -> None:
    text = (ROOT / page).read_text()
    shown = (
        text if page.endswith("yml") else "".join(re.findall(r"^    campaigns:\n(?:    .*\n|\n)+", text, re.MULTILINE))
    )
    jsonschema.validate(yaml.load(shown, EditorLoader), SCHEMA)  # noqa: S506


@pytest.mark.parametrize("page", EXAMPLES)
def test_every_example_is_a_good_goals_file_of_which_the_table_shows_each_goal(page: str) -> None:
    found = goals.load(ROOT / page)
    assert len(lines(found, 80)) == 1 + sum(len(campaign.goals) for campaign in found.all)
    assert all(len(line) <= 80 for line in [*lines(found, 80), *shares(found, 80)])


@pytest.mark.parametrize(
    "goal",
    [
        "{total: spent, target: 5}",
        "{ratio: ctr, at_least: 0}",
        "{total: spend}",
        "{total: spend, target: 5, curve: bell}",
        "{total: spend, target: 5, curve: {hour: 08:00-22:00}}",
        "{total: spend, target: 5, curve: {weights: {mon: -1}}}",
        "{total: spend, target: 5, curve: {lag: 3}}",
        "{total: spend, target: 5, per: hour}",
        "{total: spend, target: 5, rule: never}",
        "{total: spend, target: 5, rule: threshold, for: soon}",
    ],
)
def test_an_editor_sees_what_is_wrong_with_a_goal(goal: str) -> None:
    text = f"campaigns: [{{campaign: a, flight: {{start: 2026-01-01T00:00, end: 2026-01-02T00:00}}, goals: [{goal}]}}]"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), SCHEMA)


def test_the_names_of_goals_on_the_page_of_notifiers_are_those_that_goals_have() -> None:
    page = (ROOT / "docs" / "notifiers.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith("| `goal`"))
    shown = re.findall(r"`([^`]+)`", line.partition("|")[2].partition("|")[2])
    assert shown
    assert set(shown) <= {name.strip("`") for _, name, _ in goal_names.rows()}
