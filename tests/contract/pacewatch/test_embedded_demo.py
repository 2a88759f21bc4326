"""The demo as people run it: exact totals, also through kill -9 of the worker, and nothing left at the end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from kpis.contract import layout
from kpis.runtime.clock import Clock
from kpis.times import DAY_MS, HOUR_MS
from monitors.alerts.alert import Alert
from monitors.alerts.outbox import TOLD
from monitors.alerts.stored import decode_alert
from monitors.pacing.verdict import Reason
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation
from tests.kit.processes import until

_DEADLINE_S = 60
DAY = 1_370_448_000_000


@contextmanager
def demo(tmp_path: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A demo whose temporary files go to ``tmp_path / "tmp"``."""
    (tmp_path / "tmp").mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")} | {"TMPDIR": str(tmp_path / "tmp")}
    with (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "pacewatch", "demo", *args], env=env, stdout=subprocess.PIPE, stderr=err, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def children(pid: int) -> dict[int, str]:
    """The processes that a process started, with their command lines."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and (entry / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return found


def await_line(tmp_path: Path, text: str, process: subprocess.Popen[str], deadline_s: float = _DEADLINE_S) -> None:
    deadline = time.monotonic() + deadline_s
    while text not in (tmp_path / "err").read_text():
        assert process.poll() is None, (tmp_path / "err").read_text()
        assert time.monotonic() < deadline, (tmp_path / "err").read_text()
        time.sleep(0.02)


def recording(path: Path) -> dict[str, dict[str, int]]:
    """Write two hours of the launch day, some clicks twice; gives its truth."""
    simulation = Simulation(scenarios.launch_day(DAY), 7, "test")
    lines: list[bytes] = []
    for record in simulation.until(DAY + DAY_MS // 12):
        lines.append(record.value.replace(b"{", b'{"currency":"CNY",', 1))
        if record.stream == "click" and len(lines) % 5 == 0:
            lines.append(lines[-1])
    path.write_bytes(b"\n".join(lines))
    return {c: row for c, row in simulation.truth.items() if any(row.values())}


@pytest.mark.slow
def test_a_recording_gives_exact_totals_though_the_worker_is_killed_and_nothing_is_left(tmp_path: Path) -> None:
    truth = recording(tmp_path / "events.ndjson")
    args = ("--data", str(tmp_path / "events.ndjson"), "--speed", "300", "--json")
    with demo(tmp_path, *args) as process:
        await_line(tmp_path, "first KPI row", process)
        started = children(process.pid)
        worker = next(pid for pid, command in started.items() if command.rstrip().endswith("worker"))
        os.kill(worker, signal.SIGKILL)
        await_line(tmp_path, f"(pid {worker}) ended (signal 9); starting it again", process)
        output, _ = process.communicate(timeout=_DEADLINE_S)
        assert process.returncode == 0, (tmp_path / "err").read_text()
        values = json.loads(output.splitlines()[-1])
        totals = {c: {n: v["total"][n] for n in truth[c]} for c, v in values.items() if "|" not in c}
        assert totals == truth
        by_channel: Counter[str] = Counter()
        for series, windows in values.items():
            if "|channel=" in series:
                by_channel[series.partition("|")[0]] += windows["total"]["clicks"]
        assert by_channel == {c: row["clicks"] for c, row in truth.items()}
        assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
        assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, None])
def test_the_launch_day_ends_cleanly_by_signal_or_after_its_duration(
    tmp_path: Path, end: signal.Signals | None
) -> None:
    with demo(tmp_path, *(() if end else ("--duration", "20"))) as process:
        await_line(tmp_path, "first KPI row", process)
        started = children(process.pid)
        assert len(started) >= 5
        if end:
            process.send_signal(end)
        output, _ = process.communicate(timeout=_DEADLINE_S)
        assert process.returncode == 0, (tmp_path / "err").read_text()
        assert "brand-search" in output
        assert "/metrics" in (tmp_path / "err").read_text()
        assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
        assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_end_of_the_load_is_no_miss_only_what_the_flights_came_to_is_told_after_it(tmp_path: Path) -> None:
    day = Clock().now_ms() // DAY_MS * DAY_MS
    with demo(tmp_path, "--speed", "1440") as process:
        await_line(tmp_path, "all events are sent", process, deadline_s=150)
        found = re.search(r"Redis (\S+):(\d+)", (tmp_path / "err").read_text())
        assert found is not None
        with redis.Redis(found[1], int(found[2])) as client:
            until(lambda: b"flight_ended" in b"".join(client.lrange(TOLD, 0, -1)), "the flights' end to be told")
            # Hours of the day, in which all is silent.
            until(lambda: as_of(client) > day + DAY_MS + 6 * HOUR_MS, "the night after it")
            alerts = [one for raw in client.lrange(TOLD, 0, -1) if isinstance(one := decode_alert(raw), Alert)]
        assert alerts
        over = {Reason.FLIGHT_ENDED, Reason.FLIGHT_CLOSED}
        assert [one for one in alerts if one.reason not in over and (one.as_of_ms or 0) >= day + DAY_MS] == []
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_DEADLINE_S)


def as_of(client: redis.Redis) -> int:
    """Up to when the first partition is counted."""
    return int(client.hget(layout.meta(0), layout.CLOCK) or 0)
