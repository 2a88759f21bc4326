"""Levels: which value holds, beside what :mod:`tests.unit.streams.state.test_added` draws by chance."""

import pytest

from kpis.series import parent_key
from kpis.times import DAY_MS
from kpis.windows import TOTAL, parse_windows
from streams.state.added.levels import merged
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from tests.kit import added
from tests.kit.added import DictStore, Said

NOW = 1_700_000_000_000
PLAN = added.plan_of(added.catalogue())
POLICY = PartitionPolicy(parse_windows("1m"), SeriesPolicy((("channel",),), 1000), frozenset(), 24, plan=PLAN)


def followers(value: int, ts: int, **more: str) -> Said:
    """A level of campaign c."""
    return {
        "type": "measure",
        "event_id": "e",
        "name": "followers",
        "ts": ts,
        "campaign_id": "c",
        "value": value,
        **more,
    }


def told(state: Partition, store: DictStore, window: str, series: str = "c") -> dict[str, int]:
    """What the documents say of a window after a flush."""
    store.write(state.take_flush({}))
    return store.windows(window).get(series, {})


def begun() -> tuple[Partition, DictStore]:
    """An empty partition as of now."""
    state = Partition(0, POLICY)
    state.tick(NOW)
    return state, DictStore()


@pytest.mark.parametrize("restart", [False, True])
def test_of_two_of_one_time_the_one_that_was_read_later_holds_though_the_first_was_stored_meanwhile(
    *, restart: bool
) -> None:
    """Both lie ahead of the watermark; the first is in a block in Redis before the second comes."""
    state, store = begun()
    added.count(state, store, [followers(1, NOW + 1_000)], PLAN, NOW)
    assert told(state, store, "1m") == {}
    if restart:
        state = store.load(POLICY)
    added.count(state, store, [followers(2, NOW + 1_000)], PLAN, NOW)
    state.tick(NOW + 1_000)
    assert told(state, store, "1m") == {"followers_sum": 2, "followers_reports": 1}


def test_zero_is_a_level() -> None:
    state, store = begun()
    added.count(state, store, [followers(7, NOW - 2), followers(0, NOW - 1)], PLAN, NOW)
    state.tick(NOW)
    assert told(state, store, TOTAL) == {"followers_reports": 1}


def test_a_level_of_an_account_is_told_under_its_key_and_of_a_campaign_under_its_channel_too() -> None:
    state, store = begun()
    theirs = followers(5, NOW, account="A|B=C")
    del theirs["campaign_id"]
    added.count(state, store, [theirs, followers(6, NOW, channel="x")], PLAN, NOW)
    state.tick(NOW)
    assert told(state, store, "1m", parent_key("account", "A|B=C"))["followers_sum"] == 5
    assert store.windows("1m")["c"] == store.windows("1m")["c|channel=x"]


def test_what_is_as_large_as_can_be_is_far_from_the_end_of_64_bits_and_refuses_nobody() -> None:
    """However often it is told: levels are not added up over time."""
    state, store = begun()
    added.count(state, store, [followers(10**9, NOW + 1) for _ in range(5_000)], PLAN, NOW)
    assert told(state, store, TOTAL)["followers_sum"] == 10**9
    added.count(state, store, [{**followers(3, NOW), "name": "sessions"}], PLAN, NOW)
    assert told(state, store, TOTAL)["sessions"] == 3


def test_a_campaign_with_nothing_but_the_core_is_stored_as_without_a_catalogue() -> None:
    """Five columns, though others in the same pane have more."""
    state, store = begun()
    click = {"type": "click", "event_id": "e", "ts": NOW, "campaign_id": "d", "quantity": 3}
    added.count(state, store, [click, followers(1, NOW)], PLAN, NOW)
    state.tick(NOW)
    told(state, store, "1m")
    stored = {series: len(row) for rows in store.panes.values() for series, row in rows.items()}
    assert stored["d"] == 40
    assert stored["c"] > 40
    assert b"beyond" not in store.documents["d"]
    assert all(name not in store.documents["d"] for name in (b"followers", b"sessions", b"visitors"))


def test_an_owner_with_an_older_file_keeps_the_columns_of_another() -> None:
    """In panes, totals, history and what waits: they come back unchanged to whoever counts them."""
    state, store = begun()
    before = added.catalogue("measures: {hours: {unit: hours}}")
    narrow = PLAN.__class__(before, added.claimed(before, PLAN.columns.claimed))
    wide = PLAN.__class__(PLAN.catalogue, added.claimed(PLAN.catalogue, narrow.columns.claimed))
    events = [followers(4, NOW - 5), followers(9, NOW + 5), followers(3, NOW - 2 * DAY_MS), {
        "type": "measure", "event_id": "e", "name": "sessions", "ts": NOW - 9, "campaign_id": "c"}]  # fmt: skip
    click = {"type": "click", "event_id": "e", "ts": NOW - 1, "campaign_id": "c", "quantity": 3}
    late = {**click, "ts": NOW - 2 * DAY_MS}
    state = Partition(0, PartitionPolicy(POLICY.windows, POLICY.series, POLICY.dedupe, 24, plan=wide))
    state.tick(NOW)
    added.count(state, store, events, wide, NOW)
    state.tick(NOW)
    store.write(state.take_flush({}))
    other = store.load(PartitionPolicy(POLICY.windows, POLICY.series, POLICY.dedupe, 24, plan=narrow))
    added.count(other, store, [click, late], narrow, NOW)
    other.tick(NOW + 10)
    store.write(other.take_flush({}))
    assert store.windows(TOTAL) == added.totals([*events, click, late])
    assert store.quarters(wide) == added.by_quarter([*events, click, late])
    again = store.load(PartitionPolicy(POLICY.windows, POLICY.series, POLICY.dedupe, 24, plan=wide))
    added.count(again, store, [followers(11, NOW + 11)], wide, NOW)
    again.tick(NOW + 20)
    store.write(again.take_flush({}))
    assert store.windows(TOTAL)["c"]["followers_sum"] == 11
    assert store.windows("24h")["c"]["followers_sum"] == 11


def test_what_came_late_replaces_an_older_level_and_no_newer_one() -> None:
    triples = ((6, 7, 8),)
    row = (1, 0, 0, 0, 0, 5, 70, 1, 100)
    assert merged(row, (1, 0, 0, 0, 0, 1, 80, 1, 100), triples) == (2, 0, 0, 0, 0, 6, 80, 1, 100)
    assert merged(row, (1, 0, 0, 0, 0, 1, 80, 1, 99), triples) == (2, 0, 0, 0, 0, 6, 70, 1, 100)
    assert merged((1, 0, 0, 0, 0), (1, 0, 0, 0, 0, 1, 80, 1, 99), triples) == (2, 0, 0, 0, 0, 1, 80, 1, 99)
