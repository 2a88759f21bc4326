"""A goals file whose flights are moved in time: the file's own text, with new flight times."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from kpis.runtime.errors import Misconfigured
from monitors import goals


def write(source: Path, target: Path, by_ms: int) -> None:
    """Write ``source`` to ``target`` with every flight's start and end ``by_ms`` milliseconds later.

    Everything else, comments included, stays as it is. Times are written with their offset, to the second.

    Raises:
        InvalidGoals: the source is no valid goals file.
        Misconfigured: the target is the source, or cannot be written.
    """
    flights = [c.flight for c in goals.load(source).campaigns]
    if target.exists() and target.samefile(source):
        raise Misconfigured("--shifted-goals", "it is the goals file itself", "name another file")
    text = source.read_text(encoding="utf-8-sig")
    edits: dict[tuple[int, int], str] = {}
    for campaign, flight in zip(_campaigns(text), flights, strict=True):
        zone = ZoneInfo(flight.timezone)
        fields = _fields(_fields(campaign)["flight"])
        for name, at_ms in (("start", flight.start_ms), ("end", flight.end_ms)):
            node = fields[name]
            moved = datetime.fromtimestamp((at_ms + by_ms) // 1000, zone).isoformat()
            # Quoted, so that it is text to every YAML reader whatever its style was before.
            edits[node.start_mark.index, node.end_mark.index] = f'"{moved}"'
    for (start, end), new in sorted(edits.items(), reverse=True):
        text = text[:start] + new + text[end:]
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as e:
        raise Misconfigured("--shifted-goals", f"{target} cannot be written: {e.strerror}") from None


def _campaigns(text: str) -> list[yaml.Node]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return list(_fields(root)["campaigns"].value) if root is not None else []


def _fields(node: yaml.Node) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value}
