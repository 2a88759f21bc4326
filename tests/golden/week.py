"""The alerts of the recorded week, as the backtest tells them and as they are kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from tests.kit.recorded import GOALS, GOLDEN, LABELS, UNTIL, recorded_week

ALERTS = GOLDEN / "week.alerts.ndjson"
KEPT = ("at", "campaign", "goal", "change", "status", "reason")
"""Amounts are left out: they say nothing of what people are told, and change with every rounding."""


def told() -> list[dict[str, Any]]:
    """What ``pacewatch backtest --json`` prints: messages, then the summary."""
    files = ["--goals", str(GOALS), "--labels", str(LABELS), "--data", str(recorded_week())]
    command = [sys.executable, "-m", "pacewatch", "backtest", *files, "--to", UNTIL, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_text(lines: Iterable[dict[str, Any]]) -> str:
    """The part of it that is kept, a line each."""
    return "".join(f"{json.dumps(kept(line))}\n" for line in lines)


def kept(line: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a message, or of the summary: how many, and which labels were told when."""
    if "summary" not in line:
        return {name: line[name] for name in KEPT}
    summary = line["summary"]
    labels = [{name: one[name] for name in ("campaign", "what", "told", "reason")} for one in summary["labels"]]
    names = ("messages", "wrong", "events", "repeats", "refused")
    return {"summary": {name: summary[name] for name in names} | {"labels": labels}}
