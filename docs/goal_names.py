"""What goals are called: examples, each as a goals file has it, made by the code that reads one."""

from __future__ import annotations

from collections.abc import Iterator

from monitors.goals.file import parse
from monitors.goals.subject import WATCHES

ABOUT = (
    "Within its campaign each goal has a name: the label `goal` of metrics and of Alertmanager, `goal.id` of a "
    "webhook, the `GOAL` of `pacewatch alerts`. A watch, which nobody writes into the file, is `watch:` and what it "
    "watches. Another bound or window makes another goal; another target does not."
)
HEADS = ("in the file", "name", "in messages")
_WRITTEN = (
    "{total: spend, target: 5000}",
    "{total: clicks, target: 90, per: day}",
    "{ratio: ctr, at_least: 0.02, window: 5m}",
    "{ratio: cpa, at_most: 20, window: 24h}",
)
_FILE = """\
campaigns:
  - campaign: c
    flight: {{start: 2026-01-01, end: 2026-02-01, timezone: UTC}}
    goals:
{}
"""


def rows() -> Iterator[tuple[str, str, str]]:
    """A goal as it is written, its name, and what it is called in messages; then a watch."""
    found = parse(_FILE.format("\n".join(f"      - {one}" for one in _WRITTEN)), "example")
    for written, (_, goal) in zip(_WRITTEN, found, strict=True):
        yield f"`{written}`", f"`{goal.id}`", goal.label
    yield "", f"`{WATCHES[0].id}`", WATCHES[0].label
