"""What doctor makes of what it sees: each trouble is one line with its cure, and what is well is not called trouble."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kpis.contract import layout
from kpis.contract.published import Layout
from kpis.runtime.clock import wall_ms
from kpis.times import DAY_MS, HOUR_MS, day_of
from monitors.read.snapshot import PartitionHealth
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level, as_json, lines, worst
from pacewatch.doctor.in_kafka import ahead, kept_by
from pacewatch.doctor.in_redis import Deployment
from pacewatch.doctor.living import of_monitors, of_workers
from pacewatch.doctor.of_goals import of_goals
from pacewatch.doctor.redis_servers import of_server, skewed
from pacewatch.doctor.who_reads import of_pages
from tests.kit.monitor_fakes import NOON

WELL: dict[str, Any] = {
    "redis_version": "7.2.4",
    "role": "master",
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
    "used_memory": 2**20,
    "maxmemory": 2**30,
}
FRESH = PartitionHealth(0, NOON, caught_up=True, flushed_at_ms=NOON - 200)
LAYOUT = Layout(1, "USD", ("5m", "24h"), 40)
OK, FINE = Level.OK, Finding(Level.OK, "fine")


def troubles(found: Any) -> list[str]:
    """Lines of what is not well; each has a cure."""
    listed = [one for one in found if one.level is not OK]
    assert all(one.remedy for one in listed)
    return [f"{one.level} {one.what}" for one in listed]


@pytest.mark.parametrize(
    ("of_it", "told"),
    [
        ({}, []),
        ({"redis_version": "6.0.9"}, ["FAIL Redis at r has version 6.0.9"]),
        ({"role": "slave"}, ["FAIL this Redis is a replica and takes no writes"]),
        ({"maxmemory_policy": "allkeys-lru"}, ["WARN Redis may evict keys (maxmemory-policy allkeys-lru)"]),
        ({"aof_enabled": 0}, ["WARN Redis keeps no append-only file"]),
        ({"used_memory": 900 * 2**20}, ["WARN Redis takes 900 MiB of 1.0 GiB (maxmemory)"]),
        (
            {"used_memory": 1010 * 2**20},
            ["FAIL Redis takes 1,010 MiB of 1.0 GiB (maxmemory): it refuses writes when it is full"],
        ),
        (
            {"maxmemory": 0, "used_memory": 2**31, "total_system_memory": 2**31},
            [
                "FAIL Redis takes 2.0 GiB, without a limit, of the host's 2.0 GiB: it refuses writes when it is full",
            ],
        ),
        ({"aof_last_write_status": "err"}, ["FAIL Redis could not write its last append-only file"]),
        ({"rdb_last_bgsave_status": "err"}, ["FAIL Redis could not write its last snapshot"]),
    ],
)
def test_a_server_is_told_by_its_version_role_memory_and_disk(of_it: dict[str, Any], told: list[str]) -> None:
    assert troubles(of_server("r", WELL | of_it)) == told


def test_a_server_that_says_little_of_itself_is_no_trouble() -> None:
    assert troubles(of_server("r", {"redis_version": "7.0", "maxmemory_policy": "noeviction", "aof_enabled": 1})) == []


@pytest.mark.parametrize(
    ("off_ms", "told"),
    [
        (1_900, []),
        (-2_500, ["WARN Redis's clock is 2.5 s behind this host's"]),
        (90_000, ["FAIL Redis's clock is 90.0 s ahead of this host's"]),
    ],
)
def test_a_clock_that_is_off_is_told(off_ms: int, told: list[str]) -> None:
    assert troubles(skewed(off_ms)) == told


def test_partitions_that_nobody_writes_are_named_and_what_waits_is_counted() -> None:
    def told(*partitions: PartitionHealth, rate: float = 1.0) -> list[str]:
        return troubles(of_workers(partitions, NOON, rate))

    other = replace(FRESH, number=1)
    silent = replace(other, flushed_at_ms=NOON - HOUR_MS)
    assert told(FRESH, other) == []
    assert told(FRESH, silent) == ["FAIL nobody writes partition 1; the others are written"]
    assert told(silent, silent) == ["FAIL no worker writes, for 1 h 00 min"]
    assert told(PartitionHealth(0)) == ["FAIL no worker writes"]
    # On a clock 600 times as fast an hour is six seconds.
    assert told(silent, rate=600.0) == []
    late = replace(FRESH, caught_up=False, lag={"a": 1200, "b": 34})
    assert told(late, other) == ["WARN 1,234 records wait to be read, in 1 partition"]
    assert told(replace(FRESH, held=True)) == [
        "FAIL reading of 1 partition waits: too many refused records wait for their topic"
    ]
    assert told(replace(FRESH, flushed_at_ms=NOON + 7_000)) == ["WARN a worker's clock is 7.0 s ahead of this host's"]
    early = replace(FRESH, counters={f"{layout.REJECTED}click:too_far_ahead": 3})
    assert told(early) == ["WARN 3 events of clicks lay too far ahead of now, and were refused"]


def test_a_leader_without_goals_or_somebody_to_tell_is_told_apart_from_none() -> None:
    assert troubles(of_monitors(None)) == ["WARN no monitor leads: nothing is judged, and nobody is told"]
    assert troubles(of_monitors("0:ab")) == ["WARN a monitor leads, and has no goals"]
    assert troubles(of_monitors("1:ab")) == ["WARN a monitor leads, and has nobody to tell"]
    assert troubles(of_monitors("2:ab")) == []


def test_topics_that_keep_too_little_are_told_and_history_is_held_against_them() -> None:
    def found(**of: str) -> list[Finding]:
        return list(kept_by({"clicks": {name.replace("_", "."): value for name, value in of.items()}}, 40))

    assert found() == []
    assert [str(f) for f in found(retention_ms="-1")] == ["OK    topics keep records for ever"]
    assert [str(f) for f in found(retention_ms=str(50 * DAY_MS))] == ["OK    topics keep records for 50 days"]
    (week,) = found(retention_ms=str(7 * DAY_MS))
    assert (week.level, "and not the 40 days" in week.what) == (OK, True)
    assert troubles(found(retention_ms=str(4 * HOUR_MS))) == [
        "WARN topics keep records for 4 h 00 min: what workers that are away for longer have not read is lost"
    ]
    assert troubles(found(cleanup_policy="compact,delete")) == [
        "FAIL topic clicks is compacted: of a campaign's events Kafka keeps the last one"
    ]
    assert troubles(found(retention_bytes="1000000")) == [
        "WARN topic clicks keeps 1,000,000 bytes of a partition, however old they are"
    ]


def test_topics_that_keep_differently_are_named() -> None:
    kept = kept_by({"a": {"retention.ms": str(DAY_MS * 90)}, "b": {"retention.ms": "-1"}}, 40)
    assert [str(one) for one in kept] == [
        "OK    topics b keep records for ever",
        "OK    topics a keep records for 90 days",
    ]


def test_records_of_the_future_tell_of_a_clock() -> None:
    assert troubles(ahead({"a": NOON + 1_000, "b": NOON - DAY_MS}, NOON)) == []
    assert troubles(ahead({"a": NOON + 30_000}, NOON)) == [
        "WARN the last record of a was sent at a time that is 30 s from now"
    ]


def goals_file(directory: Path, campaigns: dict[str, str]) -> str:
    """A goals file: campaign to its flight."""
    file = directory / "goals.yml"
    goal = "{ratio: ctr, at_least: 0.1, window: 1h}"
    entries = (
        f"  - {{campaign: {c}, flight: {{{flight}, timezone: UTC}}, goals: [{goal}]}}\n"
        for c, flight in campaigns.items()
    )
    file.write_text("campaigns:\n" + "".join(entries))
    return str(file)


NOW = f"start: {day_of(wall_ms())}, end: {day_of(wall_ms() + 9 * DAY_MS)}"
OVER = "start: 2026-01-01, end: 2026-02-01"


def judged(directory: Path, campaigns: dict[str, str], held: Deployment | None) -> list[str]:
    """What is told of goals for campaigns."""
    return troubles(of_goals(MonitorSettings.load(goals=goals_file(directory, campaigns)), held))


def test_goals_are_held_against_campaigns_and_windows_that_there_are(tmp_path: Path) -> None:
    held = Deployment(LAYOUT, (FRESH,), {}, frozenset({"spring", "brand"}), None)
    windows = "WARN goals for windows 1h are never judged: 5m, 24h are kept"
    assert judged(tmp_path, {"spring": NOW}, held) == [windows]
    assert judged(tmp_path, {"spring": NOW, "later": "start: 2098-01-01, end: 2098-02-01"}, held) == [windows]
    said = of_goals(MonitorSettings.load(goals=goals_file(tmp_path, {"Spring": NOW})), held)
    strange = next(one for one in said if "no event" in one.what)
    assert strange.what == "1 campaign of the goals file should run and had no event ever: Spring"
    assert strange.remedy.endswith("is Spring meant to be spring?")
    assert judged(tmp_path, {"spring": OVER}, held) == [
        windows,
        "WARN all flights of the goals file are over: nothing is judged",
    ]
    # With nothing known of Redis, what is set here is what counts.
    assert judged(tmp_path, {"spring": NOW}, None) == []


def test_campaigns_without_a_goal_are_named_and_no_trouble(tmp_path: Path) -> None:
    held = Deployment(LAYOUT, (), {}, frozenset({"a", "b", "c", "d", "e", "f", "g", "h"}), None)
    found = list(of_goals(MonitorSettings.load(goals=goals_file(tmp_path, {"a": NOW})), held))
    assert "7 campaigns in Redis without a goal: b, c, d, e, f and 2 more" in [one.what for one in found]


def test_a_finding_is_one_line_whatever_campaigns_are_called(tmp_path: Path) -> None:
    held = Deployment(LAYOUT, (), {}, frozenset({"a\nFAIL  b", "\x1b[2J\u202e"}), None)
    found = list(of_goals(MonitorSettings.load(goals=goals_file(tmp_path, {"a": NOW})), held))
    for width in (None, 60):
        shown = "".join(lines(found, width))
        assert shown.isprintable()
        assert "a\\u000aFAIL" in shown
    assert all(str(finding).isprintable() for finding in [Finding(Level.OK, "x\ny", "z\nu")])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, []),
        (
            {"monitor_host": "0.0.0.0"},  # noqa: S104
            ["WARN pages: served over plain HTTP, to everybody who reaches the monitor's at 0.0.0.0"],
        ),
        ({"http_token": "t"}, []),
        (
            {"http_token": "t", "worker_host": "10.0.0.7"},
            ["WARN token and password can be read on the way to the worker's at 10.0.0.7"],
        ),
        ({"http_cert": "/nowhere.pem"}, ["FAIL pages: PACEWATCH_HTTP_CERT, PACEWATCH_HTTP_KEY: one is set and the"]),
    ],
)
def test_who_may_read_the_pages_is_told(settings: dict[str, Any], told: list[str]) -> None:
    found = [one for one in of_pages(MonitorSettings.load(**settings)) if one.level is not OK]
    assert [f"{one.level} {one.what}"[: len(t)] for one, t in zip(found, told, strict=True)] == told


def test_lines_fold_between_words_in_a_terminal_and_are_whole_in_a_pipe() -> None:
    path = "/a/long/path/that/goes/on/" + "and/on/" * 12 + "goals.yml"
    found = [FINE, Finding(Level.FAIL, f"goals file {path} cannot be read", "look at " + "words " * 20)]
    folded = list(lines(found, 80))
    assert all(len(line) <= 80 or path in line for line in folded)
    assert any(line.startswith("      -> look at") for line in folded)
    assert any(path in line for line in folded)
    assert list(lines(found, None)) == ["OK    fine", str(found[1]), "1 error, 0 warnings"]
    assert list(lines([FINE], None))[-1] == "all is well"


def test_json_has_the_worst_level_and_each_cure() -> None:
    found = [FINE, Finding(Level.WARN, "w", "c")]
    assert json.loads(as_json(found)) == {
        "level": "WARN",
        "findings": [{"level": "OK", "what": "fine", "cure": ""}, {"level": "WARN", "what": "w", "cure": "c"}],
    }
    assert worst([]) is OK
