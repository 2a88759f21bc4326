"""The backtest of a real week: what would have been told is what was kept, and a person reads every change of it."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from tests.golden.week import ALERTS, as_text, told


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_alerts_of_the_recorded_week_are_those_that_are_kept() -> None:
    """``python -m tests.golden`` writes them anew after the rules of alerts changed."""
    now = as_text(told())
    lines = ALERTS.read_text().splitlines(), now.splitlines()
    difference = [*unified_diff(*lines, "kept", "told now", n=0, lineterm="")]
    shown = "\n".join(difference[:60])
    more = f"\n... and {len(difference) - 60} lines more" if len(difference) > 60 else ""
    assert not difference, f"python -m tests.golden writes it anew\n{shown}{more}"
