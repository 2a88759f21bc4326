"""Everything the monitor exports, as text, made from a view: so nothing goes stale unseen."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from kpis.measures import Stream
from kpis.reasons import Reject
from kpis.runtime.http.access import REFUSALS, Access
from monitors import metrics
from monitors.alerts.notifiers.known import KNOWN
from monitors.alerts.notifiers.protocol import Outcome
from monitors.export.budget import BudgetPolicy
from monitors.export.exposition import Format
from monitors.export.kpi_samples import kpi_samples
from monitors.export.pace_samples import common_samples, pace_samples
from monitors.export.pipeline_samples import pipeline_samples
from monitors.export.samples import Families
from monitors.export.selection import Export, Kept, export
from monitors.read.snapshot import ReadProblem, Snapshot
from monitors.view import View

NONE_REFUSED: Mapping[Access, int] = {}


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """What is exported.

    Attributes:
        breakdowns: whether breakdown series are; they can be many.
        budget: how many series are.
        streams: streams whose counters are there at zero.
        reasons: reasons for refusing whose counters are there at zero.
    """

    breakdowns: bool = False
    budget: BudgetPolicy = field(default_factory=BudgetPolicy)
    streams: tuple[str, ...] = tuple(Stream)
    reasons: tuple[str, ...] = tuple(Reject)


class Exporter:
    """Metrics of a view. Not for two threads at once: it remembers which series it exported last.

    Args:
        policy: what to export.
        refused: requests that were refused, by reason.
    """

    def __init__(self, policy: ExportPolicy, refused: Mapping[Access, int] = NONE_REFUSED) -> None:
        self._policy = policy
        self._refused = refused
        self._kept = Kept()

    def text(self, view: View, text_format: Format) -> str:
        """All families; those about campaigns only once something was read."""
        lines = [line for families in self._families(view) for line in families.text(text_format)]
        return "".join([*lines, text_format.end])

    def _families(self, view: View) -> Iterator[Families]:
        yield _monitor(view, self._refused)
        if view.snapshot is None:
            return
        chosen = self._choose(view.snapshot, frozenset(campaign.series for campaign in view.campaigns))
        currency = view.snapshot.layout.currency
        yield kpi_samples(chosen, currency, breakdowns=self._policy.breakdowns)
        yield _limits(chosen, self._policy.budget)
        yield pipeline_samples(view.snapshot, self._policy.streams, self._policy.reasons)
        yield pace_samples(view.assessments, currency)
        yield common_samples(view.common)

    def _choose(self, snapshot: Snapshot, pinned: frozenset[str]) -> Export:
        policy = self._policy
        chosen = export(snapshot, self._kept, pinned, policy.budget, breakdowns=policy.breakdowns)
        self._kept = chosen.kept
        return chosen


def _limits(chosen: Export, policy: BudgetPolicy) -> Families:
    found = Families((metrics.EXPORT_LIMIT, metrics.EXPORT_FOLDED))
    found.add(metrics.EXPORT_LIMIT, (), policy.max_series)
    for kind, count in chosen.folded.items():
        found.add(metrics.EXPORT_FOLDED, (kind,), count)
    return found


def _monitor(view: View, refused: Mapping[Access, int]) -> Families:
    found = Families(
        (
            metrics.BUILD_INFO, metrics.REDIS_UP, metrics.REDIS_READS, metrics.UNREADABLE, metrics.LEADER,
            *(definition for known in KNOWN for definition in (known.attempts, known.waiting)),
            metrics.REFUSED_REQUESTS, metrics.GOALS_PROBLEM,
        )
    )  # fmt: skip
    found.add(metrics.BUILD_INFO, (_version(), platform.python_version()), 1)
    found.add(metrics.REDIS_UP, (), float(view.redis_up))
    found.add(metrics.REDIS_READS, (), view.reads)
    found.add(metrics.LEADER, (), float(view.leads))
    found.add(metrics.GOALS_PROBLEM, (), float(bool(view.goals_problem)))
    for known in KNOWN:
        # What nobody is told by has sent nothing; without any, what is written to the outbox is for the first.
        is_used = known.what == (view.notifier or KNOWN[0].what)
        found.add(known.waiting, (), view.waiting if is_used else 0)
        for outcome in Outcome:
            found.add(known.attempts, (outcome,), view.outcomes.get(outcome, 0) if is_used else 0)
    for access in REFUSALS:
        found.add(metrics.REFUSED_REQUESTS, (access,), refused.get(access, 0))
    read = view.snapshot.problems if view.snapshot else {}
    for problem in ReadProblem:
        found.add(metrics.UNREADABLE, (problem,), read.get(problem, 0) + view.history_problems.get(problem, 0))
    return found


def _version() -> str:
    try:
        return version("pacewatch")
    except PackageNotFoundError:
        return "unknown"
