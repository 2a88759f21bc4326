"""Logging of the services: one line per event on stderr, for people or as a JSON object for programs."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType

from aiohttp.http_exceptions import HttpProcessingError

from kpis.runtime.printable import printable

_QUIET = ("faust", "mode", "aiokafka", "aiohttp", "asyncio", "kafka")
_HUSHED = ("aiokafka", "aiohttp", "asyncio")


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class OneLine(logging.Formatter):
    """UTC time, level, logger and message; an exception and line ends are folded into the line."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.default_time_format = "%Y-%m-%dT%H:%M:%S"

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        return printable(super().format(record).replace("\r", "").replace("\n", " | "))


class JsonLine(logging.Formatter):
    """A JSON object of ``time`` (UTC, RFC 3339), ``level``, ``logger``, ``message``, and maybe ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of ASCII, whatever the message holds."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            said["stack"] = self.formatStack(record.stack_info)
        return json.dumps(said)


class NotTheClients(logging.Filter):
    """Leaves out what a client did wrong: the message holds what it sent, maybe a password in a wrong place."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is an error of ours."""
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def hush() -> None:
    """Keep the libraries quiet in commands that say themselves what is wrong."""
    for name in _HUSHED:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def set_up(level: str, how: LogFormat = LogFormat.TEXT) -> None:
    """Log to stderr from ``level`` up.

    The libraries underneath speak only from WARNING up: their connection messages are debugging detail. For programs
    all that goes to stderr is of the log: warnings of Python itself, and the error that ends the process.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if how is LogFormat.JSON else OneLine())
    handler.setLevel(level)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if how is LogFormat.JSON:
        logging.captureWarnings(True)
        sys.excepthook = _ends
    for name in _QUIET:
        # Whatever is shown: warnings of the Kafka client are counted.
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(NotTheClients())


def is_for_programs() -> bool:
    """Whether stderr is read by a program: then nothing but the log may write there."""
    return any(isinstance(handler.formatter, JsonLine) for handler in logging.getLogger().handlers)


def _ends(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("pacewatch").critical("the process ends", exc_info=(kind, error, trace))
