"""How long a worker needs to count everything once what stalled it has gone away."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from bench.kit.place import fill, system
from tests.kit.processes import Program, until
from tests.kit.redis_server import free_port

EVENTS, CAMPAIGNS, STALL_S = 20_000, 200, 15.0


def measure(address: str, directory: Path) -> dict[str, float]:
    """Seconds from the end of a stall of 15 s, past every session and socket timeout, to all events counted."""
    directory.mkdir()
    port = free_port()
    argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(directory)]
    server = Program(argv, directory / "redis.log")
    found: dict[str, float] = {}
    try:
        with system(address, directory / "system") as place:
            place.redis_url = f"redis://127.0.0.1:{port}/0"
            place.settings |= {"REDIS": place.redis_url, "INSTANCE": "bench-2"}
            worker = place.worker()
            sent = 0
            for name, victim in (("redis", server), ("worker", worker)):
                victim.send(signal.SIGSTOP)
                fill(place, EVENTS, CAMPAIGNS, seed=sent)
                sent += EVENTS
                time.sleep(STALL_S)
                victim.send(signal.SIGCONT)
                started = time.perf_counter()
                until(lambda total=sent: place.counted() >= total, "all to be counted")  # type: ignore[misc]
                found[f"after_{name}_halted_s"] = time.perf_counter() - started
    finally:
        server.stop()
    return found
