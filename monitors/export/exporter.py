"""Everything the monitor exports, as text, made from a view: so nothing goes stale unseen.

Every monitor tells how it is and how it finds the write side; campaigns, KPIs and pace are the leader's alone. So a sum
over campaigns is right with any number of monitors. While a partition is counted again, for Redis had lost it, none of
them is there: a sum that is absent misleads nobody, one that is smaller does.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version

from kpis.measures import Stream
from kpis.reasons import Reject
from kpis.runtime.http.access import REFUSALS, Access
from monitors import metrics
from monitors.alerts.notifiers.known import KNOWN
from monitors.alerts.notifiers.protocol import ANSWERED, GIVEN_UP, Outcome
from monitors.alerts.outbox.files_in_use import KINDS
from monitors.export.added_samples import added_samples, room
from monitors.export.budget import BudgetPolicy
from monitors.export.counted_again import CountedAgain
from monitors.export.experiment_samples import experiment_samples
from monitors.export.exposition import Format
from monitors.export.kpi_samples import kpi_samples
from monitors.export.pace_samples import common_samples, pace_samples
from monitors.export.pipeline_samples import pipeline_samples
from monitors.export.samples import Families
from monitors.export.scope_samples import chosen_scopes, scope_samples
from monitors.export.selection import Export, Kept, export
from monitors.read.snapshot import ReadProblem, Snapshot
from monitors.view import LaneHealth, View

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
    """Metrics of a view. Not for two threads at once: it remembers which series it exported last, how many events there
    were, and whether it led.

    Args:
        policy: what to export.
        refused: requests that were refused, by reason.
    """

    def __init__(self, policy: ExportPolicy, refused: Mapping[Access, int] = NONE_REFUSED) -> None:
        self._policy = policy
        self._refused = refused
        self._kept, self._kept_added = Kept(), Kept()
        self._kept_scopes: frozenset[str] = frozenset()
        self._again = CountedAgain()
        self._led = False

    def text(self, view: View, text_format: Format) -> str:
        """All families; those about campaigns only of the leader, once something was read, and of all partitions."""
        lines = [line for families in self._families(view) for line in families.text(text_format)]
        return "".join([*lines, text_format.end])

    def _families(self, view: View) -> Iterator[Families]:
        yield _monitor(view, self._refused)
        if view.snapshot is None:
            return
        again = self._again.after(view.snapshot.partitions, view.snapshot.read_at_ms)
        yield pipeline_samples(view.snapshot, self._policy.streams, self._policy.reasons, again)
        if not self._is_leaders(view) or again:
            return
        pinned = frozenset(campaign.series for campaign in view.campaigns)
        chosen = self._choose(view.snapshot, pinned)
        currency = view.snapshot.layout.currency
        yield kpi_samples(chosen, currency, breakdowns=self._policy.breakdowns)
        if view.snapshot.catalogue.added_measures or view.snapshot.catalogue.added_kpis:
            yield self._added(view.snapshot, pinned)
        scopes = chosen_scopes(view.snapshot, self._kept_scopes, self._policy.budget)
        self._kept_scopes = scopes.kept
        yield scope_samples(scopes, view.snapshot.catalogue, currency, view.snapshot.lacking)
        yield _limits(chosen, self._policy.budget, scopes.folded)
        yield pace_samples(view.assessments, currency)
        yield common_samples(view.common)
        yield experiment_samples(view.examined.rulings)

    def _is_leaders(self, view: View) -> bool:
        """Whether it is the leader's view.

        While Redis is away nobody can lead: then who led at the last scrape goes on with what it knows, for as long as
        the view stands, so that a short outage makes no hole in every series.
        """
        self._led = view.leads or (self._led and bool(view.problem))
        return self._led

    def _choose(self, snapshot: Snapshot, pinned: frozenset[str]) -> Export:
        policy = self._policy
        chosen = export(snapshot, self._kept, pinned, policy.budget, breakdowns=policy.breakdowns)
        self._kept = chosen.kept
        return chosen

    def _added(self, snapshot: Snapshot, pinned: frozenset[str]) -> Families:
        """What a catalogue adds, within a budget of its own: of fewer series where it is more than the core has."""
        policy, catalogue = self._policy, snapshot.catalogue
        budget = replace(policy.budget, max_series=room(policy.budget.max_series, catalogue))
        chosen = export(snapshot, self._kept_added, pinned, budget, breakdowns=policy.breakdowns)
        self._kept_added = chosen.kept
        return added_samples(
            chosen, catalogue, snapshot.layout.currency, breakdowns=policy.breakdowns, lacking=snapshot.lacking
        )


def _limits(chosen: Export, policy: BudgetPolicy, folded_scopes: int) -> Families:
    found = Families((metrics.EXPORT_LIMIT, metrics.EXPORT_FOLDED))
    found.add(metrics.EXPORT_LIMIT, (), policy.max_series)
    for kind, count in (*chosen.folded.items(), ("scope", folded_scopes)):
        found.add(metrics.EXPORT_FOLDED, (kind,), count)
    return found


def _monitor(view: View, refused: Mapping[Access, int]) -> Families:
    found = Families(
        (
            metrics.BUILD_INFO, metrics.REDIS_UP, metrics.REDIS_READS, metrics.UNREADABLE, metrics.LEADER,
            metrics.NOTIFIER_ATTEMPTS, metrics.NOTIFIER_WAITING, metrics.NOTIFIER_OLDEST, metrics.NOTIFIER_PARKED,
            metrics.NOTIFIER_REFRESHES, metrics.REFUSED_REQUESTS, metrics.GOALS_PROBLEM,
            metrics.CATALOGUE_PROBLEM, metrics.CATALOGUE_DIFFERS, metrics.FILES_DIFFER,
        )
    )  # fmt: skip
    found.add(metrics.BUILD_INFO, (_version(), platform.python_version()), 1)
    found.add(metrics.REDIS_UP, (), float(view.redis_up))
    found.add(metrics.REDIS_READS, (), view.reads)
    found.add(metrics.LEADER, (), float(view.leads))
    found.add(metrics.GOALS_PROBLEM, (), float(bool(view.goals_problem)))
    found.add(metrics.CATALOGUE_PROBLEM, (), float(bool(view.catalogue_problem)))
    found.add(metrics.CATALOGUE_DIFFERS, (), len(view.snapshot.differing) if view.snapshot else 0)
    for kind in KINDS:
        found.add(metrics.FILES_DIFFER, (kind,), float(kind in view.differing_files))
    _notifiers(found, view)
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


def _notifiers(found: Families, view: View) -> None:
    """All that there are, those that are not set up too: an alert rule finds its series from the start."""
    for known in KNOWN:
        lane = view.lanes.get(known.name, LaneHealth())
        found.add(metrics.NOTIFIER_WAITING, (known.name,), lane.backlog.count)
        if lane.backlog.oldest_ms is not None:
            found.add(metrics.NOTIFIER_OLDEST, (known.name,), lane.backlog.oldest_ms / 1000)
        for outcome in Outcome:
            found.add(metrics.NOTIFIER_ATTEMPTS, (known.name, outcome), lane.outcomes.get(outcome, 0))
        for outcome in ANSWERED if known.refreshes else ():
            found.add(metrics.NOTIFIER_REFRESHES, (known.name, outcome), lane.refreshes.get(outcome, 0))
        for reason in GIVEN_UP:
            found.add(metrics.NOTIFIER_PARKED, (known.name, reason), lane.parked.get(reason, 0))
