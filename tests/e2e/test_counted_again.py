"""A Redis that was emptied, at every scrape: what a campaign has come to is told whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from kpis.runtime.clock import Clock
from tests.e2e.test_dashboards import goals
from tests.kit.processes import until
from tests.kit.redis_server import redis_server
from tests.kit.system import System

EVENTS, CAMPAIGNS = 60_000, 12
"""A dollar each: they take the worker a second or two."""


def spent(text: str) -> float | None:
    """The sum over all campaigns; None where none is told."""
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "pacewatch_spend"
    ]
    return sum(found) if found else None


@contextmanager
def scraping(system: System) -> Iterator[list[float | None]]:
    """Every scrape meanwhile, one after another."""
    found: list[float | None] = []
    over = threading.Event()

    def scrape() -> None:
        while not over.is_set():
            found.append(spent(system.get("/metrics")[1]))

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


@pytest.mark.timeout(300)
def test_no_sum_over_campaigns_is_smaller_while_all_is_counted_again(embedded_broker: str, tmp_path: Path) -> None:
    with redis_server() as port:
        system = System(
            embedded_broker, f"redis://127.0.0.1:{port}/0", tmp_path,
            GOALS=goals(tmp_path), REFRESH_S="0.05", FLUSH_INTERVAL_S="0.05",
        )  # fmt: skip
        try:
            system.worker()
            now_ms = Clock().now_ms()
            system.send(
                {
                    "type": "spend",
                    "event_id": f"s{n}",
                    "ts": now_ms - n,
                    "campaign_id": f"c{n % CAMPAIGNS}",
                    "amount": "1",
                }
                for n in range(EVENTS)
            )
            system.await_counted(EVENTS)
            system.monitor()
            until(lambda: spent(system.get("/metrics")[1]) == EVENTS, "all of it to be exported")
            with scraping(system) as found, redis.Redis(port=port) as client:
                client.flushall()
                until(lambda: None in found, "no campaign to be exported")
                until(lambda: found[-1] == EVENTS, "all of it to be exported again", deadline_s=120)
            assert set(found) == {None, float(EVENTS)}
            assert 'pacewatch_partition_counted_again{partition="0"} 0.0' in system.get("/metrics")[1]
        finally:
            system.stop()
