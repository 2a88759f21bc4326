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


def worker_metrics() -> WorkerMetrics:
    """Fresh metrics; every label value that can occur exists at zero."""
    r = CollectorRegistry()
    made = WorkerMetrics(
        registry=r,
        flush_seconds=Histogram("pacewatch_worker_flush_seconds", "Time one partition's flush took.", registry=r),
        flushed_events=Counter("pacewatch_worker_flushed_events", "Records covered by flushes.", registry=r),
        reload_seconds=Histogram("pacewatch_worker_load_seconds", "Time to load one partition.", registry=r),
        fence_events=Counter(
            "pacewatch_worker_fence_events", "Times a partition was reloaded, by reason.", ["reason"], registry=r
        ),
        redis_errors=Counter("pacewatch_worker_redis_errors", "Redis calls that failed and were retried.", registry=r),
        dead_letters=Counter("pacewatch_worker_dead_letters", "Records sent to the dead letter topic.", registry=r),
        dead_letter_errors=Counter(
            "pacewatch_worker_dead_letter_errors", "Dead letters whose sending failed and was retried.", registry=r
        ),
        kafka_errors=Counter(
            "pacewatch_worker_kafka_errors",
            "Warnings and errors of the Kafka client, which retries by itself.",
            registry=r,
        ),
        refused_requests=Counter(
            "pacewatch_worker_refused_requests", "Requests without the right credentials.", ["reason"], registry=r
        ),
        letters=Gauge(
            "pacewatch_worker_dead_letters_waiting",
            "Dead letters in Redis, not in Kafka yet.",
            ["partition"],
            registry=r,
        ),
        unflushed=Gauge(
            "pacewatch_worker_unflushed_records",
            "Records counted and not yet taken to Redis.",
            ["partition"],
            registry=r,
        ),
        series=Gauge("pacewatch_worker_series", "Series in memory.", ["partition"], registry=r),
        parked=Gauge(
            "pacewatch_worker_parked",
            "1 for a partition that cannot go on and is tried again later.",
            ["partition"],
            registry=r,
        ),
        missing=Gauge(
            "pacewatch_worker_topic_missing",
            "1 for a topic that is gone while the others are read.",
            ["topic"],
            registry=r,
        ),
        read_at=Gauge(
            "pacewatch_worker_read_timestamp_seconds",
            "When a fetch from Kafka last came back, with records or without.",
            registry=r,
        ),
        owned=Gauge("pacewatch_worker_partitions", "Partitions this worker owns.", registry=r),
    )
    for reason in FENCE_EVENTS:
        made.fence_events.labels(reason)
    for access in REFUSALS:
        made.refused_requests.labels(access)
    return made
