"""What every peer shares: where it reads and writes, and how it says what it did. Standard library and redis only.

A peer counts each event of four topics for its campaign, and for campaign and channel, in rolling windows of 1m, 5m, 1h
and 24h (or as near to that as its tool comes: its row says so), writes what changed to Redis at least every second, and
stops when it has counted PEER_EVENTS events. It writes ``peer:counts``: ``<campaign>:<stream>`` to the events counted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping

import redis

KAFKA = os.environ["PEER_KAFKA"]
TOPICS = os.environ["PEER_TOPICS"].split(",")
"""Impressions, clicks, conversions, spend."""
EVENTS = int(os.environ["PEER_EVENTS"])
GROUP = os.environ["PEER_GROUP"]
STREAMS = ("impression", "click", "conversion", "spend")
OF_TOPIC = dict(zip(TOPICS, STREAMS, strict=True))
WINDOWS_S = (60, 300, 3600, 86_400)
store = redis.Redis.from_url(os.environ["PEER_REDIS"])


class Stopwatch:
    """Runs from the first record to the last write."""

    def __init__(self) -> None:
        self._started: float | None = None
        self._used = 0.0

    def start(self) -> None:
        """Begin, unless it runs."""
        if self._started is None:
            self._started, self._used = time.perf_counter(), time.process_time()

    def done(self, counted: int, **more: object) -> None:
        """Say what was done, as the last line of output."""
        assert self._started is not None
        took, used = time.perf_counter() - self._started, time.process_time() - self._used
        said = json.dumps({"events": counted, "seconds": took, "cpu_s": used, **more})
        # Faust's command puts sys.stdout into its log, and begins a line of its own.
        print(f"\n{said}", file=sys.__stdout__, flush=True)


def write_counts(counts: Mapping[str, int]) -> None:
    """Leave the counts for the check."""
    if counts:
        store.hset("peer:counts", mapping={k: str(v) for k, v in counts.items()})
