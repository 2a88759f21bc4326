"""Groups and their series, however many there are."""

from __future__ import annotations

import json

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.series import OTHER, key
from kpis.windows import parse_windows
from streams.events.schema import Event
from streams.state import registry
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import ABSENT, Registry, SeriesPolicy, Sign
from tests.kit.model import Fact, batch_of

BREAKDOWNS = ((), (("channel",),), (("channel",), ("channel", "country"), ("country",)))
VALUES = st.one_of(st.none(), st.sampled_from("abcdefghij"))
EVENTS = st.builds(
    lambda campaign, channel, country: Event("id", 0, campaign, channel=channel, country=country),
    st.sampled_from(["x", "y|", "z=", "%"]), VALUES, VALUES,
)  # fmt: skip
CHUNKS = st.lists(st.lists(EVENTS, max_size=20), max_size=12)


def expected(event: Event, breakdown: tuple[str, ...]) -> set[str | None]:
    """The series that an event may add to in a breakdown: its own, or the one that values fold into."""
    values = [getattr(event, dimension) for dimension in breakdown]
    if None in values:
        return {None}
    pairs = list(zip(breakdown, values, strict=True))
    return {key(event.campaign_id, pairs), key(event.campaign_id, [(d, OTHER) for d in breakdown])}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(BREAKDOWNS), CHUNKS, st.integers(1, 30))
def test_every_event_finds_its_series_also_when_groups_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, breakdowns: tuple[tuple[str, ...], ...], chunks: list[list[Event]], most: int
) -> None:
    monkeypatch.setattr(registry, "FEW_GROUPS", 3)
    monkeypatch.setattr(registry, "GROUPS_PER_SERIES", 0)
    held = Registry(SeriesPolicy(breakdowns, most))
    for events in chunks:
        columns = held.columns(held.numbers(events))
        assert columns.shape == (len(events), 1 + len(breakdowns))
        for event, row in zip(events, columns.tolist(), strict=True):
            names = [None if at == ABSENT else held.keys[at] for at in row]
            assert names[0] == key(event.campaign_id)
            for name, breakdown in zip(names[1:], breakdowns, strict=True):
                assert name in expected(event, breakdown)


def test_a_field_that_is_different_in_every_event_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All its values are one series beyond the limit, and so are not worth remembering each."""
    monkeypatch.setattr(registry, "FEW_GROUPS", 100)
    held = Registry(SeriesPolicy((("channel",),), max_series=10))
    chunk, most = 50, 100 + registry.GROUPS_PER_SERIES * 11
    for start in range(0, 10_000, chunk):
        numbers = held.numbers([Event("id", 0, "c", channel=f"click-{start + i}") for i in range(chunk)])
        assert held.groups <= most + chunk
    assert len(held) == 11
    assert held.signs(numbers) == {Sign.FOLDED: chunk}
    assert {held.keys[at] for at in held.columns(numbers)[:, 1].tolist()} == {f"c|channel={OTHER}"}


def test_campaigns_are_bounded_and_those_with_a_goal_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no place is one campaign without breakdowns; nothing grows with those that have none."""
    monkeypatch.setattr(registry, "FEW_GROUPS", 100)
    held = Registry(SeriesPolicy((("channel",),), max_series=100, max_campaigns=3))
    first = [Event("id", 0, f"c{i}", channel="x") for i in range(3)]
    assert held.signs(held.numbers(first)) == {}
    for start in range(0, 5_000, 50):
        numbers = held.numbers([*first, *(Event("id", 0, f"d{start + i}", channel="x") for i in range(50))])
        assert held.signs(numbers) == {Sign.FOLDED_CAMPAIGN: 50}
        assert held.groups <= 200
    assert {held.keys[at] for at in held.columns(numbers)[3:, 0].tolist()} == {OTHER}
    assert set(held.columns(numbers)[3:, 1].tolist()) == {ABSENT}
    assert len(held) == 2 * 3 + 1
    held.protect(frozenset({"d7", "d8"}))
    numbers = held.numbers([Event("id", 0, c) for c in ("c0", "d7", "d8", "d9")])
    assert [held.keys[at] for at in held.columns(numbers)[:, 0].tolist()] == ["c0", "d7", "d8", OTHER]


def test_a_campaign_gets_a_place_again_when_one_is_free() -> None:
    """And one that has its place keeps it."""
    held = Registry(SeriesPolicy((), max_series=100, max_campaigns=1))
    held.numbers([Event("id", 0, "a"), Event("id", 0, "b")])
    index = held.index("a")
    assert index is not None
    assert held.index("b") is None
    held.release([index])
    numbers = held.numbers([Event("id", 0, "b"), Event("id", 0, "a"), Event("id", 0, "b")])
    assert [held.keys[at] for at in held.columns(numbers)[:, 0].tolist()] == ["b", OTHER, "b"]


def test_a_campaign_that_is_called_other_is_told_like_those_that_have_no_place() -> None:
    """It has neither breakdowns nor a place of its own, also where there is room, or it has a goal."""
    held = Registry(SeriesPolicy((("channel",),), max_series=100, max_campaigns=2))
    held.protect(frozenset({OTHER}))
    numbers = held.numbers([Event("id", 0, OTHER, channel=c) for c in ("x", "y", None)])
    assert held.signs(numbers) == {Sign.FOLDED_CAMPAIGN: 3}
    assert held.columns(numbers).tolist() == [[held.index(OTHER), ABSENT]] * 3
    numbers = held.numbers([Event("id", 0, c) for c in ("a", "b", "c", OTHER)])
    assert [held.keys[at] for at in held.columns(numbers)[:, 0].tolist()] == ["a", "b", OTHER, OTHER]


def test_a_campaign_that_comes_back_goes_on_from_what_it_had() -> None:
    """What came while it had no place stays in the sum of those; nothing is lost, doubled or moved."""
    policy = PartitionPolicy(parse_windows("1m"), SeriesPolicy((), 100, max_campaigns=1), frozenset(), 24)
    state, day, totals = Partition(0, policy), 86_400_000, dict[str, int]()
    for hour, (campaign, money) in enumerate([("a", 1), ("b", 2), ("b", 4), ("a", 8), ("b", 16), ("a", 32)]):
        now = day * (100 + 2 * (hour // 2)) + hour
        batch = batch_of([Fact(Stream.SPEND, now, campaign, None, 0, money)], Stream.SPEND)
        numbers = state.register(batch)
        state.adopt({c: (0, 0, 0, held, 0) for c, held in totals.items()})
        state.add(batch, numbers, "ads.spend", hour + 1, records=1, now_ms=now)
        state.tick(now)
        flush = state.take_flush({})
        totals |= {s: json.loads(d)["windows"]["total"]["spend_micros"] for s, d in flush.documents.items()}
        if hour % 2:
            state.tick(now + day + 1)
            state.take_flush({})
            state.sweep(now + day + 1)
            assert len(state.registry) == 0
    # Each of the first two, of the next two, and so on, comes to an empty partition, and the other finds no room.
    assert totals == {"a": 1, "b": 4 + 16, OTHER: 2 + 8 + 32}
    assert flush.counters["folded_campaigns:spend"] == 3


@given(st.text(min_size=1, max_size=20), st.integers(1, 50))
def test_misrouted_is_what_the_default_partitioner_puts_elsewhere(campaign: str, partitions: int) -> None:
    """Of all partitions exactly one is right, the one that a producer chooses for that key."""
    chosen = DefaultPartitioner()(campaign.encode(), list(range(partitions)), list(range(partitions)))
    for number in range(partitions):
        held = Registry(SeriesPolicy((("channel",),), 10), number, partitions)
        signs = held.signs(held.numbers([Event("id", 0, campaign, channel=c) for c in ("x", "y", None)]))
        assert signs == ({} if number == chosen else {Sign.MISROUTED: 3})


def test_a_campaign_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many values a breakdown field of it has."""
    hashed: list[bytes] = []

    def murmur2(name: bytes) -> int:
        hashed.append(name)
        return 1

    monkeypatch.setattr(registry, "murmur2", murmur2)
    held = Registry(SeriesPolicy((("channel",),), 10), 0, 2)
    for start in (0, 50):
        numbers = held.numbers([Event("id", 0, c, channel=f"{start + i}") for i in range(50) for c in "ab"])
        assert held.signs(numbers)[Sign.MISROUTED] == 100
    assert sorted(hashed) == [b"a", b"b"]
