"""The goals file: reads all of it, notes every error, and only then gives up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_nodes import Problems
from monitors.goals.flight import read_flight
from monitors.goals.goal import read_goal
from monitors.goals.values import Campaign, Flight, Goal, Goals

MAX_ID_BYTES = 200
MAX_NAME = 150


class InvalidGoals(InvalidFile):
    """A goals file cannot be used."""

    def __init__(self, name: str, problems: Sequence[FileProblem]) -> None:
        super().__init__(f"goals file {name}", problems, ": pacewatch goals check lists them")


def load(path: Path | str) -> Goals:
    """Read a goals file.

    Raises:
        InvalidGoals: it cannot be read, or holds errors; all of them are in ``problems``.
    """
    file, problems = Path(path), Problems()
    text = nodes.read(file, problems)
    if text is None:
        raise InvalidGoals(file.name, problems.found)
    return parse(text, file.name)


def parse(text: str, name: str) -> Goals:
    """Read the text of a goals file; ``name`` is for errors.

    Raises:
        InvalidGoals: it holds errors; all of them are in ``problems``.
    """
    problems = Problems()
    root = nodes.compose(text, problems)
    campaigns: list[Campaign] = []
    if root is None and not problems.found:
        problems.found.append(FileProblem(1, 1, "", "the file is empty; it needs a list of campaigns"))
    elif root is not None:
        top = nodes.mapping(root, "", ("campaigns",), ("campaigns",), problems) or {}
        if "campaigns" in top:
            campaigns = _campaigns(top["campaigns"], problems)
    if problems.found:
        raise InvalidGoals(name, problems.found)
    return Goals(tuple(campaigns))


def _campaigns(node: yaml.Node, problems: Problems) -> list[Campaign]:
    found: list[Campaign] = []
    first: dict[str, int] = {}
    for i, item in enumerate(nodes.sequence(node, "campaigns", problems)):
        where = f"campaigns[{i}]"
        fields = nodes.mapping(
            item, where, ("campaign", "name", "account", "flight", "goals"), ("campaign", "flight", "goals"), problems
        )
        if fields is None:
            continue
        campaign = _id(fields["campaign"], f"{where}.campaign", problems) if "campaign" in fields else None
        name = _name(fields["name"], f"{where}.name", problems) if "name" in fields else campaign
        account = _name(fields["account"], f"{where}.account", problems) if "account" in fields else ""
        flight = read_flight(fields["flight"], f"{where}.flight", problems) if "flight" in fields else None
        goals = _goals(fields["goals"], f"{where}.goals", problems) if "goals" in fields else ()
        if campaign is not None and campaign in first:
            text = f"campaign {nodes.shown(campaign)} is already at line {first[campaign]}; give all its goals there"
            problems.at(fields["campaign"], f"{where}.campaign", text)
        elif campaign is not None:
            first[campaign] = fields["campaign"].start_mark.line + 1
        flight = flight or Flight(0, 1, "UTC")
        found.append(Campaign(campaign or "", name or campaign or "", flight, goals, account or ""))
    return found


def _goals(node: yaml.Node, where: str, problems: Problems) -> tuple[Goal, ...]:
    found: dict[str, Goal] = {}
    for i, item in enumerate(nodes.sequence(node, where, problems)):
        goal = read_goal(item, f"{where}[{i}]", problems)
        if goal is not None and goal.id in found:
            problems.at(item, f"{where}[{i}]", f"the goal {goal.id} is given twice for this campaign")
        elif goal is not None:
            found[goal.id] = goal
    return tuple(found.values())


def _id(node: yaml.Node, where: str, problems: Problems) -> str | None:
    text = nodes.scalar(node, where, problems)
    if text is not None and len(text.encode()) > MAX_ID_BYTES:
        problems.at(node, where, f"is longer than {MAX_ID_BYTES} bytes")
        return None
    return text


def _name(node: yaml.Node, where: str, problems: Problems) -> str | None:
    text = nodes.scalar(node, where, problems)
    if text is not None and len(text) > MAX_NAME:
        problems.at(node, where, f"is longer than {MAX_NAME} characters")
        return None
    return text
