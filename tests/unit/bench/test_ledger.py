"""The ledger that benchmarks check the worker against."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import msgspec

from bench.kit.backlog import Backlog, records, truth
from bench.kit.ledger import Ledger, differences
from kpis.contract.documents import document
from kpis.measures import Row, Stream
from kpis.series import key
from kpis.windows import parse_window
from tests.kit.model import Fact, Model

NOW_MS = 1_790_000_123_456
SHAPE = Backlog(3_000, 7, span_ms=900_000, late=0.1, seed=3)
EVENTS = list(records(SHAPE, NOW_MS))
LEDGER = Ledger(EVENTS)
AS_OF_MS = NOW_MS - 400_000


def fact(stream: Stream, value: str) -> Fact:
    event = json.loads(value, parse_float=Decimal)
    money = Decimal(event.get("amount", event.get("revenue", 0)))
    return Fact(stream, event["ts"], event["campaign_id"], event["channel"], 1, int(money * 1_000_000))


MODEL = Model([fact(stream, value) for stream, _, value in EVENTS])


def stand() -> dict[str, bytes]:
    """Correct documents of all series, by way of the brute-force model."""
    windows = {name: MODEL.window(parse_window(name), AS_OF_MS) for name in ("1m", "5m", "1h", "24h")}
    none: Row = (0,) * 5
    return {
        series: document(AS_OF_MS, {**{w: rows.get(series, none) for w, rows in windows.items()}, "total": row})
        for series, row in MODEL.totals().items()
    }


def test_correct_documents_have_no_differences() -> None:
    assert set(LEDGER.series()) == set(stand())
    assert differences(stand(), LEDGER) == []


def test_a_count_in_one_window_that_is_off_by_one_is_found() -> None:
    documents = stand()
    series = key("campaign-3", [("channel", "social")])
    changed = msgspec.json.decode(documents[series])
    changed["windows"]["5m"]["impressions"] += 1
    documents[series] = msgspec.json.encode(changed)
    (found,) = differences(documents, LEDGER)
    assert found.startswith(f"{series} in 5m")


def test_a_series_that_is_missing_or_that_nobody_sent_is_found() -> None:
    documents = stand()
    documents["nobody"] = documents.pop("campaign-0")
    found = differences(documents, LEDGER)
    assert "campaign-0 is missing" in found
    assert any(f.startswith("nobody in total") for f in found)


def test_the_counts_that_peers_are_checked_against_are_those_of_the_records() -> None:
    assert truth(SHAPE) == Counter(f"{campaign}:{stream}" for stream, campaign, _ in EVENTS)
