"""A living monitor with a bot: its campaign falls behind, and someone takes care of it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aiohttp
from redis.asyncio import Redis

from kpis.times import QUARTER_MS
from monitors import service
from monitors.settings import MonitorSettings
from tests.contract.monitors.slack.test_presses import SECRET, Pressing
from tests.kit.monitor_fakes import MIDNIGHT, NOON, Seed, row, until
from tests.kit.redis_server import free_port
from tests.kit.slack_api import CHANNEL, TOKEN, FakeSlackApi, fake_slack_api

GOALS = """
campaigns:
  - campaign: c42
    name: Spring <launch> & more
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals:
      - {total: spend, target: 1000, rule: threshold}
"""
ALL = row(impressions=96_000, clicks=1_920, conversions=48, spend=288_000_000, revenue=480_000_000)


async def told_and_pressed(port: int, directory: Path) -> str:
    """Let it tell of a miss, and acknowledge it; gives the pages that it served."""
    (directory / "goals.yml").write_text(GOALS)
    async with Redis(port=port) as redis, fake_slack_api() as api:
        await redis.flushall()
        seed = Seed(redis, partitions=1)
        await seed.layout()
        await seed.meta(0, NOON)
        await seed.series(0, "c42", NOON, {"1h": row(8_000, 160), "24h": ALL, "total": ALL})
        for n in range(48):
            await seed.history(0, "c42", MIDNIGHT + n * QUARTER_MS, tuple(value // 48 for value in ALL))
        web_port = free_port()
        settings = MonitorSettings.load(
            redis=f"redis://127.0.0.1:{port}/0", goals=directory / "goals.yml", monitor_port=web_port, refresh_s=0.05,
            clock=f"1x@{NOON}/{time.time_ns() // 1_000_000}", alert_gather_s=0, slack_bot_token=TOKEN,
            slack_channel=CHANNEL, slack_signing_secret=SECRET, slack_api_url=api.url, http_token="a-token",  # noqa: S106
            public_url="https://pace.example",
        )  # fmt: skip
        task = asyncio.create_task(service.run(settings))
        try:
            await until(lambda: bool(api.cards) or task.done())
            return await _press(f"http://127.0.0.1:{web_port}", redis, api)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _press(base: str, redis: Redis, api: FakeSlackApi) -> str:
    (card,) = api.cards
    assert "Spring &lt;launch&gt; &amp; more: spend is critical (under)" in card.text
    name = card.body["metadata"]["event_payload"]["id"]
    await until(lambda: bool(api.shared))
    assert api.shared[0]["thread_ts"] == card.ts
    it = Pressing(f"{base}/slack/actions", redis, api, card, name)
    await until(lambda: _is_kept(redis))
    assert await it.press("pacewatch_acknowledge") == 200
    (line,) = await it.lines(1)
    assert line.startswith("ana takes care of it since 12:00")
    pages = ""
    headers = {"Authorization": "Bearer a-token"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("/metrics", "/api/campaigns", "/campaign?id=c42", "/readyz"):
            async with session.get(f"{base}{path}") as reply:
                pages += await reply.text()
    return pages + json.dumps(api.seen)


async def _is_kept(redis: Redis) -> bool:
    return bool(await redis.hlen("pw:{alerts}:cards"))
