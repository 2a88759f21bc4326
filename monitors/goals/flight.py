"""The flight of a campaign in a goals file."""

from __future__ import annotations

import yaml

from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.yaml_nodes import Problems
from kpis.times import DAY_MS
from monitors.goals.scalars import moment, zone
from monitors.goals.values import Flight

MAX_DAYS = 400


def read_flight(node: yaml.Node, where: str, problems: Problems) -> Flight | None:
    """The flight that a node describes; None, and noted, when it describes none."""
    fields = nodes.mapping(node, where, ("start", "end", "timezone"), ("start", "end"), problems)
    if fields is None:
        return None
    given = "timezone" in fields
    local = zone(fields["timezone"], f"{where}.timezone", problems) if given else None
    if given and local is None:
        # The times cannot be judged without their zone: one error is enough.
        return None
    start = moment(fields["start"], f"{where}.start", local, problems) if "start" in fields else None
    end = moment(fields["end"], f"{where}.end", local, problems) if "end" in fields else None
    if start is None or end is None:
        return None
    if end <= start:
        problems.at(fields["end"], f"{where}.end", "end is not after start")
        return None
    if end - start > MAX_DAYS * DAY_MS:
        problems.at(fields["end"], f"{where}.end", f"a flight is at most {MAX_DAYS} days long")
        return None
    return Flight(start, end, local.key if local else "UTC")
