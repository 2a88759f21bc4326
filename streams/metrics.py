"""Every metric the worker exposes of itself. Counts of events are not here: they live in Redis, with the state."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kpis.runtime.http.access import REFUSALS

FENCE_EVENTS = ("fenced", "lost_writes", "hole", "failed")


@dataclass(frozen=True, slots=True)
class WorkerMetrics:
    """The worker's metrics, in a registry of their own."""

    registry: CollectorRegistry
    flush_seconds: Histogram
    flushed_events: Counter
    reload_seconds: Histogram
    fence_events: Counter
    redis_errors: Counter
    dead_letters: Counter
    dead_letter_errors: Counter
    kafka_errors: Counter
    refused_requests: Counter
    letters: Gauge
    unflushed: Gauge
    series: Gauge
    owned: Gauge
    parked: Gauge
    read_at: Gauge
    missing: Gauge
    catalogue_problem: Gauge


def worker_metrics() -> WorkerMetrics:
    """Fresh metrics; every label value that can occur exists at zero."""
    registry = CollectorRegistry()

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(f"pacewatch_worker_{name}", text, labels, registry=registry)

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"pacewatch_worker_{name}", text, labels, registry=registry)

    def histogram(name: str, text: str) -> Histogram:
        return Histogram(f"pacewatch_worker_{name}", text, registry=registry)

    made = WorkerMetrics(
        registry=registry,
        flush_seconds=histogram("flush_seconds", "Time one partition's flush took."),
        flushed_events=counter("flushed_events", "Records covered by flushes."),
        reload_seconds=histogram("load_seconds", "Time to load one partition."),
        fence_events=counter("fence_events", "Times a partition was reloaded, by reason.", "reason"),
        redis_errors=counter("redis_errors", "Redis calls that failed and were retried."),
        dead_letters=counter("dead_letters", "Records sent to the dead letter topic."),
        dead_letter_errors=counter("dead_letter_errors", "Dead letters whose sending failed and was retried."),
        kafka_errors=counter("kafka_errors", "Warnings and errors of the Kafka client, which retries by itself."),
        refused_requests=counter("refused_requests", "Requests without the right credentials.", "reason"),
        letters=gauge("dead_letters_waiting", "Dead letters in Redis, not in Kafka yet.", "partition"),
        unflushed=gauge("unflushed_records", "Records counted and not yet taken to Redis.", "partition"),
        series=gauge("series", "Series in memory.", "partition"),
        parked=gauge("parked", "1 for a partition that cannot go on and is tried again later.", "partition"),
        missing=gauge("topic_missing", "1 for a topic that is gone while the others are read.", "topic"),
        catalogue_problem=gauge("catalogue_problem", "1 while the catalogue file as it is now is not used."),
        read_at=gauge("read_timestamp_seconds", "When a fetch from Kafka last came back, with records or without."),
        owned=gauge("partitions", "Partitions this worker owns."),
    )
    for reason in FENCE_EVENTS:
        made.fence_events.labels(reason)
    for access in REFUSALS:
        made.refused_requests.labels(access)
    return made
