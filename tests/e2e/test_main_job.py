"""The main job: real processes, real input, and the numbers that come out."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpis.contract import layout
from kpis.reasons import Reject
from kpis.times import HOUR_MS, span_text
from tests.conftest import need
from tests.e2e.conftest import Build
from tests.kit.processes import until
from tests.kit.system import Event, System


def now() -> int:
    """Epoch milliseconds."""
    return int(time.time() * 1000)


def event(kind: str, number: int, campaign: str = "c1", **fields: Any) -> Event:
    """A good event; spend has an amount."""
    amount = {"amount": "0.000001"} if kind == "spend" else {}
    return {"type": kind, "event_id": f"{kind}-{number}", "ts": now(), "campaign_id": campaign, **amount, **fields}


def load(seed: int, count: int) -> tuple[list[Event], dict[str, dict[str, int]]]:
    """Random events with repeats, late ones and breakdowns, and their exact totals, counted apart from the product."""
    rng = random.Random(seed)
    events: list[Event] = []
    truth: dict[str, dict[str, int]] = {}
    base = now()
    for i in range(count):
        kind = rng.choices(["impression", "click", "conversion", "spend"], [70, 15, 5, 10])[0]
        campaign = f"c{rng.randrange(12)}"
        one = event(kind, i, campaign, ts=base - rng.choice([0, 1000, 90_000, 7_200_000, 3 * 86_400_000]))
        if rng.random() < 0.5:
            one["channel"] = rng.choice(["search", "social"])
        row = truth.setdefault(campaign, dict.fromkeys(("impressions", "clicks", "conversions", "spend_micros"), 0))
        if kind == "spend":
            micros = rng.randrange(-5, 2_000_000)
            one["amount"] = str(Decimal(micros) / 1_000_000)
            row["spend_micros"] += micros
        else:
            one["quantity"] = rng.choice([1, 1, 1, 7])
            row[f"{kind}s"] += one["quantity"]
        events.append(one)
        if kind != "impression" and rng.random() < 0.2:
            events.append(one)
    return events, truth


def totals_of(system: System, names: Any) -> dict[str, dict[str, int]]:
    """The totals of whole campaigns as the command prints them."""
    return {c: {n: w["total"][n] for n in names} for c, w in system.kpi().items() if "|" not in c}


def test_totals_are_exact_and_channels_add_up_to_their_campaigns(build: Build) -> None:
    """Repeats count once, late events count; a breakdown value is a part of its campaign."""
    events, truth = load(1, 3000)
    system = build()
    system.worker()
    system.send(events)
    system.await_counted(len(events))
    names = next(iter(truth.values()))
    assert totals_of(system, names) == truth
    values = system.kpi()
    assert {s.split("|", 1)[1] for s in values if "|" in s} == {"channel=search", "channel=social"}
    for campaign, row in truth.items():
        parts = [w["total"]["clicks"] for s, w in values.items() if s.startswith(f"{campaign}|")]
        assert sum(parts) <= row["clicks"]


def test_a_worker_killed_in_the_middle_counts_on_exactly(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9, several times, while events arrive; then the same numbers as without, and no file left behind."""
    events, truth = load(2, 6000)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    system = build(FLUSH_INTERVAL_S="0.05", REBALANCE_TIMEOUT_S="2", SESSION_TIMEOUT_S="3")
    third = len(events) // 3
    for part in range(3):
        worker = system.worker()
        before = system.counted()
        system.send(events[part * third : (part + 1) * third if part < 2 else None])
        # Killed somewhere between the first flush of this part and its end.
        until(lambda seen=before: system.counted() > seen, "something to be counted")  # type: ignore[misc]
        worker.kill()
    system.worker()
    system.await_counted(len(events))
    assert totals_of(system, next(iter(truth.values()))) == truth
    assert list(scratch.iterdir()) == []


def test_bad_events_go_to_the_dead_letters_and_the_rest_is_counted(build: Build) -> None:
    """1,000 good events mixed with 200 bad ones of every kind."""
    system = build()
    system.worker()
    click = system.topic("click")
    good = [event("click", i) for i in range(1000)]
    bad: list[tuple[bytes | None, Reject]] = []
    samples: list[tuple[Any, Reject]] = [
        (b"{", Reject.NOT_JSON),
        (b"\xff\xfe", Reject.NOT_JSON),
        (b"[1]", Reject.NOT_AN_OBJECT),
        (b"", Reject.EMPTY),
        (None, Reject.EMPTY),
        (b'"' + b"x" * 70_000 + b'"', Reject.TOO_LARGE),
        ({"campaign_id": None}, Reject.MISSING_FIELD),
        ({"campaign_id": 7}, Reject.BAD_FIELD),
        ({"quantity": -1}, Reject.NEGATIVE),
        ({"cost": "NaN"}, Reject.BAD_NUMBER),
        ({"cost": "1e30"}, Reject.OUT_OF_RANGE),
        ({"cost": "1", "currency": "XTS"}, Reject.UNKNOWN_CURRENCY),
        ({"event_id": "x" * 300}, Reject.ID_TOO_LONG),
        ({"ts": "noon"}, Reject.BAD_TIME),
        ({"ts": now() + 3_600_000}, Reject.TOO_FAR_AHEAD),
        ({"ts": now() - 50 * 86_400_000}, Reject.TOO_OLD),
    ]
    for i in range(200):
        sample, reason = samples[i % len(samples)]
        bad.append((json.dumps(event("click", i) | sample).encode() if isinstance(sample, dict) else sample, reason))
    records: list[tuple[str, bytes | None, bytes | None]] = [
        (click, b"c1", json.dumps({k: v for k, v in e.items() if k != "type"}).encode()) for e in good
    ] + [(click, str(i).encode(), value) for i, (value, _) in enumerate(bad)]
    random.Random(3).shuffle(records)
    system.send_raw(records)
    system.await_counted(len(records))
    assert system.kpi()["c1"]["total"]["clicks"] == 1000
    letters = system.consume(f"{system.prefix}rejected", 200)
    assert sorted((r.value or b"") for r in letters) == sorted((v or b"") for v, _ in bad)
    wanted = {key: reason for key, (_, reason) in zip(map(str, range(200)), bad, strict=True)}
    for letter in letters:
        headers = {k: v.decode() for k, v in letter.headers}
        assert headers["reason"] == wanted[letter.key.decode()]
        assert headers["topic"] == click
        assert headers.keys() >= {"partition", "offset"}
    for reason in Reject:
        expected = sum(r is reason for _, r in bad)
        assert system.counter(f"rejected:click:{reason}") == expected
    system.monitor()
    until(lambda: f'reason="{Reject.NOT_JSON}",stream="click"}} {sum(r is Reject.NOT_JSON for _, r in bad)}.0' in
          system.get("/metrics")[1], "the counters to be exported")  # fmt: skip


def test_a_quiet_campaign_decays_to_nothing_and_keeps_its_total(build: Build) -> None:
    """On a clock sixty times as fast as the wall, a five-minute window is over in five seconds."""
    at = now()
    system = build(CLOCK=f"60x@{at}/{at}")
    system.worker()
    system.send([event("click", i, ts=at) for i in range(10)])
    system.await_counted(10)
    until(lambda: system.kpi()["c1"]["5m"]["clicks"] == 0, "the five-minute window to decay")
    values = system.kpi()["c1"]
    assert (values["1m"]["clicks"], values["total"]["clicks"]) == (0, 10)
    assert (values["1m"]["ctr"], values["5m"]["cpc"]) == (None, None)


def test_an_event_from_any_client_is_in_the_command_and_on_metrics(build: Build) -> None:
    """Which pass Prometheus' own check, and hold no sample for a KPI without a value."""
    system = build()
    system.worker()
    system.monitor()
    system.send([event("impression", 1), event("click", 1, cost="0.25")])
    until(lambda: 'pacewatch_clicks_total{campaign="c1"} 1.0' in system.get("/metrics")[1], "the click on /metrics")
    assert system.kpi("c1")["c1"]["5m"]["cpc"] == 0.25
    status, text = system.get("/metrics")
    assert status == 200
    assert "NaN" not in text
    assert 'campaign="c1",window="5m"' in text
    assert not [line for line in text.splitlines() if line.startswith("pacewatch_roas_ratio{") and "c2" in line]
    done = subprocess.run(
        [need("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert system.get("/healthz")[0] == 200
    until(lambda: system.get("/readyz")[0] == 200, "the monitor to be ready")


def test_a_feed_that_comes_late_is_told_and_what_waited_for_a_worker_is_none(build: Build) -> None:
    """Spend comes to a worker that has read everything; clicks of yesterday wait until one is started again."""
    system = build(PARTITIONS="1")
    spend, clicks = (f"{layout.LATE}{system.topic(kind)}" for kind in ("spend", "click"))
    worker = system.worker()
    until(lambda: f"{layout.STREAM_CLOCK}{system.topic('spend')}" in system.meta()[0], "spend to be read to its end")
    system.send([event("spend", i, ts=now() - 2 * HOUR_MS) for i in range(20)])
    until(lambda: spend in system.meta()[0], "its lateness to be known")
    late = int(system.meta()[0][spend])
    assert 2 * HOUR_MS <= late <= 2.3 * HOUR_MS
    assert clicks not in system.meta()[0]
    worker.stop()
    system.send([event("click", i, ts=now() - 20 * HOUR_MS) for i in range(20)])
    system.worker()
    system.await_counted(40)
    until(lambda: int(system.meta()[0][f"{layout.LAG}{system.topic('click')}"]) == 0, "the backlog to be counted")
    system.send([event("click", 40)])
    until(lambda: system.meta()[0].get(clicks) == "0", "a prompt click to be seen")
    (line,) = [line for line in system.run("kpi").stdout.splitlines() if "complete to" in line]
    assert line.startswith("spend: complete to ")
    assert line.endswith(f"{span_text(late)} late by habit")
    assert "spend: complete to" not in system.run("kpi", "--json").stdout
    system.monitor()
    sample = f'pacewatch_stream_late_seconds{{partition="0",stream="spend"}} {late / 1000}'
    until(lambda: sample in system.get("/metrics")[1], "the lateness on /metrics")


def test_a_worker_stops_in_order_and_hands_over(build: Build) -> None:
    """SIGTERM ends it with exit code 0, and what it had read is written."""
    system = build(FLUSH_INTERVAL_S="30")
    worker = system.worker()
    system.send([event("click", i) for i in range(10)])
    until(lambda: "took epoch" in worker.output(), "the partitions to be taken")
    time.sleep(2)  # Nothing outside shows that a chunk is folded and not yet flushed: give it time to arrive.
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert system.counted() == 10
