"""How old an event is when its count stands in Redis, and when the monitor's ``/metrics`` shows it."""

from __future__ import annotations

from pathlib import Path

from bench.kit import sender, watch
from bench.kit.place import system
from bench.kit.probes import latencies, percentile
from bench.kit.process import cpu_s

RATE, CAMPAIGNS, PROBES_PER_S = 10_000, 200, 50
WARM_UP_S, MEASURED_S, AFTER_S = 10.0, 40.0, 5.0


def measure(address: str, directory: Path) -> dict[str, float]:
    """Milliseconds from an event's time stamp to sight, at 10,000 events/s over 200 campaigns and four topics.

    Among the events are 50 probes a second, of every partition and topic in turn. A latency holds the producer's
    linger (20 ms) and the gap between two looks of the watcher (``..._look_ms``, median), which is too much by half
    of it on average.
    """
    seconds = WARM_UP_S + MEASURED_S
    with system(address, directory) as place:
        worker, monitor = place.worker(), place.monitor()
        with (
            watch.running(place, "redis", seconds + AFTER_S) as in_redis,
            watch.running(place, "metrics", seconds + AFTER_S) as in_metrics,
            sender.running(place, CAMPAIGNS, RATE, seconds, PROBES_PER_S) as load,
        ):
            before = cpu_s(worker.pid), cpu_s(monitor.pid)
            sent = load.report()
            after = cpu_s(worker.pid), cpu_s(monitor.pid)
            reports = {"redis": in_redis.report(), "metrics": in_metrics.report()}
    started = min(stamps[0] for stamps in sent.probes.values())
    found = {
        "latency_events_per_s": sent.events / sent.seconds,
        "latency_sender_late_ms": 1000 * sent.late_s,
        "latency_worker_cores": (after[0] - before[0]) / seconds,
        "latency_monitor_cores": (after[1] - before[1]) / seconds,
    }
    for name, report in reports.items():
        seconds_each = latencies(sent.probes, report.seen, started + WARM_UP_S, started + seconds)
        found[f"latency_{name}_p50_ms"] = 1000 * percentile(seconds_each, 50)
        found[f"latency_{name}_p99_ms"] = 1000 * percentile(seconds_each, 99)
        found[f"latency_{name}_most_ms"] = 1000 * max(seconds_each)
        found[f"latency_{name}_look_ms"] = 1000 * percentile(report.gaps, 50)
    return found
