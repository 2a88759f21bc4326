"""A Redis that comes back as it was some writes ago, and what the monitor that led does about it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from kpis.contract.redis_client import AWAY
from kpis.runtime.retry import Backoff
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.protocol import Grouping
from monitors.alerts.notifiers.slack import Slack
from monitors.alerts.outbox import LEADER, TOLD, Outbox, Recorded
from monitors.alerts.outbox.journal import KEEP_WRITES, Journal, Write
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.outbox.queued import lane_key
from monitors.alerts.stored import encode_alert
from tests.kit.alerts import alert
from tests.kit.monitor_fakes import FakeSlack, fake_slack, until
from tests.kit.redis_server import free_port, redis_server

ACKNOWLEDGED = Acknowledgement("me", 1, "mine")
MUTE = Silence("*", 0, 1 << 50, "me", "a test")


class Mortal:
    """A Redis that writes its file when told, and begins from it after it was killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin from the file, if there is one."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        quiet = subprocess.DEVNULL
        self.running = subprocess.Popen(["redis-server", *options, "--appendonly", "no"], stdout=quiet, stderr=quiet)

    def kill(self) -> None:
        """With nothing written."""
        assert self.running is not None
        self.running.kill()
        self.running.wait(timeout=10)


@contextmanager
def mortal(folder: Path) -> Iterator[Mortal]:
    """It, running."""
    made = Mortal(folder)
    made.start()
    try:
        yield made
    finally:
        made.kill()


async def answers(redis: Any) -> None:
    """Wait until Redis does."""

    async def is_there() -> bool:
        try:
            return bool(await redis.ping())
        except AWAY:
            return False

    await until(is_there)


def delivery_of(redis: Any, slack: FakeSlack, token: str = "one") -> Delivery:  # noqa: S107
    """What sends a lane, at once."""
    notifier = Slack(SecretStr(slack.url), Links(), 1, Grouping(gather_s=0))
    return Delivery(Lane(redis, "test", token, "slack"), notifier, DeliveryPolicy(Backoff(0.02, 1)))


async def tell(outbox: Outbox, goal: str, count: int) -> Recorded:
    """A goal's next transition."""
    message = encode_alert(alert(f"{goal}-{count}", goal))
    before = str(count - 1).encode() if count > 1 else None
    return await outbox.record(goal, before, str(count).encode(), message, lanes=["slack"])


def arrived(slack: FakeSlack) -> list[str]:
    """Whose messages did."""
    return [body["text"].split(" ")[1].rstrip(":") for body in slack.delivered]


async def emptied(delivery: Delivery) -> None:
    """Deliver until nothing waits."""
    while await delivery.deliver_next() is not None:
        pass


def test_what_redis_forgot_is_written_again_and_what_was_sent_is_not_sent_again(tmp_path: Path) -> None:
    """The first message was sent after the file was written, the second with its transition, the third not yet."""

    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis, fake_slack() as slack:
                await answers(redis)
                outbox, delivery = Outbox(redis, "test", "one", 60_000), delivery_of(redis, slack)
                assert await outbox.lead()
                await tell(outbox, "a", 1)
                await redis.save()
                await emptied(delivery)
                await tell(outbox, "a", 2)
                await tell(outbox, "b", 1)
                await emptied(delivery)
                await tell(outbox, "a", 3)
                server.kill()
                server.start()
                await answers(redis)
                assert await outbox.states() == {"a": b"1"}, "it has forgotten"
                assert await outbox.lead()
                assert await outbox.states() == {"a": b"3", "b": b"1"}
                assert await redis.llen(TOLD) == 4
                await emptied(delivery)
                assert arrived(slack) == ["a-1", "a-2", "b-1", "a-3"]
                await tell(outbox, "b", 2)
                assert await outbox.lead()
                await emptied(delivery)
                assert arrived(slack)[4:] == ["b-2"], "and once only"

    asyncio.run(run())


def test_what_was_written_before_the_loss_was_noticed_stands(tmp_path: Path) -> None:
    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis:
                await answers(redis)
                outbox = Outbox(redis, "test", "one", 60_000)
                await outbox.lead()
                await tell(outbox, "a", 1)
                await redis.save()
                await tell(outbox, "b", 1)
                await tell(outbox, "c", 1)
                server.kill()
                server.start()
                await answers(redis)
                assert await tell(outbox, "d", 1) is Recorded.WRITTEN
                await outbox.lead()
                assert await outbox.states() == {"a": b"1", "b": b"1", "c": b"1", "d": b"1"}

    asyncio.run(run())


def test_a_monitor_that_led_before_another_one_sends_nothing_again_and_knows_what_stood(tmp_path: Path) -> None:
    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis:
                await answers(redis)
                one, two = (Outbox(redis, "test", token, 60_000) for token in ("one", "two"))
                await one.lead()
                await tell(one, "a", 1)
                await redis.set(LEADER, "two")
                assert not await one.lead()
                await redis.flushall()
                assert await one.lead()
                assert await one.look() == {"a": b"1"}
                assert await redis.llen(lane_key("slack")) == 0
                assert not await two.lead()

    asyncio.run(run())


def test_what_people_did_is_there_again_and_what_was_over_or_taken_back_is_not(tmp_path: Path) -> None:
    """A backup from before: an acknowledgement that ended since, a mute that was taken back since."""

    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis:
                await answers(redis)
                outbox, store = Outbox(redis, "test", "one", 60_000), InterventionStore(redis, "test")
                await outbox.lead()
                await tell(outbox, "a", 1)
                await tell(outbox, "b", 1)
                await store.acknowledge("a", ACKNOWLEDGED)
                await store.mute("old", MUTE, 0)
                assert await outbox.look() == {"a": b"1", "b": b"1"}
                await redis.save()
                await outbox.record("a", b"1", None, None, is_over=True)
                await store.unmute("old")
                await store.acknowledge("b", ACKNOWLEDGED)
                await store.mute("new", MUTE, 0)
                await outbox.look()
                stood = await store.read()
                server.kill()
                server.start()
                await answers(redis)
                assert (await store.read()).mutes.keys() == {"old"}, "it has forgotten"
                await outbox.lead()
                assert await store.read() == stood
                assert (set(stood.acknowledged), set(stood.mutes)) == ({"b"}, {"new"})
                await redis.flushall()
                await store.mute("newest", MUTE, 0)
                await outbox.lead()
                assert await outbox.look() == {"b": b"1"}
                found = await store.read()
                assert (set(found.acknowledged), set(found.mutes)) == ({"b"}, {"new", "newest"})

    asyncio.run(run())


def test_what_the_leader_no_longer_has_in_its_journal_stands_again_and_what_was_not_sent_is_sent(
    tmp_path: Path,
) -> None:
    """A monitor that was started anew: the first transition was another process's, the second is not sent yet."""

    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis, fake_slack() as slack:
                await answers(redis)
                before = Outbox(redis, "test", "before", 60_000)
                await before.lead()
                await tell(before, "a", 1)
                await tell(before, "b", 1)
                await emptied(delivery_of(redis, slack, "before"))
                await before.resign()
                outbox = Outbox(redis, "test", "one", 60_000)
                await outbox.lead()
                await outbox.look()
                await tell(outbox, "a", 2)
                await redis.flushall()
                assert await outbox.lead()
                assert await outbox.look() == {"a": b"2", "b": b"1"}
                await emptied(delivery_of(redis, slack))
                assert arrived(slack) == ["a-1", "b-1", "a-2"]

    asyncio.run(run())


def test_a_loss_between_two_steps_of_a_cycle_is_seen_before_anything_is_judged_from_it(tmp_path: Path) -> None:
    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis:
                await answers(redis)
                outbox = Outbox(redis, "test", "one", 60_000)
                await outbox.lead()
                await tell(outbox, "a", 1)
                await outbox.look()
                await redis.flushall()
                await redis.set(LEADER, "one")
                assert await outbox.look() == {"a": b"1"}
                assert await outbox.states() == {"a": b"1"}

    asyncio.run(run())


def test_a_monitor_that_follows_keeps_what_it_saw_until_another_one_has_written_since(tmp_path: Path) -> None:
    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis:
                await answers(redis)
                one, two, three = (Outbox(redis, "test", token, 60_000) for token in ("one", "two", "three"))
                await one.lead()
                for goal in "abc":
                    await tell(one, goal, 1)
                assert not await two.lead()
                await two.look()
                await redis.flushall()
                assert await two.look() == {}, "it writes nothing: it does not lead"
                assert await three.lead()
                await tell(three, "a", 1)
                await two.look()
                await tell(three, "a", 2)
                await two.look()
                await three.resign()
                assert await two.lead()
                assert await two.look() == {"a": b"2"}, "three has led since, and all is as it says"

    asyncio.run(run())


def test_a_message_that_was_sent_while_redis_went_away_is_not_sent_again(tmp_path: Path) -> None:
    async def run() -> None:
        with mortal(tmp_path) as server:
            async with Redis(port=server.port) as redis, fake_slack() as slack:
                await answers(redis)
                outbox, delivery = Outbox(redis, "test", "one", 60_000), delivery_of(redis, slack)
                await outbox.lead()
                await tell(outbox, "a", 1)
                await redis.save()

                async def die() -> None:
                    server.kill()

                slack.before_answer = die
                failed = await asyncio.gather(delivery.deliver_next(), return_exceptions=True)
                assert "does not answer" in str(failed[0])
                slack.before_answer = None
                server.start()
                await answers(redis)
                await outbox.lead()
                await emptied(delivery)
                assert arrived(slack) == ["a-1"]

    asyncio.run(run())


@given(st.lists(st.integers(0, 12), max_size=40))
def test_what_is_missing_is_what_has_a_higher_number_in_the_order_it_was_written(steps: list[int]) -> None:
    """Against a Redis that counts, and now and then goes back to some number."""
    journal = Journal()
    there: list[object] = []
    everything: list[object] = []
    for name, back in enumerate(steps):
        if back > 9 and there:
            del there[len(there) // 2 :]
            journal.compare(len(there))
            there += [one.args[0] for one in journal.missing]
            while journal.missing:
                journal.note(len(there) - len(journal.missing) + 1, journal.missing.popleft())
        there.append(name)
        everything.append(name)
        journal.note(len(there), Write((), (name,)))
    assert there == everything


def test_the_journal_is_bounded() -> None:
    journal = Journal()
    for number in range(1, 3 * KEEP_WRITES):
        journal.note(number, Write((), (number,)))
    journal.compare(0)
    assert [one.args[0] for one in journal.missing] == list(range(2 * KEEP_WRITES, 3 * KEEP_WRITES))


def test_what_is_there_already_is_not_taken_for_missing_again() -> None:
    """Else it would be written again and again, until another monitor leads."""

    async def run() -> None:
        with redis_server() as port:
            async with Redis(port=port) as redis:
                outbox = Outbox(redis, "test", "one", 60_000)
                await outbox.lead()
                await tell(outbox, "a", 1)
                await tell(outbox, "b", 1)
                await outbox.record("a", b"1", None, None)
                await redis.flushall()
                await InterventionStore(redis, "test").mute("m", MUTE, 0)
                async with asyncio.timeout(10):
                    assert await outbox.lead()
                assert await outbox.look() == {"b": b"1"}

    asyncio.run(run())
