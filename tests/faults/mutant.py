"""A worker with one safeguard taken out, to prove that the fault tests notice: ``python -m tests.faults.mutant NAME``.

The switch is here and not in the product: the mutant replaces a piece of the product in its own process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from pacewatch import cli
from streams import commands, layout, store

EPOCH_CHECK = "if epoch ~= ARGV[1] then"
SEQ_CHECK = "if seq ~= ARGV[2] then"


def without(check: str) -> None:
    """Take a check out of the flush script."""
    assert check in store._FLUSH
    store._FLUSH = store._FLUSH.replace(check, "if false then")


def no_offsets() -> None:
    """Write no offsets with a flush: the worker resumes from where the state began."""
    whole = commands.script

    def partial(*args: object) -> commands.Script:
        made = whole(*args)  # type: ignore[arg-type]
        at = 0
        while at < len(made.args):
            count = int(made.args[at + 3])
            fields = made.args[at + 4 : at + 4 + count]
            kept = (
                [
                    x
                    for pair in zip(fields[::2], fields[1::2], strict=True)
                    if not str(pair[0]).startswith(layout.OFFSET)
                    for x in pair
                ]
                if made.args[at] == "HSET"
                else fields
            )
            made.args[at + 3 : at + 4 + count] = [len(kept), *kept]
            at += 4 + len(kept)
        return made

    setattr(store, "script", partial)  # noqa: B010 - a replacement that the type checker need not follow


MUTATIONS: dict[str, Callable[[], None]] = {
    "epoch": lambda: without(EPOCH_CHECK),
    "seq": lambda: without(SEQ_CHECK),
    "offsets": no_offsets,
}

if __name__ == "__main__":
    MUTATIONS[sys.argv[1]]()
    sys.argv[1:] = ["worker"]
    cli.main()
