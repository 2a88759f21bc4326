"""Metrics of scopes: families of their own, of the leader, within a budget that adds up what it leaves out."""

from __future__ import annotations

import re
from dataclasses import replace

from kpis.measures import Row
from monitors.export.budget import BudgetPolicy
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.export.scope_samples import chosen_scopes, scope_samples
from monitors.read.scopes.scope_sums import ScopeSums, with_scopes
from monitors.read.snapshot import SeriesRows
from monitors.view import View
from tests.kit.monitor_fakes import row
from tests.kit.wide_seed import catalogue
from tests.unit.monitors.export.test_exporter import view

KINDS = ("portfolio", "account", "channel")


def scoped(series: dict[str, Row], **accounts: str) -> View:
    """A leader's view with scopes."""
    found = view(series)
    assert found.snapshot is not None
    return replace(found, snapshot=with_scopes(found.snapshot, ScopeSums(KINDS), accounts))


def test_a_scope_has_each_measure_and_kpi_of_its_sums_under_its_kind_and_name() -> None:
    series = {"c1": row(100, 1, 0, 2_000_000), "c2": row(300, 11, 0, 4_000_000), "c1|channel=b": row(100, 1)}
    text = Exporter(ExportPolicy()).text(scoped({**series, "c2|channel=a": row(9, 3)}, c1="Acme"), Format.PLAIN)
    assert 'pacewatch_scope_kpi{kpi="ctr",name="",scope="portfolio",unit="ratio",window="5m"} 0.03' in text
    assert 'pacewatch_scope_kpi{kpi="cpc",name="Acme",scope="account",unit="EUR",window="total"} 2.0' in text
    assert 'pacewatch_scope_measure{measure="clicks",name="a",scope="channel",unit="events",window="5m"} 3.0' in text
    assert 'measure="spend",name="",scope="portfolio",unit="EUR",window="total"} 6.0' in text
    assert text.count("\npacewatch_impressions_total{") == 2, "no campaign is counted twice"


def test_only_the_leader_tells_of_scopes() -> None:
    found = scoped({"c1": row(1)})
    assert "pacewatch_scope_measure{" not in Exporter(ExportPolicy()).text(replace(found, leads=False), Format.PLAIN)


def test_scopes_beyond_the_budget_are_added_up_as_others_of_their_kind_and_the_portfolio_stays() -> None:
    series = {f"c{n}": row(n, 0, 0, n * 1_000_000) for n in range(1, 9)}
    series |= {f"c{n}|channel=__other__": row(n) for n in (1, 2)}
    found = scoped(series, **{f"c{n}": f"A{n}" for n in range(1, 9)})
    text = Exporter(ExportPolicy(budget=BudgetPolicy(20))).text(found, Format.PLAIN)
    spends = dict(re.findall(r'_scope_measure\{measure="spend",name="(\w*)",scope="account".*"total"\} (\S+)', text))
    assert spends == {"A8": "8.0", "A7": "7.0", "A6": "6.0", "__other__": "15.0"}
    assert 'name="",scope="portfolio",unit="EUR",window="total"} 36.0' in text
    assert 'measure="impressions",name="__other__",scope="channel",unit="events",window="total"} 3.0' in text
    assert 'pacewatch_export_folded_series{kind="scope"} 6.0' in text


def test_what_a_catalogue_adds_is_told_of_scopes_that_ever_had_any() -> None:
    wide, found = catalogue(), view({})
    assert found.snapshot is not None
    cells = [0] * wide.width
    cells[wide.by_title["visits"].column] = 40
    cells[3] = 20_000_000
    rows = SeriesRows({"5m": tuple(cells), "total": tuple(cells)}, (0,))
    snapshot = replace(found.snapshot, catalogue=wide, series={"c1": rows})
    snapshot = with_scopes(snapshot, ScopeSums(KINDS), {})
    chosen = chosen_scopes(snapshot, frozenset(), BudgetPolicy())
    text = "\n".join(scope_samples(chosen, wide, "EUR").text(Format.PLAIN))
    assert 'pacewatch_scope_measure{measure="visits",name="",scope="portfolio",unit="events",window="5m"} 40.0' in text
    assert 'pacewatch_scope_kpi{kpi="cost_per_visit",name="",scope="portfolio",unit="EUR",window="5m"} 0.5' in text
    assert "followers" not in text
    assert "hours" not in text.replace("per_hour", "")
