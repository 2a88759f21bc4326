"""Sums stay inside 64 bits: what would take one beyond is refused, and all others count exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis import catalogue
from kpis.arrays import Int64s
from kpis.measures import INDEX, WIDTH, Stream, unpack
from kpis.reasons import Reject
from kpis.times import QUARTER_MS
from kpis.windows import TOTAL, parse_windows
from streams.state import overflow
from streams.state.overflow import LIMIT, Sums
from streams.state.partition import NOTHING, Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from tests.kit.model import Fact, Model, batch_of, without_zeros

WINDOWS = parse_windows("1m,1h,24h")
POLICY = PartitionPolicy(WINDOWS, SeriesPolicy((("channel",),), 1000), frozenset(), 24)
LARGEST = 10**16 - 1
DEDUPED = replace(POLICY, dedupe=frozenset({Stream.SPEND}))
START, DAY, HOUR = 1_700_000_000_000, 86_400_000, 3_600_000


def count(
    state: Partition,
    facts: list[Fact],
    stored: dict[str, int] | None = None,
    ids: Sequence[int] = (),
    replays: Mapping[int, bytes] = NOTHING,
) -> list[int]:
    """Count spend, or refuse what would overflow; returns the places of that."""
    batch = batch_of(facts, Stream.SPEND)
    batch.digests = [i.to_bytes(8, "big") for i in ids]
    numbers = state.register(batch)
    state.adopt({c: (0, 0, 0, spend, 0) for c, spend in (stored or {}).items()})
    refused = state.overflowing(batch, numbers, replays)
    rest, left = batch.without(refused, Reject.OVERFLOW), np.delete(np.arange(len(facts)), refused).tolist()
    assert [i for i, _ in rest.rejected] == refused
    again = {left.index(i): digest for i, digest in replays.items() if i in left}
    state.add(rest, np.delete(numbers, refused), "ads.spend", 1, records=len(facts), now_ms=START, replays=again)
    return refused


def spend(money: int, campaign: str = "c", at: int = START, channel: str | None = None) -> Fact:
    """One event."""
    return Fact(Stream.SPEND, at, campaign, channel, 0, money)


def spied(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Which series are looked at exactly, look by look."""
    looked: list[list[int]] = []
    exactly = Partition._sums

    def look(state: Partition, series: Int64s) -> Sums:
        looked.append(series.tolist())
        return exactly(state, series)

    monkeypatch.setattr(Partition, "_sums", look)
    return looked


def test_the_events_that_would_overflow_are_refused_and_no_others() -> None:
    """Of the one campaign that has that much; what takes away from it counts, and makes room."""
    state = Partition(0, POLICY)
    most = LIMIT // LARGEST
    assert count(state, [spend(LARGEST)] * (most + 3)) == [most, most + 1, most + 2]
    assert count(state, [spend(LARGEST), spend(5, "other"), spend(-LARGEST), spend(LARGEST), spend(LARGEST)]) == [0, 4]
    documents = state.take_flush({}).documents
    assert b'"spend_micros":%d,' % (most * LARGEST) in documents["c"]
    assert b'"spend_micros":5,' in documents["other"]


def test_many_campaigns_with_one_large_event_each_are_counted() -> None:
    """However much they are together."""
    state = Partition(0, POLICY)
    assert count(state, [spend(LARGEST, f"c{i}") for i in range(2000)]) == []
    assert count(state, [spend(LARGEST, f"c{i}") for i in range(2000)]) == []


def test_bookings_and_corrections_that_cancel_out_are_counted() -> None:
    """However much they move."""
    state = Partition(0, POLICY)
    for _ in range(20):
        assert count(state, [spend(LARGEST), spend(-LARGEST)] * 400) == []
        state.tick(START)
        state.take_flush({})


def test_a_total_that_comes_back_from_redis_is_minded_too() -> None:
    """A series that was let go of has what it had, however little the others have."""
    state = Partition(0, POLICY)
    assert count(state, [spend(LARGEST)]) == []
    assert count(state, [spend(LARGEST, "back")] * 100, {"back": 4 * 10**18}) == list(range(61, 100))


def test_a_window_never_wraps_however_bookings_and_corrections_lie_in_it() -> None:
    """They cancel out while all are inside; when the corrections have left, the bookings stand alone."""
    state, now, money = Partition(0, POLICY), START, 0
    state.tick(now)
    for k in range(8):
        early, late = now - 23 * HOUR + k * QUARTER_MS, now - k * QUARTER_MS
        facts = [spend(m, at=at) for _ in range(230) for m, at in ((LARGEST, late), (-LARGEST, early))]
        refused = set(count(state, facts))
        money += sum(f.money for i, f in enumerate(facts) if i not in refused and f.time > now - 11 * HOUR)
        state.tick(now)
    assert money > LIMIT // 2
    state.tick(now + 12 * HOUR)
    (document,) = state.take_flush({}).documents.values()
    windows = msgspec.json.decode(document)["windows"]
    assert windows["24h"]["spend_micros"] == money


def test_a_campaign_that_is_full_slows_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no more room is looked at exactly where it is named, and nothing else ever is."""
    state, looked = Partition(0, POLICY), spied(monkeypatch)
    count(state, [spend(1, f"c{i}") for i in range(100)])
    full, last = divmod(LIMIT, LARGEST)
    assert count(state, [spend(LARGEST, "full")] * full + [spend(last, "full"), spend(1, "full")]) == [full + 1]
    index = state.registry.index("full")
    looked.clear()
    for _ in range(5):
        assert count(state, [spend(5, f"c{i}") for i in range(100)]) == []
    assert looked == []
    assert count(state, [spend(5, "c1"), spend(1, "full"), spend(-1, "full"), spend(1, "full")]) == [1]
    assert count(state, [spend(LARGEST, "c1"), spend(-LARGEST, "c2")] * 200) == []
    assert looked == [[index]]


def test_bounds_are_made_exact_before_they_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amounts that cancel out come to nothing, in endless number too; nobody is looked at for ever because of them."""
    monkeypatch.setattr(overflow, "_LIGHT", 2.0**61)
    state = Partition(0, POLICY)
    for _ in range(20):
        assert count(state, [spend(m, f"c{i}") for m in (LARGEST, 1 - LARGEST) for i in range(80)]) == []
        assert state._guard._slack <= 2.0**60 + 160 * LARGEST
    assert 0 < state._guard._bounds.max() < 2 * LARGEST * 20
    monkeypatch.undo()
    looked = spied(monkeypatch)
    for _ in range(20):
        assert count(state, [spend(LARGEST), spend(-LARGEST)] * 50) == []
        state.tick(START)
    assert len(looked) <= 8


def test_a_total_beyond_the_limit_may_come_back() -> None:
    """One that was written before there was a limit takes what makes it smaller, and nothing else."""
    state = Partition(0, POLICY)
    assert count(state, [spend(1), spend(-1), spend(-LARGEST), spend(1)], {"c": LIMIT + 5 * LARGEST}) == [0, 3]


def test_what_redis_held_counts_against_the_limit() -> None:
    """Panes and entries that wait, of a state that was loaded: they are in nobody's total when a correction is."""
    state = Partition(0, POLICY)
    state.tick(START)
    index = state.registry.add("c")
    held = np.zeros((1, WIDTH), np.int64)
    held[0, INDEX["spend_micros"]] = 8 * 10**18
    state.restore_pane(2, START // QUARTER_MS, np.array([index]), held)
    assert count(state, [spend(LARGEST)] * 100, {"c": 0}) == list(range(76, 100))
    before = Partition(0, POLICY)
    before.tick(START)
    for sign in (1, -1):
        assert count(before, [spend(sign * LARGEST, at=START + 60_000)] * 400) == []
    state = Partition(0, POLICY)
    state.tick(START)
    for number, block in before.take_flush({}).early.items():
        state.restore_early(number, block)
    assert count(state, [spend(LARGEST)] * 100) == list(range(76, 100))


EVENTS = st.tuples(
    st.integers(-LARGEST, LARGEST) | st.sampled_from([LARGEST, -LARGEST]),
    st.sampled_from("ab"),
    st.sampled_from([0, 0, 61_000, 6 * HOUR, 23 * HOUR, DAY, 3 * DAY]),
    st.none() | st.just("x"),
    st.none() | st.integers(0, 3),
)
CHUNKS = st.lists(
    st.tuples(
        st.lists(EVENTS, max_size=6), st.integers(1, 300), st.sampled_from([0, 1000, 60_000, 6 * HOUR, DAY // 2])
    ),
    max_size=12,
)


@settings(deadline=None)
@given(CHUNKS, st.booleans())
def test_whatever_is_not_refused_counts_exactly_everywhere(
    chunks: list[tuple[list[tuple[int, str, int, str | None, int | None]], int, int]], looks_always: bool
) -> None:
    """Totals, windows, panes and history, against integers that have no bound; repeats are repeats, not refused."""
    state, model, now = Partition(0, DEDUPED), Model(), START
    state.tick(now)
    if looks_always:
        state._guard._top = float(LIMIT)
        state._guard._bounds[:] = LIMIT
    documents: dict[str, bytes] = {}
    history: dict[tuple[str, int], tuple[int, ...]] = {}
    ids, fresh_ids, repeats = set[int](), iter(range(10, 10**9)), 0
    for events, times, step in [*chunks, *([([], 1, 4 * HOUR)] * 7)]:
        drawn = [(spend(m, c, now - age, channel), own) for m, c, age, channel, own in events] * times
        named = [next(fresh_ids) if own is None else own for _, own in drawn]
        facts = [fact for fact, _ in drawn]
        refused = set(count(state, facts, ids=named))
        for i, (fact, own) in enumerate(zip(facts, named, strict=True)):
            if own in ids:
                assert i not in refused
                repeats += 1
            elif i not in refused:
                ids.add(own)
                model.facts.append(fact)
        now += step
        state.tick(now)
        flush = state.take_flush({})
        assert flush.counters.get("accepted:spend", 0) == len(model.facts)
        assert flush.counters.get("duplicate:spend", 0) == repeats
        documents |= flush.documents
        history |= {place: unpack(row) for place, row in flush.history.items()}
        for place, gain in flush.late.items():
            history[place] = tuple(a + b for a, b in zip(history.get(place, (0,) * len(gain)), gain, strict=True))
        windows = {s: msgspec.json.decode(d)["windows"] for s, d in documents.items()}
        assert without_zeros({s: catalogue.row_of(w[TOTAL]) for s, w in windows.items()}) == model.totals()
        for window in WINDOWS:
            got = without_zeros({s: catalogue.row_of(w[window.name]) for s, w in windows.items()})
            assert got == model.window(window, now)
    assert {p: r for p, r in history.items() if any(r)} == {p: r for p, r in model.history(now).items() if any(r)}
    assert all(abs(row[INDEX["spend_micros"]]) <= LIMIT for row in model.totals().values())


def test_an_id_is_known_before_its_event_is_looked_at() -> None:
    """A repeat of what was counted is a repeat, however large it is; an id that was refused is not remembered."""
    state = Partition(0, DEDUPED)
    most = LIMIT // LARGEST
    assert count(state, [spend(LARGEST)] * most, ids=range(most)) == []
    refused = count(state, [spend(LARGEST)] * 10, ids=range(most - 5, most + 5))
    assert refused == [5, 6, 7, 8, 9]
    assert state.counters["duplicate:spend"] == 5
    assert state.counters["rejected:spend:overflow"] == 5
    assert count(state, [spend(-LARGEST)], ids=[most]) == []
    assert state.counters["accepted:spend"] == most + 1


def test_a_repeat_in_the_same_chunk_makes_no_room_and_takes_none() -> None:
    """Also where the first of the two is of another campaign, or a record that was sent again."""
    state = Partition(0, DEDUPED)
    most = LIMIT // LARGEST
    assert count(state, [spend(LARGEST)] * (most - 1), ids=range(most - 1)) == []
    assert count(state, [spend(LARGEST), spend(LARGEST)], ids=[1000, 1000]) == []
    corrections = [spend(-LARGEST), spend(-LARGEST), spend(1, "other"), spend(-LARGEST)]
    bookings = [spend(LARGEST)] * 4
    assert count(state, corrections + bookings, ids=[2000, 2000, 2001, 2001, 3000, 3001, 3002, 3003]) == [5, 6, 7]
    assert state.counters["duplicate:spend"] == 3
    again = {0: b"replayed", 1: b"replayed"}
    assert count(state, corrections[:2] + bookings, ids=range(4000, 4006), replays=again) == [3, 4, 5]
    assert b'"spend_micros":%d,' % (most * LARGEST) in state.take_flush({}).documents["c"]
