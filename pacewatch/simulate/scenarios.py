"""The scenarios: steady load, and a launch day with everything that goes wrong on one."""

from __future__ import annotations

from datetime import UTC, datetime

from kpis.times import HOUR_MS
from kpis.units import MICROS
from pacewatch.simulate.traffic import Traffic, TrafficChange

CHANNELS = (("search", 4.0), ("social", 3.0), ("display", 2.0), ("video", 1.0))
BUDGET = 5400
"""The budget of every campaign of the launch day, in units of the base currency."""
OPENS_MS, CLOSES_MS = 6 * HOUR_MS, 24 * HOUR_MS
"""Between which hours of the launch day campaigns are served."""
BREAKS_MS, DROPS_MS = 9 * HOUR_MS, 14 * HOUR_MS
"""When the tracking of conversions breaks, and when a click-through rate drops."""
STARTS_MS, SERVES_MS = 18 * HOUR_MS, 21 * HOUR_MS
"""When the late campaign of the launch day is to start, and when it is served at last."""
_EVERY_MS = 30_000
_BATCH = 280
_CTR, _CVR = 0.015, 0.1
_SPEND_EVERY = 10
_STEADY_CTR, _STEADY_CVR, _STEADY_COST = 0.02, 0.05, 5_000
_EVENTS_PER_IMPRESSION = 1 + 1 / _SPEND_EVERY + _STEADY_CTR * (1 + _STEADY_CVR)

_NAMES = {
    "brand-search": "Brand search",
    "spring-sale": "Spring sale",
    "app-install": "App install",
    "shop-retarget": "Shop retargeting",
    "video-launch": "Video launch",
    "evening-drop": "Evening drop",
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
    """Six campaigns of the day from ``day_ms`` (a UTC midnight) on: see :func:`mishaps`.

    Traffic is even over the hours in which they are served, as the curve of their goals says.
    """
    opens_ms, end_ms = day_ms + OPENS_MS, day_ms + CLOSES_MS

    def load(
        campaign: str, spend: float = 1.0, start_ms: int = opens_ms, change: TrafficChange | None = None
    ) -> Traffic:
        cost = int(BUDGET * MICROS * spend * _EVERY_MS / (CLOSES_MS - OPENS_MS))
        return Traffic(
            campaign, start_ms, end_ms, _EVERY_MS, _BATCH, _CTR, _CVR, cost, channels=CHANNELS, change=change
        )

    # What is served later has as much to spend in less time.
    hurry = (CLOSES_MS - STARTS_MS) / (CLOSES_MS - SERVES_MS)
    return [
        load("brand-search"),
        load("spring-sale", spend=0.5),
        load("app-install", spend=1.7),
        load("shop-retarget", change=TrafficChange(day_ms + BREAKS_MS, cvr=0.0)),
        load("video-launch", change=TrafficChange(day_ms + DROPS_MS, ctr=0.35)),
        load("evening-drop", spend=hurry, start_ms=day_ms + SERVES_MS),
    ]


def mishaps(day_ms: int) -> list[tuple[int, str]]:
    """What goes wrong with single campaigns of the launch day, in words, by the time at which it does."""
    told = (
        (OPENS_MS, f"{_NAMES['spring-sale']} buys half of what is planned, {_NAMES['app-install']} 70% more"),
        (BREAKS_MS, f"conversion tracking of {_NAMES['shop-retarget']} breaks"),
        (DROPS_MS, f"the CTR of {_NAMES['video-launch']} falls to a third"),
        (STARTS_MS, f"{_NAMES['evening-drop']} should start now, and is not served"),
        (SERVES_MS, f"{_NAMES['evening-drop']} is served at last"),
    )
    return [(day_ms + at_ms, words) for at_ms, words in told]


def launch_goals(day_ms: int) -> str:
    """The goals file of :func:`launch_day`, YAML."""
    lines = ["campaigns:"]
    for load in launch_day(day_ms):
        # Flights end as the traffic does; what is served too late should have been served from its start on.
        start_ms = STARTS_MS if load.start_ms > day_ms + OPENS_MS else OPENS_MS
        target = BUDGET * (CLOSES_MS - start_ms) // (CLOSES_MS - OPENS_MS)
        lines += [
            f"  - campaign: {load.campaign}",
            f"    name: {_NAMES[load.campaign]}",
            f'    flight: {{start: "{_time(day_ms + start_ms)}", end: "{_time(day_ms + CLOSES_MS)}", timezone: UTC}}',
            "    goals:",
            f'      - {{total: spend, target: {target}, curve: {{hours: "06:00-24:00"}}}}',
            f"      - {{ratio: ctr, at_least: {_CTR * 0.75:g}, window: 1h}}",
            f"      - {{ratio: cvr, at_least: {_CVR * 0.5:g}, window: 1h}}",
        ]
    return "\n".join(lines) + "\n"


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
