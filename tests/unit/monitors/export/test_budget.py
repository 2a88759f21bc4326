"""Beyond the export limit the rest is added up: nothing is lost, and who stays does not change without reason."""

from __future__ import annotations

import random
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import CATALOGUE
from kpis.contract.published import Layout
from kpis.measures import Row, add
from kpis.series import is_campaign
from monitors.export.budget import BudgetPolicy, keep
from monitors.export.selection import Export, Kept, SeriesKind, export
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.sums import sum_rows
from monitors.read.window_rows import WindowRows
from tests.kit.monitor_fakes import row

NAMES = ("5m", "1h", "total")
INT64 = st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 5)
SOME = st.dictionaries(st.sampled_from(NAMES), INT64)
# Most series have all windows, as a worker writes them.
WINDOWS = st.tuples(INT64, INT64, INT64).map(lambda rows: WindowRows.of(NAMES, rows)) | SOME
SERIES = st.dictionaries(
    st.sampled_from([*"abcdef", *(f"{c}|{b}" for c in "abc" for b in ("channel=x", "channel=y", "country=z"))]), WINDOWS
)
POLICIES = st.integers(1, 8).map(BudgetPolicy)


def snapshot(series: Mapping[str, Mapping[str, Row]]) -> Snapshot:
    """A snapshot of one partition."""
    rows = {name: SeriesRows(windows, (0,)) for name, windows in series.items()}
    return Snapshot(Layout(1, "EUR", NAMES[:-1], 40), 0, (), rows, {})


def chosen(
    series: Mapping[str, Mapping[str, Row]],
    policy: BudgetPolicy,
    pinned: frozenset[str] = frozenset(),
    held: Kept = Kept(),  # noqa: B008
) -> Export:
    """What is exported of some series, breakdowns too."""
    return export(snapshot(series), held, pinned, policy, breakdowns=True)


def spending(**spend: int) -> dict[str, SeriesRows]:
    """Campaigns by what they spent."""
    return {name: SeriesRows({"total": row(spend=micros)}, (0,)) for name, micros in spend.items()}


def sums(rows: list[Mapping[str, Row]]) -> dict[str, Row]:
    """The sum of rows by window, made with Python's integers."""
    found = {name: [r[name] for r in rows if name in r] for name in NAMES}
    return {name: add(own) for name, own in found.items() if own}


@given(SERIES, POLICIES)
def test_what_is_exported_adds_up_to_all_campaigns_in_every_window_and_measure(
    series: dict[str, Mapping[str, Row]], policy: BudgetPolicy
) -> None:
    found = chosen(series, policy)
    kept = [rows.windows for rows in found.campaigns.values()]
    assert sums([*kept, found.other_campaigns]) == sums([w for s, w in series.items() if is_campaign(s)])
    assert all(rows.windows is series[s] for s, rows in (*found.campaigns.items(), *found.breakdowns.items()))


@given(SERIES, POLICIES)
def test_breakdowns_add_up_too_for_each_set_of_dimensions(
    series: dict[str, Mapping[str, Row]], policy: BudgetPolicy
) -> None:
    found = chosen(series, policy)
    for dimension in ("channel", "country"):
        own = [w for s, w in series.items() if f"|{dimension}=" in s]
        kept = [rows.windows for s, rows in found.breakdowns.items() if f"|{dimension}=" in s]
        assert sums([*kept, found.other_breakdowns.get(f"{dimension}=__other__", {})]) == sums(own)


@given(SERIES, POLICIES)
def test_the_kpis_of_the_rest_are_formulas_over_its_sums(
    series: dict[str, Mapping[str, Row]], policy: BudgetPolicy
) -> None:
    found = chosen(series, policy)
    rest = sums([w for s, w in series.items() if is_campaign(s) and s not in found.campaigns])
    for window, expected in rest.items():
        assert [k.of(found.other_campaigns[window]) for k in CATALOGUE] == [k.of(expected) for k in CATALOGUE]


@given(SERIES, POLICIES, st.frozensets(st.sampled_from("abcdefg")))
def test_what_is_folded_is_counted_and_the_limit_holds_unless_goals_pass_it(
    series: dict[str, Mapping[str, Row]], policy: BudgetPolicy, pinned: frozenset[str]
) -> None:
    found = chosen(series, policy, pinned)
    campaigns = {s for s in series if is_campaign(s)}
    goals = pinned & campaigns
    assert goals <= found.campaigns.keys()
    assert found.folded[SeriesKind.CAMPAIGN] == len(campaigns - found.campaigns.keys())
    assert found.folded[SeriesKind.BREAKDOWN] == len(series.keys() - campaigns - found.breakdowns.keys())
    exported = len(found.campaigns) + len(found.breakdowns)
    assert exported == min(len(series), max(policy.max_series, len(goals))) or exported == len(campaigns)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.tuples(*[st.integers(-3, 3)] * 2), max_size=30))
def test_those_that_spent_most_stay_then_by_impressions_then_by_name(held: dict[str, tuple[int, int]]) -> None:
    series = {n: SeriesRows({"total": row(impressions, spend=s)}, (0,)) for n, (s, impressions) in held.items()}
    order = sorted(held, key=lambda name: (-held[name][0], -held[name][1], name))
    for names in (order, order[::-1], sorted(order)):
        found = keep({n: series[n] for n in names}, 5, (), (), BudgetPolicy())
        assert found == set(order[:5]), "whatever the order in which they are found"


def test_one_that_has_a_place_loses_it_only_to_one_that_spent_the_margin_more() -> None:
    policy = BudgetPolicy(1, margin_percent=10)
    assert keep(spending(a=1_000, b=1_100), 1, {"a"}, (), policy) == {"a"}
    assert keep(spending(a=1_000, b=1_101), 1, {"a"}, (), policy) == {"b"}
    assert keep(spending(a=1_000, b=1_101), 1, {"b"}, (), policy) == {"b"}
    assert keep(spending(a=-1_000, b=-901), 1, {"a"}, (), policy) == {"a"}
    assert keep(spending(a=-1_000, b=-899), 1, {"a"}, (), policy) == {"b"}


def test_two_that_run_neck_and_neck_do_not_take_turns() -> None:
    """A hundred campaigns that spend alike, in a random order, for a thousand scrapes: few places change hands."""
    dice = random.Random(4)
    spent = {f"c{n}": 1_000_000 for n in range(100)}
    held: frozenset[str] = frozenset()
    changes, without_margin = 0, 0
    for _ in range(1_000):
        for name in spent:
            spent[name] += dice.randrange(20_000)
        after = keep(spending(**spent), 50, held, (), BudgetPolicy(50))
        changes += len(after - held) if held else 0
        without_margin += len(keep(spending(**spent), 50, (), (), BudgetPolicy(50)) ^ after)
        held = after
    assert changes <= 10
    assert without_margin > 1_000, "the order itself does change all the time"


@given(st.lists(st.lists(INT64, min_size=3, max_size=3).map(lambda rows: WindowRows.of(NAMES, rows)), max_size=8))
def test_a_fold_is_exact_where_64_bits_are_not_enough(rows: list[WindowRows]) -> None:
    assert sum_rows(rows, NAMES) == sums(list(rows))


def test_a_breakdown_of_dimensions_nobody_knows_does_not_make_a_label_of_its_own() -> None:
    found = chosen({f"a|{d}=1": {"total": row(1)} for d in ("x", "y", "channel")} | {"a": {}}, BudgetPolicy(1))
    assert {b: rows["total"] for b, rows in found.other_breakdowns.items()} == {
        "__other__": row(2),
        "channel=__other__": row(1),
    }
