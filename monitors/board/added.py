"""What a catalogue adds to the core, as the board shows it: all of it on a campaign's page, a few in the list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

from kpis.catalogue import CORE, NOTHING_LACKS, Catalogue, Kpi, Value, value_of
from kpis.measures import Measure, Row
from monitors.alerts.assessment import Assessment
from monitors.board.shapes import AddedColumn
from monitors.goals.values import RatioGoal, TotalGoal

MOST_LISTED = 6
"""Added columns of the list of campaigns: more would push pace off the screen."""


@dataclass(frozen=True)
class Added:
    """Some of what a catalogue adds.

    Attributes:
        measures: by their order in the catalogue.
        kpis: likewise.
        catalogue: which it is.
        lacking: by window the KPIs that have no value in it, see :attr:`monitors.read.snapshot.Snapshot.lacking`.
    """

    measures: tuple[Measure, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    catalogue: Catalogue = CORE
    lacking: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def values(self, row: Row, window: str) -> dict[str, Value]:
        """What the row of a window has of it, in units that people read."""
        unknown = self.lacking.get(window, NOTHING_LACKS)
        found: dict[str, Value] = {measure.title: value_of(measure, row) for measure in self.measures}
        return found | {kpi.name: None if kpi.name in unknown else kpi.of(row) for kpi in self.kpis}

    @cached_property
    def columns(self) -> tuple[AddedColumn, ...]:
        """What people call it, and what it is in."""
        units = self.catalogue.units
        return (
            *(AddedColumn(m.title, m.label, units[m.title], m.of, m.meaning) for m in self.measures),
            *(AddedColumn(k.name, k.label, k.unit, "", k.meaning, k.higher_is_better) for k in self.kpis),
        )

    @cached_property
    def mark(self) -> str:
        """What tells it from any other: a page that was made with another one is loaded again."""
        return blake2b(repr(self.columns).encode(), digest_size=6).hexdigest() if self.columns else ""


NOTHING_ADDED = Added()


def everything(catalogue: Catalogue) -> Added:
    """All that a catalogue adds."""
    return Added(catalogue.added_measures, catalogue.added_kpis, catalogue)


def listed(catalogue: Catalogue, judged: Iterable[Assessment]) -> Added:
    """What the list of campaigns shows of it: what any campaign has a goal on, then the catalogue's headlines."""
    if not catalogue.added_measures and not catalogue.added_kpis:
        return NOTHING_ADDED
    wanted = dict.fromkeys(name for one in judged if (name := _name_of(one)) in _names(catalogue))
    wanted |= dict.fromkeys(kpi.name for kpi in catalogue.added_kpis if kpi.is_headline)
    kept = set(list(wanted)[:MOST_LISTED])
    return Added(
        tuple(m for m in catalogue.added_measures if m.title in kept),
        tuple(k for k in catalogue.added_kpis if k.name in kept),
        catalogue,
    )


def _names(catalogue: Catalogue) -> frozenset[str]:
    return frozenset((*(m.title for m in catalogue.added_measures), *(k.name for k in catalogue.added_kpis)))


def _name_of(one: Assessment) -> str:
    if isinstance(one.goal, TotalGoal):
        return one.goal.total.title
    return one.goal.kpi.name if isinstance(one.goal, RatioGoal) else ""
