"""How long a worker that was killed takes to count again."""

from __future__ import annotations

import time
from pathlib import Path

from bench.place import fill, system
from tests.processes import until

SERIES_CAMPAIGNS, EVENTS = 400, 120_000


def measure(address: str, directory: Path) -> dict[str, float]:
    """Seconds from kill -9 to the first flush after the restart: 2,000 series, every window full."""
    with system(address, directory, INSTANCE="bench-1", SESSION_TIMEOUT_S="10") as place:
        worker = place.worker()
        fill(place, EVENTS, SERIES_CAMPAIGNS, span_ms=24 * 3_600_000 - 60_000)
        # The last hour and minutes once more, so that the short windows are full too.
        fill(place, EVENTS // 2, SERIES_CAMPAIGNS, seed=1, span_ms=3_600_000)
        fill(place, EVENTS // 2, SERIES_CAMPAIGNS, seed=2, span_ms=60_000)
        place.await_counted(2 * EVENTS)
        before = sum(int(m["seq"]) for m in place.meta())
        worker.kill()
        stopped = sum(int(m["seq"]) for m in place.meta())
        started = time.perf_counter()
        worker.start()
        until(lambda: sum(int(m["seq"]) for m in place.meta()) > stopped, "the first flush")
        took = time.perf_counter() - started
        assert before <= stopped
    return {"recovery_s": took}
