"""Logging of the services: one line per event on stderr."""

from __future__ import annotations

import logging
import sys
import time

from aiohttp.http_exceptions import HttpProcessingError

from kpis.runtime.printable import printable

_QUIET = ("faust", "mode", "aiokafka", "aiohttp", "asyncio", "kafka")
_HUSHED = ("aiokafka", "aiohttp", "asyncio")


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


class NotTheClients(logging.Filter):
    """Leaves out what a client did wrong: the message holds what it sent, maybe a password in a wrong place."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is an error of ours."""
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def hush() -> None:
    """Keep the libraries quiet in commands that say themselves what is wrong."""
    for name in _HUSHED:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def set_up(level: str) -> None:
    """Log to stderr from ``level`` up.

    The libraries underneath speak only from WARNING up: their connection messages are debugging detail.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    handler.setLevel(level)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        # Whatever is shown: warnings of the Kafka client are counted.
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(NotTheClients())
