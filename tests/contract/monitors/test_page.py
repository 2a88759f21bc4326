"""Scrapes over HTTP: made beside the loop, once for each view."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.view import View
from monitors.web import make_app


class Counting(Exporter):
    """An exporter that counts how often it is asked, and first waits for the event loop if there is one to wait for."""

    def __init__(self) -> None:
        super().__init__(ExportPolicy())
        self.made = 0
        self.loop_ran: threading.Event | None = None

    def text(self, view: View, text_format: Format) -> str:
        """The metrics."""
        self.made += 1
        if self.loop_ran is not None:
            assert self.loop_ran.wait(10), "the loop stood still"
        return super().text(view, text_format)


@asynccontextmanager
async def served(view: Callable[[], View], exporter: Exporter) -> AsyncIterator[Callable[..., asyncio.Future[str]]]:
    """Serve; gives what answers the text of a scrape."""
    runner = web.AppRunner(make_app(view, exporter, 5), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
    try:
        async with aiohttp.ClientSession() as session:

            async def get(**headers: str) -> str:
                async with session.get(url, headers=headers) as response:
                    assert response.status == 200
                    return await response.text()

            yield lambda **headers: asyncio.ensure_future(get(**headers))
    finally:
        await runner.cleanup()


def test_the_loop_goes_on_while_metrics_are_made() -> None:
    async def run() -> None:
        exporter = Counting()
        exporter.loop_ran = threading.Event()
        async with served(View, exporter) as get:
            scrape = get()
            while not exporter.made:
                await asyncio.sleep(0.01)
            exporter.loop_ran.set()
            assert "pacewatch_redis_up 0.0" in await scrape

    asyncio.run(run())


def test_scrapes_of_one_view_are_made_once_and_a_new_view_anew() -> None:
    async def run() -> None:
        exporter, views = Counting(), [View()]
        async with served(lambda: views[-1], exporter) as get:
            texts = await asyncio.gather(*(get() for _ in range(5)))
            assert (exporter.made, len(set(texts))) == (1, 1)
            views.append(View(redis_up=True))
            assert "pacewatch_redis_up 1.0" in await get()
            assert "# EOF" in await get(Accept="application/openmetrics-text;version=1.0.0")
            assert exporter.made == 3

    asyncio.run(run())


def test_headers_that_make_no_sense_get_plain_metrics() -> None:
    async def run() -> None:
        async with served(View, Counting()) as get:
            headers = {"Accept": "application/openmetrics-text;version=x.y", "Accept-Encoding": "gzip;q=,;="}
            assert "# EOF" not in await get(**headers)

    asyncio.run(run())
