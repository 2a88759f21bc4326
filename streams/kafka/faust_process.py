"""Faust's app and worker, with the hooks that Faust has no public name for."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import faust
from faust.types import TP

from streams.kafka.transport import ChunkTransport

OnCrash = Callable[[BaseException], None]
OnAssigned = Callable[[set[TP], Any], None]


class TablelessApp(faust.App):  # type: ignore[misc]
    """A Faust app without tables, which needs no directories for them: a killed worker leaves nothing behind.

    Args:
        group: of the consumer.
        options: what Faust is told.
        on_assigned: called after each rebalance with what is assigned now, and the consumer.
        on_crash: called with the error that ends the app, as soon as it is known.
    """

    def __init__(self, group: str, options: dict[str, Any], on_assigned: OnAssigned, on_crash: OnCrash) -> None:
        super().__init__(group, **options)
        self._on_crash = on_crash
        self.transport = ChunkTransport(self.conf.broker, self, assigned=lambda tps: on_assigned(tps, self.consumer))

    def _create_directories(self) -> None:
        """Make none."""

    def _crash(self, reason: BaseException) -> None:
        self._on_crash(reason)
        super()._crash(reason)


class FaustWorker(faust.Worker):  # type: ignore[misc]
    """Faust's worker, which learns of signals from whoever it is given.

    Attributes:
        on_signals: installs the handlers on the loop; set before the worker is started.
    """

    on_signals: Callable[[], None]

    def __init__(self, *apps: Any, **options: Any) -> None:
        super().__init__(*apps, **options)
        # It would write backspaces and cursor sequences among the lines of the log.
        self.spinner = None

    def install_signal_handlers(self) -> None:
        """Have them installed."""
        self.on_signals()

    def begin_to_stop(self) -> None:
        """Stop in order, as on SIGTERM."""
        self._schedule_shutdown(signal.SIGTERM)
