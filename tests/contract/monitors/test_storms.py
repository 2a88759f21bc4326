"""Many campaigns at once, and one that flaps: how many messages people get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from kpis.times import QUARTER_MS
from monitors.alerts.outbox.queued import lane_key
from tests.contract.monitors.test_service import QUARTERS, monitor, part_of, running
from tests.kit.monitor_fakes import MIDNIGHT, NOON, Seed, fake_slack, row, until
from tests.kit.redis_server import redis_server

MANY = 500


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
