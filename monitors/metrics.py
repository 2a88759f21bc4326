"""Every metric the monitor exports: name, type, help and labels, and nothing else.

Names follow the Prometheus naming guidelines: base units, ``_ratio`` for what is a fraction, ``_total`` for counters
only, timestamps instead of ages. What a correction or a refund can make smaller (conversions, spend, revenue) is a
gauge: a counter that falls would read as a restart and count its whole value again. So would the impressions of
``__other__``, the sum of all series beyond the export limit, when one of them gets a place of its own: what is a
counter for a campaign is, for ``__other__``, a gauge of another name. All its other metrics have the campaigns' names,
so that a sum over campaigns is the sum over all that exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import MEASURES, Measure
from monitors.metric_kinds import Definition, Type
from monitors.metric_kinds import counter_of as _counter
from monitors.metric_kinds import gauge_of as _gauge


def _of_kpi(kpi: Kpi, prefix: str, *labels: str) -> Definition:
    if kpi.unit.is_money:
        return _gauge(f"{prefix}{kpi.name}", f"{kpi.meaning} In units of currency.", *labels, "window", "currency")
    return _gauge(f"{prefix}{kpi.name}_ratio", kpi.meaning, *labels, "window")


def _in_window(measure: Measure, prefix: str, *labels: str) -> Definition:
    name = f"{prefix}window_{measure.title}"
    if measure.is_money:
        return _gauge(name, f"Rolling {measure.title}, units of currency.", *labels, "window", "currency")
    return _gauge(name, f"Rolling {measure.title}, events.", *labels, "window")


def _to_date(measure: Measure, prefix: str, *labels: str) -> Definition:
    name = f"{prefix}{measure.title}"
    if measure.is_money:
        return _gauge(name, f"All {measure.title} so far, units of currency.", *labels, "currency")
    if measure.can_fall:
        return _gauge(name, f"All {measure.title} so far, refunds taken off.", *labels)
    return _counter(name, f"All {measure.title} so far.", *labels)


def _of_other(measure: Measure, counter: Definition, prefix: str, *labels: str) -> Definition:
    text = f"All {measure.name} so far of the series that have no {counter.name}; falls when one of them gets its own."
    return _gauge(f"{prefix}other_{measure.name}", text, *labels)


@dataclass(frozen=True, slots=True)
class KpiMetrics:
    """The metrics of one kind of series, by KPI or measure name.

    Attributes:
        kpis, windows: of every series.
        totals: of every series but ``__other__``.
        other_totals: of ``__other__``. Those that differ from ``totals`` lack its first label, the campaign.
    """

    kpis: Mapping[str, Definition]
    windows: Mapping[str, Definition]
    totals: Mapping[str, Definition]
    other_totals: Mapping[str, Definition]

    @property
    def all(self) -> tuple[Definition, ...]:
        """Each definition once."""
        groups = (self.totals, self.other_totals, self.windows, self.kpis)
        return tuple(dict.fromkeys(definition for group in groups for definition in group.values()))


def _kpi_metrics(prefix: str, *labels: str) -> KpiMetrics:
    totals = {m.name: _to_date(m, prefix, *labels) for m in MEASURES}
    return KpiMetrics(
        kpis={k.name: _of_kpi(k, prefix, *labels) for k in CATALOGUE},
        windows={m.name: _in_window(m, prefix, *labels) for m in MEASURES},
        totals=totals,
        other_totals={
            m.name: _of_other(m, totals[m.name], prefix, *labels[1:])
            if totals[m.name].type is Type.COUNTER
            else totals[m.name]
            for m in MEASURES
        },
    )


def _of_parent(of: Definition) -> Definition:
    """The same of an account (``scope="account"``), the portfolio or a channel by its name, in place of a campaign."""
    name = of.name.replace("pacewatch_", "pacewatch_parent_", 1)
    return replace(of, name=name, labels=("scope", "account", "name", *of.labels[1:]))


CAMPAIGN = _kpi_metrics("", "campaign")
"""Of whole campaigns."""
BREAKDOWN = _kpi_metrics("breakdown_", "campaign", "breakdown")
"""Of breakdowns: their own names, so that a sum over campaigns never counts twice."""

ADDED_MEASURE = _gauge(
    "measure",
    "A measure that the catalogue file adds, rolling and as window total, in its unit; of distinct counts about right.",
    "campaign",
    "measure",
    "window",
    "unit",
)
ADDED_KPI = _gauge(
    "kpi",
    "A KPI that the catalogue file adds; money in units of currency, shares as ratios.",
    "campaign",
    "kpi",
    "window",
    "unit",
)
BREAKDOWN_MEASURE, BREAKDOWN_KPI = (
    replace(one, name=one.name.replace("pacewatch_", "pacewatch_breakdown_"), labels=("campaign", "breakdown", *rest))
    for one, rest in ((ADDED_MEASURE, ADDED_MEASURE.labels[1:]), (ADDED_KPI, ADDED_KPI.labels[1:]))
)
SCOPE_MEASURE, SCOPE_KPI = (
    _gauge(
        f"scope_{of}",
        f"{what} of all campaigns (scope portfolio), of each account, or of each value of a dimension over all "
        "campaigns (a channel), rolling and as window total, made of summed measures.",
        "scope",
        "name",
        of,
        "window",
        "unit",
    )
    for of, what in (("measure", "A measure"), ("kpi", "A KPI"))
)

PACE_RATIO = _gauge("pace_ratio", "Actual over expected to date; 1 is on pace.", "campaign", "goal")
PACE_ACTUAL = _gauge("pace_actual", "What the goal counts, so far.", "campaign", "goal", "unit")
PACE_EXPECTED = _gauge("pace_expected", "What the goal's curve or bound expects by now.", "campaign", "goal", "unit")
PACE_PROJECTED = _gauge("pace_projected", "Where the flight will end.", "campaign", "goal", "unit")
PACE_PROJECTED_LOW = _gauge(
    "pace_projected_low", "Where the flight will end at the least, in 95 of 100 cases.", "campaign", "goal", "unit"
)
PACE_PROJECTED_HIGH = _gauge(
    "pace_projected_high", "Where the flight will end at the most, in 95 of 100 cases.", "campaign", "goal", "unit"
)
PACE_REQUIRED = _gauge(
    "pace_required_per_day", "What each remaining day must bring to reach the target.", "campaign", "goal", "unit"
)
PACE_TARGET = _gauge("pace_target", "The goal's target or bound.", "campaign", "goal", "unit")
PACE_STATUS = _gauge("pace_status", "1 for the status the goal has, 0 for the others.", "campaign", "goal", "status")
PACE_REASON = _gauge("pace_reason", "1 for the reason of the goal's status.", "campaign", "goal", "reason")
PACE_ALERT = _gauge(
    "pace_alert_status", "1 for the status that people were told, 0 for the others.", "campaign", "goal", "status"
)
PACE_THRESHOLD = _gauge("pace_threshold", "Where pace_ratio leaves a band.", "campaign", "goal", "severity", "bound")
PACE_AS_OF = _gauge("pace_as_of_timestamp_seconds", "The watermark that the goal was judged at.", "campaign", "goal")
WATCH_STATUS = _gauge(
    "watch_status", "1 for the status the watch has, 0 for the others.", "campaign", "watch", "status"
)
WATCH_REASON = _gauge("watch_reason", "1 for the reason of the watch's status.", "campaign", "watch", "reason")
WATCH_ALERT = _gauge(
    "watch_alert_status", "1 for the status that people were told, 0 for the others.", "campaign", "watch", "status"
)
WATCH_SINCE = _gauge(
    "watch_since_timestamp_seconds",
    "Since when what is watched is silent, or far more than usual.",
    "campaign",
    "watch",
)
COMMON_CAUSE = _gauge(
    "common_cause",
    "1 while it is what is wrong with all campaigns at once, or with most; what it explains waits.",
    "cause",
)
COMMON_TOLD = _gauge("common_cause_told", "1 while people have been told of it, and not of its end.", "cause")
COMMON_WAITING = _gauge("common_cause_campaigns", "Campaigns that wait for it.", "cause")
COMMON_SINCE = _gauge("common_cause_since_timestamp_seconds", "Since when it is so.", "cause")
FLIGHT_START = _gauge("flight_start_timestamp_seconds", "When the flight begins.", "campaign")
FLIGHT_END = _gauge("flight_end_timestamp_seconds", "When the flight is over.", "campaign")
CAMPAIGN_INFO = _gauge(
    "campaign_info", "Always 1; the name people gave the campaign, and whose it is.", "campaign", "name", "account"
)

PARENTS: Mapping[Definition, Definition] = {
    one: _of_parent(one)
    for one in (
        PACE_RATIO, PACE_ACTUAL, PACE_EXPECTED, PACE_PROJECTED, PACE_PROJECTED_LOW, PACE_PROJECTED_HIGH, PACE_REQUIRED,
        PACE_TARGET, PACE_STATUS, PACE_REASON, PACE_ALERT, PACE_THRESHOLD, PACE_AS_OF, FLIGHT_START, FLIGHT_END,
    )
}  # fmt: skip
"""Of goals of accounts, the portfolio and channels: their own names, so that no sum over campaigns counts twice."""
PARENT_MEMBERS = _gauge("parent_members", "Campaigns that goals of a parent are of.", "scope", "account", "name")

EXPERIMENT_INFO = _gauge(
    "experiment_info", "Always 1; what an experiment compares, and whose it is.",
    "experiment", "name", "kpi", "account",
)  # fmt: skip
EXPERIMENT_FINDING = _gauge("experiment_finding", "1 for how the experiment stands.", "experiment", "finding")
EXPERIMENT_DECIDED = _gauge(
    "experiment_decided_timestamp_seconds", "By when the experiment was decided; none while it is not.", "experiment"
)
EXPERIMENT_AS_OF = _gauge("experiment_as_of_timestamp_seconds", "Up to when the experiment was counted.", "experiment")
EXPERIMENT_STATE = _gauge(
    "experiment_variant_state", "1 for what is proven of the variant, 0 for the rest.",
    "experiment", "variant", "state",
)  # fmt: skip
EXPERIMENT_TRIALS = _gauge("experiment_trials", "What the variant was tried on so far.", "experiment", "variant")
EXPERIMENT_SUCCESSES = _gauge("experiment_successes", "What came of that.", "experiment", "variant")
EXPERIMENT_RATE = _gauge("experiment_rate_ratio", "The variant's KPI since the start.", "experiment", "variant")
EXPERIMENT_LIFT = _gauge(
    "experiment_lift_ratio", "The variant's rate over that of the first variant, less 1.", "experiment", "variant"
)
EXPERIMENT_LIFT_LOW = _gauge(
    "experiment_lift_low_ratio", "The least that the lift is, at all looks together.", "experiment", "variant"
)
EXPERIMENT_LIFT_HIGH = _gauge(
    "experiment_lift_high_ratio", "The most that the lift is, at all looks together.", "experiment", "variant"
)

STREAM_CLOCK = _gauge("stream_clock_timestamp_seconds", "The time that a partition's numbers are as of.", "partition")
STREAM_WATERMARK = _gauge(
    "stream_watermark_timestamp_seconds", "The time that a stream of a partition is complete to.", "partition", "stream"
)
STREAM_REACHED = _gauge(
    "stream_reached_timestamp_seconds", "The latest event time counted, of each stream.", "partition", "stream"
)
STREAM_LATE = _gauge(
    "stream_late_seconds", "How late a stream's events come by habit; 0 below a minute.", "partition", "stream"
)
FLUSHED = _gauge("flushed_timestamp_seconds", "When the worker last wrote a partition.", "partition")
CAUGHT_UP = _gauge("partition_caught_up", "1 when the partition had read all that Kafka held.", "partition")
COUNTED_AGAIN = _gauge(
    "partition_counted_again",
    "1 while it is counted again, for Redis had lost it; then no campaign is exported.",
    "partition",
)
LAG = _gauge("lag_records", "Records not yet read.", "topic", "partition")
CANARY = _gauge(
    "canary_seen_timestamp_seconds", "When the last canary was sent that went through a partition.", "partition"
)
LETTERS = _gauge("dead_letters_waiting", "Refused records that Kafka does not have yet.", "partition")
ACCEPTED = _counter("accepted_events", "Events counted.", "stream")
REJECTED = _counter("rejected_events", "Events refused.", "stream", "reason")
DUPLICATE = _counter("duplicate_events", "Events not counted because their id was seen before.", "stream")
LOST = _counter("lost_records", "Records that Kafka had deleted before they were read.", "topic")
REWOUND = _counter("rewound_partitions", "Times a topic began anew below the offset that was reached.", "topic")
SKIPPED = _counter("skipped_records", "Offsets passed over because their batch cannot be read.", "topic")
MISROUTED = _counter("misrouted_events", "Events counted whose campaign belongs to another partition.", "stream")
OTHER_CAMPAIGNS = _counter("other_campaign_events", "Events whose campaign went to __other__.", "stream")
HELD = _gauge("partition_held", "1 while reading waits because too many dead letters do.", "partition")
PARKED = _gauge("partition_parked", "1 while the partition cannot go on, and is tried again later.", "partition")
FOLDED = _counter("folded_events", "Events whose breakdown value went to __other__.", "stream")

EXPORT_LIMIT = _gauge("export_limit_series", "Series that get metrics of their own; goals may make it more.")
EXPORT_FOLDED = _gauge("export_folded_series", "Series beyond the limit, added up under the label __other__.", "kind")

PARTITION_READS = _counter("partition_reads", "Reads of a partition's documents, by what had to be read.", "reason")
REDIS_UP = _gauge("redis_up", "1 when Redis answered the last read.")
REDIS_USED = _gauge("redis_memory_used_bytes", "Memory that Redis takes; of the fullest node on a Cluster.")
REDIS_LIMIT = _gauge("redis_memory_limit_bytes", "Memory that Redis may take (maxmemory); 0 for no limit.")
REDIS_READS = _counter("redis_reads", "Reads of Redis that succeeded.")
UNREADABLE = _gauge("unreadable_values", "Values in Redis that the last read had to leave out.", "problem")
SERIES = _gauge("series", "Series in Redis, campaigns and breakdowns; one in two partitions counts twice.")
LEADER = _gauge("monitor_leader", "1 when this monitor leads: it alone tells, and exports campaigns and pace.")
GOALS_PROBLEM = _gauge("goals_problem", "1 while the goals file as it is now cannot be used, and the last good one is.")
CATALOGUE_PROBLEM = _gauge(
    "catalogue_problem", "1 while the catalogue file as it is now cannot be used, and the last good one is."
)
CATALOGUE_DIFFERS = _gauge(
    "catalogue_differs", "Partitions whose worker counts other measures than the monitor's file has."
)
FILES_DIFFER = _gauge("monitor_files_differ", "1 while another monitor that runs has a file otherwise.", "file")
NOTIFIER_ATTEMPTS = _counter("notifier_attempts", "Attempts to send a message.", "notifier", "outcome")
NOTIFIER_REFRESHES = _counter(
    "notifier_refreshes", "How often a service that forgets was told again what stands.", "notifier", "outcome"
)
NOTIFIER_WAITING = _gauge("notifier_waiting", "Messages that wait to be sent.", "notifier")
NOTIFIER_OLDEST = _gauge(
    "notifier_oldest_timestamp_seconds", "When the oldest message that waits was told, real time.", "notifier"
)
NOTIFIER_PARKED = _counter("notifier_parked", "Messages that were given up and parked.", "notifier", "reason")
REFUSED_REQUESTS = _counter("monitor_refused_requests", "Requests without the right credentials.", "reason")
BUILD_INFO = _gauge("build_info", "Always 1; the version that runs.", "version", "python_version")
