"""What is not counted now is said: on the board, in metrics, by doctor."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import redis

from kpis.catalogue import CORE
from kpis.contract import layout
from kpis.contract.claimed import mark_of
from kpis.packs.catalogue_file import parse
from kpis.runtime.clock import Clock
from kpis.times import HOUR_MS
from monitors.board.overview.notices import notices
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.read.reader import Reader, connect
from monitors.read.snapshot import PartitionHealth, Snapshot
from monitors.settings import MonitorSettings
from monitors.view import View
from tests.kit.system import System

COUNTED = {
    f"{layout.MISROUTED}click": 3,
    f"{layout.SKIPPED}ads.spend": 7,
    f"{layout.FOLDED_CAMPAIGNS}spend": 11,
    f"{layout.LAG}ads.spend": 0,
    f"{layout.LAG}ads.clicks": 0,
    f"{layout.LATE}ads.spend": 2 * HOUR_MS,
    f"{layout.LATE}ads.clicks": 0,
    layout.LETTERS: 10_500,
    layout.HELD: 1,
}
WHY = "KeyError: nobody foresaw\u202e this"


def fill(redis_url: str) -> None:
    """A Redis as workers leave it that are in trouble."""
    with redis.Redis.from_url(redis_url) as client:
        told = {"partitions": 2, "currency": "EUR", "windows": "1m,24h", "history_days": 40}
        client.hset(layout.LAYOUT, mapping=told)
        client.hset(layout.meta(0), mapping={layout.EPOCH: 1, layout.SEQ: 1, **COUNTED})
        client.hset(layout.parked(1), mapping={"why": WHY, "since": 1, "tries": 2})


def snapshot(redis_url: str) -> Snapshot:
    """What a monitor reads."""

    async def main() -> Snapshot:
        settings = MonitorSettings.load(redis=redis_url)
        client = connect(settings)
        try:
            return await Reader(client, "test", Clock(), breakdowns=False).read()
        finally:
            await client.aclose()

    return asyncio.run(main())


def test_doctor_tells_a_redis_of_something_else_from_an_empty_one(redis_url: str, tmp_path: Path) -> None:
    system = System("127.0.0.1:1", redis_url, tmp_path)
    assert "no worker has written to this Redis yet" in system.run("doctor").stdout
    with redis.Redis.from_url(redis_url) as client:
        client.hset(layout.LAYOUT, mapping={"a": "b"})
    said = system.run("doctor").stdout
    assert "no worker has written" not in said
    assert f"{layout.LAYOUT} in Redis lacks the field" in said


def test_doctor_names_a_goal_for_a_window_that_is_not_kept(redis_url: str, tmp_path: Path) -> None:
    goals = tmp_path / "goals.yml"
    flight = "{start: 2026-11-22T00:00, end: 2026-11-29T00:00, timezone: UTC}"
    goals.write_text(
        f"campaigns: [{{campaign: c, flight: {flight}, goals: [{{ratio: ctr, at_least: 0.1, window: 7m}}]}}]"
    )
    system = System("127.0.0.1:1", redis_url, tmp_path)
    system.settings["GOALS"] = str(goals)
    assert "goals for windows 7m are never judged: 1m, 5m, 1h, 24h are kept" in system.run("doctor").stdout


def test_kpi_says_what_it_left_out_and_when_there_is_no_such_campaign(redis_url: str, tmp_path: Path) -> None:
    fill(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.set(layout.kpi(0), "junk")
    found = System("127.0.0.1:1", redis_url, tmp_path).run("kpi", "nobody")
    assert "in Redis cannot be used, and left out: bad_key" in found.stderr
    assert "there is no campaign 'nobody' in Redis" in found.stderr
    assert found.returncode == 2


def test_the_board_names_partitions_that_are_parked_or_wait(redis_url: str) -> None:
    """And why."""
    fill(redis_url)
    waits, parked = notices(snapshot(redis_url).partitions)
    assert (
        waits
        == "Partition 0 waits, the others are counted: 10,500 refused records wait for their topic, which takes none."
    )
    assert parked == f"Partition 1 is parked, the others are counted: {WHY}"


def test_an_outage_of_all_partitions_is_a_few_sentences() -> None:
    """However many there are; none when all is well."""
    assert len(notices(PartitionHealth(n, parked="x" * 9999) for n in range(1000))) == 6
    assert notices(PartitionHealth(n) for n in range(1000)) == ()


def test_metrics_tell_them_and_have_every_other_label_at_zero(redis_url: str) -> None:
    """So that a rule sees the first increase."""
    fill(redis_url)
    text = Exporter(ExportPolicy(), Counter()).text(View(snapshot=snapshot(redis_url), redis_up=True), Format.PLAIN)
    for line in (
        'pacewatch_partition_held{partition="0"} 1',
        'pacewatch_partition_held{partition="1"} 0',
        'pacewatch_partition_parked{partition="0"} 0',
        'pacewatch_partition_parked{partition="1"} 1',
        'pacewatch_misrouted_events_total{stream="click"} 3',
        'pacewatch_misrouted_events_total{stream="spend"} 0',
        'pacewatch_skipped_records_total{topic="ads.spend"} 7',
        'pacewatch_skipped_records_total{topic="ads.clicks"} 0',
        'pacewatch_other_campaign_events_total{stream="spend"} 11',
        'pacewatch_other_campaign_events_total{stream="click"} 0',
    ):
        assert any(found.startswith(line) for found in text.splitlines()), line


def test_doctor_says_what_to_do(redis_url: str, tmp_path: Path) -> None:
    """With a cure for each; and what a client wrote moves no cursor."""
    fill(redis_url)
    done = System("127.0.0.1:1", redis_url, tmp_path).run("doctor")
    assert "FAIL  partition 1 is parked: KeyError: nobody foresaw\\u202e this" in done.stdout
    assert "WARN  3 events were on another partition than their campaign's" in done.stdout
    assert "partitioner=murmur2_random" in done.stdout
    assert "WARN  7 offsets could not be read" in done.stdout
    assert "WARN  11 events are of campaigns that had no place of their own" in done.stdout
    assert "WARN  10,500 refused records wait" in done.stdout
    assert "WARN  spend: events come 2 h 00 min late by habit" in done.stdout
    assert "clicks: events come" not in done.stdout
    assert "OK    codecs: gzip, snappy, lz4 and zstd can be read" in done.stdout


def test_workers_that_count_by_another_catalogue_are_told_wherever_it_is_looked(redis_url: str, tmp_path: Path) -> None:
    """By the monitor with the file, and by one without: of what an older worker does not tell nothing is said."""
    fill(redis_url)
    own = parse("measures: {visits: {}}", "catalogue.yml")
    (tmp_path / "catalogue.yml").write_text("measures: {visits: {}}")
    system = System("127.0.0.1:1", redis_url, tmp_path)
    for counted, others, without in ((None, 0, 0), (mark_of(own), 0, 1), (0, 1, 0), (mark_of(own) + 1, 1, 1)):
        with redis.Redis.from_url(redis_url) as client:
            client.hdel(layout.meta(0), layout.MEASURES)
            if counted is not None:
                client.hset(layout.meta(0), layout.MEASURES, counted)
        for catalogue, count in ((own, others), (CORE, without)):
            found = replace(snapshot(redis_url), catalogue=catalogue)
            assert len(found.differing) == count
            text = Exporter(ExportPolicy(), Counter()).text(View(found, redis_up=True), Format.PLAIN)
            assert f"pacewatch_catalogue_differs {count}" in text
            said = notices((), differing=len(found.differing))
            wanted = "Workers of 1 partition count by another version of the catalogue file: numbers may be missing."
            assert said == ((wanted,) if count else ())
            system.settings.pop("CATALOGUE", None)
            system.settings |= {"CATALOGUE": str(tmp_path / "catalogue.yml")} if catalogue is own else {}
            trouble = "catalogue file: workers of 1 partition count other measures than it has"
            assert (trouble in system.run("doctor").stdout) == bool(count)
