"""Progress of long work on stderr: a bar on a terminal, else a plain line every few seconds."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from kpis.runtime.clock import monotonic

_EVERY_S = 3.0


class Meter:
    """Shows how far some work is; a context manager.

    Args:
        what: the work, as a word ("sent").
        total: the length of the work in steps of any kind (bytes read, milliseconds of event time).
        console: where to show it; stderr when not given.
    """

    def __init__(self, what: str, total: int, console: Console | None = None) -> None:
        self._what = what
        self._total = max(total, 1)
        self._console = console or Console(stderr=True)
        self._started = self._said = monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, TextColumn("{task.fields[note]}"), console=self._console, transient=True)
        self._task = self._bar.add_task(what, total=self._total, note="")

    def update(self, done: int, events: int) -> None:
        """Say how far the work is: ``done`` steps of the total, ``events`` events. Cheap enough to call often."""
        now = monotonic()
        rate = events / max(now - self._started, 1e-6)
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done, note=f"{events:,} events, {rate:,.0f}/s")
        elif now - self._said >= _EVERY_S:
            self._said = now
            left = (now - self._started) * (self._total - done) / max(done, 1)
            share = min(done / self._total, 1)
            self._console.print(
                f"{self._what} {events:,} events, {share:.0%}, {rate:,.0f}/s, {left:.0f} s left", highlight=False
            )

    def __enter__(self) -> Meter:
        """Show it."""
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        """Take the bar away."""
        if self._console.is_terminal:
            self._bar.stop()
