"""Watchers of probes, each a program of its own: ``python -m bench.kit.watch --what redis`` (or ``metrics``).

A watcher asks over and over for so many seconds, and prints as a :class:`Report` when it first saw each count, and how
far apart its looks were: a latency it measures is too long by up to that gap, by half of it on average.
"""

from __future__ import annotations

import argparse
import http.client
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import redis

from bench.kit import probes, programs
from bench.kit.place import MIX
from kpis.contract import layout
from kpis.measures import INDEX, ZERO, Stream
from kpis.units import MICROS
from monitors.read.decoding import read_document
from tests.kit.system import System

REDIS_PAUSE_S, METRICS_PAUSE_S = 0.003, 0.1
"""Between two looks. A page of metrics costs the monitor so much that asking without pause would be the load itself."""
_BY_TOPIC = {s.topic_suffix: s for s in Stream}

Look = Callable[[], dict[str, int]]
"""Gives the counts that stand there now, by counter (:func:`bench.kit.probes.counter`)."""


class Report(msgspec.Struct):
    """What a watcher saw.

    Attributes:
        seen: see :data:`bench.kit.probes.Seen`.
        gaps: seconds between two looks, each.
    """

    seen: dict[str, list[tuple[float, int]]]
    gaps: list[float]


def watch(look: Look, pause_s: float, seconds: float) -> Report:
    """Look over and over; a count is seen at the moment the look that shows it has ended."""
    report = Report({}, [])
    started = before = time.monotonic()
    while before - started < seconds:
        counts = look()
        now = time.monotonic()
        report.gaps.append(now - before)
        for name, count in counts.items():
            sights = report.seen.setdefault(name, [])
            if not sights or count > sights[-1][1]:
                sights.append((now, count))
        before = now
        time.sleep(pause_s)
    return report


def at_redis(url: str, partitions: int) -> Look:
    """Looks at the probe campaigns' KPI documents."""
    client = redis.Redis.from_url(url)

    def look() -> dict[str, int]:
        pipe = client.pipeline(transaction=False)
        for partition in range(partitions):
            pipe.hget(layout.kpi(partition), f"{probes.CAMPAIGN}{partition}")
        counts: dict[str, int] = {}
        for partition, raw in enumerate(pipe.execute()):
            rows = read_document(raw, Counter()) if raw else None
            row = rows.get(probes.WINDOW, ZERO) if rows else ZERO
            for stream in MIX:
                spent = row[INDEX["spend_micros"]] // MICROS
                count = spent if stream is Stream.SPEND else row[INDEX[stream.topic_suffix]]
                counts[probes.counter(partition, stream)] = count
        return counts

    return look


def at_metrics(port: int) -> Look:
    """Looks at the probe campaigns' samples on the monitor's page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def look() -> dict[str, int]:
        connection.request("GET", "/metrics")
        return samples(connection.getresponse().read())

    return look


def samples(page: bytes) -> dict[str, int]:
    """The probes' counts on a page of metrics, which is searched and not parsed: it can be long."""
    counts: dict[str, int] = {}
    mark, window = f'campaign="{probes.CAMPAIGN}'.encode(), f'window="{probes.WINDOW}"'.encode()
    at = page.find(mark)
    while at >= 0:
        name, _, rest = page[page.rfind(b"\n", 0, at) + 1 : page.find(b"\n", at)].partition(b"{")
        stream = _BY_TOPIC.get(name.removeprefix(b"pacewatch_window_").decode())
        if stream is not None and window in rest:
            partition = int(rest.partition(mark)[2].partition(b'"')[0])
            counts[probes.counter(partition, stream)] = int(float(rest.rpartition(b" ")[2]))
        at = page.find(mark, at + len(mark))
    return counts


def running(place: System, what: str, seconds: float) -> AbstractContextManager[programs.Running[Report]]:
    """A watcher of this system: ``redis`` or ``metrics``."""
    return programs.running(
        place, "bench.kit.watch", Report, seconds,
        what=what, redis=place.redis_url, partitions=place.settings.get("PARTITIONS", "4"), port=place.port,
    )  # fmt: skip


def main() -> None:
    """Watch, and print the report."""
    parser = argparse.ArgumentParser(prog="bench.kit.watch")
    parser.add_argument("--what", choices=("redis", "metrics"), required=True)
    parser.add_argument("--redis", required=True)
    for name in ("partitions", "port"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    if args.what == "redis":
        report = watch(at_redis(args.redis, args.partitions), REDIS_PAUSE_S, args.seconds)
    else:
        report = watch(at_metrics(args.port), METRICS_PAUSE_S, args.seconds)
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    main()
