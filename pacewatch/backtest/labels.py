"""A labels file: incidents that are known, so that alerts can be held against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field

from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_model import FileModel, items_of, validate
from kpis.runtime.yaml_nodes import Problems, did_you_mean, shown
from monitors.goals.all_goals import Goals
from monitors.goals.fields import CampaignId, Name, Time
from monitors.goals.scalars import epoch_ms
from monitors.goals.values import Campaign


class LabelModel(FileModel):
    """One incident."""

    campaign: CampaignId = Field(description="Whose, its id as in the goals file.")
    from_: Time = Field(alias="from", description="When it began: local time of the flight's zone, or with an offset.")
    to: Time | None = Field(None, description="The first moment after it; to the end when not given.")
    by: Time | None = Field(None, description="By when it must be told; by `to` when not given.")
    goal: Name | None = Field(None, description="The goal or watch that tells it, such as watch:conversions; any.")
    what: Name = Field(description="What it was, in a few words.")


class LabelsModel(FileModel):
    """All of them."""

    labels: Annotated[list[LabelModel], BeforeValidator(items_of)] = Field(description="The incidents.")


@dataclass(frozen=True, slots=True)
class Label:
    """One incident.

    Attributes:
        campaign: whose.
        from_ms: when it began.
        until_ms: an alert up to then is about it; None for to the end.
        by_ms: an alert up to then found it in time; None for at any time.
        what: what it was.
        timezone: of its campaign's flight.
        goal: the goal or watch whose messages are about it; empty for any of the campaign's.
    """

    campaign: str
    from_ms: int
    until_ms: int | None
    by_ms: int | None
    what: str
    timezone: str
    goal: str = ""


def load(path: Path, goals: Goals) -> tuple[Label, ...]:
    """Read a labels file: a list of incidents, YAML or JSON.

    Raises:
        InvalidFile: it cannot be read, or holds errors; all of them are in ``problems``.
    """
    problems = Problems()
    text = nodes.read(path, problems)
    root = nodes.compose(text, problems) if text is not None else None
    if root is None and not problems.found:
        problems.found.append(FileProblem(1, 1, "", "the file is empty; it needs a list of incidents"))
    whole = root if root is None or isinstance(root, yaml.MappingNode) else _wrapped(root)
    found = validate(LabelsModel, whole, problems) if whole is not None and not problems.found else None
    labels = _values(found, _places(whole), goals, problems) if found is not None and whole is not None else ()
    if problems.found:
        raise InvalidFile(f"labels file {path}", problems.found)
    return tuple(labels)


def _wrapped(root: yaml.Node) -> yaml.Node:
    """A bare list as the mapping that is checked."""
    key = yaml.ScalarNode("tag:yaml.org,2002:str", "labels", root.start_mark, root.end_mark)
    return yaml.MappingNode("tag:yaml.org,2002:map", [(key, root)], root.start_mark, root.end_mark)


def _places(whole: yaml.Node) -> list[dict[str, yaml.Node]]:
    """Where the fields of each incident stand, of a file that was found good."""
    items = dict((key.value, value) for key, value in whole.value)["labels"].value  # noqa: C402
    return [{key.value: value for key, value in item.value} for item in items]


def _values(found: LabelsModel, places: list[dict[str, yaml.Node]], goals: Goals, problems: Problems) -> list[Label]:
    known = {c.campaign: c for c in goals.all}
    labels: list[Label] = []
    for i, (model, fields) in enumerate(zip(found.labels, places, strict=True)):
        campaign, where = known.get(model.campaign), f"labels[{i}]"
        if campaign is None:
            text = (
                f"there is no campaign {shown(model.campaign)} in the goals file{did_you_mean(model.campaign, known)}"
            )
            problems.at(fields["campaign"], f"{where}.campaign", text)
            continue
        times = {
            name: _time(written, campaign, fields[name], f"{where}.{name}", problems)
            for name, written in (("from", model.from_), ("to", model.to), ("by", model.by))
            if written is not None
        }
        begin = times["from"]
        for name in ("to", "by"):
            at = times.get(name)
            if at is not None and begin is not None and at <= begin:
                problems.at(fields[name], f"{where}.{name}", f"{name} is not after from")
        to, by, zone = times.get("to"), times.get("by"), campaign.flight.timezone
        labels.append(Label(model.campaign, begin or 0, to or by, by or to, model.what, zone, model.goal or ""))
    return labels


def _time(written: datetime, campaign: Campaign, node: Any, where: str, problems: Problems) -> int | None:
    try:
        return epoch_ms(written, ZoneInfo(campaign.flight.timezone))
    except ValueError as e:
        problems.at(node, where, str(e))
        return None
