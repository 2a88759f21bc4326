"""What ad platforms may spend beyond a daily budget, by their own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """How a platform keeps a daily budget.

    Attributes:
        label: the platform's name for people.
        daily: the most it spends on one day, as a multiple of the daily budget.
        period: over which it makes up for that.
        days: how many daily budgets it spends in that period at most; 0 is as many as the period has days.
        source: where it says so.
        checked: when that was last read.
    """

    label: str
    daily: float
    period: str
    days: float
    source: str
    checked: str


PLATFORMS: Mapping[str, PlatformRule] = {
    "google": PlatformRule(
        label="Google Ads",
        daily=2.0,
        period="month",
        days=30.4,
        source="Google Ads Help, average daily budgets and spending limits: twice the average daily budget for most "
        "campaigns, 30.4 times in a month",
        checked="2026-11-28",
    ),
    "microsoft": PlatformRule(
        label="Microsoft Advertising",
        daily=2.0,
        period="month",
        days=0,
        source="Microsoft Advertising Help, reaching the daily budget limit: a target, usually exceeded by less than "
        "100 %; the month's limit is the daily budget times its days",
        checked="2026-11-28",
    ),
    "meta": PlatformRule(
        label="Meta",
        daily=1.75,
        period="week",
        days=7,
        source="Meta Business Help Center, daily budgets, as quoted by partners: up to 75 % more on a day, seven daily "
        "budgets in a week from Sunday to Saturday; its Marketing API guide of 2025-11 still says 25 %",
        checked="2026-11-28",
    ),
}
"""The platforms that a goals file may name."""
