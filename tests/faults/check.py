"""The check after a schedule: every total, window and quarter hour against a recomputation from the accepted events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import redis

from kpis import catalogue
from kpis.contract import layout
from kpis.measures import Row, unpack
from kpis.times import QUARTER_MS
from kpis.windows import TOTAL, parse_windows
from tests.faults.feed import Sent
from tests.kit.model import Model, without_zeros
from tests.kit.system import System

WINDOWS = parse_windows("1m,5m,1h,24h")


def differences(system: System, sent: Sent) -> list[str]:
    """What does not equal the model, in words; empty when everything does."""
    found: list[str] = []
    with redis.Redis.from_url(system.redis_url) as client:
        for partition in range(4):
            model = sent.models.get(partition, Model())
            pipe = client.pipeline(transaction=True)
            pipe.hgetall(layout.meta(partition))
            pipe.hgetall(layout.kpi(partition))
            meta, documents = pipe.execute()
            clock = int(meta[layout.CLOCK.encode()])
            rows = {k.decode(): _rows(v) for k, v in documents.items()}
            found += _compare(f"partition {partition} total", {s: r[TOTAL] for s, r in rows.items()}, model.totals())
            for window in WINDOWS:
                got = {s: r[window.name] for s, r in rows.items()}
                found += _compare(f"partition {partition} {window.name}", got, model.window(window, clock))
            history = {f"{s} {n}": row for (s, n), row in model.history(clock).items() if any(row)}
            found += _compare(f"partition {partition} history", _history(client, partition), history)
    return found


def _rows(document: bytes) -> dict[str, Row]:
    return {name: catalogue.row_of(values) for name, values in msgspec.json.decode(document)["windows"].items()}


def _history(client: Any, partition: int) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for key in client.scan_iter(layout.history(partition, "*", "*"), count=1000):
        series, day = key.decode().split(":history:", 1)[1].rsplit(":", 1)
        for quarter, row in client.hgetall(key).items():
            found[f"{series} {_number(day, int(quarter))}"] = unpack(row)
    return found


def _number(day: str, quarter: int) -> int:
    start = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    return start // QUARTER_MS + quarter


def _compare(what: str, got: dict[str, Row], expected: dict[str, Row]) -> list[str]:
    got = without_zeros(got)
    return [
        f"{what} {series}: {got.get(series)} instead of {expected.get(series)}"
        for series in sorted(got.keys() | expected.keys())
        if got.get(series) != expected.get(series)
    ]
