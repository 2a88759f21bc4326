"""Many campaigns at once, and one that flaps: how many messages people get."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from kpis.runtime.clock import Clock, parse_clock
from kpis.times import HOUR_MS, QUARTER_MS
from monitors.alerts.alert import Alert
from monitors.alerts.outbox import STATE, TOLD
from monitors.alerts.outbox.queued import lane_key
from monitors.alerts.stored import decode_alert, decode_held
from monitors.pacing.verdict import Status
from tests.contract.monitors.test_service import QUARTERS, monitor, part_of, running
from tests.kit.monitor_fakes import MIDNIGHT, NOON, Seed, fake_slack, row, until
from tests.kit.redis_server import redis_server

MANY = 500
FAST = 900
"""An hour in four seconds."""
HOURS = 3
EVENLY, FEW = 10_000_000, 3_000_000
"""A quarter hour's spend of a day that should bring 960, and one that ends far below."""


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


def goals(directory: Path) -> Path:
    """A day's budget of 1,000 for each of many campaigns."""
    path = directory / "goals.yaml"
    path.write_text(
        "campaigns:\n"
        + "".join(
            f"  - campaign: c{number}\n"
            "    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}\n"
            "    goals: [{total: spend, target: 1000, rule: threshold}]\n"
            for number in range(MANY)
        )
    )
    return path


async def spent(redis: Redis, micros: int) -> None:
    """Half a day of all campaigns, evenly."""
    seed = Seed(redis)
    await seed.layout()
    whole = row(impressions=100_000, clicks=2_000, conversions=40, spend=micros, revenue=3 * micros)
    quarters = [(MIDNIGHT + n * QUARTER_MS, part_of(whole, n)) for n in range(QUARTERS)]
    for number in range(MANY):
        await seed.series(0, f"c{number}", NOON, {"1h": row(8_000, 160), "24h": whole, "total": whole})
        for at_ms, quarter in quarters:
            await seed.history(0, f"c{number}", at_ms, quarter)
    await seed.meta(0, NOON)


@running
async def test_five_hundred_campaigns_that_fail_at_once_are_three_messages_at_most(port: int, tmp_path: Path) -> None:
    """Each of them is in the list of what was told, and none is left in the lane."""
    async with Redis(port=port) as redis, fake_slack() as slack:
        await spent(redis, 300_000_000)
        async with monitor(port, goals(tmp_path), slack, alert_gather_s=2):
            await until(lambda: bool(slack.delivered), timeout_s=60)

            async def is_empty() -> bool:
                return await redis.llen(lane_key("slack")) == 0 and await redis.hlen("pw:{alerts}:state") == MANY

            await until(is_empty, timeout_s=60)
        assert len(slack.delivered) <= 3
        said = json.dumps(slack.delivered)
        assert f"{MANY}" in said, "how many they are"


class Flapping:
    """A campaign that is now on pace, and now far behind: what was counted is corrected again and again."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self.redis, self.clock, self.seed = redis, clock, Seed(redis)
        self.flips, self.sends = 0, set[int]()

    async def turn(self) -> None:
        """Change what was counted, and wait until the monitor has told it."""
        self.flips += 1
        spend, status = ((FEW, Status.CRITICAL), (EVENLY, Status.ON_PACE))[self.flips % 2 == 0]
        first_ms = MIDNIGHT

        async def is_told() -> bool:
            nonlocal first_ms
            now_ms = self.clock.now_ms()
            for at_ms in range(first_ms, now_ms, QUARTER_MS):
                part = min((now_ms - at_ms) / QUARTER_MS, 1)
                await self.seed.history(0, "c0", at_ms, row(int(1_000 * part), int(20 * part), spend=int(spend * part)))
            first_ms = now_ms - now_ms % QUARTER_MS
            for partition in range(2):
                await self.seed.meta(partition, now_ms)
            raw = cast("bytes | None", await self.redis.hget(STATE, "c0|spend"))
            held = decode_held(raw)
            self.sends |= {at_ms for at_ms, _ in held.sends}
            return held.state.told is status

        await until(is_told, timeout_s=30)


@running
async def test_a_campaign_that_flaps_all_the_time_is_told_twice_an_hour_at_most(port: int, tmp_path: Path) -> None:
    """Whatever an hour one takes; and all of it is in the list of what was told."""
    path = tmp_path / "goals.yaml"
    path.write_text(
        "campaigns:\n"
        "  - campaign: c0\n"
        "    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}\n"
        "    goals: [{total: spend, target: 960, rule: threshold}]\n"
    )
    spec = f"{FAST}x@{NOON}/{time.time_ns() // 1_000_000}"
    async with Redis(port=port) as redis, fake_slack() as slack:
        flapping = Flapping(redis, parse_clock(spec))
        await flapping.seed.layout()
        async with monitor(port, path, slack, clock=spec):
            told: dict[str, Alert] = {}
            while flapping.clock.now_ms() < NOON + HOURS * HOUR_MS:
                await flapping.turn()
                last = [decode_alert(raw) for raw in cast("list[bytes]", await redis.lrange(TOLD, -10, -1))]
                told |= {one.id: one for one in last if isinstance(one, Alert)}
            sent = [one.id for one in told.values() if not one.muted]
            await until(lambda: len(slack.delivered) >= len(sent))
        assert {one.goal for one in told.values()} == {"c0|spend"}
        assert len(told) >= flapping.flips > 10 * HOURS, "or it was no flapping"
        # When each was sent, not up to when the numbers were complete then: on a fast clock that is minutes before.
        at = sorted(flapping.sends)
        assert len(at) == len(sent)
        assert [last - first >= HOUR_MS for first, last in zip(at, at[2:], strict=False)] == [True] * (len(at) - 2)
        assert HOURS < len(slack.delivered) == len(sent) <= 2 * (HOURS + 1)
