"""The scenarios: steady load, and a launch day with everything that goes wrong on one."""

from __future__ import annotations

from datetime import UTC, datetime

from kpis.times import DAY_MS
from kpis.units import MICROS
from pacewatch.simulate.traffic import Traffic, TrafficChange

CHANNELS = (("search", 4.0), ("social", 3.0), ("display", 2.0), ("video", 1.0))
BUDGET = 4800
"""The budget of every campaign of the launch day, in units of the base currency."""
STARTS_AT = 0.6
"""When the late campaign of the launch day starts, as a part of the day."""
_EVERY_MS = 30_000
_BATCH = 140
_CTR, _CVR = 0.015, 0.06
_SPEND_EVERY = 10
_STEADY_CTR, _STEADY_CVR, _STEADY_COST = 0.02, 0.05, 5_000
_EVENTS_PER_IMPRESSION = 1 + 1 / _SPEND_EVERY + _STEADY_CTR * (1 + _STEADY_CVR)

_NAMES = {
    "brand-search": "Brand search (on pace)",
    "spring-sale": "Spring sale (spends too little)",
    "app-install": "App install (spends too much)",
    "shop-retarget": "Shop retargeting (conversion tracking breaks)",
    "video-launch": "Video launch (CTR drops)",
    "evening-drop": "Evening drop (starts later)",
}


def steady(campaigns: int, rate: float, start_ms: int) -> list[Traffic]:
    """Even traffic of equal campaigns that never stops.

    Args:
        campaigns: how many.
        rate: events of all types per second, all campaigns together, on average.
        start_ms: the first event, epoch milliseconds.
    """
    every_ms = 1000 * campaigns * _EVENTS_PER_IMPRESSION / rate
    return [
        Traffic(
            campaign=f"sim-{i}",
            # Spread over one interval: together they make an even stream.
            start_ms=start_ms + int(every_ms * i / campaigns),
            end_ms=None,
            every_ms=every_ms,
            batch=1,
            ctr=_STEADY_CTR,
            cvr=_STEADY_CVR,
            cost_micros=_STEADY_COST,
            spend_every=_SPEND_EVERY,
            channels=CHANNELS,
        )
        for i in range(campaigns)
    ]


def launch_day(day_ms: int) -> list[Traffic]:
    """Six campaigns from ``day_ms`` (a UTC midnight) on, for a day: see their names in :func:`launch_goals`.

    Traffic is even over the day, so the even curve is the right one to judge it by.
    """
    end = day_ms + DAY_MS

    def load(campaign: str, spend: float = 1.0, start_ms: int = day_ms, change: TrafficChange | None = None) -> Traffic:
        cost = int(BUDGET * MICROS * spend * _EVERY_MS / DAY_MS)
        return Traffic(campaign, start_ms, end, _EVERY_MS, _BATCH, _CTR, _CVR, cost, channels=CHANNELS, change=change)

    return [
        load("brand-search"),
        load("spring-sale", spend=0.65),
        load("app-install", spend=1.4),
        load("shop-retarget", change=TrafficChange(day_ms + int(DAY_MS * 0.5), cvr=0.0)),
        load("video-launch", change=TrafficChange(day_ms + int(DAY_MS * 0.4), ctr=0.35)),
        load("evening-drop", start_ms=day_ms + int(DAY_MS * STARTS_AT)),
    ]


def launch_goals(day_ms: int) -> str:
    """The goals file of :func:`launch_day`, YAML."""
    lines, end_ms = ["campaigns:"], day_ms + DAY_MS
    for load in launch_day(day_ms):
        start, end = _time(load.start_ms), _time(end_ms)
        # What starts later has so much less to spend: the flights end as the traffic does.
        target = BUDGET * (end_ms - load.start_ms) // DAY_MS
        lines += [
            f"  - campaign: {load.campaign}",
            f"    name: {_NAMES[load.campaign]}",
            f'    flight: {{start: "{start}", end: "{end}", timezone: UTC}}',
            "    goals:",
            f"      - {{total: spend, target: {target}}}",
            f"      - {{ratio: ctr, at_least: {_CTR * 0.75:g}, window: 1h}}",
            f"      - {{ratio: cvr, at_least: {_CVR * 0.5:g}, window: 1h}}",
        ]
    return "\n".join(lines) + "\n"


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
