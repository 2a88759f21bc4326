"""The goals file against what there is: whether it can be used, the windows it needs, campaigns that have no events."""

from __future__ import annotations

from collections.abc import Iterator

from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import mark_of
from kpis.packs.catalogue_file import InvalidCatalogue, load
from kpis.runtime.errors import Permanent
from kpis.runtime.printable import printable
from kpis.runtime.yaml_nodes import nearest
from kpis.units import how_many
from monitors import goals
from monitors.goals.all_goals import Goals
from monitors.goals.values import RatioGoal
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level
from pacewatch.doctor.in_redis import Deployment

_NAMED = 5


def of_catalogue(settings: MonitorSettings, held: Deployment | None) -> Iterator[Finding]:
    """What the catalogue file adds, and whether workers count by it; nothing is said where there is none.

    Args:
        settings: name it.
        held: what Redis holds; None where nothing is known of that.
    """
    if settings.catalogue is None:
        yield from _counted_otherwise(CORE, held)
        return
    try:
        found = load(settings.catalogue)
    except InvalidCatalogue as e:
        yield Finding(Level.FAIL, str(e), f"see: pacewatch catalogue check {settings.catalogue}")
        return
    added = f"{how_many(len(found.added_measures), 'measure')} and {how_many(len(found.added_kpis), 'KPI')}"
    yield Finding(Level.OK, f"catalogue file: {added} beside the core's")
    yield from _counted_otherwise(found, held)


def _counted_otherwise(found: Catalogue, held: Deployment | None) -> Iterator[Finding]:
    """That workers use another version of the file, or none: what they do not count is missing here."""
    others = [p for p in held.partitions if p.measures is not None and p.measures != mark_of(found)] if held else []
    if others:
        what = f"catalogue file: workers of {how_many(len(others), 'partition')} count other measures than it has"
        cure = "give workers and monitors the same file as PACEWATCH_CATALOGUE; they read it again by themselves"
        yield Finding(Level.WARN, what, cure)


def of_goals(settings: MonitorSettings, held: Deployment | None) -> Iterator[Finding]:
    """What is wrong with the goals file.

    Args:
        settings: name it.
        held: what Redis holds; None where nothing is known of that.
    """
    if settings.goals is None:
        cure = "set PACEWATCH_GOALS to have pace judged; pacewatch init writes a first one"
        yield Finding(Level.WARN, "no goals file", cure)
        return
    try:
        found = goals.load(settings.goals, load(settings.catalogue))
    except InvalidCatalogue as e:
        yield Finding(Level.FAIL, f"goals file: not read, as {e}", "mend the catalogue file first")
        return
    except Permanent as e:
        yield Finding(Level.FAIL, str(e), f"see: pacewatch goals check {settings.goals}")
        return
    yield Finding(Level.OK, f"goals file: {how_many(len(found.campaigns), 'campaign')}")
    kept = held.layout.windows if held is not None else tuple(w.name for w in settings.the_windows)
    lost = sorted({g.window for _, g in found if isinstance(g, RatioGoal) and g.window not in kept})
    if lost:
        problem = f"goals for windows {', '.join(lost)} are never judged: {', '.join(kept)} are kept"
        yield Finding(Level.WARN, problem, "use one of these, or set PACEWATCH_WINDOWS for workers")
    if held is not None:
        yield from _strangers(found, held, settings.the_clock.now_ms())


def _strangers(found: Goals, held: Deployment, now_ms: int) -> Iterator[Finding]:
    """Campaigns of the file that never had an event, though they should run; and those that run and have no goal."""
    silent = [
        c.campaign
        for c in found.campaigns
        if c.flight.start_ms <= now_ms < c.flight.end_ms and c.campaign not in held.campaigns
    ]
    if silent:
        what = (
            f"{how_many(len(silent), 'campaign')} of the goals file should run and had no event ever: {_some(silent)}"
        )
        near = {name: meant for name in silent if (meant := nearest(name, list(held.campaigns))) is not None}
        pairs = [tuple(map(printable, pair)) for pair in list(near.items())[:_NAMED]]
        hint = "".join(f"; is {name} meant to be {meant}?" for name, meant in pairs)
        yield Finding(Level.WARN, what, f"ids must be as in events, letter by letter{hint}")
    over = [c.campaign for c in found.campaigns if c.flight.end_ms <= now_ms]
    if over and len(over) == len(found.campaigns):
        yield Finding(Level.WARN, "all flights of the goals file are over: nothing is judged", "give it the next ones")
    known = {c.campaign for c in found.campaigns}
    without = sorted(held.campaigns - known)
    if without:
        yield Finding(Level.OK, f"{how_many(len(without), 'campaign')} in Redis without a goal: {_some(without)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(map(printable, names[:_NAMED])) + more
