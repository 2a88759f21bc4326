"""Sees to it that the process ends when it is told to, or when it cannot go on, whatever its event loop is doing.

Signals are waited for by a thread, so that they work while the loop is stuck; an ending that does not come to its end
within a deadline is cut short, with a line that says what it waited for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import NoReturn

log = logging.getLogger(__name__)

DEADLINE_S = 15.0
"""Seconds from the first signal, or from an error that ends the worker, to the end of the process."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)
_MOST_NAMED = 12


def hold_signals() -> None:
    """Keep SIGTERM and SIGINT for the thread that waits for them; to be called before other threads are started.

    Threads inherit it. Those of libraries begin when they are imported, and would take signals otherwise.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


class Ending:
    """The end of this process.

    Args:
        loop: whose tasks are named when they hold it up.
        deadline_s: seconds that an ending may take.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, deadline_s: float = DEADLINE_S) -> None:
        self._loop = loop
        self._deadline_s = deadline_s
        self._begun, self._told = threading.Lock(), threading.Lock()
        self._stop: Callable[[], None] = lambda: None

    def on_signals(self, stop: Callable[[], None]) -> None:
        """Have the first SIGTERM or SIGINT begin an ending, by ``stop`` in the loop, and the second end it at once."""
        hold_signals()
        self._stop = stop
        threading.Thread(target=self._await_signals, name="signals", daemon=True).start()

    def received(self, number: int) -> None:
        """A signal has come; by the thread, or by the loop where one of a library's threads took it."""
        name = signal.Signals(number).name
        if not self._told.acquire(blocking=False):
            self.now(f"the worker ends: {name} was received again", 1)
        log.info("%s: the worker ends in order", name)
        self.begin(f"the worker ends: {name} was received", 1)
        self._loop.call_soon_threadsafe(self._stop)

    def install(self) -> None:
        """Learn of signals that the loop sees, too."""
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self.received, number)

    def begin(self, why: str, code: int) -> None:
        """Give the process until the deadline to end by itself; a second call changes nothing.

        Args:
            why: a sentence, said if the deadline passes.
            code: the exit code then.
        """
        if not self._begun.acquire(blocking=False):
            return
        timer = threading.Timer(self._deadline_s, self._overdue, (why, code))
        timer.daemon = True
        timer.start()

    def now(self, why: str, code: int) -> NoReturn:
        """End the process at once; what was not flushed is read again by whoever takes its partitions."""
        log.critical("%s", why)
        logging.shutdown()
        os._exit(code)

    def _await_signals(self) -> None:
        while True:
            self.received(signal.sigwait(SIGNALS))

    def _overdue(self, why: str, code: int) -> None:
        self.now(f"{why}, and it did not end within {self._deadline_s:g} s; it waits for {self._pending()}", code)

    def _pending(self) -> str:
        try:
            names = sorted({_name(task) for task in asyncio.all_tasks(self._loop)})
        except RuntimeError:
            # The loop's own thread changed them meanwhile.
            return "an unknown task"
        return ", ".join(names[:_MOST_NAMED]) or "no task"


def _name(task: asyncio.Task[object]) -> str:
    code = getattr(task.get_coro(), "__qualname__", "")
    return f"{task.get_name()} ({code})" if code else task.get_name()
