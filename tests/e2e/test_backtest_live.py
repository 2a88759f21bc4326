"""The backtest against a real worker and a real monitor, on a clock that runs fast.

On it a look comes every few minutes of event time, and an event is counted a minute or two after its time. So what
lasted for less than that is left out on both sides, and only what does not depend on how often one looks is compared:
that on which backtests with looks one, three and five minutes apart agree. That the backtest tells what the monitor's
cycle tells, look by look and without any tolerance, is in ``tests/contract/pacewatch/test_backtest_cycle.py``.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest
import redis

from kpis.settings.shared import Settings
from kpis.times import MINUTE_MS
from monitors.alerts.outbox import TOLD
from pacewatch.replay.recording import Record, Recording
from pacewatch.replay.sender import sender
from pacewatch.replay.sending import RecordingSource, replay
from tests.kit.recorded import GOALS, recorded_week
from tests.kit.system import System

RATE = 1800
SINCE, SINCE_MS, UNTIL_MS = "2013-06-09T09:00", 1_370_739_600_000, 1_370_826_000_000
"""A day that begins nine hours before one of the campaigns goes dark."""
START_S = 12.0
"""What worker and monitor may take to start: until then the clock shows a time before the flights."""
SHORT_MS = 20 * MINUTE_MS
"""Some seven looks, or 0.7 real seconds."""
Step = tuple[str, str]
Steps = list[tuple[int, Step]]
"""When, and the change and the status it brought."""
Told = dict[tuple[str, str], Steps]
"""By campaign and goal."""


@pytest.fixture
def system(embedded_broker: str, redis_url: str, tmp_path: Path) -> Iterator[System]:
    at = int((time.time() + START_S) * 1000)
    made = System(
        embedded_broker,
        redis_url,
        tmp_path,
        CLOCK=f"{RATE}x@{SINCE_MS}/{at}",
        CURRENCY="CNY",
        REFRESH_S="0.05",
        FLUSH_INTERVAL_S="0.02",
        PARTITIONS="1",
        GOALS=str(goals(tmp_path)),
    )
    yield made
    made.stop()


def goals(directory: Path) -> Path:
    """The goals of the week, of flights that begin with the part of it that is played."""
    path = directory / "goals.yml"
    path.write_text(GOALS.read_text().replace("start: 2013-06-06T00:00", f"start: {SINCE}"))
    return path


def part(directory: Path) -> Path:
    """The events that are played."""
    path = directory / "part.ndjson.gz"
    with Recording(recorded_week()) as recording, gzip.open(path, "wb") as to:
        for record in recording:
            if isinstance(record, Record) and record.ts_ms is not None and SINCE_MS <= record.ts_ms < UNTIL_MS:
                to.write(record.value + b"\n")
    return path


def live(system: System, events: Path) -> Told:
    """What a monitor tells while events are sent at the clock's pace."""
    system.worker()
    system.monitor()
    settings = Settings.load(kafka=system.broker, topic_prefix=system.prefix, clock=system.settings["CLOCK"])
    assert settings.the_clock.now_ms() < SINCE_MS, "it took too long to start"
    player = Thread(target=lambda: asyncio.run(play(events, settings)))
    player.start()
    told: Told = defaultdict(list)
    known: set[str] = set()
    with redis.Redis.from_url(system.redis_url) as client:
        is_over = False
        while not is_over:
            is_over = not player.is_alive()
            time.sleep(0.5)
            for alert in map(json.loads, client.lrange(TOLD, 0, -1)):
                if alert["id"] not in known and alert["at_ms"] < UNTIL_MS:
                    known.add(alert["id"])
                    name = alert["campaign"], alert["goal"].partition("|")[2]
                    told[name].append((alert["at_ms"], (alert["change"], alert["after"])))
    player.join()
    return told


async def play(events: Path, settings: Settings) -> None:
    """Send every event when the clock of the system shows its time."""
    async with sender(settings) as to:
        await replay(RecordingSource(events), to, pace=settings.the_clock, complain=print)


def backtested(system: System, events: Path, every: str) -> Told:
    """What the command says."""
    files = ("--goals", system.settings["GOALS"], "--data", str(events))
    done = system.run("backtest", *files, "--json", "--every", every)
    assert done.returncode == 0, done.stderr
    told: Told = defaultdict(list)
    for alert in map(json.loads, done.stdout.splitlines()[:-1]):
        at_ms = int(datetime.fromisoformat(alert["at"]).timestamp() * 1000)
        told[alert["campaign"], alert["goal"]].append((at_ms, (alert["change"], alert["status"])))
    return told


def lasting(steps: Steps) -> Steps:
    """The steps that led to what lasted: a status that was soon left for another is passed over."""
    found: Steps = [(0, ("", "on_pace"))]
    for (at, (_, status)), (end, _) in pairwise([*steps, (UNTIL_MS, ("", ""))]):
        if end - at >= SHORT_MS and status != found[-1][1][1]:
            found.append((at, ("", status)))
    return found[1:]


def statuses(steps: Steps) -> list[str]:
    """Without times."""
    return [status for _, (_, status) in lasting(steps)]


def stable(runs: Iterable[Told]) -> dict[tuple[str, str], Steps]:
    """The goals on which all runs agree, with the steps of the first."""
    first, *others = runs
    names = {name for told in (first, *others) for name in told}
    return {
        name: first.get(name, [])
        for name in sorted(names)
        if all(statuses(told.get(name, [])) == statuses(first.get(name, [])) for told in others)
    }


@pytest.mark.slow
def test_a_monitor_tells_what_the_backtest_said_it_would(system: System, tmp_path: Path) -> None:
    events = part(tmp_path)
    found = live(system, events)
    expected = stable(backtested(system, events, every) for every in ("1m", "3m", "5m"))
    assert sum(bool(lasting(steps)) for steps in expected.values()) >= 2, "too little to compare"
    told = {name: statuses(found.get(name, [])) for name in expected}
    assert told == {name: statuses(steps) for name, steps in expected.items()}
    for name, steps in expected.items():
        times = zip(lasting(found.get(name, [])), lasting(steps), strict=True)
        assert all(abs(at - wanted) <= 2 * SHORT_MS for (at, _), (wanted, _) in times), name
