"""The launch board in a real browser: how soon it is painted, and how soon an event shows on it."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from playwright.sync_api import Page, expect

from bench.kit import sender
from bench.kit.backlog import Backlog, produce
from bench.kit.place import system
from tests.browser.chromium import chromium
from tests.kit.processes import until
from tests.kit.system import System

CAMPAIGNS, BACKLOG, RATE = 4_999, 200_000, 2_000
LOADS, PROBES = 10, 40
_PROBE = "probe"
"""With it there are as many campaigns as the board shows."""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_IMPRESSIONS = """count => {
    const heads = [...document.querySelectorAll('#board thead th')].map(th => th.textContent.trim());
    const row = document.querySelector('#board tbody tr');
    return row?.cells[heads.findIndex(text => text.startsWith('Impressions'))]?.textContent.trim() === String(count);
}"""


def measure(address: str, directory: Path) -> dict[str, float]:
    """Milliseconds on a board of 5,000 campaigns, a third of which change every second.

    ``board_paint`` is the browser's first contentful paint of a load that nothing is cached for; ``board_event`` is the
    time from handing an event to Kafka's producer to the page that shows its count.
    """
    with system(address, directory) as place:
        place.worker()
        place.monitor()
        produce(place, Backlog(BACKLOG, CAMPAIGNS))
        place.await_counted(BACKLOG)
        until(
            lambda: f'"id":"campaign-{CAMPAIGNS - 1}"' in place.get("/api/campaigns")[1], "the board to have them all"
        )
        with chromium() as browser, sender.running(place, CAMPAIGNS, RATE, 120):
            paints = []
            for _ in range(LOADS):
                context = browser.new_context(viewport={"width": 1400, "height": 900})
                paints.append(_painted(context.new_page(), place))
                context.close()
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{place.port}/")
            expect(page.locator("#live")).to_have_text("● live")
            seen = [_seen(page, place, count) for count in range(1, PROBES + 1)]
    return {
        "board_paint_ms": statistics.median(paints),
        "board_paint_most_ms": max(paints),
        "board_event_ms": statistics.median(seen),
        "board_event_most_ms": max(seen),
    }


def _painted(page: Page, place: System) -> float:
    page.goto(f"http://127.0.0.1:{place.port}/")
    until(lambda: page.evaluate(_PAINT) is not None, "the page to be painted")
    return float(page.evaluate(_PAINT))


async def _hand_over(place: System, event: dict[str, Any]) -> float:
    """Send an event; gives when it was handed to a producer that stood ready."""
    async with AIOKafkaProducer(bootstrap_servers=place.broker, acks="all") as producer:
        topic, value = place.topic(event.pop("type")), json.dumps(event).encode()
        await producer.partitions_for(topic)
        started = time.perf_counter()
        await producer.send_and_wait(topic, value, key=event["campaign_id"].encode())
    return started


def _seen(page: Page, place: System, count: int) -> float:
    """How long the ``count``-th probe takes."""
    event = {"type": "impression", "event_id": f"p{count}", "ts": int(time.time() * 1000), "campaign_id": _PROBE}
    # Playwright has an event loop in this thread.
    with ThreadPoolExecutor(1) as aside:
        started = aside.submit(asyncio.run, _hand_over(place, event)).result()
    if count == 1:
        page.locator("#find").fill(_PROBE)
    until(lambda: page.evaluate(_IMPRESSIONS, count), "the page to show the event")
    return 1000 * (time.perf_counter() - started)
