"""A goals file whose flights are moved in time: the file's own text, with new flight times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from kpis.runtime.errors import Misconfigured
from kpis.times import DAY_MS
from monitors import goals
from pacewatch.catalogue_named import catalogue

Fields = dict[str, yaml.Node]
Edits = dict[tuple[int, int], str]


def write(source: Path, target: Path, by_ms: int) -> None:
    """Write ``source`` to ``target`` with every flight, experiment, mute and milestone ``by_ms`` milliseconds later.

    Dates of curves move by whole days. Everything else, comments included, stays as it is. Times are written with
    their offset, to the second.

    Raises:
        InvalidGoals: the source is no valid goals file.
        Misconfigured: the target is the source, or cannot be written.
    """
    found = goals.load(source, catalogue())
    if target.exists() and target.samefile(source):
        raise Misconfigured("--shifted-goals", "it is the goals file itself", "name another file")
    text = source.read_text(encoding="utf-8-sig")
    root = _fields(yaml.compose(text, Loader=yaml.SafeLoader))
    edits = _edits(root, found, by_ms)
    for (start, end), new in sorted(edits.items(), reverse=True):
        text = text[:start] + new + text[end:]
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as e:
        raise Misconfigured("--shifted-goals", f"{target} cannot be written: {e.strerror}") from None


def _edits(root: Fields, found: goals.Goals, by_ms: int) -> Edits:
    """What is written where: every time, and every date."""
    edits: Edits = {}
    times = [
        (at, ms, campaign.flight.timezone) for of, campaign in _written(root, found) for at, ms in _times(of, campaign)
    ]
    for node, one in zip(_items(root.get("experiments")), found.experiments, strict=True):
        begins_and_ends = (("start", one.start_ms), ("end", one.end_ms))
        times += [(_fields(node)[field], ms, one.timezone) for field, ms in begins_and_ends if ms is not None]
    for at, at_ms, timezone in times:
        moved = datetime.fromtimestamp((at_ms + by_ms) // 1000, ZoneInfo(timezone)).isoformat()
        # Quoted, so that it is text to every YAML reader whatever its style was before.
        edits[at.start_mark.index, at.end_mark.index] = f'"{moved}"'
    holders = [fields for fields, _ in _written(root, found)]
    holders += [_fields(node) for node in _fields(root.get("accounts")).values()]
    for at in (day for fields in holders for day in _dates(fields)):
        moved_date = date.fromisoformat(at.value) + timedelta(days=round(by_ms / DAY_MS))
        edits[at.start_mark.index, at.end_mark.index] = f'"{moved_date}"'
    return edits


def _written(root: Fields, found: goals.Goals) -> Iterator[tuple[Fields, goals.Campaign]]:
    """What is written of each campaign and parent."""
    yield from zip(map(_fields, root["campaigns"].value), found.campaigns, strict=True)
    accounts = _fields(root.get("accounts"))
    breakdowns = iter(_items(root.get("breakdowns")))
    for parent in found.parents:
        account = _fields(accounts.get(parent.account))
        if parent.scope.is_breakdown:
            yield _fields(next(breakdowns)), parent
        else:
            yield _fields(root["portfolio"] if parent.scope is goals.Scope.PORTFOLIO else account["together"]), parent


def _times(fields: Fields, campaign: goals.Campaign) -> Iterator[tuple[yaml.Node, int]]:
    """Where the times of a campaign stand, and what they are; a parent's flight may not be written."""
    if "flight" in fields:
        flight = _fields(fields["flight"])
        yield flight["start"], campaign.flight.start_ms
        yield flight["end"], campaign.flight.end_ms
    for node, mute in zip(_items(fields.get("mutes")), campaign.mutes, strict=True):
        yield _fields(node)["from"], mute.from_ms
        yield _fields(node)["to"], mute.until_ms
    for node, milestone in zip(_items(fields.get("milestones")), campaign.milestones, strict=True):
        if milestone.at_ms is not None:
            yield node, milestone.at_ms


def _dates(fields: Fields) -> Iterator[yaml.Node]:
    """The dates of the curves of a campaign, an account or a parent."""
    for goal in _items(fields.get("goals")):
        dates = _fields(_fields(goal).get("curve")).get("dates")
        yield from (key for key, _ in dates.value) if isinstance(dates, yaml.MappingNode) else ()


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _fields(node: yaml.Node | None) -> Fields:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
