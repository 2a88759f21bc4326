"""Pace as the monitor exports it: what the demo shows is read from ``/metrics``, as Prometheus would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

_TIMEOUT = aiohttp.ClientTimeout(total=2)
_LIMIT = 20_000_000
_STATUS = frozenset({"pacewatch_pace_status", "pacewatch_watch_status"})
_REASON = frozenset({"pacewatch_pace_reason", "pacewatch_watch_reason"})
_MISSES = frozenset({"warning", "critical"})


@dataclass(frozen=True, slots=True)
class GoalPace:
    """How one goal stands.

    Attributes:
        goal: its name within the campaign.
        status: the status it has.
        reason: why.
        ratio: actual / expected; None when there is none.
    """

    goal: str
    status: str
    reason: str
    ratio: float | None

    def __str__(self) -> str:
        """A few words: ``spend critical (outside, 0.65)``."""
        ratio = "" if self.ratio is None else f", {self.ratio:.2f}"
        return f"{self.goal} {self.status} ({self.reason}{ratio})"


def parse(text: str) -> dict[str, list[GoalPace]]:
    """The goals of each campaign, and its watches that say something is wrong, from the text of ``/metrics``."""
    status: dict[tuple[str, str], str] = {}
    reason: dict[tuple[str, str], str] = {}
    ratio: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        if not family.name.startswith(("pacewatch_pace_", "pacewatch_watch_")):
            continue
        for sample in family.samples:
            labels = sample.labels
            at = (labels.get("campaign", ""), labels.get("goal") or f"watch:{labels.get('watch', '')}")
            if sample.name == "pacewatch_pace_ratio":
                ratio[at] = sample.value
            elif sample.value == 1 and sample.name in _STATUS:
                if "goal" in labels or labels["status"] in _MISSES:
                    status[at] = labels["status"]
            elif sample.value == 1 and sample.name in _REASON:
                reason[at] = labels["reason"]
    found: dict[str, list[GoalPace]] = {}
    for at, named in status.items():
        found.setdefault(at[0], []).append(GoalPace(at[1], named, reason.get(at, ""), ratio.get(at)))
    return found


async def fetch(session: aiohttp.ClientSession, url: str) -> Mapping[str, list[GoalPace]]:
    """The pace of all goals now; empty while the monitor does not answer."""
    try:
        async with session.get(url, timeout=_TIMEOUT) as response:
            return parse((await response.content.read(_LIMIT)).decode()) if response.status == 200 else {}
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return {}
