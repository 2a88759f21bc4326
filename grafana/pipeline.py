"""The health of Pacewatch itself: is what people see fresh and whole?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana import links, style
from grafana.board import ALERTS, board
from grafana.panels import Lines, Panel, figure, lines, rows
from grafana.promql import of, rate, rate_of, raw

_WARN: style.Steps = ((None, "green"), (1, "red"))
_DEAD: style.Steps = ((None, "red"), (1, "green"))
_FLUSHES = f"sum by (le) ({rate('pacewatch_worker_flush_seconds_bucket')})"


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "Pacewatch itself: lag, refused and repeated events, flushes, errors, who leads, and the way to people."
    made = board("pacewatch-pipeline", "Pacewatch: Pipeline", about, since="now-1h")
    for title, panels in (
        ("Fresh and whole?", _figures()),
        ("Alerts", (_alerts(),)),
        ("Reading", (*_times(), *_events())),
        ("Workers and Redis", (*_workers(), *_monitors())),
    ):
        made = made.with_row(dash.Row(title))
        for panel in panels:
            made = made.with_panel(panel)
    return made


def _figures() -> tuple[Panel, ...]:
    return (
        figure("Oldest flush", "Seconds since the partition that waits longest was written.",
               f"time() - min({of('pacewatch_flushed_timestamp_seconds')})", "s", style.LATE),
        figure("Records behind", "All records in Kafka that were not read yet.",
               f"sum({of('pacewatch_lag_records')})", "short"),
        figure("Redis", "1 when every monitor's last read of Redis succeeded.",
               f"min({raw('pacewatch_redis_up')})", "none", _DEAD),
        figure("Monitors that lead", "Exactly one judges, tells and exports campaigns.",
               f"sum({raw('pacewatch_monitor_leader')})", "none",
               ((None, "red"), (1, "green"), (2, "red"))),
        figure("Lost records", "Records that Kafka deleted before they were read. Totals miss them.",
               f"sum({of('pacewatch_lost_records_total')})", "short", _WARN),
        figure("Refused share", "Refused of all events in ten minutes.",
               'max(pacewatch:rejected_events:share10m{job=~"$job"}) or vector(0)', "percentunit",
               ((None, "green"), (0.01, "red"))),
    )  # fmt: skip


def _alerts() -> Panel:
    about = (
        "The alerts of the rules on Pacewatch itself, where Prometheus has them loaded; a click opens what to do. "
        "Pending: it is so, but not for long enough. Empty while there is none."
    )
    columns = {
        "Firing": f'count by (alertname) (ALERTS{{{ALERTS},alertstate="firing"}})',
        "Pending": f'count by (alertname) (ALERTS{{{ALERTS},alertstate="pending"}})',
        "Since": f"1000 * min by (alertname) (ALERTS_FOR_STATE{{{ALERTS}}})",
    }
    to = {"Alertname": (links.runbook(links.column("Alertname")),)}
    colours = {"Firing": _WARN, "Pending": ((None, "text"), (1, "orange"))}
    return rows(
        "Alerts", about, columns, {"Since": "dateTimeFromNow"}, by="alertname", sort="Firing", height=6, links=to,
        steps=colours,
    )  # fmt: skip


def _times() -> tuple[Panel, ...]:
    return (
        _third("Lag", "Records in Kafka that were not read yet.",
               {"{{topic}} {{partition}}": of("pacewatch_lag_records")}),
        _third("Age of the numbers", "Seconds between now and the time that each partition's numbers are as of.",
               {"partition {{partition}}": f"time() - {of('pacewatch_stream_clock_timestamp_seconds')}"}, "s",
               style.LATE),
        _third("Complete to", "How long ago is the time each stream is complete to: it is late by habit, or behind.",
               {"{{stream}}": f"time() - min by (stream) ({of('pacewatch_stream_watermark_timestamp_seconds')})"}, "s"),
        _third("Late by habit", "How late each stream's events come: nine of ten are no later. 0 below a minute.",
               {"{{stream}}": f"max by (stream) ({raw('pacewatch_stream_late_seconds')})"}, "s"),
        _third("Latest event", "Seconds since the latest event time counted of each stream.",
               {"{{stream}}": f"time() - max by (stream) ({raw('pacewatch_stream_reached_timestamp_seconds')})"}, "s"),
    )  # fmt: skip


def _events() -> tuple[Panel, ...]:
    return (
        _third("Accepted events", "Events counted in a second, by stream.",
               {"{{stream}}": f"sum by (stream) ({rate_of('pacewatch_accepted_events_total')})"}, "cps"),
        _third("Refused events", "Events in a second that were not counted; `pacewatch rejected list` shows them.",
               {"{{stream}}: {{reason}}": f"{rate_of('pacewatch_rejected_events_total')} > 0 or on () vector(0)"},
               "cps"),
        _third("Repeated events", "Events in a second whose id was counted before.",
               {"{{stream}}": rate_of("pacewatch_duplicate_events_total")}, "cps"),
        _third("Folded breakdowns", "Events in a second whose breakdown went to __other__: raise PACEWATCH_MAX_SERIES.",
               {"{{stream}}": rate_of("pacewatch_folded_events_total")}, "cps"),
    )  # fmt: skip


def _workers() -> tuple[Panel, ...]:
    return (
        _third("Flush time", "How long one partition's flush takes.",
               {"99%": f"histogram_quantile(0.99, {_FLUSHES})", "median": f"histogram_quantile(0.5, {_FLUSHES})"}, "s"),
        _third("Unflushed records", "Records counted and not yet in Redis; reading waits at PACEWATCH_MAX_UNFLUSHED.",
               {"{{instance}} {{partition}}": raw("pacewatch_worker_unflushed_records")}),
        _third("Last fetch", "Seconds since a fetch from Kafka last came back to each worker, with records or without.",
               {"{{instance}}": f"time() - {raw('pacewatch_worker_read_timestamp_seconds')}"}, "s", style.LATE),
        _third("Partitions loaded anew", "Times in a minute that a partition's state was void, by reason.",
               {"{{reason}}": f"60 * sum by (reason) ({rate('pacewatch_worker_fence_events_total')})"}, "cpm"),
        _third("Redis and Kafka errors", "Calls of workers in a minute that failed and were tried again.",
               {"Redis {{instance}}": f"60 * {rate('pacewatch_worker_redis_errors_total')}",
                "Kafka {{instance}}": f"60 * {rate('pacewatch_worker_kafka_errors_total')}"}, "cpm"),
        _third("Series", "Campaigns and breakdowns that a worker holds in memory.",
               {"{{instance}}": f"sum by (instance) ({raw('pacewatch_worker_series')})"}),
    )  # fmt: skip


def _monitors() -> tuple[Panel, ...]:
    waiting = of("pacewatch_notifier_waiting")
    attempts = f"60 * sum by (notifier, outcome) ({rate('pacewatch_notifier_attempts_total')})"
    return (
        _third("Up", "1 for each worker and monitor that Prometheus reaches.",
               {"{{job}} {{instance}}": raw("up", 'job=~".*pacewatch.*"')}, "none"),
        _third("Who leads", "1 for the monitor that judges, tells and exports campaigns.",
               {"{{instance}}": raw("pacewatch_monitor_leader")}, "none"),
        _third("Waiting to be sent", "Dead letters, and messages of each notifier. Empty where nobody is told.",
               {"dead letters": f"sum({of('pacewatch_dead_letters_waiting')})", "{{notifier}}": waiting}),
        _third("Attempts to send", "Messages in a minute, by what came of them. Empty where nobody is told.",
               {"{{notifier}}: {{outcome}}": attempts}, "cpm"),
        _third("Unreadable values", "Values in Redis that the last read had to leave out: numbers miss them.",
               {"{{problem}}": of("pacewatch_unreadable_values")}),
    )  # fmt: skip


def _third(title: str, meaning: str, found: Lines, unit: str = "short", steps: style.Steps = ()) -> Panel:
    return lines(title, meaning, found, unit, span=8, steps=steps)
