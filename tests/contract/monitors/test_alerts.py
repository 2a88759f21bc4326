"""The outbox against a real Redis, and delivery against a real HTTP server in Slack's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from kpis.runtime.errors import Unreachable
from kpis.runtime.retry import Backoff
from kpis.settings.shared import Settings
from kpis.units import Unit
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.http_answers import MAX_RETRY_AFTER_S, judge, retry_after
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.protocol import Answer, Grouping, Outcome
from monitors.alerts.notifiers.slack import Slack, render
from monitors.alerts.outbox import FORMER, KEEP_TOLD, LEADER, STATE, TOLD, Outbox, Recorded, leader_token
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.outbox.queued import PARKED, Queued, decode_parked, lane_key
from monitors.alerts.stored import decode_alert, encode_alert
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.read.reader import connect
from tests.kit.monitor_fakes import FakeSlack, fake_slack
from tests.kit.redis_server import free_port, redis_server

POLICY = Backoff(first_s=0.02, longest_s=60)
SLACK, AT_ONCE = lane_key("slack"), Grouping(gather_s=0)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def redis_at(port: int) -> AsyncIterator[Redis]:
    """An empty Redis."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        yield redis


def outbox_of(redis: Redis, token: str = "one") -> Outbox:  # noqa: S107
    """The outbox as a monitor with this token sees it."""
    return Outbox(redis, "test", token, ttl_ms=60_000)


ALERT = Alert(
    id="1", goal="c1|spend", at_ms=5, campaign="c1", name="Spring launch", account="", label="spend",
    unit=Unit.MICROS, currency="EUR", change=Change.FIRED, before=Status.ON_PACE, after=Status.CRITICAL,
    reason=Reason.OUTSIDE, direction=Direction.UNDER, actual=300_000_000, expected=500_000_000, target=1_000_000_000,
    ratio=0.6, projected=600_000_000, required_per_day=0, bound=None, warning=(0.9, 1.1), critical=(0.75, 1.25),
    as_of_ms=5, timezone="UTC",
)  # fmt: skip


def text(name: str) -> bytes:
    """A stored message, about a goal of its own."""
    return encode_alert(msgspec.structs.replace(ALERT, id=name, goal=f"{name}|spend", campaign=name, name=name))


def names(slack: FakeSlack) -> list[str]:
    """Whose messages arrived."""
    return [d["text"].split(" ")[1].rstrip(":") for d in slack.delivered]


async def waiting(redis: Redis) -> list[Queued]:
    """What lies in Slack's lane."""
    return await Lane(redis, "test", "any", "slack").read()


async def messages(redis: Redis) -> list[Alert]:
    """The alerts in Slack's lane."""
    found = [one.alert for one in await waiting(redis)]
    assert all(isinstance(one, Alert) for one in found)
    return [one for one in found if isinstance(one, Alert)]


def alert_of(stored: bytes) -> Alert:
    """A stored message, read."""
    found = decode_alert(stored)
    assert isinstance(found, Alert)
    return found


def test_a_transition_and_its_message_are_written_together_and_only_once(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            assert await outbox.lead()
            assert await outbox.record("g", None, b"A", text("m"), lanes=["slack"]) is Recorded.WRITTEN
            again = await outbox.record("g", None, b"A", text("m"), lanes=["slack"])
            assert again is Recorded.REPEATED, "the same step after a lost answer"
            assert await outbox.record("g", None, b"B", text("n"), lanes=["slack"]) is Recorded.CHANGED
            assert await messages(redis) == [alert_of(text("m"))]
            assert await outbox.states() == {"g": b"A"}

    asyncio.run(run())


def test_a_state_that_is_forgotten_with_its_message_is_gone_and_forgotten_once(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            await outbox.record("g", None, b"A", None, lanes=["slack"])
            assert await outbox.record("g", b"A", None, text("m"), lanes=["slack"]) is Recorded.WRITTEN
            assert await outbox.record("g", b"A", None, text("m"), lanes=["slack"]) is Recorded.REPEATED
            assert await outbox.states() == {}
            assert await messages(redis) == [alert_of(text("m"))]

    asyncio.run(run())


def test_without_sending_a_message_is_kept_as_told_only(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            await outbox.record("g", None, b"A", text("m"))
            assert await outbox.told() == [text("m")]
            assert await waiting(redis) == []

    asyncio.run(run())


def test_what_was_told_is_bounded(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            for i in range(KEEP_TOLD + 5):
                await outbox.record(f"g{i}", None, b"A", text(str(i)))
            assert await redis.llen(TOLD) == KEEP_TOLD
            assert (await outbox.told())[-1] == text(str(KEEP_TOLD + 4))

    asyncio.run(run())


def test_only_the_leader_writes_and_a_follower_takes_over_when_it_resigns(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            one, two = outbox_of(redis, "one"), outbox_of(redis, "two")
            assert await one.lead()
            assert not await two.lead()
            assert await one.lead(), "a leader stays leader"
            assert await two.record("g", None, b"A", text("m"), lanes=["slack"]) is Recorded.FOLLOWER
            assert await redis.exists(STATE, SLACK) == 0
            await two.resign()
            assert await redis.get(LEADER) == b"one", "only the leader can resign"
            await one.resign()
            assert await two.lead()
            assert await one.record("g", None, b"A", text("m"), lanes=["slack"]) is Recorded.FOLLOWER

    asyncio.run(run())


def test_a_leader_that_is_gone_is_replaced_when_its_lock_expires(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            await Outbox(redis, "test", "gone", ttl_ms=100).lead()
            two = outbox_of(redis, "two")
            async with asyncio.timeout(5):
                while not await two.lead():
                    await asyncio.sleep(0.02)

    asyncio.run(run())


def test_a_deposed_leader_takes_nothing_off_the_outbox(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            one, two = outbox_of(redis, "one"), outbox_of(redis, "two")
            await one.lead()
            await one.record("g", None, b"A", text("m"), lanes=["slack"])
            await redis.delete(LEADER)
            await two.lead()
            lanes = [Lane(redis, "test", token, "slack") for token in ("one", "two")]
            found = await lanes[1].read()
            assert await lanes[0].settle(found) == 0
            assert await lanes[1].settle(found) == 1
            assert await lanes[1].settle(found) == 0, "it is off already"

    asyncio.run(run())


@asynccontextmanager
async def delivery_at(port: int, messages: list[bytes]) -> AsyncIterator[tuple[Delivery, FakeSlack, Redis]]:
    """A leader with messages in its lane, and the Slack it sends them to."""
    async with redis_at(port) as redis, fake_slack() as slack:
        outbox = outbox_of(redis)
        await outbox.lead()
        for i, message in enumerate(messages):
            await outbox.record(f"g{i}", None, b"A", message, lanes=["slack"])
        lane, notifier = Lane(redis, "test", "one", "slack"), Slack(SecretStr(slack.url), Links(), 1, AT_ONCE)
        yield Delivery(lane, notifier, DeliveryPolicy(POLICY)), slack, redis


async def attempted(delivery: Delivery) -> float | None:
    """Call until one more attempt was made, or nothing waits; gives how long to wait after it."""
    before, parked = delivery.outcomes.total(), delivery.parked.total()
    async with asyncio.timeout(10):
        while True:
            wait_s = await delivery.deliver_next()
            if wait_s is None or (delivery.outcomes.total(), delivery.parked.total()) != (before, parked):
                return wait_s
            await asyncio.sleep(wait_s)


def test_messages_go_out_in_order_and_leave_the_lane(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a"), text("b")]) as (delivery, slack, _):
            assert [await delivery.deliver_next() for _ in range(3)] == [0.0, 0.0, None]
            assert names(slack) == ["a", "b"]
            assert delivery.outcomes == {Outcome.SENT: 2}

    asyncio.run(run())


def test_a_429_waits_as_long_as_slack_asks_and_loses_nothing(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, redis):
            slack.answers = [(429, {"Retry-After": "17"})]
            assert await delivery.deliver_next() == 17
            assert 16 < (await delivery.deliver_next() or 0) <= 17, "also when it is asked sooner"
            assert await redis.llen(SLACK) == 1
            assert len(slack.bodies) == 1
            assert slack.delivered == []
            slack.answers = [(429, {"Retry-After": "0"})]
            other = Delivery(delivery.lane, delivery.notifier, DeliveryPolicy(POLICY))
            assert [await other.deliver_next() for _ in range(3)] == [0, 0, None]
            assert names(slack) == ["a"]

    asyncio.run(run())


def test_errors_of_slack_are_retried_with_longer_and_longer_waits(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, redis):
            slack.answers = [(500, {}), (503, {}), (502, {})]
            assert [await attempted(delivery) for _ in range(4)] == [0.02, 0.04, 0.08, 0]
            assert await redis.llen(PARKED) == 0
            assert names(slack) == ["a"]

    asyncio.run(run())


def test_a_silent_slack_times_out_and_is_tried_again(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, redis):
            never = asyncio.Event()

            async def wait() -> None:
                await never.wait()

            slack.before_answer = wait
            assert await delivery.deliver_next() == 0.02
            assert delivery.outcomes == {Outcome.UNREACHABLE: 1}
            assert await redis.llen(SLACK) == 1
            never.set()

    asyncio.run(run())


def test_a_connection_that_slack_drops_is_one_attempt_for_it_may_have_read_the_message(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, _):
            slack.drops = True
            assert await delivery.deliver_next() == 0.02
            assert delivery.outcomes == {Outcome.UNREACHABLE: 1}
            assert len(slack.bodies) == 1

    asyncio.run(run())


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refused_message_is_parked_and_the_next_one_is_sent(server: int, status: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a"), text("b")]) as (delivery, slack, redis):
            slack.answers = [(status, {})]
            await delivery.deliver_next()
            await delivery.deliver_next()
            (parked,) = [decode_parked(cast("bytes", raw)) for raw in await redis.lrange(PARKED, 0, -1)]
            assert parked is not None
            assert (parked.notifier, parked.outcome, parked.detail) == ("slack", "refused", f"HTTP {status}")
            assert text("a").decode() in parked.message
            assert delivery.parked == {Outcome.REFUSED: 1}
            assert names(slack) == ["b"]

    asyncio.run(run())


OLD = b'{"id":"1","goal":"c1|spend","at_ms":0,"text":"old","blocks":[]}'
"""A message as versions before alerts were neutral left them, in Slack's form."""


@pytest.mark.parametrize("raw", [b"\xff garbage", b"null", OLD], ids=["bytes", "json", "of an older version"])
def test_what_is_no_message_does_not_block_those_behind_it(server: int, raw: bytes) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("b")]) as (delivery, slack, redis):
            await cast("Any", redis).lpush(SLACK, raw)
            await delivery.deliver_next()
            await delivery.deliver_next()
            assert (delivery.parked, delivery.outcomes) == ({Outcome.UNREADABLE: 1}, {Outcome.SENT: 1})
            (kept,) = [decode_parked(cast("bytes", one)) for one in await cast("Any", redis).lrange(PARKED, 0, -1)]
            assert kept is not None
            assert (kept.outcome, kept.message) == (Outcome.UNREADABLE, raw.decode(errors="replace"))
            assert len(slack.bodies) == 1

    asyncio.run(run())


def test_an_alert_lies_in_the_lane_in_no_notifiers_form_and_is_dressed_when_it_is_sent(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [encode_alert(ALERT)]) as (delivery, slack, redis):
            (stored,) = await waiting(redis)
            assert b"blocks" not in stored.raw
            assert stored.alert == ALERT
            assert [await delivery.deliver_next() for _ in range(2)] == [0.0, None]
            assert [d["text"] for d in slack.delivered] == [render(ALERT).text]
            assert "Spring launch: spend is critical (under)" in slack.delivered[0]["text"]

    asyncio.run(run())


def test_what_an_older_version_left_is_adopted_before_what_comes_after_it_and_none_of_it_is_lost(server: int) -> None:
    """Alerts are sent; what it left in Slack's form is parked as it was."""

    async def run() -> None:
        async with delivery_at(server, []) as (delivery, slack, redis):
            await cast("Any", redis).rpush(FORMER, text("a"), OLD, text("b"))
            outbox = outbox_of(redis)
            assert await outbox.adopt(["slack"]) == 3
            assert await outbox.adopt(["slack"]) == 0
            await outbox.record("g", None, b"A", text("c"), lanes=["slack"])
            while await attempted(delivery) is not None:
                pass
            assert names(slack) == ["a", "b", "c"]
            assert await redis.exists(FORMER, SLACK) == 0
            (kept,) = [decode_parked(cast("bytes", raw)) for raw in await cast("Any", redis).lrange(PARKED, 0, -1)]
            assert kept is not None
            assert (kept.outcome, OLD.decode() in kept.message) == (Outcome.UNREADABLE, True)

    asyncio.run(run())


def test_an_unreachable_slack_is_told_without_its_url() -> None:
    async def run() -> None:
        slack = Slack(SecretStr(f"http://127.0.0.1:{free_port()}/services/s3cr3t"))
        answer = await slack.send([ALERT])
        assert answer.outcome is Outcome.UNREACHABLE
        assert "s3cr3t" not in answer.detail
        assert "s3cr3t" not in repr(slack)

    asyncio.run(run())


def test_redis_away_is_one_clear_error() -> None:
    async def run() -> None:
        async with connect(Settings.load(redis=f"redis://127.0.0.1:{free_port()}/0")) as redis:
            lane = Lane(redis, "test", "one", "slack")
            for call in (outbox_of(redis).lead(), outbox_of(redis).states(), lane.read(), lane.backlog()):
                with pytest.raises(Unreachable):
                    await call

    asyncio.run(run())


@dataclass
class Told:
    """A notifier whose answer is told it."""

    answer: Answer
    name: str = "slack"
    title: str = "Slack"
    timeout_s: float = 1.0
    grouping: Grouping = AT_ONCE

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Give it."""
        return self.answer


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outcome=st.sampled_from([o for o in Outcome if o not in {Outcome.UNREADABLE, Outcome.EXPIRED}]),
    asked=st.none() | st.floats(0, MAX_RETRY_AFTER_S),
    chance=st.floats(0, 1),
)
def test_a_wait_is_never_longer_than_its_bound_and_only_final_answers_have_none(
    server: int, outcome: Outcome, asked: float | None, chance: float
) -> None:
    policy = Backoff(first_s=1, longest_s=3)

    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            for i in range(4):
                await outbox.record(f"g{i}", None, b"A", text(str(i)), lanes=["slack"])
            notifier = Told(Answer(outcome, "", asked))
            delivery = Delivery(Lane(redis, "test", "one", "slack"), notifier, DeliveryPolicy(policy), lambda: chance)
            for failures in range(1, 4):
                found = await delivery.deliver_next()
                assert found is not None
                if outcome.is_final:
                    assert found == 0
                elif asked is None:
                    assert found == policy.spread(failures, chance)
                    assert policy.first_s / 2 <= found <= policy.longest_s
                else:
                    assert found == asked
                if asked is not None or outcome is Outcome.RATE_LIMITED:
                    break

    asyncio.run(run())


@pytest.mark.parametrize(
    ("value", "seconds"), [("17", 17.0), ("999999", 3600.0), ("soon", None), ("-1", None), ("", None), ("²", None)]
)
def test_retry_after_is_read_in_seconds_and_bounded(value: str, seconds: float | None) -> None:
    """Where it does not say, a 429 waits for half a minute."""
    assert retry_after({"retry-after": value}, 0) == seconds
    assert judge(429, {"Retry-After": value}, 0).wait_s == (30.0 if seconds is None else seconds)


def test_each_kind_of_answer_has_its_outcome() -> None:
    found = {status: judge(status, {}, 0).outcome for status in (200, 204, 302, 400, 404, 429, 500, 503)}
    assert found == {
        200: Outcome.SENT, 204: Outcome.SENT, 302: Outcome.REFUSED, 400: Outcome.REFUSED, 404: Outcome.REFUSED,
        429: Outcome.RATE_LIMITED, 500: Outcome.SERVER_ERROR, 503: Outcome.SERVER_ERROR,
    }  # fmt: skip


def test_a_monitor_with_goals_takes_the_lead_from_one_that_has_none_and_never_the_other_way_round(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            bare, quiet, whole = (
                outbox_of(redis, leader_token(has_goals=goals, has_notifiers=notifiers))
                for goals, notifiers in ((False, True), (True, False), (True, True))
            )
            assert await bare.lead()
            assert await quiet.lead()
            assert not await bare.lead()
            assert await whole.lead()
            assert not await quiet.lead()
            assert not await outbox_of(redis, leader_token(has_goals=True, has_notifiers=True)).lead(), "its like waits"
            assert await whole.lead()

    asyncio.run(run())
