"""Two monitors in a real Prometheus: what is summed over campaigns is right, whoever leads and however that changes."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis.asyncio import Redis

from kpis.runtime.clock import Clock
from tests.conftest import need
from tests.e2e.test_dashboards import PROMETHEUS, goals, ready
from tests.kit.monitor_fakes import Seed, row
from tests.kit.processes import Program, free_ports, until
from tests.kit.system import System

SPEND = {"sim-0": 7, "c1": 5, "c2": 20}
WRITE_SIDE_TOLD = "sum(pacewatch_flushed_timestamp_seconds > bool 0)"
"""How many partitions' last flushes are told, by both monitors together."""
EACH_ONCE = "sum(max without (instance, pod) (pacewatch_spend))"
"""What docs/operations.md says to write where not even a scrape may be double."""


@dataclass
class Pair:
    """Two monitors of one Redis, and the Prometheus that scrapes both."""

    systems: dict[str, System]
    programs: dict[str, Program]
    prometheus: int

    def values(self, query: str) -> list[float]:
        """What a query comes to now."""
        return [float(one["value"][1]) for one in self._ask(query)]

    def leader(self) -> str | None:
        """The instance that Prometheus knows to lead; None while it is not exactly one."""
        found = [one["metric"]["instance"] for one in self._ask("pacewatch_monitor_leader == 1")]
        return found[0] if len(found) == 1 else None

    def tells(self, instance: str) -> bool:
        """Whether campaigns are told by this one and no other, and their sum is what they spent."""
        told = [one["metric"]["instance"] for one in self._ask("count by (instance) (pacewatch_spend)")]
        return told == [instance] and self.values("sum(pacewatch_spend)") == [sum(SPEND.values())]

    def _ask(self, query: str) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=10) as reply:
            found: list[dict[str, Any]] = json.load(reply)["data"]["result"]
            return found


@pytest.fixture
def pair(redis_url: str, tmp_path: Path) -> Iterator[Pair]:
    asyncio.run(seed(redis_url))
    settings = {"GOALS": goals(tmp_path), "REFRESH_S": "0.1"}
    made = [System("127.0.0.1:1", redis_url, tmp_path, **settings) for _ in range(2)]
    systems = {f"127.0.0.1:{one.port}": one for one in made}
    (port,) = free_ports(1)
    programs: list[Program] = []
    try:
        monitors = {instance: one.monitor() for instance, one in systems.items()}
        programs.append(prometheus(tmp_path, port, list(systems)))
        until(lambda: ready(port), "Prometheus to be ready")
        yield Pair(systems, monitors, port)
    finally:
        for program in programs:
            program.stop()
        for one in made:
            one.stop()


async def seed(redis_url: str) -> None:
    """What a worker would have written a moment ago."""
    async with Redis.from_url(redis_url) as redis:
        now, write = Clock().now_ms(), Seed(redis)
        await write.layout()
        for partition in range(2):
            await write.meta(partition, now)
        for at, (campaign, spend) in enumerate(SPEND.items()):
            rows = dict.fromkeys(("1h", "total"), row(100, 10, 1, spend * 1_000_000, 2_000_000))
            await write.series(at % 2, campaign, now, rows)


def prometheus(directory: Path, port: int, monitors: list[str]) -> Program:
    """The project's own configuration and rules, scraping these monitors twice a second."""
    home = Path(shutil.copytree(PROMETHEUS, directory / "prometheus"))
    config = yaml.safe_load((home / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    (job,) = (one for one in config["scrape_configs"] if one["job_name"] == "pacewatch-monitor")
    job["static_configs"] = [{"targets": monitors}]
    config |= {"scrape_configs": [job], "alerting": {}}
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    argv = [
        need("prometheus"), f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={directory}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    return Program(argv, directory / "prometheus.log")


def test_sums_over_campaigns_are_right_before_and_after_the_leader_is_killed(pair: Pair) -> None:
    """And at no scrape in between are they more: the dead one's samples end before the next one leads."""
    until(lambda: pair.values("count(up == 1)") == [2], "both monitors to be scraped")
    until(lambda: (leader := pair.leader()) is not None and pair.tells(leader), "one of them to tell of campaigns")
    # Whichever monitor is left must tell of a dead worker: so both tell of the write side.
    until(lambda: pair.values(WRITE_SIDE_TOLD) == [4.0], "both to tell of two partitions each")
    first = pair.leader()
    assert first is not None
    (other,) = pair.systems.keys() - {first}
    pair.programs[first].kill()
    until(lambda: pair.leader() == other and pair.tells(other), "the other one to take over")
    assert pair.values("max_over_time(sum(pacewatch_spend)[5m:500ms])") == [sum(SPEND.values())]


def test_a_handover_in_order_doubles_nothing_that_counts_each_once(pair: Pair) -> None:
    """Until its next scrape Prometheus holds what the old leader told: dashboards and rules do not mind."""
    until(lambda: (leader := pair.leader()) is not None and pair.tells(leader), "one of them to tell of campaigns")
    first = pair.leader()
    assert first is not None
    (other,) = pair.systems.keys() - {first}
    assert pair.programs[first].stop() == 0
    until(lambda: pair.leader() == other and pair.tells(other), "the other one to take over")
    assert pair.values(f"max_over_time({EACH_ONCE}[5m:500ms])") == [sum(SPEND.values())]
    assert pair.values(f"min_over_time({EACH_ONCE}[5m:500ms])") == [sum(SPEND.values())]
    assert pair.values('count(max without (instance, pod) (pacewatch_pace_target{goal="spend"}))') == [1]
