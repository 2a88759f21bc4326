"""What the monitor's tests share: seeding Redis as the worker writes it, and a Slack that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.contract.documents import document
from kpis.measures import Row, pack
from kpis.times import DAY_MS, HOUR_MS, day_of, quarter_of

DAY = DAY_MS
HOUR = HOUR_MS
NOON = 1_795_348_800_000
"""2026-11-22T12:00Z."""
MIDNIGHT = NOON - 12 * HOUR
WINDOWS = ("1m", "5m", "1h", "24h")


def row(impressions: int = 0, clicks: int = 0, conversions: int = 0, spend: int = 0, revenue: int = 0) -> Row:
    """A row of measures; spend and revenue in micros."""
    return (impressions, clicks, conversions, spend, revenue)


class Seed:
    """Writes to Redis what a worker would."""

    def __init__(self, redis: Redis, partitions: int = 2) -> None:
        self._redis: Any = redis
        self._partitions = partitions

    async def layout(self, currency: str = "EUR", history_days: int = 40) -> None:
        """The layout hash."""
        fields = {
            "partitions": self._partitions,
            "currency": currency,
            "windows": ",".join(WINDOWS),
            "history_days": history_days,
        }
        await self._redis.hset(layout.LAYOUT, mapping=fields)

    async def meta(self, partition: int, watermark_ms: int, **fields: int) -> None:
        """The meta hash; ``__`` in a name stands for ``:``."""
        named = {k.replace("__", ":"): v for k, v in fields.items()}
        mapping = {layout.CLOCK: watermark_ms, layout.CAUGHT_UP: 1, layout.FLUSHED_AT: watermark_ms, **named}
        await self._redis.hset(layout.meta(partition), mapping=mapping)

    async def series(self, partition: int, series: str, watermark_ms: int, windows: Mapping[str, Row]) -> None:
        """A KPI document."""
        await self._redis.hset(layout.kpi(partition), series, document(watermark_ms, windows))

    async def history(self, partition: int, series: str, at_ms: int, quarter: Row) -> None:
        """One quarter hour of history."""
        key = layout.history(partition, series, day_of(at_ms))
        await self._redis.hset(key, quarter_of(at_ms), pack(quarter))


@dataclass
class FakeSlack:
    """A webhook on loopback.

    ``answers`` (status, headers) are given in turn, then what ``answer_to`` says of a body, else 200; or none
    (``drops``).
    """

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    delivered: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    drops: bool = False
    before_answer: Callable[[], Awaitable[None]] | None = None
    answer_to: Callable[[dict[str, Any]], int] = lambda _: 200

    async def handle(self, request: web.Request) -> web.Response:
        """Note the body and answer."""
        body = await request.json()
        self.bodies.append(body)
        if self.drops and request.transport is not None:
            request.transport.close()
        if self.before_answer is not None:
            await self.before_answer()
        status, headers = self.answers.pop(0) if self.answers else (self.answer_to(body), {})
        if status == 200:
            self.delivered.append(body)
        return web.Response(status=status, headers=headers, text="ok" if status == 200 else "no")


@asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    """Serve a fake Slack on a free loopback port; its URL carries a recognisable secret."""
    slack = FakeSlack()
    app = web.Application()
    app.router.add_post("/services/{secret:.*}", slack.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/services/T000/B000/s3cr3t-token"
    try:
        yield slack
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 15.0) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.02)
