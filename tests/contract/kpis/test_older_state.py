"""What an older version left in Redis is read, and this version writes the same keys and values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.measures import INDEX, Stream
from kpis.runtime.clock import Clock
from monitors.alerts.outbox import FORMER, Outbox
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.stored import decode_held
from monitors.goals.file import parse
from monitors.goals.subject import key_of
from monitors.pacing.verdict import Status
from monitors.read.history import History
from monitors.read.queries import Query
from monitors.read.reader import Reader
from streams.dead_letters import letters
from streams.store.load import load
from streams.store.store import Store
from tests.contract.kpis.older import FILE, POLICY, add, dumped, event, restore, write
from tests.kit.monitor_fakes import MIDNIGHT, NOON
from tests.kit.redis_server import redis_server

BEFORE = json.loads(FILE.read_text())
ALERTS = "pw:{alerts}:"
GOALS = """
campaigns:
  - campaign: c1
    name: Spring launch
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals: [{total: spend, target: 1000}, {ratio: ctr, at_least: 0.02}]
"""


def with_redis(use: Callable[[Any], Awaitable[None]], *, restored: bool = True) -> None:
    """Use a Redis that holds the older state."""

    @asynccontextmanager
    async def client() -> AsyncIterator[Any]:
        with redis_server() as port:
            async with Redis(port=port) as redis:
                yield redis

    async def run() -> None:
        async with client() as redis:
            if restored:
                await restore(redis, BEFORE)
            await use(redis)

    asyncio.run(run())


def test_a_worker_goes_on_from_what_an_older_one_left() -> None:
    """With its offsets, panes, early events, remembered ids and dead letters."""

    async def use(redis: Any) -> None:
        store = Store(redis, "here", 40, 24)
        lease = await store.take(0, NOON + 1)
        state = await load(store, lease, POLICY, NOON)
        assert state.offsets == {"ads.impressions": 21, "ads.clicks": 32, "ads.conversions": 4, "ads.spend": 2}
        assert (state.counters["accepted:click"], state.counters["duplicate:click"]) == (31, 1)
        assert state.watermark_ms == NOON
        assert len(state.early) == 2, "of the campaign and of its channel"
        ((_, raw),) = await store.letters(0, 10)
        assert (letters.read(raw).reason, letters.read(raw).offset) == ("missing_field", 20)
        await add(state, store, Stream.CLICK, [event("k", 3), event("new", 0)], 32)
        state.tick(NOON + 130_000)
        await store.write(lease, state.take_flush({}))
        totals = (await store.totals(0, ["c1"]))["c1"]
        assert totals[INDEX["clicks"]] == 32, "one is new, and one was counted before"
        assert totals[INDEX["spend_micros"]] == 307_123_456

    with_redis(use)


def test_a_flush_that_an_older_worker_committed_and_did_not_carry_out_is_carried_out() -> None:
    async def use(redis: Any) -> None:
        store = Store(redis, "here", 40, 24)
        lease = await store.take(1, NOON + 1)
        assert not await redis.exists(layout.staged(1))
        state = await load(store, lease, POLICY, NOON)
        assert state.offsets["ads.clicks"] == 532
        assert (await store.totals(1, ["c1"]))["c1"][INDEX["clicks"]] == 531

    with_redis(use)


def test_a_monitor_reads_it() -> None:
    """Numbers, health, history, alert states, and the messages that wait."""

    async def use(redis: Any) -> None:
        snapshot = await Reader(redis, "here", Clock()).read()
        assert (snapshot.layout.currency, snapshot.layout.windows) == ("EUR", ("5m", "1h", "24h"))
        assert [p.parked for p in snapshot.partitions] == ["", "it was parked"]
        assert (snapshot.partitions[0].letters, snapshot.partitions[0].lag) == (1, {"ads.clicks": 5})
        assert not snapshot.problems
        row = snapshot.row("c1", "5m")
        assert row is not None
        assert row[: INDEX["spend_micros"]] == (4000, 60, 8)
        query = Query("c1", MIDNIGHT, NOON)
        day = (await History(redis, "here").to_date(2, [query]))[query].row
        assert day[INDEX["spend_micros"]] == 2 * 300_123_456
        campaign = parse(GOALS, "goals").campaigns[0]
        outbox = Outbox(redis, "here", "one", 60_000)
        states = await outbox.states()
        held = [decode_held(states[key_of(campaign, goal)]) for goal in campaign.goals]
        assert not any(one.is_before(campaign.flight) for one in held)
        told = [one.state.told for one in held]
        assert told == [Status.CRITICAL, Status.WARNING]
        left = await redis.lrange(FORMER, 0, -1)
        assert await outbox.adopt(["slack"]) == len(left) == 2
        assert not await redis.exists(FORMER)
        messages = await Lane(redis, "here", "one", "slack").read()
        assert [old in one.raw for old, one in zip(left, messages, strict=True)] == [True, True], "no byte is lost"
        assert b'"text":":red_circle: Spring launch: spend is critical (under)' in messages[0].raw
        assert [one.alert for one in messages] == [None, None], "in Slack's form, they are parked and not sent"

    with_redis(use)


def test_this_version_writes_the_same_keys_and_values() -> None:
    """But for the ids that Redis gives to dead letters."""

    async def use(redis: Any) -> None:
        await write(redis)
        now = await dumped(redis)
        before = {key: held for key, held in BEFORE.items() if not key.startswith(ALERTS)}
        for state in (now, before):
            for number in (0, 1):
                held = state[layout.letters(number)]
                held["value"] = [fields for _, fields in held["value"]]
        assert now.keys() == before.keys()
        for key, held in before.items():
            assert now[key] == held, key

    with_redis(use, restored=False)


@pytest.mark.parametrize("key", sorted(BEFORE))
def test_every_key_of_it_is_named_in_the_contract(key: str) -> None:
    """So that what lies in Redis can be read about in one place."""
    said = (layout.__doc__ or "").replace("{3}", "{0}")
    kind = key.replace("{1}", "{0}").split(":pane:")[0].split(":history:")[0].split(":seen:")[0]
    assert kind in said or key.startswith(ALERTS)
