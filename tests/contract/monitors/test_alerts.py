"""The outbox against a real Redis, and delivery against a real HTTP server in Slack's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from kpis.runtime.errors import Unreachable
from kpis.runtime.retry import Backoff
from kpis.settings.shared import Settings
from kpis.units import Unit
from monitors.alerts.alert import Alert, Rendered
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.delivery import Delivery, wait_s
from monitors.alerts.notifiers.protocol import Answer, Outcome
from monitors.alerts.notifiers.slack import MAX_RETRY_AFTER_S, Slack, judge, render, retry_after
from monitors.alerts.outbox import DEAD, KEEP_TOLD, LEADER, OUTBOX, STATE, TOLD, Outbox, Recorded
from monitors.alerts.stored import decode_alert, encode_alert
from monitors.pacing.verdict import Direction, Reason, Status
from monitors.read.reader import connect
from tests.kit.monitor_fakes import FakeSlack, fake_slack
from tests.kit.redis_server import free_port, redis_server

POLICY = Backoff(first_s=1, longest_s=60)


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


def text(name: str) -> bytes:
    """A stored message, as versions before alerts were neutral left them."""
    return encode_alert(Rendered(name, "c1|spend", 0, name, []))


def test_a_transition_and_its_message_are_written_together_and_only_once(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            assert await outbox.lead()
            assert await outbox.record("g", None, b"A", text("m"), send=True) is Recorded.WRITTEN
            again = await outbox.record("g", None, b"A", text("m"), send=True)
            assert again is Recorded.REPEATED, "the same step after a lost answer"
            assert await outbox.record("g", None, b"B", text("n"), send=True) is Recorded.CHANGED
            assert await redis.lrange(OUTBOX, 0, -1) == [text("m")]
            assert await outbox.states() == {"g": b"A"}

    asyncio.run(run())


def test_a_state_that_is_forgotten_with_its_message_is_gone_and_forgotten_once(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            await outbox.record("g", None, b"A", None, send=True)
            assert await outbox.record("g", b"A", None, text("m"), send=True) is Recorded.WRITTEN
            assert await outbox.record("g", b"A", None, text("m"), send=True) is Recorded.REPEATED
            assert await outbox.states() == {}
            assert await redis.lrange(OUTBOX, 0, -1) == [text("m")]

    asyncio.run(run())


def test_without_sending_a_message_is_kept_as_told_only(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            await outbox.record("g", None, b"A", text("m"), send=False)
            assert await outbox.told() == [text("m")]
            assert await outbox.waiting() == 0

    asyncio.run(run())


def test_what_was_told_is_bounded(server: int) -> None:
    async def run() -> None:
        async with redis_at(server) as redis:
            outbox = outbox_of(redis)
            await outbox.lead()
            for i in range(KEEP_TOLD + 5):
                await outbox.record(f"g{i}", None, b"A", text(str(i)), send=False)
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
            assert await two.record("g", None, b"A", text("m"), send=True) is Recorded.FOLLOWER
            assert await redis.exists(STATE, OUTBOX) == 0
            await two.resign()
            assert await redis.get(LEADER) == b"one", "only the leader can resign"
            await one.resign()
            assert await two.lead()
            assert await one.record("g", None, b"A", text("m"), send=True) is Recorded.FOLLOWER

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
            await one.record("g", None, b"A", text("m"), send=True)
            await redis.delete(LEADER)
            await two.lead()
            assert not await one.settle(text("m"), dead=False)
            assert await two.settle(text("m"), dead=False)
            assert not await two.settle(text("m"), dead=False), "it is off already"

    asyncio.run(run())


@asynccontextmanager
async def delivery_at(port: int, messages: list[bytes]) -> AsyncIterator[tuple[Delivery, FakeSlack, Redis]]:
    """A leader with messages in its outbox, and the Slack it sends them to."""
    async with redis_at(port) as redis, fake_slack() as slack:
        outbox = outbox_of(redis)
        await outbox.lead()
        for i, message in enumerate(messages):
            await outbox.record(f"g{i}", None, b"A", message, send=True)
        yield Delivery(outbox, Slack(SecretStr(slack.url), timeout_s=1), POLICY), slack, redis


def test_messages_go_out_in_order_and_leave_the_outbox(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a"), text("b")]) as (delivery, slack, _):
            assert [await delivery.deliver_next() for _ in range(3)] == [0.0, 0.0, None]
            assert [d["text"] for d in slack.delivered] == ["a", "b"]
            assert delivery.outcomes == {Outcome.SENT: 2}

    asyncio.run(run())


def test_a_429_waits_as_long_as_slack_asks_and_loses_nothing(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, redis):
            slack.answers = [(429, {"Retry-After": "17"})]
            assert await delivery.deliver_next() == 17
            assert await redis.llen(OUTBOX) == 1
            assert await delivery.deliver_next() == 0
            assert len(slack.delivered) == 1

    asyncio.run(run())


def test_errors_of_slack_are_retried_with_longer_and_longer_waits(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, redis):
            slack.answers = [(500, {}), (503, {}), (502, {})]
            assert [await delivery.deliver_next() for _ in range(4)] == [1, 2, 4, 0]
            assert await redis.llen(DEAD) == 0
            slack.answers = [(500, {})]

    asyncio.run(run())


def test_a_silent_slack_times_out_and_is_tried_again(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, redis):
            never = asyncio.Event()

            async def wait() -> None:
                await never.wait()

            slack.before_answer = wait
            assert await delivery.deliver_next() == 1
            assert delivery.outcomes == {Outcome.UNREACHABLE: 1}
            assert await redis.llen(OUTBOX) == 1
            never.set()

    asyncio.run(run())


def test_a_connection_that_slack_drops_is_one_attempt_for_it_may_have_read_the_message(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a")]) as (delivery, slack, _):
            slack.drops = True
            assert await delivery.deliver_next() == 1
            assert delivery.outcomes == {Outcome.UNREACHABLE: 1}
            assert len(slack.bodies) == 1

    asyncio.run(run())


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refused_message_goes_to_the_dead_and_the_next_one_is_sent(server: int, status: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [text("a"), text("b")]) as (delivery, slack, redis):
            slack.answers = [(status, {})]
            await delivery.deliver_next()
            await delivery.deliver_next()
            assert await redis.lrange(DEAD, 0, -1) == [text("a")]
            assert [d["text"] for d in slack.delivered] == ["b"]

    asyncio.run(run())


def test_what_is_no_message_does_not_block_those_behind_it(server: int) -> None:
    async def run() -> None:
        async with delivery_at(server, [b"\xff garbage", text("b")]) as (delivery, slack, redis):
            await delivery.deliver_next()
            await delivery.deliver_next()
            assert delivery.outcomes == {Outcome.UNREADABLE: 1, Outcome.SENT: 1}
            assert await redis.llen(DEAD) == 1
            assert len(slack.bodies) == 1

    asyncio.run(run())


ALERT = Alert(
    id="1", goal="c1|spend", at_ms=5, campaign="c1", name="Spring launch", account="", label="spend",
    unit=Unit.MICROS, currency="EUR", change=Change.FIRED, before=Status.ON_PACE, after=Status.CRITICAL,
    reason=Reason.OUTSIDE, direction=Direction.UNDER, actual=300_000_000, expected=500_000_000, target=1_000_000_000,
    ratio=0.6, projected=600_000_000, required_per_day=0, bound=None, warning=(0.9, 1.1), critical=(0.75, 1.25),
    as_of_ms=5, timezone="UTC",
)  # fmt: skip


def test_an_alert_lies_in_the_outbox_in_no_notifiers_form_and_is_dressed_when_it_is_sent(server: int) -> None:
    """Beside it a message of an older version, which goes out as it was made."""

    async def run() -> None:
        async with delivery_at(server, [text("old"), encode_alert(ALERT)]) as (delivery, slack, redis):
            (_, stored) = await redis.lrange(OUTBOX, 0, -1)
            assert b"blocks" not in stored
            assert decode_alert(cast("bytes", stored)) == ALERT
            assert [await delivery.deliver_next() for _ in range(3)] == [0.0, 0.0, None]
            assert [d["text"] for d in slack.delivered] == ["old", render(ALERT).text]
            assert "Spring launch: spend is critical (under)" in slack.delivered[1]["text"]

    asyncio.run(run())


def test_an_unreachable_slack_is_told_without_its_url() -> None:
    async def run() -> None:
        slack = Slack(SecretStr(f"http://127.0.0.1:{free_port()}/services/s3cr3t"))
        answer = await slack.send(Rendered("1", "g", 0, "a", []))
        assert answer.outcome is Outcome.UNREACHABLE
        assert "s3cr3t" not in answer.detail
        assert "s3cr3t" not in repr(slack)

    asyncio.run(run())


def test_redis_away_is_one_clear_error() -> None:
    async def run() -> None:
        async with connect(Settings.load(redis=f"redis://127.0.0.1:{free_port()}/0")) as redis:
            for call in (outbox_of(redis).lead(), outbox_of(redis).states(), outbox_of(redis).head()):
                with pytest.raises(Unreachable):
                    await call

    asyncio.run(run())


@given(st.sampled_from(Outcome), st.none() | st.floats(0, MAX_RETRY_AFTER_S), st.integers(1, 10_000))
def test_a_wait_is_never_longer_than_its_bound_and_only_final_answers_have_none(
    outcome: Outcome, asked: float | None, failures: int
) -> None:
    found = wait_s(Answer(outcome, "", asked), failures, POLICY)
    assert 0 <= found <= max(POLICY.longest_s, asked or 0)
    if outcome.is_final:
        assert found == 0
    elif asked is None:
        assert found >= POLICY.first_s


@pytest.mark.parametrize(
    ("value", "seconds"), [("17", 17.0), ("999999", 3600.0), ("soon", 30.0), ("-1", 30.0), ("", 30.0), ("²", 30.0)]
)
def test_retry_after_is_read_in_seconds_and_bounded(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_each_kind_of_answer_has_its_outcome() -> None:
    found = {status: judge(status, {}).outcome for status in (200, 204, 302, 400, 404, 429, 500, 503)}
    assert found == {
        200: Outcome.SENT, 204: Outcome.REFUSED, 302: Outcome.REFUSED, 400: Outcome.REFUSED, 404: Outcome.REFUSED,
        429: Outcome.RATE_LIMITED, 500: Outcome.SERVER_ERROR, 503: Outcome.SERVER_ERROR,
    }  # fmt: skip
