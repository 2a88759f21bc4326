"""Groups and their series, however many there are."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams import registry
from streams.events import Event
from streams.registry import ABSENT, Registry, SeriesPolicy, Sign
from streams.series import OTHER, key

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


@given(st.text(min_size=1, max_size=20), st.integers(1, 50))
def test_misrouted_is_what_the_default_partitioner_puts_elsewhere(campaign: str, partitions: int) -> None:
    """Of all partitions exactly one is right, the one that a producer chooses for that key."""
    chosen = DefaultPartitioner()(campaign.encode(), list(range(partitions)), list(range(partitions)))
    for number in range(partitions):
        held = Registry(SeriesPolicy((), 10), number, partitions)
        signs = held.signs(held.numbers([Event("id", 0, campaign)]))
        assert signs == ({} if number == chosen else {Sign.MISROUTED: 1})
