"""Replay into a real broker: everything arrives, unchanged, in order per key, on the right topics."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from kpis.measures import Stream
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from pacewatch.embedded.servers import embedded
from pacewatch.replay.command import ReplayOptions, play
from pacewatch.replay.sender import sender
from pacewatch.replay.sending import RecordingSource, ReplaySummary, replay
from streams.kafka import topics

TYPES = ("impression", "click", "conversion", "spend")


def write(path: Path, count: int) -> list[dict[str, Any]]:
    events = [
        {
            "type": TYPES[i % 4],
            "event_id": f"e{i}",
            "ts": 1_700_000_000_000 + i,
            "campaign_id": f"c{i % 7}",
            "amount": "1",
        }
        for i in range(count)
    ]
    path.write_bytes(gzip.compress(b"".join(json.dumps(e).encode() + b"\n" for e in events)))
    return events


def on_broker(work: Callable[[Settings], Awaitable[None]]) -> None:
    async def run() -> None:
        async with embedded() as servers:
            settings = Settings.load(kafka=servers.kafka, redis=servers.redis_url)
            await topics.ensure(settings)
            await work(settings)

    asyncio.run(run())


async def read_all(settings: Settings, count: int) -> dict[str, list[Any]]:
    """The first ``count`` records of the four topics, by topic, in order per partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [TopicPartition(settings.topic(s), p) for s in Stream for p in range(settings.partitions)]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        found: dict[str, list[Any]] = {settings.topic(s): [] for s in Stream}
        async with asyncio.timeout(30):
            while sum(map(len, found.values())) < count:
                for part, records in (await consumer.getmany(timeout_ms=100)).items():
                    found[part.topic].extend(records)
        return found
    finally:
        await consumer.stop()


def test_every_event_arrives_once_unchanged_and_in_order_per_key(tmp_path: Path) -> None:
    path = tmp_path / "events"
    events = write(path, 20_000)

    async def check(settings: Settings) -> None:
        async with sender(settings) as to:
            done: ReplaySummary = await replay(RecordingSource(path), to, complain=print)
        assert (done.sent.acked, done.sent.failed, done.bad_lines) == (20_000, 0, 0)
        found = await read_all(settings, 20_000)
        for stream in Stream:
            records = found[settings.topic(stream)]
            for campaign in {e["campaign_id"] for e in events}:
                wanted = [e for e in events if e["type"] == stream and e["campaign_id"] == campaign]
                mine = [r for r in records if r.key == campaign.encode()]
                assert [json.loads(r.value) for r in mine] == wanted
                assert len({r.partition for r in mine}) <= 1
        ends: dict[tuple[str, int], int] = {}
        for records in found.values():
            for r in records:
                ends[r.topic, r.partition] = max(ends.get((r.topic, r.partition), 0), r.offset + 1)
        assert done.sent.ends == ends

    on_broker(check)


def test_shift_now_lands_the_last_event_on_now_and_keeps_the_distances(tmp_path: Path) -> None:
    path = tmp_path / "events"
    events = write(path, 100)

    async def check(settings: Settings) -> None:
        before = Clock().now_ms()
        assert await play(ReplayOptions(path, to_now=True), settings) == 0
        found = await read_all(settings, 100)
        moved = sorted(json.loads(r.value)["ts"] for records in found.values() for r in records)
        assert before <= moved[-1] <= Clock().now_ms()
        assert [t - moved[0] for t in moved] == [e["ts"] - events[0]["ts"] for e in events]

    on_broker(check)


def test_a_paced_replay_takes_the_time_of_the_events_divided_by_the_speed(tmp_path: Path) -> None:
    path = tmp_path / "events"
    write(path, 1001)

    async def check(settings: Settings) -> None:
        started = time.monotonic()
        assert await play(ReplayOptions(path, speed=2.0), settings) == 0
        # A second of events at twice real time.
        assert 0.5 <= time.monotonic() - started < 5

    on_broker(check)


def test_lines_without_an_event_are_counted_and_decide_the_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    good = json.dumps({"type": "click", "event_id": "e", "ts": 1, "campaign_id": "c"})
    path.write_text(f"{good}\nnot json\n\n{good}\n{{}}\n")

    async def check(settings: Settings) -> None:
        for extra, code in (([], 1), (["--skip-bad"], 0)):
            done = subprocess.run(
                [sys.executable, "-m", "pacewatch", "replay", str(path), *extra],
                env={"PACEWATCH_KAFKA": settings.kafka, "PATH": ""},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == code, done.stderr
            assert f"{path}: line 2:" in done.stderr
            assert f"{path}: line 5:" in done.stderr
            assert "2 events acknowledged" in done.stderr
            assert "2 lines hold no usable event" in done.stderr
            assert "--shift now" in done.stderr

    on_broker(check)


def test_a_mapped_csv_file_arrives_as_events(tmp_path: Path) -> None:
    path, mapping = tmp_path / "export.txt", tmp_path / "map.yaml"
    path.write_text("when;camp;paid\n1700000000;c1;1500000\n1700000001;c2;250000\n")
    mapping.write_text(
        'delimiter: ";"\nconstants: {type: spend, currency: EUR}\n'
        "columns: {ts: {column: when, unit: s}, campaign_id: camp, amount: {column: paid, unit: micros}}\n"
    )

    async def check(settings: Settings) -> None:
        assert await play(ReplayOptions(path, mapping=mapping), settings) == 0
        found = await read_all(settings, 2)
        events = sorted((json.loads(r.value) for r in found["ads.spend"]), key=lambda e: str(e["ts"]))
        assert [(e["ts"], e["campaign_id"], e["amount"], e["currency"]) for e in events] == [
            (1_700_000_000_000, "c1", "1.500000", "EUR"),
            (1_700_000_001_000, "c2", "0.250000", "EUR"),
        ]
        assert events[0]["event_id"] != events[1]["event_id"]

    on_broker(check)
