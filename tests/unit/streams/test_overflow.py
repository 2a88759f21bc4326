"""Sums stay inside 64 bits: what would take one beyond is refused, and all others count exactly."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import kpis
from streams.layout import TOTAL
from streams.measures import INDEX, Stream, unpack
from streams.overflow import LIMIT
from streams.partition import Partition
from streams.policy import PartitionPolicy
from streams.reasons import Reject
from streams.registry import SeriesPolicy
from streams.windows import parse_windows
from tests.model import Fact, Model, batch_of, without_zeros

WINDOWS = parse_windows("1m,1h,24h")
POLICY = PartitionPolicy(WINDOWS, SeriesPolicy((("channel",),), 1000), frozenset(), 24)
LARGEST = 10**16 - 1
START, DAY = 1_700_000_000_000, 86_400_000


def count(state: Partition, facts: list[Fact], stored: dict[str, int] | None = None) -> list[int]:
    """Count spend, or refuse what would overflow; returns the places of that."""
    batch = batch_of(facts, Stream.SPEND)
    numbers = state.admit(batch)
    state.adopt({c: (0, 0, 0, spend, 0) for c, spend in (stored or {}).items()})
    refused = state.overflowing(batch, numbers)
    rest = batch.without(refused, Reject.OVERFLOW)
    assert [i for i, _ in rest.rejected] == refused
    state.fold(rest, np.delete(numbers, refused), "ads.spend", 1, records=len(facts), now_ms=0)
    return refused


def spend(money: int, campaign: str = "c", at: int = START, channel: str | None = None) -> Fact:
    """One event."""
    return Fact(Stream.SPEND, at, campaign, channel, 0, money)


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


AGES = st.sampled_from([0, 0, 61_000, DAY, 3 * DAY])
MONEY = st.one_of(st.integers(-LARGEST, LARGEST), st.sampled_from([LARGEST, -LARGEST]))
CHUNKS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                MONEY, st.sampled_from("ab"), st.sampled_from([0, 0, 61_000, DAY, 3 * DAY]), st.none() | st.just("x")
            ),
            max_size=6,
        ),
        st.integers(1, 300),
        st.sampled_from([0, 1000, 60_000, DAY // 2]),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(CHUNKS)
def test_whatever_is_not_refused_counts_exactly_everywhere(
    chunks: list[tuple[list[tuple[int, str, int, str | None]], int, int]],
) -> None:
    """Totals, windows, panes and history, against integers that have no bound."""
    state, model, now = Partition(0, POLICY), Model(), START
    state.tick(now)
    documents: dict[str, bytes] = {}
    history: dict[tuple[str, int], tuple[int, ...]] = {}
    for events, times, step in chunks:
        facts = [spend(m, c, now - age, channel) for m, c, age, channel in events] * times
        refused = set(count(state, facts))
        model.facts += [f for i, f in enumerate(facts) if i not in refused]
        now += step
        state.tick(now)
        flush = state.take_flush({})
        documents |= flush.documents
        history |= {place: unpack(row) for place, row in flush.history.items()}
        for place, gain in flush.late.items():
            history[place] = tuple(a + b for a, b in zip(history.get(place, (0,) * len(gain)), gain, strict=True))
    windows = {s: msgspec.json.decode(d)["windows"] for s, d in documents.items()}
    assert without_zeros({s: kpis.row_of(w[TOTAL]) for s, w in windows.items()}) == model.totals()
    for window in WINDOWS:
        got = without_zeros({s: kpis.row_of(w[window.name]) for s, w in windows.items()})
        assert got == model.window(window, now)
    assert {p: r for p, r in history.items() if any(r)} == {p: r for p, r in model.history(now).items() if any(r)}
    assert all(abs(row[INDEX["spend_micros"]]) <= LIMIT for row in model.totals().values())


def test_an_id_is_known_before_its_event_is_looked_at() -> None:
    """A repeat of what was counted is a repeat, however large it is; an id that was refused is not remembered."""
    policy = PartitionPolicy(WINDOWS, SeriesPolicy((), 1000), frozenset({Stream.SPEND}), 24)
    state = Partition(0, policy)
    most = LIMIT // LARGEST

    def batch(ids: range) -> tuple[list[int], dict[str, int]]:
        made = batch_of([spend(LARGEST)] * len(ids), Stream.SPEND)
        made.digests = [i.to_bytes(8, "big") for i in ids]
        numbers = state.admit(made)
        state.adopt({})
        refused = state.overflowing(made, numbers)
        rest = made.without(refused, Reject.OVERFLOW)
        state.fold(rest, np.delete(numbers, refused), "ads.spend", 1, records=1, now_ms=START)
        return refused, dict(state.counters)

    assert batch(range(most))[0] == []
    refused, counters = batch(range(most - 5, most + 5))
    assert refused == [5, 6, 7, 8, 9]
    assert counters["duplicate:spend"] == 5
    assert counters["rejected:spend:overflow"] == 5
    made = batch_of([spend(-LARGEST)], Stream.SPEND)
    made.digests = [most.to_bytes(8, "big")]
    numbers = state.admit(made)
    assert state.overflowing(made, numbers) == []
    state.fold(made, numbers, "ads.spend", 2, records=1, now_ms=START)
    assert state.counters["accepted:spend"] == most + 1
