"""A worker that fails at a random moment right after it is ready: ``python -m tests.faults.crash WHERE SECONDS``.

The failure is put in here and not in the product: a piece of it is replaced in this process.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from streams.process.ending import hold_signals

# As the command does: before anything starts threads.
hold_signals()

from kpis.runtime.clock import monotonic  # noqa: E402
from pacewatch import cli  # noqa: E402
from streams.kafka import fetch, transport  # noqa: E402
from streams.partitions import manager  # noqa: E402


class Planned(RuntimeError):
    """The failure."""


def plan(where: str, after_s: float) -> None:
    """Fail in some place so many seconds after the worker said that it is ready; see ``PLACES`` of the test."""
    at = [float("inf")]
    whole_changed = manager.PartitionManager._changed

    def changed(self: manager.PartitionManager) -> None:
        whole_changed(self)
        if self._ready.is_set() and at[0] == float("inf"):
            at[0] = monotonic() + after_s

    def due() -> bool:
        return monotonic() >= at[0]

    setattr(manager.PartitionManager, "_changed", changed)  # noqa: B010 - a replacement that the type checker need not follow
    owner, name = {
        "agent": (manager.PartitionManager, "dispatch"),
        "flush": (manager.PartitionManager, "flush_all"),
        "thread": (fetch.BatchThread, "_fetch_records"),
        "fetch": (transport.ChunkConsumer, "_getmany"),
        "loop": (manager.PartitionManager, "flush_all"),
    }[where]
    whole = getattr(owner, name)

    async def failing(self: Any, *args: Any, **named: Any) -> Any:
        if due() and where == "loop":
            while True:
                # It holds the loop, and lets other threads run: what a lock that is never given back does.
                time.sleep(1)
        if due():
            raise Planned(where)
        return await whole(self, *args, **named)

    setattr(owner, name, failing)


if __name__ == "__main__":
    plan(sys.argv[1], float(sys.argv[2]))
    sys.argv[1:] = ["worker"]
    cli.main()
