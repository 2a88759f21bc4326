"""Telling again what stands, against a real Redis: never what has changed already, and some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.times import DAY_MS
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.protocol import Answer, Grouping, Outcome, Refreshes, SentAs
from monitors.alerts.notifiers.refreshing import Refresher
from monitors.alerts.outbox import STATE, Outbox
from monitors.alerts.outbox.lanes import AT_ONCE, Lane
from monitors.alerts.stored import Held, encode_alert, encode_held
from monitors.goals.values import Flight
from monitors.pacing.verdict import Direction, Status
from tests.kit.made_alerts import an_alert
from tests.kit.monitor_fakes import MIDNIGHT, until
from tests.kit.redis_server import redis_server

FLIGHT = Flight(MIDNIGHT, MIDNIGHT + DAY_MS, "UTC")
SENT = Answer(Outcome.SENT, "HTTP 200")


@dataclass
class Forgetful:
    """A notifier whose service forgets: notes what it is sent, and answers in turn."""

    answers: list[Answer] = field(default_factory=list)
    told: list[list[str]] = field(default_factory=list)
    again: list[list[str]] = field(default_factory=list)
    name: str = "forgetful"
    title: str = "Forgetful"
    timeout_s: float = 1.0
    refresh_s: float = 3600.0
    grouping: Grouping = field(default_factory=lambda: Grouping(SentAs.ALL, gather_s=0, most=4))

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Note changes."""
        self.told.append([alert.goal for alert in alerts])
        return self.answers.pop(0) if self.answers else SENT

    async def refresh(self, standing: Sequence[Alert]) -> Answer:
        """Note what stands."""
        self.again.append([alert.goal for alert in standing])
        return self.answers.pop(0) if self.answers else SENT

    def forget(self) -> None:
        """It knows nothing."""


@dataclass
class Bench:
    """What a refresher works with."""

    redis: Redis
    outbox: Outbox
    lane: Lane
    delivery: Delivery
    notifier: Forgetful
    refresher: Refresher

    async def fires(self, *goals: str) -> None:
        """Goals that fire, as stored."""
        for goal in goals:
            await self.redis.hset(STATE, goal, stored(goal))

    async def changes(self, goal: str) -> bytes:
        """A goal of which an end is recorded and not sent yet; its message."""
        before = (await self.outbox.states())[goal]
        end = an_alert("critical", "on_pace", campaign=goal.partition("|")[0])
        message = encode_alert(end)
        await self.outbox.record(goal, before, None, message, lanes=[self.notifier.name], is_over=True)
        return message


def stored(goal: str) -> bytes:
    """A goal that fires."""
    state = AlertState(Status.CRITICAL, Direction.UNDER, 1)
    alert = an_alert("on_pace", "critical", campaign=goal.partition("|")[0])
    return encode_held(Held(state, 0, 1, encode_alert(alert), lanes=("forgetful",)), FLIGHT)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def bench(port: int, **more: Any) -> AsyncIterator[Bench]:
    """On an empty Redis, and leading."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        outbox, notifier = Outbox(redis, "test", "me", 60_000), Forgetful(**more)
        await outbox.lead()
        lane = Lane(redis, "test", "me", notifier.name)
        delivery = Delivery(lane, notifier, DeliveryPolicy())
        assert isinstance(notifier, Refreshes)
        yield Bench(redis, outbox, lane, delivery, notifier, Refresher(outbox, delivery, notifier))


def running(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test coroutine on its own loop."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@running
async def test_what_stands_is_told_again_when_it_is_due(server: int) -> None:
    async with bench(server) as on:
        await on.fires("a|spend", "b|spend")
        await on.refresher.refresh_due()
        await on.refresher.refresh_due()
        assert on.notifier.again == [["a|spend", "b|spend"]]
        assert 3500 < on.refresher.wait_s <= 3600
        on.refresher.follow()
        await on.refresher.refresh_due()
        assert len(on.notifier.again) == 2, "who takes over tells again at once"
        assert on.delivery.refreshes[Outcome.SENT] == 2


@running
async def test_a_goal_whose_change_waits_to_be_sent_is_left_out(server: int) -> None:
    """It would fire again after its end, or at the severity it had."""
    async with bench(server) as on:
        await on.fires("a|spend", "b|spend")
        await on.changes("a|spend")
        await on.fires("a|spend")  # as a reading from before the change would say
        await on.refresher.refresh_due()
        assert on.notifier.again == [["b|spend"]]


@running
async def test_a_change_that_is_recorded_after_it_was_read_is_sent_after_it(server: int) -> None:
    async with bench(server) as on:
        await on.fires("a|spend")
        read = on.lane.read

        async def read_and_then_change() -> Any:
            found = await read()
            await on.changes("a|spend")
            return found

        on.lane.read = read_and_then_change  # type: ignore[method-assign]
        await on.refresher.refresh_due()
        on.lane.read = read  # type: ignore[method-assign]
        assert (on.notifier.again, on.notifier.told) == ([["a|spend"]], [])
        await on.delivery.deliver_next()
        assert on.notifier.told == [["a|spend"]]
        on.refresher.follow()
        await on.refresher.refresh_due()
        assert on.notifier.again[1:] == [[]]


@running
async def test_many_are_told_again_some_at_a_time_each_once_in_a_round(server: int) -> None:
    async with bench(server) as on:
        names = [f"c{n}|spend" for n in range(10)]
        await on.fires(*names)
        for _ in range(3):
            assert on.refresher.wait_s == 0
            await on.refresher.refresh_due()
        assert [goal for some in on.notifier.again for goal in some] == names
        assert [len(some) for some in on.notifier.again] == [4, 4, 2]
        assert on.refresher.wait_s > 0


@running
async def test_what_was_not_taken_is_told_again_soon_and_what_is_refused_holds_up_no_other(server: int) -> None:
    refused, away = Answer(Outcome.REFUSED, "HTTP 400"), Answer(Outcome.UNREACHABLE, "TimeoutError")
    busy = Answer(Outcome.RATE_LIMITED, "HTTP 429", 0.0)
    async with bench(server, answers=[refused, busy, away, SENT], refresh_s=0.05) as on:
        names = [f"c{n}|spend" for n in range(7)]
        await on.fires(*names)

        async def is_round_over() -> bool:
            await on.refresher.refresh_due()
            return len(on.notifier.again) >= 4

        await until(is_round_over)
        first, *rest = on.notifier.again[:4]
        assert (first, rest) == (names[:4], [names[4:]] * 3)
        assert set(on.delivery.refreshes) == {Outcome.REFUSED, Outcome.RATE_LIMITED, Outcome.UNREACHABLE, Outcome.SENT}


@running
async def test_while_more_waits_than_is_read_nothing_is_told_again(server: int) -> None:
    async with bench(server) as on:
        await on.fires("a|spend")
        await on.redis.rpush(f"pw:{{alerts}}:lane:{on.notifier.name}", *["{}"] * AT_ONCE)
        await on.refresher.refresh_due()
        assert on.notifier.again == []


@running
async def test_a_service_that_asks_for_time_is_given_it(server: int) -> None:
    """However often the lane is looked at in the meantime, and whatever comes into it."""
    for outcome in (Outcome.RATE_LIMITED, Outcome.SERVER_ERROR):
        async with bench(server, answers=[Answer(outcome, "HTTP 503", 600.0)]) as on:
            await on.fires("a|spend", "b|spend")
            await on.changes("a|spend")
            assert await on.delivery.deliver_next() == 600
            await on.changes("b|spend")
            wait_s = await on.delivery.deliver_next()
            assert wait_s is not None
            assert 590 < wait_s <= 600
            assert on.notifier.told == [["a|spend"]]
