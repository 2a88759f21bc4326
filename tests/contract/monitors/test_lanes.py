"""Lanes and what people do about alerts, in a real Redis; and what one notifier's trouble is to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from kpis.runtime.retry import Backoff
from monitors.alerts import interventions
from monitors.alerts.interventions import ACKNOWLEDGED, LONGEST, MUTES, Acknowledgement, InterventionStore, Silence
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.protocol import Grouping, Outcome
from monitors.alerts.notifiers.slack import Slack
from monitors.alerts.outbox import LEADER, Outbox, lanes
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.outbox.queued import PARKED, Parked, decode_parked, lane_key
from monitors.alerts.stored import encode_alert
from tests.kit.alerts import alert
from tests.kit.monitor_fakes import fake_slack, until
from tests.kit.redis_server import redis_server

POLICY = DeliveryPolicy(Backoff(0.02, 60))


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def leading(port: int) -> AsyncIterator[tuple[Any, Outbox]]:
    """An empty Redis and its leader, ``one``."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        outbox = Outbox(redis, "test", "one", 60_000)
        await outbox.lead()
        yield redis, outbox


async def queue(outbox: Outbox, *names: str, to: tuple[str, ...] = ("slack",), campaign: str = "") -> None:
    """Messages, each of a goal of its own, of one campaign or each of its own."""
    for name in names:
        made = alert(name, campaign, f"{campaign}|{name}" if campaign else "")
        await outbox.record(name, None, b"A", encode_alert(made), lanes=to)


def slack_at(url: str, gather_s: float = 0) -> Slack:
    """A notifier that posts there."""
    return Slack(SecretStr(url), Links(), 1, Grouping(gather_s=gather_s))


def test_only_the_leader_is_given_what_to_send_and_takes_it_off(server: int) -> None:
    async def run() -> None:
        async with leading(server) as (redis, outbox):
            await queue(outbox, "a", "b")
            one, two = (Lane(redis, "test", token, "slack") for token in ("one", "two"))
            found = await one.to_send()
            assert [m.alert and m.alert.id for m in found] == ["a", "b"]
            assert await two.to_send() == []
            assert await two.settle(found) == 0
            await redis.set(LEADER, "two")
            assert await one.settle(found, Parked("slack", "refused", 1, "")) == 0
            assert await redis.exists(PARKED) == 0
            assert (await two.backlog()).count == 2
            assert await two.settle(found) == 2
            assert await two.settle(found) == 0
            assert (await two.backlog()).count == 0

    asyncio.run(run())


def test_what_is_parked_is_bounded_and_says_why(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "KEEP_PARKED", 5)

    async def run() -> None:
        async with leading(server) as (redis, outbox):
            await queue(outbox, *(f"m{n}" for n in range(8)))
            lane = Lane(redis, "test", "one", "slack")
            assert await lane.settle(await lane.to_send(), Parked("slack", "refused", 7, "", "HTTP 404")) == 8
            kept = [decode_parked(raw) for raw in await redis.lrange(PARKED, 0, -1)]
            assert [k is not None and (k.notifier, k.outcome, k.at_ms, k.detail) for k in kept] == [
                ("slack", "refused", 7, "HTTP 404")
            ] * 5
            assert [k is not None and f'"id":"m{n}"' in k.message for n, k in enumerate(kept, 3)] == [True] * 5

    asyncio.run(run())


def test_a_thousand_messages_are_read_settled_and_parked_at_once(server: int) -> None:
    async def run() -> None:
        async with leading(server) as (redis, _):
            for raw in (encode_alert(alert(f"m{n}")) for n in range(1_100)):
                await redis.rpush(lane_key("slack"), _entry(raw))
            lane = Lane(redis, "test", "one", "slack")
            found = await lane.to_send()
            assert len(found) == lanes.AT_ONCE == 1_000
            assert await lane.settle(found, Parked("slack", "expired", 1, "")) == 1_000
            assert [m.alert and m.alert.id for m in await lane.to_send()] == [f"m{n}" for n in range(1_000, 1_100)]

    asyncio.run(run())


def _entry(raw: bytes) -> bytes:
    return b'{"queued_ms":5,"alert":' + raw + b"}"


def test_a_notifier_that_is_dead_holds_up_no_other(server: int) -> None:
    async def run() -> None:
        async with leading(server) as (redis, outbox), fake_slack() as dead, fake_slack() as alive:
            never = asyncio.Event()

            async def hang() -> None:
                await never.wait()

            dead.before_answer = hang
            await queue(outbox, "a", "b", to=("dead", "alive"))
            made = {
                name: Delivery(Lane(redis, "test", "one", name), slack_at(slack.url), POLICY)
                for name, slack in (("dead", dead), ("alive", alive))
            }
            stuck = asyncio.create_task(made["dead"].deliver_next())
            await until(lambda: len(dead.bodies) == 1)
            assert [await made["alive"].deliver_next() for _ in range(3)] == [0, 0, None]
            assert len(alive.delivered) == 2
            assert not stuck.done()
            assert (await made["dead"].lane.backlog()).count == 2
            never.set()
            await stuck

    asyncio.run(run())


async def emptied(delivery: Delivery) -> None:
    """Deliver until nothing waits."""
    async with asyncio.timeout(20):
        while (wait_s := await delivery.deliver_next()) is not None:
            await asyncio.sleep(min(wait_s, 0.1))


@pytest.mark.parametrize(("status", "outcome"), [(404, Outcome.REFUSED), (400, Outcome.REFUSED)])
def test_of_a_group_that_is_refused_only_what_is_at_fault_is_parked(server: int, status: int, outcome: Outcome) -> None:
    async def run() -> None:
        async with leading(server) as (redis, outbox), fake_slack() as slack:
            await queue(outbox, "first", "poison", "last", campaign="c1")
            slack.answer_to = lambda body: status if "poison" in str(body) else 200
            delivery = Delivery(Lane(redis, "test", "one", "slack"), slack_at(slack.url), POLICY)
            await emptied(delivery)
            assert delivery.parked == {outcome: 1}
            assert len(slack.bodies) == 4, "together, then each for itself"
            assert ["first" in str(body) for body in slack.delivered] == [True, False]
            (kept,) = [decode_parked(raw) for raw in await redis.lrange(PARKED, 0, -1)]
            assert kept is not None
            assert '"id":"poison"' in kept.message

    asyncio.run(run())


def test_what_breaks_the_service_lets_others_pass(server: int) -> None:
    async def run() -> None:
        async with leading(server) as (redis, outbox), fake_slack() as slack:
            await queue(outbox, "first", "poison", "last", campaign="c1")
            await queue(outbox, "other")
            slack.answer_to = lambda body: 500 if "poison" in str(body) else 200
            delivery = Delivery(Lane(redis, "test", "one", "slack"), slack_at(slack.url), POLICY)
            async with asyncio.timeout(20):
                while len(slack.delivered) < 3:
                    await asyncio.sleep(min(await delivery.deliver_next() or 0, 0.1))
            assert (await delivery.lane.backlog()).count == 1
            said = str(slack.delivered)
            assert all(name in said for name in ("first", "last", "other"))

    asyncio.run(run())


def test_interventions_are_kept_bounded_and_what_is_no_one_is_left_out(
    server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interventions, "MOST_MUTES", 2)
    monkeypatch.setattr(interventions, "MOST_ACKNOWLEDGED", 1)

    async def run() -> None:
        async with leading(server) as (redis, _):
            store = InterventionStore(redis, "test")
            assert await store.acknowledge("g", Acknowledgement("x" * 5000, 1, "y" * 5000))
            assert await store.acknowledge("g", Acknowledgement("b" * 5000, 1, "y" * 5000)), "again"
            assert not await store.acknowledge("h", Acknowledgement("b", 1))
            found = await store.read()
            assert (found.acknowledged["g"].by, len(found.acknowledged["g"].note)) == ("b" * LONGEST, LONGEST)
            old, new = Silence("c1", 0, 10, "me"), Silence("*", 0, 100, "me", "w" * 5000)
            assert await store.mute("one", old, 5)
            assert await store.mute("two", new, 5)
            assert not await store.mute("three", new, 5), "there are two"
            assert await store.mute("two", new, 5), "the same again"
            assert await store.mute("three", new, 10), "the first one is over"
            assert sorted((await store.read()).mutes) == ["three", "two"]
            assert len((await store.read()).mutes["two"].why) == LONGEST
            assert await store.unmute("two")
            assert not await store.unmute("two")
            text = b'{"campaign":"c","from_ms":"1","until_ms":2,"by":"x"}'
            hostile = [b"", b"{}", b"\xff", b"null", text, b"[" * 9000]
            for n, raw in enumerate(hostile):
                await redis.hset(MUTES, f"x{n}", raw)
                await redis.hset(ACKNOWLEDGED, f"x{n}", raw)
            found = await store.read()
            assert (list(found.mutes), list(found.acknowledged)) == (["three"], ["g"])

    asyncio.run(run())


def test_that_someone_takes_care_ends_with_the_alert_and_with_its_goal(server: int) -> None:
    async def run() -> None:
        async with leading(server) as (redis, outbox):
            store = InterventionStore(redis, "test")
            await store.acknowledge("g", Acknowledgement("me", 1))
            await outbox.record("g", None, b"A", encode_alert(alert("m")), lanes=["slack"])
            assert list((await store.read()).acknowledged) == ["g"]
            await outbox.record("g", b"A", b"B", encode_alert(alert("n")), lanes=["slack"], is_over=True)
            assert (await store.read()).acknowledged == {}
            await store.acknowledge("g", Acknowledgement("me", 1))
            await outbox.forget(["g"])
            assert (await store.read()).acknowledged == {}

    asyncio.run(run())
