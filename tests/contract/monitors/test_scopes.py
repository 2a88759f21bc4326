"""What scopes have, from events through the worker's own counting and a real Redis, against recounting the events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from kpis.catalogue import CATALOGUE
from kpis.contract.published import Layout
from kpis.measures import Row, Stream, add
from kpis.runtime.clock import Clock
from kpis.series import parent_key
from kpis.windows import TOTAL, parse_windows
from monitors.read.reader import Reader
from monitors.read.scopes.scope_sums import ScopeSums, with_scopes
from monitors.read.scopes.wanted import WantedParts
from monitors.read.snapshot import Snapshot
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store.load import load
from streams.store.store import Store
from tests.kit.model import Fact, Model, batch_of
from tests.kit.redis_server import redis_server

NOW = 1_700_000_000_000
WINDOWS = parse_windows("5m,1h")
NAMES = tuple(w.name for w in WINDOWS)
POLICY = PartitionPolicy(WINDOWS, SeriesPolicy((("channel",), ("channel", "country")), 1000), frozenset(), 24)
KINDS = ("portfolio", "account", "channel")
ACCOUNTS = {"a": "Acme", "b": "Acme", "c": "Bolt"}
PARTITIONS = 2

STREAMS = tuple(stream for stream in Stream if stream is not Stream.MEASURE)
FACTS = st.builds(
    Fact, st.sampled_from(STREAMS), st.integers(0, 50 * 3_600_000).map(lambda age: NOW - age), st.sampled_from("abcd"),
    st.sampled_from([None, "search", "paid social", "x|y"]), st.integers(0, 1000), st.integers(-50, 10**9),
)  # fmt: skip
LOOKS = st.lists(st.lists(st.tuples(st.integers(0, PARTITIONS - 1), FACTS), max_size=10), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


class Worker:
    """Both partitions: what comes is counted and written as a worker does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: list[tuple[Any, Partition]] = []

    async def begin(self) -> None:
        """Take both."""
        await self._store.publish_layout(Layout(PARTITIONS, "EUR", NAMES, 40, ("channel", "channel+country")))
        for number in range(PARTITIONS):
            lease = await self._store.take(number, 0)
            self._held.append((lease, await load(self._store, lease, POLICY, NOW)))

    async def count(self, events: Sequence[tuple[int, Fact]]) -> None:
        """Count events, each on its partition, and write both."""
        for number, (lease, state) in enumerate(self._held):
            state.tick(NOW)
            for stream in Stream:
                mine = [fact for at, fact in events if at == number and fact.stream is stream]
                if mine:
                    batch = batch_of(mine, stream)
                    numbers = state.register(batch)
                    state.adopt(await self._store.totals(number, state.fresh))
                    offset = state.offsets.get(stream, 0) + len(mine)
                    state.add(batch, numbers, stream, offset, records=len(mine), now_ms=NOW)
            state.tick(NOW)
            await self._store.write(lease, state.take_flush({}))


def recounted(facts: Sequence[Fact]) -> dict[str, dict[str, Row]]:
    """The rows of each scope and window, of the events alone."""
    model = Model(list(facts))
    found: dict[str, dict[str, list[Row]]] = {}
    for window, rows in [*((w.name, model.window(w, NOW)) for w in WINDOWS), (TOTAL, model.totals())]:
        for series, row in rows.items():
            campaign, _, part = series.partition("|")
            places = [part] if part else [parent_key("portfolio")]
            places += [parent_key("account", ACCOUNTS[campaign])] if not part and campaign in ACCOUNTS else []
            for place in places:
                found.setdefault(place, {}).setdefault(window, []).append(row)
    return {place: {window: add(rows) for window, rows in windows.items()} for place, windows in found.items()}


def shown(snapshot: Snapshot) -> dict[str, dict[str, Row]]:
    """What was read of scopes, without what is nothing."""
    rows = {key: {w: r for w, r in one.windows.items() if any(r)} for key, one in snapshot.scopes.items()}
    return {key: windows for key, windows in rows.items() if windows}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LOOKS)
def test_scopes_have_what_the_events_say_whichever_partitions_counted_them(
    server: int, looks: list[list[tuple[int, Fact]]]
) -> None:
    """Events of one campaign come on both partitions: misrouted ones count, and once."""

    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            worker = Worker(Store(redis, "test", 40, 24))
            await worker.begin()
            reader, sums = Reader(redis, "test", Clock(), breakdowns=False), ScopeSums(KINDS)
            reader.wanted = WantedParts(dimensions=frozenset({"channel"}))
            facts: list[Fact] = []
            for events in looks:
                await worker.count(events)
                facts += [fact for _, fact in events]
                snapshot = with_scopes(await reader.read(), sums, ACCOUNTS)
                expected = recounted(facts)
                assert shown(snapshot) == {
                    key: {w: r for w, r in rows.items() if any(r)} for key, rows in expected.items()
                }
                for key, windows in shown(snapshot).items():
                    for window, row in windows.items():
                        assert [kpi.of(row) for kpi in CATALOGUE] == [
                            kpi.of(expected[key][window]) for kpi in CATALOGUE
                        ]

    asyncio.run(run())
