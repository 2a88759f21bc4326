"""The command line: exit codes, one clear line for an error, and no secret in any."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kpis.contract.published import Layout
from kpis.measures import Stream
from kpis.runtime.errors import Misconfigured
from kpis.runtime.logs import OneLine
from kpis.times import DAY_MS
from monitors.alerts.notifiers.known import KNOWN
from monitors.read.snapshot import PartitionHealth, Snapshot, StreamHealth
from pacewatch.demo.services import NOBODY_TOLD, environment, port_near, why
from pacewatch.embedded.reaper import watch
from pacewatch.kpi import as_json, cell, print_table, stream_lines
from pacewatch.replay.command import parse_speed
from tests.kit.monitor_fakes import NOON
from tests.kit.processes import free_ports

NOWHERE = "127.0.0.1:1"


def pacewatch(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")}
    own |= {"PACEWATCH_KAFKA": NOWHERE, "PACEWATCH_REDIS": f"redis://:secret@{NOWHERE}/0", **env}
    return subprocess.run(
        [sys.executable, "-m", "pacewatch", *args], env=own, capture_output=True, text=True, timeout=60, check=False
    )


def test_goals_check_names_every_error_with_its_line_and_exits_2(tmp_path: Path) -> None:
    bad = tmp_path / "goals.yaml"
    bad.write_text(
        "campaigns:\n  - campaign: a\n    flight: {start: 2026-01-02, end: 2026-01-01, timezone: UTC}\n"
        "    goals: [{total: spent, target: 5}]\n"
    )
    result = pacewatch("goals", "check", str(bad))
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert [line.split(":")[1] for line in lines] == ["3", "4"]
    assert all(line.startswith(f"{bad}:") for line in lines)


def test_goals_schema_prints_the_committed_schema() -> None:
    result = pacewatch("goals", "schema")
    committed = Path(__file__).parents[3] / "docs" / "goals.schema.json"
    assert (result.returncode, json.loads(result.stdout)) == (0, json.loads(committed.read_text()))


def test_doctor_names_a_variable_that_is_no_setting() -> None:
    said = pacewatch("doctor", PACEWATCH_REDIS_URL="redis://:hunter2@r").stdout
    assert "PACEWATCH_REDIS_URL is no setting and is ignored" in said
    assert "hunter2" not in said


def test_what_the_log_level_hides_is_still_heard_by_who_counts_it() -> None:
    """Warnings of the Kafka client are a metric, also where only errors are shown."""
    said = """
import logging
from prometheus_client import Counter
from kpis.runtime import logs
from streams.kafka.clients import CLIENT_LOG, ErrorCounter
logs.hush()
logs.set_up("ERROR")
errors = Counter("errors", "", registry=None)
logging.getLogger(CLIENT_LOG).addHandler(ErrorCounter(errors))
for level in (logging.INFO, logging.WARNING, logging.ERROR):
    logging.getLogger(CLIENT_LOG + ".conn").log(level, "level %d", level)
logging.getLogger("streams").warning("a warning")
print(errors._value.get())
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "2.0\n"
    assert [line.split(" ", 1)[1] for line in done.stderr.splitlines()] == ["ERROR aiokafka.conn level 40"]


def test_goals_check_of_a_good_file_exits_0_with_a_summary(tmp_path: Path) -> None:
    good = tmp_path / "goals.yaml"
    good.write_text(
        "campaigns:\n  - campaign: a\n    flight: {start: 2026-01-01, end: 2026-01-02, timezone: UTC}\n"
        "    goals: [{total: spend, target: 5}]\n"
    )
    result = pacewatch("goals", "check", str(good))
    assert (result.returncode, result.stderr) == (0, "")
    assert "1 campaign, 1 goal" in result.stdout


def test_what_may_come_back_exits_1_and_what_a_person_must_change_exits_2() -> None:
    away = pacewatch("kpi")
    assert (away.returncode, len(away.stderr.splitlines())) == (1, 1)
    assert "Redis" in away.stderr
    wrong = pacewatch("kpi", PACEWATCH_PARTITIONS="none")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "PACEWATCH_PARTITIONS" in wrong.stderr
    for command in ("worker", "monitor"):
        clock = pacewatch(command, PACEWATCH_CLOCK="fast")
        assert (clock.returncode, len(clock.stderr.splitlines())) == (2, 1)


def test_doctor_fails_with_a_remedy_when_services_are_away_and_shows_no_secret() -> None:
    result = pacewatch("doctor", PACEWATCH_SLACK_WEBHOOK_URL="https://hooks.invalid/T0/secret")
    assert result.returncode == 2
    assert result.stdout.count("FAIL") == 3
    assert "PACEWATCH_KAFKA" in result.stdout
    assert "FAIL  Slack cannot be reached: " in result.stdout
    assert "secret" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("routes", "why"),
    [
        ("critical=slack+slack", "'slack' is named twice"),
        ("warning=webhook", "'webhook' in 'warning=webhook' is not"),
    ],
)
def test_a_monitor_with_a_route_that_cannot_be_does_not_start(routes: str, why: str) -> None:
    result = pacewatch("monitor", PACEWATCH_SLACK_WEBHOOK_URL="https://hooks.invalid/secret", PACEWATCH_ROUTES=routes)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
    assert "PACEWATCH_ROUTES" in result.stderr
    assert why in result.stderr


def test_replay_of_a_missing_file_is_one_line_and_exit_2() -> None:
    result = pacewatch("replay", "no-such-file")
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "fast", "inf", ""])
def test_a_speed_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse_speed(text)


def test_speeds_are_max_or_a_positive_number() -> None:
    assert parse_speed("max") is None
    assert parse_speed("0.5") == 0.5


def test_the_guard_ends_only_what_was_not_forgotten() -> None:
    orders = ["dir /tmp/x\n", "pid 12\n", "pid 13\n", "forget 12\n", "nonsense\n"]
    assert watch(iter(orders)) == ({13}, ["/tmp/x"])  # type: ignore[arg-type]  # noqa: S108


def test_the_demo_owns_some_settings_and_leaves_the_user_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACEWATCH_SLACK_WEBHOOK_URL_FILE", "/run/secrets/slack")
    monkeypatch.setenv("PACEWATCH_KAFKA", "prod:9092")
    monkeypatch.setenv("PACEWATCH_GOALS", "mine.yaml")
    monkeypatch.setenv("PACEWATCH_BREAKDOWNS", "country")
    monkeypatch.setenv("PACEWATCH_CURRENCY", "EUR")
    env = environment({"KAFKA": "demo", "SLACK_WEBHOOK_URL": "fake", "GOALS": ""}, {"CURRENCY": "CNY", "GROUP": "g"})
    mine = {k: v for k, v in env.items() if k.startswith("PACEWATCH_")}
    assert mine == {
        "PACEWATCH_KAFKA": "demo",
        "PACEWATCH_SLACK_WEBHOOK_URL": "fake",
        "PACEWATCH_BREAKDOWNS": "country",
        "PACEWATCH_CURRENCY": "EUR",
        "PACEWATCH_GROUP": "g",
    }


def test_a_demo_tells_nobody_whom_the_users_own_settings_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    for known in KNOWN:
        monkeypatch.setenv(known.setting, "https://ops.example")
        monkeypatch.setenv(f"{known.setting}_FILE", "/run/secrets/url")
    monkeypatch.setenv("PACEWATCH_ROUTES", "critical=alertmanager")
    env = environment(NOBODY_TOLD | {"SLACK_WEBHOOK_URL": "fake"}, {})
    told = {k: v for k, v in env.items() if ("_URL" in k and k.startswith("PACEWATCH_")) or "ROUTES" in k}
    assert told == {"PACEWATCH_SLACK_WEBHOOK_URL": "fake"}


def test_values_are_shown_for_people_and_exact_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"[red]a": {"total": {"impressions": 12345, "ctr": None, "spend": 1.5, "cvr": 0.125}}}
    print_table(values, "CNY")
    shown = capsys.readouterr().out
    assert "[red]a" in shown
    assert "12,345" in shown
    assert cell("ctr", None) == "-"
    assert cell("cvr", 0.125) == "12.50%"
    assert json.loads(as_json(values)) == values


def test_streams_that_are_late_or_behind_are_named_with_what_they_are_complete_to() -> None:
    def told(*streams: tuple[Stream, int, int]) -> list[str]:
        own = {stream: StreamHealth(NOON - ago, None, late) for stream, ago, late in streams}
        health = PartitionHealth(0, NOON, streams=own)
        return [*stream_lines(Snapshot(Layout(1, "EUR", ("5m",), 40), NOON, (health,), {}, {}))]

    assert told() == []
    assert told((Stream.CLICK, 59_000, 0), (Stream.SPEND, 8_000_000, 8_000_000)) == [
        "spend: complete to 09:46 UTC, 2 h 13 min late by habit"
    ]
    assert told((Stream.IMPRESSION, DAY_MS, 0), (Stream.SPEND, 9_000_000, 8_000_000)) == [
        "impressions: complete to 2026-11-21 12:00 UTC, 24 h 00 min behind",
        "spend: complete to 09:30 UTC, 2 h 13 min late by habit, 16 min behind",
    ]


def test_a_log_record_is_one_line_whatever_it_holds() -> None:
    import logging

    record = logging.LogRecord("a", logging.INFO, "f", 1, "one\ntwo %s", ("x\r\ny",), None)
    assert OneLine().format(record).count("\n") == 0


def test_demos_that_start_together_get_ports_of_their_own() -> None:
    """Though none of them listens yet; and a port that is let go is free for the next."""
    (wanted,) = free_ports(1)
    with port_near(wanted) as first, port_near(wanted) as second:
        assert first == wanted
        assert second != wanted
    with port_near(wanted) as again:
        assert again == wanted


def test_the_help_of_simulate_says_that_its_rate_is_of_the_clock() -> None:
    said = pacewatch("simulate", "--help", COLUMNS="400").stdout
    assert "Events per second of the clock, all campaigns together (steady): where PACEWATCH_CLOCK is 60 times" in said


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("Traceback\n  File x\nKeyError: 'a'\n2026 ERROR asyncio Unclosed client", "KeyError: 'a'"),
        ("2026 INFO started\npacewatch: PACEWATCH_KAFKA is wrong", "pacewatch: PACEWATCH_KAFKA is wrong"),
        ("killed", "killed"),
        ("", "it wrote nothing"),
    ],
)
def test_why_a_service_of_the_demo_ended_is_its_last_exception(tail: str, said: str) -> None:
    assert why(tail) == said
