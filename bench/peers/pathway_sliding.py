"""Pathway as its documentation says: a Kafka table for each topic, ``windowby`` over sliding windows, a subscription.

Windows: 1m sliding by 10 s, and 5m sliding by 30 s, by campaign and channel; a campaign is the sum of its channels. Set
beyond the defaults: a commit each second instead of each one and a half, and windows that take events for five minutes
after their end, and are let go then. It runs on one thread, as it does unless asked. The clock runs from the start of
the dataflow, which connects first: Pathway does not say when it reads its first record. The counts are taken from the
windows: an event is in six of a minute. Its licence, BSL 1.1, allows this use, and is not an open-source licence.
"""

import os
from collections import Counter
from typing import Any

import pathway as pw
from kit import EVENTS, GROUP, KAFKA, OF_TOPIC, Stopwatch, store, write_counts

WINDOWS = {"1m": (60_000, 10_000), "5m": (300_000, 30_000)}
"""Length and hop, ms."""
TAKES_LATE_MS = 300_000
watch, totals = Stopwatch(), dict.fromkeys(WINDOWS, 0)
sixfold, rows = Counter[str](), dict[str, str]()


class Event(pw.Schema):
    """The fields that count."""

    ts: int
    campaign_id: str
    channel: str


class Changes:
    """What happens to the rows of one window of one topic."""

    def __init__(self, window: str, stream: str) -> None:
        self._window, self._stream = window, stream
        self._latest: dict[tuple[str, int], int] = {}

    def changed(self, key: object, row: dict[str, Any], time: int, is_addition: bool) -> None:
        """Take a row; one that is taken back is always followed by a larger one."""
        if not is_addition:
            return
        series, start, events = row["series"], row["start"], row["events"]
        more = events - self._latest.get((series, start), 0)
        self._latest[series, start] = events
        totals[self._window] += more
        rows[f"{self._window}:{series}:{self._stream}"] = f"{start},{events}"
        if self._window == "1m":
            sixfold[f"{series.partition('|')[0]}:{self._stream}"] += more

    def committed(self, _time: int) -> None:
        """Write what changed; stop when all is counted."""
        if rows:
            store.hset("peer:kpi", mapping=rows)
            rows.clear()
        if all(totals[name] == EVENTS * (length // hop) for name, (length, hop) in WINDOWS.items()):
            watch.done(EVENTS)
            write_counts({name: total // 6 for name, total in sixfold.items()})
            os._exit(0)


settings = {"bootstrap.servers": KAFKA, "group.id": GROUP, "auto.offset.reset": "earliest"}
for topic, stream in OF_TOPIC.items():
    events = pw.io.kafka.read(settings, topic, schema=Event, format="json", autocommit_duration_ms=1000)
    for name, (length, hop) in WINDOWS.items():
        windows = events.windowby(
            events.ts,
            window=pw.temporal.sliding(hop=hop, duration=length),
            behavior=pw.temporal.common_behavior(cutoff=TAKES_LATE_MS),
            instance=events.campaign_id + "|" + events.channel,
        )
        counts = windows.reduce(series=pw.this._pw_instance, start=pw.this._pw_window_start, events=pw.reducers.count())
        changes = Changes(name, stream)
        pw.io.subscribe(counts, on_change=changes.changed, on_time_end=changes.committed)
watch.start()
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
