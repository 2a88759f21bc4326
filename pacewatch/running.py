"""The two services: ``pacewatch worker`` and ``pacewatch monitor``."""
# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kpis.runtime import logs
from kpis.runtime.logs import LogFormat

if TYPE_CHECKING:
    from kpis.settings.shared import Settings

HowLogged = Annotated[
    LogFormat | None, typer.Option("--log-format", help="How the log is written; else as PACEWATCH_LOG_FORMAT says.")
]


def worker(log_format: HowLogged = None) -> None:
    """Run the write side: Kafka in, KPIs in Redis."""
    from streams.process.ending import hold_signals

    hold_signals()
    from kpis.settings.shared import Settings
    from streams import service as write_side

    raise typer.Exit(write_side.run(_begin(Settings, log_format)))


def monitor(log_format: HowLogged = None) -> None:
    """Run the read side: pace, launch board and Prometheus metrics, and who is told of a miss."""
    from monitors import service
    from monitors.settings import MonitorSettings

    asyncio.run(service.run(_begin(MonitorSettings, log_format)))


def _begin(kind: type[Settings], log_format: LogFormat | None) -> Any:
    """The settings of a service, whose log is set up; it is told of variables that only look like settings."""
    from pacewatch.variables import strange

    chosen = {} if log_format is None else {"log_format": log_format}
    asked = log_format or os.environ.get("PACEWATCH_LOG_FORMAT")
    if asked == LogFormat.JSON:
        # What is wrong with the settings is a line of JSON too.
        logs.set_up("INFO", LogFormat.JSON)
    settings = kind.load(**chosen)
    logs.set_up(settings.log_level, settings.log_format)
    for line in strange():
        logging.getLogger("pacewatch").warning("%s", line)
    return settings
