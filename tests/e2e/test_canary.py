"""The heartbeat through the whole pipeline: seen while a worker counts, and gone when it does not."""

from __future__ import annotations

import time

from kpis.contract import layout
from tests.e2e.conftest import Build
from tests.e2e.test_main_job import event
from tests.kit.processes import until


def test_canaries_go_through_every_partition_and_are_in_no_number(build: Build) -> None:
    """They reach /metrics, are neither counted nor refused, and stand still once the worker is killed."""
    system = build(CANARY_S="0.2")
    worker = system.worker()
    system.monitor()
    system.send([event("impression", 1), event("click", 1)])

    def seen() -> list[int]:
        return [int(meta.get(layout.CANARY, 0)) for meta in system.meta()]

    until(lambda: all(seen()), "a canary to come through each partition")
    first = seen()
    until(lambda: all(now > before for now, before in zip(seen(), first, strict=True)), "another one through each")
    assert all(abs(time.time() * 1000 - at) < 60_000 for at in seen())
    until(lambda: system.counter("accepted:impression") == 1, "the event beside them")
    assert not [key for meta in system.meta() for key in meta if key.startswith(layout.REJECTED)]
    assert all(int(meta.get(layout.LETTERS, 0)) == 0 for meta in system.meta())
    assert set(system.kpi()) == {"c1"}
    until(lambda: system.get("/metrics")[1].count("pacewatch_canary_seen_timestamp_seconds{") == 4, "its metrics")

    worker.kill()
    until(lambda: not worker.running, "the worker to be dead")
    last = seen()
    text = system.get("/metrics")[1]
    until(lambda: system.get("/metrics")[1] != text, "the monitor to read again")
    assert seen() == last
