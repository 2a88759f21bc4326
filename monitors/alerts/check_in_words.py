"""What a check-in says, in words: a headline and a line for each goal. Pure; every notifier dresses the same ones."""

from __future__ import annotations

from kpis.units import close_amounts
from monitors.alerts.check_in import CheckIn, Standing
from monitors.alerts.sentences import shown_name, whose
from monitors.pacing.verdict import Status
from monitors.words.wording import LOOK, REASONS, stands


def check_in_headline(check_in: CheckIn) -> str:
    """One line: ``Spring launch, 50% of its flight: 2 of 3 goals on pace``."""
    count = len(check_in.standings)
    good = sum(standing.status is Status.ON_PACE for standing in check_in.standings)
    said = f"{good} of {count} goals on pace" if count != 1 else f"its goal {stands(_only(check_in))}"
    return f"{shown_name(check_in.name)}, {_when(check_in)}: {said}"


def check_in_lines(check_in: CheckIn) -> list[str]:
    """A line for each goal, and one that says when: amounts with their units."""
    lines = [_line(standing, check_in.currency) for standing in check_in.standings]
    return [*lines, f"{' '.join(whose(check_in))}, as of {check_in.time(check_in.as_of_ms)}"]


def _when(check_in: CheckIn) -> str:
    if check_in.fraction is None:
        return check_in.time(check_in.milestone_ms)
    return f"{check_in.fraction * 100:.3g}% of its flight"


def _only(check_in: CheckIn) -> Status:
    return check_in.standings[0].status


def _line(standing: Standing, currency: str) -> str:
    look, missed = LOOK[standing.status], standing.status.is_miss
    side = f" ({standing.direction})" if missed and standing.direction else ""
    said = f"{look.mark} {standing.label}: {look.word}{side}"
    if standing.actual is None or standing.expected is None:
        return f"{said}, {REASONS.get(standing.reason, standing.reason)}"
    beside = (standing.actual, standing.expected, standing.target, standing.projected)
    actual, expected, target, projected = close_amounts(beside, standing.unit, currency)
    if standing.target == standing.expected:
        return f"{said}, {actual}, bound {target}"
    said += f", {actual} where {expected} is expected"
    if standing.projected is not None and standing.target:
        said += f"; projection {projected} of {target}"
    return said
