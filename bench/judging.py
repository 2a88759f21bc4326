"""What judging costs a monitor: CPU of one look at each of 2,000 campaigns with five goals, and memory."""

from __future__ import annotations

import gc
import multiprocessing
import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.kit.fleet import Fleet
from bench.kit.process import resident_mib
from kpis.times import HOUR_MS
from monitors.engine import Engine

CAMPAIGNS, ROUNDS, ROUND_MS = 2_000, 9, 500
STEP_MS = 60_000
LATE_MS = 20 * 60_000


def measure(_address: str, _directory: Path) -> Mapping[str, Mapping[str, float]]:
    """CPU seconds of a round, and MiB, with all streams on time and with spend that is late by habit.

    ``first`` is a round in which all is learned, ``steady`` one half a second after another, ``hour`` one of those
    after an hour's turn, in which some campaigns learn what the last hour showed, ``mib`` what the process grew by.
    """
    context = multiprocessing.get_context("spawn")
    found = {}
    for name, late_ms in {"on time": 0, "late spend": LATE_MS}.items():
        with context.Pool(1) as pool:
            found[f"{CAMPAIGNS:,} campaigns, {name}"] = pool.apply(rounds, (CAMPAIGNS, ROUNDS, late_ms))
    return found


def rounds(campaigns: int, count: int, late_ms: int) -> dict[str, float]:
    """Some rounds of some campaigns: the first, ``count`` steady ones, an hour's turn and as many again."""
    gc.collect()
    before = resident_mib(os.getpid())
    fleet, engine = Fleet(campaigns, late_ms), Engine()
    first = look(fleet, engine)
    for series, heard in engine.heard.items():
        # As after a minute of looks: what comes all the time is known to come all the time.
        engine.heard[series] = replace(heard, step_ms=tuple(float(min(ms, STEP_MS)) for ms in heard.step_ms))
    steady = [look(fleet, engine) for _ in range(count)]
    fleet.go_on(HOUR_MS - fleet.now_ms % HOUR_MS)
    hour = [look(fleet, engine) for _ in range(count)]
    return {
        "first_cpu_s": first,
        "steady_cpu_s": statistics.median(steady),
        "hour_cpu_s": statistics.median(hour),
        "mib": resident_mib(os.getpid()) - before,
    }


def look(fleet: Fleet, engine: Engine) -> float:
    """Look at all of them half a second later; CPU seconds that judging took."""
    fleet.go_on(ROUND_MS)
    seen = list(fleet.seen())
    started = time.process_time()
    for campaign, sight in seen:
        engine.look(campaign, sight, fleet.now_ms)
    return time.process_time() - started
