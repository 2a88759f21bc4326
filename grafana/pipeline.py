"""The health of Pacewatch itself: is what people see fresh and whole?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import style
from grafana.board import board
from grafana.panels import Panel, figure, lines

_WARN = style.steps((None, "green"), (1, "red"))


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "Pacewatch itself: lag, refused and repeated events, flushes, errors, and the way to Slack."
    made = board("pacewatch-pipeline", "Pacewatch: Pipeline", about, since="now-1h")
    made = made.with_row(dash.Row("Fresh and whole?"))
    for panel in _figures():
        made = made.with_panel(panel)
    made = made.with_row(dash.Row("Reading"))
    for title, meaning, found, unit in (
        ("Lag", "Records in Kafka that were not read yet.",
         {"{{topic}} {{partition}}": "pacewatch_lag_records"}, "short"),
        ("Age of the numbers", "Seconds between now and the time that each partition's numbers are as of.",
         {"partition {{partition}}": "time() - pacewatch_stream_clock_timestamp_seconds"}, "s"),
        ("Complete to", "How long ago is the time that each stream is complete to: it is late by habit, or behind.",
         {"{{stream}}": "time() - min by (stream) (pacewatch_stream_watermark_timestamp_seconds)"}, "s"),
        ("Late by habit", "How late each stream's events come by habit: nine of ten are no later. 0 below a minute.",
         {"{{stream}}": "max by (stream) (pacewatch_stream_late_seconds)"}, "s"),
        ("Latest event", "Seconds since the latest event time counted of each stream.",
         {"{{stream}}": "time() - max by (stream) (pacewatch_stream_reached_timestamp_seconds)"}, "s"),
        ("Accepted events", "Events counted in a second, by stream.",
         {"{{stream}}": "sum by (stream) (rate(pacewatch_accepted_events_total[1m]))"}, "short"),
        ("Refused events", "Events in a second that could not be counted; `pacewatch rejected list` shows them.",
         {"{{stream}}: {{reason}}": "rate(pacewatch_rejected_events_total[5m]) > 0 or on () vector(0)"}, "short"),
        ("Repeated events", "Events in a second whose id was counted before.",
         {"{{stream}}": "rate(pacewatch_duplicate_events_total[5m])"}, "short"),
        ("Folded breakdowns", "Events in a second whose breakdown value went to __other__: raise PACEWATCH_MAX_SERIES.",
         {"{{stream}}": "rate(pacewatch_folded_events_total[5m])"}, "short"),
    ):  # fmt: skip
        made = made.with_panel(lines(title, meaning, found, unit, span=8))
    made = made.with_row(dash.Row("Workers and Redis"))
    for title, meaning, found, unit in (
        ("Flush time", "How long one partition's flush takes.",
         {"99%": "histogram_quantile(0.99, sum by (le) (rate(pacewatch_worker_flush_seconds_bucket[5m])))",
          "median": "histogram_quantile(0.5, sum by (le) (rate(pacewatch_worker_flush_seconds_bucket[5m])))"}, "s"),
        ("Unflushed records", "Records counted and not yet in Redis; reading waits at PACEWATCH_MAX_UNFLUSHED.",
         {"{{instance}} {{partition}}": "pacewatch_worker_unflushed_records"}, "short"),
        ("Partitions loaded anew", "Times in five minutes that a partition's state was void, by reason.",
         {"{{reason}}": "sum by (reason) (increase(pacewatch_worker_fence_events_total[5m]))"}, "short"),
        ("Redis and Kafka errors", "Calls in five minutes that failed and were tried again.",
         {"Redis {{instance}}": "increase(pacewatch_worker_redis_errors_total[5m])",
          "Kafka {{instance}}": "increase(pacewatch_worker_kafka_errors_total[5m])"}, "short"),
        ("Series", "Campaigns and breakdowns that a worker holds in memory.",
         {"{{instance}}": "sum by (instance) (pacewatch_worker_series)"}, "short"),
        ("Dead letters and Slack", "What waits to be sent.",
         {"dead letters": "sum(pacewatch_dead_letters_waiting)",
          "Slack messages": "sum(pacewatch_notifier_waiting)"}, "short"),
    ):  # fmt: skip
        made = made.with_panel(lines(title, meaning, found, unit, span=8))
    return made


def _figures() -> tuple[Panel, ...]:
    late = style.steps((None, "green"), (30, "orange"), (60, "red"))
    return (
        figure("Oldest flush", "Seconds since the partition that waits longest was written.",
               "time() - min(pacewatch_flushed_timestamp_seconds)", "s", late),
        figure("Records behind", "All records in Kafka that were not read yet.", "sum(pacewatch_lag_records)", "short"),
        figure("Redis", "1 when the monitor's last read of Redis succeeded.", "min(pacewatch_redis_up)", "none",
               style.steps((None, "red"), (1, "green"))),
        figure("Monitors that send", "Monitors that hold the lead: exactly one sends messages.",
               "sum(pacewatch_monitor_leader)", "none", style.steps((None, "red"), (1, "green"), (2, "red"))),
        figure("Lost records", "Records that Kafka deleted before they were read. Totals miss them.",
               "sum(pacewatch_lost_records_total)", "short", _WARN),
        figure("Refused share", "Refused of all events in ten minutes.",
               "pacewatch:rejected_events:share10m or vector(0)", "percentunit",
               style.steps((None, "green"), (0.01, "red"))),
    )  # fmt: skip
