"""The steps of a launch, and when each was. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kpis.measures import INDEX, Row
from kpis.times import HOUR_MS, QUARTER_MS, span_text
from monitors.board.campaign_page.detail_shapes import LaunchState, LaunchStep
from monitors.goals.values import Campaign

FIRSTS = (("impressions", "First impression"), ("clicks", "First click"), ("conversions", "First conversion"))
"""What has to come once, in this order."""


def launch_steps(
    campaign: Campaign | None, quarters: Mapping[int, Row] | None, as_of_ms: int | None
) -> tuple[LaunchStep, ...]:
    """How far a launch has come.

    Args:
        campaign: whose; None without goals, and so without a flight.
        quarters: its history since the flight began; None when it is not known.
        as_of_ms: up to when is counted.
    """
    if campaign is None:
        return ()
    flight = campaign.flight
    has_begun = as_of_ms is not None and as_of_ms >= flight.start_ms
    armed = LaunchState.DONE if has_begun else LaunchState.WAITING
    says = "the flight has begun" if has_begun else "the flight has not begun"
    steps = [LaunchStep("armed", "Armed", armed, flight.start_ms, says)]
    return (*steps, *(_first(name, label, campaign, quarters, as_of_ms) for name, label in FIRSTS))


def _first(
    name: str, label: str, campaign: Campaign, quarters: Mapping[int, Row] | None, as_of_ms: int | None
) -> LaunchStep:
    start_ms = campaign.flight.start_ms
    if as_of_ms is None or as_of_ms < start_ms:
        return LaunchStep(name, label, LaunchState.WAITING, None, "once the flight has begun")
    if quarters is None:
        return LaunchStep(name, label, LaunchState.UNKNOWN, None, "history does not reach back so far, or is not read")
    column = INDEX[name]
    first = min((at for at, row in quarters.items() if row[column] > 0), default=None)
    if first is None:
        return LaunchStep(name, label, LaunchState.WAITING, None, f"none in {_after(as_of_ms - start_ms)}")
    after_ms = max(first - start_ms, 0)
    # A flight that begins within a quarter hour has the whole of it.
    within = "in the first quarter hour" if after_ms < QUARTER_MS else f"{_after(after_ms)} after the start"
    return LaunchStep(name, label, LaunchState.DONE, max(first, start_ms), within)


def _after(ms: int) -> str:
    days, rest = divmod(ms, 24 * HOUR_MS)
    return f"{days} d {rest // HOUR_MS} h" if days else span_text(ms)
