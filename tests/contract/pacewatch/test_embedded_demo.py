"""The demo as people run it: exact totals, also through kill -9 of the worker, and nothing left at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kpis.times import DAY_MS
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation

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
    """Write an hour of the launch day, some clicks twice; gives its truth."""
    simulation = Simulation(scenarios.launch_day(DAY), 7, "test")
    lines: list[bytes] = []
    for record in simulation.until(DAY + scenarios.OPENS_MS + DAY_MS // 24):
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
@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (None, 0)]
)
def test_the_launch_day_ends_cleanly_by_signal_or_after_its_duration(
    tmp_path: Path, end: signal.Signals | None, code: int
) -> None:
    with demo(tmp_path, *(() if end else ("--duration", "20"))) as process:
        await_line(tmp_path, "first KPI row", process)
        started = children(process.pid)
        assert len(started) >= 5
        if end:
            process.send_signal(end)
        output, _ = process.communicate(timeout=_DEADLINE_S)
        said = (tmp_path / "err").read_text()
        assert process.returncode == code, said
        assert output.startswith("launch board: http://127.0.0.1:"), "the address is the first thing it says"
        assert len(output.splitlines()) == 1, "and nothing is summed up"
        assert "ended before everything was counted; nothing is left running" in said
        assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
        assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.slow
def test_an_end_that_was_asked_for_before_everything_is_counted_is_not_exact(tmp_path: Path) -> None:
    with demo(tmp_path, "--exit", "--duration", "2") as process:
        process.communicate(timeout=_DEADLINE_S)
        assert process.returncode == 1
        assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.slow
def test_a_recording_in_a_pipe_is_summed_up_in_few_lines_and_ends_with_0(tmp_path: Path) -> None:
    truth = recording(tmp_path / "events.ndjson")
    with demo(tmp_path, "--data", str(tmp_path / "events.ndjson"), "--speed", "max", "--exit", "--open") as process:
        output, _ = process.communicate(timeout=_DEADLINE_S)
        said = (tmp_path / "err").read_text()
        assert process.returncode == 0, said
    clicks = sum(row["clicks"] for row in truth.values())
    (row,) = (line.split() for line in output.splitlines() if line.startswith("clicks"))
    sent, counted, repeated, refused = (int(cell.replace(",", "")) for cell in row[1:])
    assert (counted, refused) == (clicks, 0)
    assert sent == counted + repeated > counted, "some are there twice"
    assert f"EXACT: of {sum_of_sent(output):,} events each is counted once" in output
    assert len(said.splitlines()) + len(output.splitlines()) < 40


def sum_of_sent(output: str) -> int:
    """What was sent of all streams, by the summary."""
    names = ("impressions", "clicks", "conversions", "spend")
    return sum(int(line.split()[1].replace(",", "")) for line in output.splitlines() if line.startswith(names))
