"""The guard: ends what a killed parent left behind.

Started as a script beside the embedded programs. It reads lines from its standard input: ``pid N`` (end this process),
``forget N`` (it ended in order) and ``dir PATH`` (remove this directory). The parent holds the other end of the pipe.
When the parent ends, however it ends, the pipe closes, and the guard kills the processes that are left and removes the
directories.
It imports nothing but the standard library, so that it starts fast and stays small.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from typing import TextIO


def watch(lines: TextIO) -> tuple[set[int], list[str]]:
    """Read orders until the parent is gone.

    Returns:
        The processes still to end, and the directories to remove.
    """
    pids: set[int] = set()
    directories: list[str] = []
    for line in lines:
        order, _, argument = line.rstrip("\n").partition(" ")
        if order == "pid":
            pids.add(int(argument))
        elif order == "forget":
            pids.discard(int(argument))
        elif order == "dir":
            directories.append(argument)
    return pids, directories


def main() -> None:
    """Watch, then clean up. Signals of the terminal are for the parent, not for the guard."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    pids, directories = watch(sys.stdin)
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
