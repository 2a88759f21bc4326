"""A worker with one safeguard taken out, to prove that the fault tests notice: ``python -m tests.faults.mutant NAME``.

The switch is here and not in the product: the mutant replaces a piece of the product in its own process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from kpis.contract import layout
from pacewatch import cli
from streams.store import commands, store

EPOCH_CHECK = "if epoch ~= ARGV[1] then"
SEQ_CHECK = "if seq ~= ARGV[2] then"


def without(check: str) -> None:
    """Take a check out of the flush script."""
    assert check in store._FLUSH
    store._FLUSH = store._FLUSH.replace(check, "if false then")


def stale_offsets() -> None:
    """Write with each flush the offsets of the one before, as when offsets were committed apart from the state."""
    whole = commands.script
    earlier: dict[str, dict[str, commands.Arg]] = {}

    def late(*args: Any) -> commands.Script:
        made = whole(*args)
        previous = earlier.setdefault(made.keys[0], {})
        for _, _, _, values in made.commands:
            if not isinstance(values, list):
                continue
            for at, field in enumerate(values):
                if isinstance(field, str) and field.startswith(layout.OFFSET):
                    values[at + 1], previous[field] = previous.get(field, "0"), values[at + 1]
        return made

    setattr(store, "script", late)  # noqa: B010 - a replacement that the type checker need not follow


MUTATIONS: dict[str, Callable[[], None]] = {
    "epoch": lambda: without(EPOCH_CHECK),
    "seq": lambda: without(SEQ_CHECK),
    "offsets": stale_offsets,
}

if __name__ == "__main__":
    MUTATIONS[sys.argv[1]]()
    sys.argv[1:] = ["worker"]
    cli.main()
