"""How throughput, CPU and memory of one worker grow with each dimension of the load, the others held fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.catchup import catch_up
from bench.kit.backlog import Backlog

BASE = Backlog(events=200_000, campaigns=200, creatives=20)
"""The point all curves go through: 200 campaigns, breakdown by channel, four partitions, nothing late."""
CAMPAIGNS = (50, 1_000, 5_000, 20_000)
BREAKDOWNS = {"none": "", "channel_creative": "channel,creative"}
PARTITIONS = (1, 16)
LATE_PER_CENT = (10, 50)


def measure(address: str, directory: Path) -> dict[str, float]:
    """Events per second, CPU microseconds per event and peak MiB at each point; ``growth_base`` is on every curve."""
    found: dict[str, float] = {}
    for name, shape, settings in points():
        caught = catch_up(address, directory / name, shape, **settings)
        found[f"growth_{name}_events_per_s"] = caught.events_per_s
        found[f"growth_{name}_us_per_event"] = caught.us_per_event
        found[f"growth_{name}_mib"] = caught.peak_mib
    return found


def points() -> Iterator[tuple[str, Backlog, dict[str, str]]]:
    """Name, load and settings of every point."""
    yield "base", BASE, {}
    for campaigns in CAMPAIGNS:
        yield f"campaigns_{campaigns}", replace(BASE, campaigns=campaigns), {}
    for name, breakdowns in BREAKDOWNS.items():
        yield f"breakdown_{name}", BASE, {"BREAKDOWNS": breakdowns}
    for partitions in PARTITIONS:
        yield f"partitions_{partitions}", BASE, {"PARTITIONS": str(partitions)}
    for per_cent in LATE_PER_CENT:
        yield f"late_{per_cent}", replace(BASE, late=per_cent / 100), {}
