"""The backtest command: what it prints, and what it says of arguments that cannot be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitors.goals.file import parse
from pacewatch.backtest.command import countable

GOALS = """\
campaigns:
  - campaign: a
    flight: {start: 2025-11-22T00:00Z, end: 2025-11-24T00:00Z}
    goals: [{total: impressions, target: 28800}]
"""
START, MINUTE = 1_763_769_600_000, 60_000
"""2025-11-22T00:00Z."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A campaign that serves a day, minute by minute, and is dark then until one last event; one event is refused."""
    events = [
        {"type": "impression", "event_id": str(n), "ts": START + n * MINUTE, "campaign_id": "a", "quantity": 10}
        for n in [*range(1440), 2100]
    ]
    events.insert(5, {"type": "click", "event_id": "x", "ts": "noon", "campaign_id": "a"})
    (tmp_path / "events.ndjson").write_text("".join(f"{json.dumps(e)}\n" for e in events) + "{\n")
    (tmp_path / "goals.yml").write_text(GOALS)
    (tmp_path / "labels.yml").write_text(
        "- {campaign: a, from: 2025-11-23T00:00Z, by: 2025-11-23T01:00Z, what: dark}\n"
    )
    return tmp_path


def backtest(files: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")} | more
    paths = [str(files / word) if word.endswith(("json", "yml")) and word != "--json" else word for word in words]
    command = [sys.executable, "-m", "pacewatch", "backtest", "--goals", str(files / "goals.yml"), *paths]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)


def test_a_dark_campaign_is_told_while_nothing_comes_and_what_was_refused_is_said(files: Path) -> None:
    done = backtest(files, "--data", "events.ndjson", "--labels", "labels.yml", "--json")
    assert done.returncode == 0, done.stderr
    *messages, last = map(json.loads, done.stdout.splitlines())
    dark = [m for m in messages if m["goal"] == "watch:serving" and m["change"] == "fired"]
    assert len(dark) == 1
    assert "2025-11-23T00:00" < dark[0]["at"] < "2025-11-23T01:00"
    summary = last["summary"]
    assert (summary["events"], summary["refused"]) == (1441, {"click bad_time": 1})
    assert summary["left_out"]["lines hold no usable event"] == 1
    assert (summary["recall"], summary["labels"][0]["reason"]) == (1.0, "not_serving")


def test_goals_about_what_a_catalogue_file_adds_are_judged_over_events_of_measures(files: Path) -> None:
    """A measure that no file adds is refused, as a worker would."""
    names = ["visits", "visits", "strangers"]
    events = [
        {"type": "measure", "event_id": f"{n}", "ts": START + n * MINUTE, "campaign_id": "a", "name": names[n % 3]}
        for n in range(1440)
    ]
    (files / "visits.ndjson").write_text("".join(f"{json.dumps(e)}\n" for e in events))
    (files / "catalogue.yml").write_text("measures: {visits: {}}")
    (files / "goals.yml").write_text(GOALS.replace("impressions, target: 28800", "visits, target: 20000"))
    done = backtest(files, "--data", "visits.ndjson", "--json", PACEWATCH_CATALOGUE=str(files / "catalogue.yml"))
    assert done.returncode == 0, done.stderr
    *messages, last = map(json.loads, done.stdout.splitlines())
    assert {(m["goal"], m["change"], m["direction"]) for m in messages} == {("visits", "fired", "under")}
    assert (last["summary"]["events"], last["summary"]["refused"]) == (960, {"measure unknown_measure": 480})


def test_a_sweep_prints_a_row_for_each_value(files: Path) -> None:
    words = ("--data", "events.ndjson", "--labels", "labels.yml", "--every", "5m", "--sweep", "for_ms=0,12h")
    done = backtest(files, *words)
    assert done.returncode == 0, done.stderr
    head, now, late, *_ = done.stdout.splitlines()
    assert head.split() == ["tried", "messages", "wrong", "precision", "recall", "median", "delay"]
    assert "100%" in now.partition("for_ms=0")[2]
    assert late.split()[:3] == ["for_ms=43200000", "0", "0"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give --data FILE, or --from T and --to T"),
        (("--from", "2025-11-22T00:00:00Z"), "give --data FILE, or --from T and --to T"),
        (("--from", "yesterday", "--to", "2025-11-22T00:00:00Z"), "--from: 'yesterday' is no time with a zone"),
        (("--from", "2025-11-23T00:00:00Z", "--to", "2025-11-22T00:00:00Z"), "--to: it is not after --from"),
        (("--data", "none.ndjson"), "none.ndjson: it cannot be opened"),
        (("--data", "events.ndjson", "--every", "soon"), "--every: 'soon' is no such span"),
        (("--data", "events.ndjson", "--to", "2025-11-01T00:00:00Z"), "do goals and events go together?"),
        (("--data", "events.ndjson", "--sweep", "z_prof=1"), "did you mean z_proof?"),
        (("--data", "events.ndjson", "--labels", "goals.yml"), "unknown key 'campaigns'"),
    ],
)
def test_wrong_arguments_are_said_and_nothing_is_judged(files: Path, words: tuple[str, ...], said: str) -> None:
    done = backtest(files, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_goals_of_breakdowns_are_left_out_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    flight = "flight: {start: 2026-11-22, end: 2026-11-23, timezone: UTC}"
    found = parse(
        f"campaigns:\n  - {{campaign: a, {flight}, goals: [{{total: spend, target: 5}}]}}\n"
        "portfolio: {goals: [{total: spend}]}\n"
        "breakdowns:\n  - {breakdown: channel=search, goals: [{total: spend, target: 5}]}\n",
        "x",
    )
    assert [one.campaign for one in countable(found).all] == ["a", "portfolio="]
    said = capsys.readouterr().err
    assert "goals of breakdowns are not looked at, as whole campaigns are counted: channel=search" in said
