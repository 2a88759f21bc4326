"""Samples of what a catalogue adds: in its units, within a budget of their own, with sums that stay exact."""

from __future__ import annotations

import re

import pytest

from kpis.contract.published import Layout
from kpis.measures import UNKNOWN, Row
from kpis.packs.catalogue_file import parse
from monitors.export.added_samples import room
from monitors.export.budget import BudgetPolicy
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.goals.values import Campaign, Flight
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot
from monitors.view import View
from tests.kit.wide_seed import catalogue

WIDE = catalogue()
COLUMN = {measure.title: measure.column for measure in WIDE.measures}


def row(**values: int) -> Row:
    """A row of the catalogue."""
    found = [0] * WIDE.width
    for title, value in values.items():
        place = COLUMN[title.removesuffix("_reports")] + title.endswith("_reports")
        found[place] = value
    return tuple(found)


def scrape(series: dict[str, Row], most: int = 2_500, *goals: str, breakdowns: bool = False) -> dict[str, float]:
    """What is exported of added measures and KPIs."""
    rows = {name: SeriesRows({"1h": one, "total": one}, (0,)) for name, one in series.items()}
    snapshot = Snapshot(Layout(1, "EUR", ("1h",), 40), 0, (PartitionHealth(0, 1),), rows, {}, catalogue=WIDE)
    campaigns = tuple(Campaign(name, name, Flight(0, 1, "UTC"), ()) for name in goals)
    view = View(snapshot=snapshot, redis_up=True, problem="", leads=True, campaigns=campaigns)
    text = Exporter(ExportPolicy(breakdowns, BudgetPolicy(most))).text(view, Format.PLAIN)
    lines = re.findall(r"^pacewatch_((?:breakdown_)?(?:measure|kpi)\{.*\}) (\S+)$", text, re.MULTILINE)
    return {name.replace('"', ""): float(value) for name, value in lines}


def test_each_kind_of_measure_is_in_its_own_unit_and_what_is_not_known_has_no_sample() -> None:
    found = scrape(
        {"c1": row(visits=4, hours=2_500_000, followers=30, followers_reports=2, fee=5_000_000, reach=UNKNOWN)}
    )
    at = "campaign=c1,measure={},unit={},window=1h"
    values = {"visits": "events", "hours": "hours", "followers": "events", "fee": "EUR"}
    assert {name: found[f"measure{{{at.format(name, unit)}}}"] for name, unit in values.items()} == {
        "visits": 4, "hours": 2.5, "followers": 15, "fee": 5,
    }  # fmt: skip
    assert not any("reach" in name or "frequency" in name for name in found)
    assert found["kpi{campaign=c1,kpi=per_hour,unit=EUR,window=total}"] == 2


def test_what_a_campaign_never_had_any_of_has_no_sample() -> None:
    assert not any("measure{" in name for name in scrape({"c1": row(impressions=5)}))


def test_breakdowns_have_their_own_names_and_only_when_asked() -> None:
    series = {"c1": row(visits=4), "c1|channel=x": row(visits=3)}
    assert not any("breakdown" in name for name in scrape(series))
    found = scrape(series, breakdowns=True)
    assert found["breakdown_measure{breakdown=channel=x,campaign=c1,measure=visits,unit=events,window=1h}"] == 3


def test_beyond_the_budget_the_rest_is_added_up_before_formulas_and_goals_keep_their_place() -> None:
    """What is added may be more than the core has: then of fewer campaigns, and sums are right all the same."""
    ids = [f"c{n}" for n in range(10)]
    series = {
        name: row(visits=n + 1, spend=(n + 1) ** 2 * 1_000_000, reach=n + 1, impressions=20)
        for n, name in enumerate(ids)
    }
    found = scrape(series, 4, "c0")
    own = {name for name in ids if f"measure{{campaign={name},measure=visits,unit=events,window=total}}" in found}
    assert own == {"c0", "c7", "c8", "c9"}
    visits = [value for name, value in found.items() if "measure=visits" in name and "window=total" in name]
    assert sum(visits) == sum(range(1, 11))
    spent = sum((n + 1) ** 2 for n in range(1, 7))
    assert found["kpi{campaign=__other__,kpi=cost_per_visit,unit=EUR,window=1h}"] == pytest.approx(
        spent / sum(range(2, 8))
    )
    assert not any("__other__" in name and ("reach" in name or "frequency" in name) for name in found), (
        "one person may have seen several campaigns"
    )


def test_the_more_a_catalogue_adds_the_fewer_campaigns_have_samples_of_it() -> None:
    many = parse("measures: {" + ", ".join(f"m{n}: {{}}" for n in range(120)) + "}", "x")
    assert (room(2_500, WIDE), room(2_500, many), room(1, many)) == (2_500, 250, 1)
