"""The recorded week that lies beside the project where it is developed, and what is known of it."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import leave_out

_ROOT = Path(__file__).parents[2]
GOLDEN = _ROOT / "tests" / "golden"
GOALS = GOLDEN / "week.goals.yml"
LABELS = GOLDEN / "week.labels.yml"
UNTIL = "2013-06-13T00:01:00+08:00"
"""A look after the end of all flights: the final judgement."""


def recorded_week() -> Path:
    """Its events; the calling test is left out where they are not."""
    found = _ROOT.parent / "shared" / "data" / "ipinyou-2013-s2" / "events.ndjson.gz"
    if not found.exists():
        leave_out("the recorded logs are not beside the project")
    return found
