"""The Prometheus collector: metrics are made from the last view at each scrape, so nothing goes stale unseen."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from monitors import metrics
from monitors.alerts.slack import Outcome
from monitors.kpi_samples import kpi_samples
from monitors.pace_samples import pace_samples
from monitors.pipeline_samples import pipeline_samples
from monitors.samples import Families
from monitors.snapshot import ReadProblem
from monitors.view import View
from streams.measures import Stream
from streams.reasons import Reject


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """What is exported.

    Attributes:
        breakdowns: whether breakdown series are; they can be many.
        streams: streams whose counters are there at zero.
        reasons: reasons for refusing whose counters are there at zero.
    """

    breakdowns: bool = False
    streams: tuple[str, ...] = tuple(Stream)
    reasons: tuple[str, ...] = tuple(Reject)


class Exporter(Collector):
    """Metrics of the current view.

    Args:
        view: answers the current view.
        policy: what to export.
    """

    def __init__(self, view: Callable[[], View], policy: ExportPolicy) -> None:
        self._view = view
        self._policy = policy

    def collect(self) -> Iterator[Metric]:
        """All families; those about campaigns only once something was read."""
        view = self._view()
        yield from _monitor(view)
        if view.snapshot is None:
            return
        yield from kpi_samples(view.snapshot, breakdowns=self._policy.breakdowns)
        yield from pipeline_samples(view.snapshot, self._policy.streams, self._policy.reasons)
        yield from pace_samples(view.judged, view.snapshot.layout.currency)

    def registry(self) -> CollectorRegistry:
        """A registry with this collector alone."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry


def _monitor(view: View) -> Iterable[Metric]:
    found = Families(
        (
            metrics.BUILD_INFO, metrics.REDIS_UP, metrics.REDIS_READS, metrics.UNREADABLE, metrics.LEADER,
            metrics.SLACK, metrics.SLACK_WAITING,
        )
    )  # fmt: skip
    found.add(metrics.BUILD_INFO, (_version(), platform.python_version()), 1)
    found.add(metrics.REDIS_UP, (), float(view.redis_up))
    found.add(metrics.REDIS_READS, (), view.reads)
    found.add(metrics.LEADER, (), float(view.leads))
    found.add(metrics.SLACK_WAITING, (), view.waiting)
    for outcome in Outcome:
        found.add(metrics.SLACK, (outcome,), view.outcomes.get(outcome, 0))
    read = view.snapshot.problems if view.snapshot else {}
    for problem in ReadProblem:
        found.add(metrics.UNREADABLE, (problem,), read.get(problem, 0) + view.history_problems.get(problem, 0))
    return found


def _version() -> str:
    try:
        return version("pacewatch")
    except PackageNotFoundError:
        return "unknown"
