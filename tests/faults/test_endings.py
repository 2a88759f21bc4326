"""However a worker fails, it ends: none hangs, and a supervisor's next one goes on with every number exact."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.check import differences
from tests.faults.feed import Feed
from tests.faults.world import World, world
from tests.kafka.launcher import Cluster
from tests.kit.processes import Program, until

CRASHES = int(os.environ.get("PACEWATCH_FAULT_CRASHES", "50"))
SEED = int(os.environ.get("PACEWATCH_FAULT_SEED", time.strftime("%Y%m%d")))
PLACES = ("agent", "flush", "thread", "fetch", "loop")
"""Where it fails by itself: counting, flushing, the consumer's thread, the fetch loop; or its loop stands still."""
WITHIN_S = 0.2
ENDS_S = 40
"""Seconds in which a worker that failed must be gone: its deadline, and what a busy machine takes."""
SIGNALS = (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP)


def failing(place: World, name: str, where: str, after_s: float) -> Program:
    """Start a worker that fails by itself, or fares well where it is to be sent a signal."""
    argv = [sys.executable, "-m", "tests.faults.crash", where, str(after_s)]
    program = Program(
        argv if where in PLACES else place.system.command("worker"), place.directory / name, place.system.env
    )
    place.workers["a"] = program
    return program


def ends(program: Program, where: str, after_s: float) -> None:
    """See that it is gone in time; what is halted by SIGSTOP goes on, and is then told to end."""
    until(lambda: "ready: reading" in program.output() or not program.running, "it to be ready")
    if where not in PLACES:
        time.sleep(after_s)  # The moment at which it fails.
        program.send(signal.Signals[where])
    if where == "SIGSTOP":
        time.sleep(after_s)
        program.send(signal.SIGCONT)
    if where in {"SIGSTOP", "loop"}:
        program.send(signal.SIGTERM)
    until(lambda: not program.running, f"a worker that fails by {where} to end", deadline_s=ENDS_S)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "count",
    [pytest.param(len(PLACES) + len(SIGNALS), id="each"), pytest.param(CRASHES, id="many", marks=pytest.mark.long)],
)
def test_no_worker_that_fails_right_after_it_is_ready_hangs(one_broker: Cluster, tmp_path: Path, count: int) -> None:
    """With traffic: at random moments, in each of its parts, by every signal. Then everything is exact."""
    rng = random.Random(SEED)
    kinds = [*PLACES, *(s.name for s in SIGNALS)]
    with world(one_broker.bootstrap, one_broker, tmp_path) as place:
        feed = Feed(place.system, SEED, 300, idempotent=True)
        place.start("a")
        place.ready("a")
        feed.start()
        try:
            place.workers["a"].kill()
            for i in range(count):
                where, after_s = kinds[i % len(kinds)], rng.uniform(0, WITHIN_S)
                program = failing(place, f"{i}.log", where, after_s)
                ends(program, where, after_s)
                print(f"{i}: {where} after {after_s:.3f} s")
        finally:
            sent = feed.finish()
        place.start("a")
        place.settle(sent.records)
        assert differences(place.system, sent) == []


@pytest.mark.parametrize("where", ["agent", "thread"])
def test_a_worker_that_failed_says_why_and_exits_with_1(one_broker: Cluster, tmp_path: Path, where: str) -> None:
    """And one that was told to end exits with 0."""
    with world(one_broker.bootstrap, one_broker, tmp_path) as place:
        feed = Feed(place.system, SEED, 300, idempotent=True)
        program = failing(place, "worker.log", where, 0.1)
        place.ready("a")
        feed.start()
        try:
            until(lambda: not program.running, "it to end", deadline_s=ENDS_S)
        finally:
            feed.finish()
        assert program.stop() == 1
        assert "the worker failed: Planned" in program.output().splitlines()[-1]
        place.start("a")
        place.ready("a")
        assert place.workers["a"].stop() == 0
        assert "SIGTERM: the worker ends in order" in place.workers["a"].output()


def test_a_second_signal_ends_a_worker_whose_loop_stands_still_at_once(one_broker: Cluster, tmp_path: Path) -> None:
    """And the first one, alone, within its deadline: that is one of the endings above."""
    with world(one_broker.bootstrap, one_broker, tmp_path) as place:
        program = failing(place, "worker.log", "loop", 0.0)
        place.ready("a")
        time.sleep(1)  # The loop stands still by then.
        program.send(signal.SIGTERM)
        until(lambda: "SIGTERM: the worker ends in order" in program.output(), "the first to be seen")
        program.send(signal.SIGTERM)
        until(lambda: not program.running, "it to end")
        assert "SIGTERM was received again" in program.output()
        assert program.stop() == 1
