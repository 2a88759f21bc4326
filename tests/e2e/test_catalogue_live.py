"""A measure that is added to the catalogue file while the worker runs."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
import redis

from kpis.contract import layout
from kpis.series import parent_key
from kpis.windows import TOTAL
from tests.conftest import need
from tests.kit.added import Said
from tests.kit.processes import until
from tests.kit.system import System

PARTITIONS = 4


@pytest.fixture
def system(embedded_broker: str, redis_url: str, tmp_path: Path) -> System:
    """A system with a catalogue file on the embedded broker."""
    need("redis-server")
    (tmp_path / "catalogue.yml").write_text("measures: {sessions: {}}\n")
    return System(embedded_broker, redis_url, tmp_path, CATALOGUE=str(tmp_path / "catalogue.yml"))


def documents(system: System) -> dict[str, dict[str, dict[str, int]]]:
    """The integers that are not zero in the documents of all partitions."""
    with redis.Redis.from_url(system.redis_url) as client:
        raw = {s.decode(): d for n in range(PARTITIONS) for s, d in client.hgetall(layout.kpi(n)).items()}
    windows = {s: msgspec.json.decode(d)["windows"] for s, d in raw.items()}
    return {s: {w: {n: v for n, v in row.items() if type(v) is int and v} for w, row in some.items()}
            for s, some in windows.items()}  # fmt: skip


def total(system: System, series: str) -> dict[str, int]:
    """What a series ever had."""
    return documents(system).get(series, {}).get(TOTAL, {})


def told(number: int, name: str, **fields: object) -> Said:
    """An event of ads.measures, now."""
    return {"type": "measure", "event_id": f"m{number}", "ts": int(time.time() * 1000), "name": name, **fields}


def test_a_measure_that_is_added_while_the_worker_runs_is_in_the_documents_within_ten_seconds(system: System) -> None:
    """Without a restart: what was counted before stays, and what no measure takes yet is refused by its reason."""
    worker = system.worker()
    try:
        system.send([told(1, "sessions", campaign_id="c1"), told(2, "hours", campaign_id="c1", value="1.5")])
        system.await_counted(2)
        assert system.counter(f"{layout.REJECTED}measure:unknown_measure") == 1
        (system.directory / "catalogue.yml").write_text("measures: {sessions: {}, hours: {unit: hours}}\n")
        until(lambda: "2 measures and 0 KPIs" in worker.output(), "the worker to use the new file", deadline_s=10)
        system.send([
            told(3, "hours", campaign_id="c1", value="2.25"), told(4, "sessions", campaign_id="c1"),
            told(5, "hours", account="Acme", value=8),
        ])  # fmt: skip
        until(
            lambda: total(system, "c1") == {"sessions": 2, "hours_micros": 2_250_000}, "the new measure", deadline_s=10
        )
        until(lambda: total(system, parent_key("account", "Acme")) == {"hours_micros": 8_000_000}, "the account's")
        assert documents(system)["c1"]["24h"] == {"sessions": 2, "hours_micros": 2_250_000}
    finally:
        system.stop()
