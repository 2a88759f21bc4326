"""What scopes have is what recounting the events gives, whichever partitions counted them and whatever changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalogue import CORE, Catalogue
from kpis.contract.published import Layout
from kpis.measures import UNKNOWN, WIDTH, Row, add
from kpis.series import key, parent_key
from monitors.read.merge import Merge, Part
from monitors.read.scopes.scope_sums import ScopeSums, scope_kinds
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.window_rows import WindowRows
from tests.kit.wide_seed import catalogue

NAMES = ("1h", "24h", "total")
KINDS = ("portfolio", "account", "channel", "creative")
NONE: Mapping[str, SeriesRows] = {}
LAYOUT = Layout(2, "EUR", NAMES[:2], 40)
WORDS = st.sampled_from(["a", "b", "x|y", "account=b", "__other__", "50%"])


@dataclass(frozen=True)
class Event:
    """What one event adds, where, and how long ago."""

    campaign: str
    partition: int
    channel: str
    creative: str
    account: str
    age: int
    row: Row

    @property
    def breakdowns(self) -> list[tuple[str, str]]:
        """Its values of dimensions, those that it has."""
        each = (("account", self.account), ("channel", self.channel), ("creative", self.creative))
        return [(name, value) for name, value in each if value]

    @property
    def windows(self) -> tuple[str, ...]:
        """Those that it is in."""
        return NAMES[self.age :]


EVENTS = st.builds(
    Event, WORDS, st.integers(0, 1), WORDS | st.just(""), WORDS | st.just(""), WORDS | st.just(""), st.integers(0, 2),
    st.tuples(*[st.integers(-(2**62), 2**62)] * WIDTH),
)  # fmt: skip


def counted(events: Sequence[Event], partition: int) -> dict[str, WindowRows]:
    """What a worker would hold of a partition: by campaign, and by campaign and each dimension."""
    rows: dict[str, dict[str, list[Row]]] = {}
    for event in events:
        if event.partition != partition:
            continue
        for series in (key(event.campaign), *(key(event.campaign, [pair]) for pair in event.breakdowns)):
            for window in event.windows:
                rows.setdefault(series, {name: [] for name in NAMES})[window].append(event.row)
    bounded = {s: {w: [tuple(v % 2**40 for v in r) for r in each] for w, each in ws.items()} for s, ws in rows.items()}
    return {
        series: WindowRows.of(NAMES, [add(each) if each else (0,) * WIDTH for each in windows.values()])
        for series, windows in bounded.items()
    }


def recounted(events: Sequence[Event], accounts: Mapping[str, str]) -> dict[str, dict[str, Row]]:
    """The same of scopes, from the events alone."""
    rows: dict[str, dict[str, list[Row]]] = {}
    for event in events:
        mine = accounts.get(event.campaign, event.account)
        places = [parent_key("portfolio"), *([parent_key("account", mine)] if mine else [])]
        places += [parent_key(name, value) for name, value in event.breakdowns if name != "account"]
        for place in places:
            for window in event.windows:
                found = rows.setdefault(place, {name: [(0,) * WIDTH] for name in NAMES})
                found[window].append(tuple(v % 2**40 for v in event.row))
    return {place: {window: add(each) for window, each in windows.items()} for place, windows in rows.items()}


def snapshot(series: Mapping[str, SeriesRows], of: Catalogue = CORE, own: Mapping[str, SeriesRows] = NONE) -> Snapshot:
    """What was read."""
    return Snapshot(LAYOUT, 0, (), series, {}, catalogue=of, own=own)


@settings(max_examples=150)
@given(st.lists(st.lists(EVENTS, max_size=8), min_size=1, max_size=4), st.dictionaries(WORDS, WORDS))
def test_the_sums_of_scopes_are_those_of_their_events_look_by_look(
    looks: list[list[Event]], said: dict[str, str]
) -> None:
    """Events come on either partition, also of one campaign on both; a campaign is counted for one account only."""
    events, merge, sums = list[Event](), Merge(), ScopeSums(KINDS)
    accounts = {key(name): account for name, account in said.items()}
    for look in looks:
        events += look
        parts = [counted(events, number) for number in range(2)]
        merge.merge(LAYOUT, [Part(rows, rows) for rows in parts])
        found = sums.of(snapshot(merge.series), accounts)
        expected = recounted(events, said)
        assert {place: dict(rows.windows) for place, rows in found.items()} == expected
        for place, rows in found.items():
            total = rows.windows["total"]
            assert CORE.document(total)["ctr"] == CORE.document(expected[place]["total"])["ctr"]
            assert rows.partitions == tuple(sorted({n for m in rows.members for n in merge.series[m].partitions}))


def test_a_series_that_goes_and_an_account_that_changes_are_added_anew_and_what_was_handed_out_stays() -> None:
    one, two = (SeriesRows(dict.fromkeys(NAMES, (n,) * WIDTH), (0,)) for n in (1, 2))
    sums, accounts = ScopeSums(KINDS), {"a": "Acme", "b": "Acme"}
    first = sums.of(snapshot({"a": one, "b": two}), accounts)
    assert sums.of(snapshot({"a": one, "b": two}), dict(accounts)) is first, "nothing changed: nothing is added"
    second = sums.of(snapshot({"a": one}), accounts)
    assert first["portfolio="].windows["total"] == (3,) * WIDTH
    assert second["account=Acme"].windows["total"] == (1,) * WIDTH
    third = sums.of(snapshot({"a": one}), {"a": "Bolt"})
    assert set(third) == {"portfolio=", "account=Bolt"}
    assert sums.of(snapshot({}), {}) == {}


def test_only_the_kinds_that_are_asked_for_are_there_and_breakdowns_of_two_dimensions_are_in_none() -> None:
    one = SeriesRows(dict.fromkeys(NAMES, (1,) * WIDTH), (0,))
    series = {"a": one, "a|channel=s": one, "a|channel=s|country=DE": one, "a|country=DE": one}
    assert set(ScopeSums(("channel",)).of(snapshot(series), {"a": "A"})) == {"channel=s"}
    assert ScopeSums(()).of(snapshot(series), {"a": "A"}) == {}
    everything = ScopeSums(KINDS).of(snapshot(series), {"a": "A"})
    assert scope_kinds(everything) == ["portfolio", "account", "channel"]
    assert everything["channel=s"].members == ("a|channel=s",)


def test_what_is_of_an_account_itself_is_in_its_account_and_the_portfolio_and_its_breakdown_in_the_channel() -> None:
    one = SeriesRows(dict.fromkeys(NAMES, (1,) * WIDTH), (0,))
    own = {"account=Acme": one, "account=Acme|channel=s": one, "account=Acme|account=Acme": one}
    found = ScopeSums(KINDS).of(snapshot({"a": one, "a|channel=s": one}, own=own), {"a": "Acme"})
    assert {place: rows.windows["total"][0] for place, rows in found.items()} == {
        "portfolio=": 2, "account=Acme": 2, "channel=s": 2,
    }  # fmt: skip


WIDE = catalogue()
FOLLOWERS, REACH = WIDE.by_title["followers"].column, WIDE.by_title["reach"].column


def wide(**windows: tuple[int, int, int]) -> SeriesRows:
    """A series with so much of a level (its sum and its reports) and so many different ids in each window."""
    rows = {}
    for name in NAMES:
        row = [0] * WIDE.width
        row[FOLLOWERS], row[FOLLOWERS + 1], row[REACH] = windows.get(f"in_{name}", (0, 0, 0))
        rows[name] = tuple(row)
    return SeriesRows(rows, (0,))


def packed(one: SeriesRows) -> SeriesRows:
    """The same, packed as it is read."""
    return replace(one, windows=WindowRows.of(NAMES, [one.windows[name] for name in NAMES], WIDE.width))


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_levels_add_up_by_their_means_where_all_told_theirs_and_one_alone_knows_its_different_ids(
    which: list[bool],
) -> None:
    """Packed or not, it is the same."""
    a = wide(in_1h=(300, 3, 0), in_24h=(300, 3, 7), in_total=(120, 1, 7))
    b = wide(in_24h=(100, 4, 0), in_total=(50, 1, 5))
    gone = wide(in_total=(1, 1, 0))
    made = [packed(one) if is_packed else one for one, is_packed in zip((a, b, gone), which, strict=True)]
    series = dict(zip(("a", "b", "gone"), made, strict=True))
    together = ScopeSums(KINDS).of(snapshot(series, WIDE), {"a": "Acme", "gone": "Acme"})
    values = {name: WIDE.document(row) for name, row in together["portfolio="].windows.items()}
    assert [values[name]["followers"] for name in NAMES] == [None, 125, 171]
    assert [together["portfolio="].windows[name][REACH] for name in NAMES] == [0, 7, UNKNOWN]
    assert values["total"]["reach"] is None
    alone = {name: WIDE.document(row) for name, row in together["account=Acme"].windows.items()}
    assert [alone[name]["followers"] for name in NAMES] == [100, 100, 121]
    assert [alone[name]["reach"] for name in NAMES] == [0, 7, 7]
