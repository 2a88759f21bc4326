"""A bot's cards: one for each alert through its life, whatever gets lost, and whenever a monitor dies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from kpis.settings.shared import Settings
from kpis.times import HOUR_MS
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.notifiers.slack.card_store import CARDS, POSTS
from monitors.alerts.notifiers.slack.picture import DrawnLine
from monitors.alerts.outbox.queued import PARKED, lane_key
from monitors.pacing.verdict import Reason, Status
from monitors.read.reader import connect
from tests.kit.monitor_fakes import NOON
from tests.kit.redis_kinds import Nodes
from tests.kit.redis_server import redis_server
from tests.kit.slack_api import CHANNEL, FakeSlackApi, Fault, Posted, fake_slack_api
from tests.kit.slack_lane import bot_of, deliver, delivery_of, forget_pauses, put
from tests.kit.slack_samples import CHECK_IN, CORRECTED, ENDED, RESOLVED, SILENT, WARNING, WORSENED, later, outage

LIFE = (WARNING, WORSENED, RESOLVED)
MISSED = "#d92d20"
WELL = "#12a150"


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def world(port: int) -> AsyncIterator[tuple[Redis, FakeSlackApi]]:
    """An empty Redis and an empty Slack."""
    async with Redis(port=port) as redis, fake_slack_api() as api:
        await redis.flushall()
        yield redis, api


async def told(redis: Redis, api: FakeSlackApi, *alerts: Outgoing, **how: Any) -> None:
    """Tell them by a monitor that has just started, all at once."""
    await put(redis, alerts)
    await deliver(await delivery_of(redis, bot_of(redis, api, **how)))


def colour(card: Posted) -> str:
    """Of the bar."""
    return str(card.body["attachments"][0]["color"])


def ended(alerts: list[Alert]) -> list[Alert]:
    """The ends of these."""
    return [
        later(a, 9, id=f"{a.id}-end", change=Change.RESOLVED, after=Status.ON_PACE, reason=Reason.FLOWING)
        for a in alerts
    ]


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a coroutine function."""

    async def inner() -> None:
        async with asyncio.timeout(120):
            await main()

    asyncio.run(inner())


@pytest.mark.parametrize("together", [True, False])
def test_an_alert_has_one_card_through_its_life_and_its_history_in_the_thread(server: int, together: bool) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            for alerts in [LIFE] if together else [(one,) for one in LIFE]:
                await told(redis, api, *alerts)
            (card,) = api.cards
            assert card.text.startswith(":large_green_circle: Spring launch: spend is back on pace")
            assert colour(card) == WELL
            assert [one.text.split(", ", 1)[1].split(":")[0] for one in api.thread(card)] == [
                "warning → critical", "critical → on pace",
            ]  # fmt: skip
            shown = [bool(one.body["reply_broadcast"]) for one in api.thread(card)]
            assert shown == [True, False], "that it is worse is seen in the channel; that it is over, on the card"
            assert await redis.hlen(CARDS) == await redis.hlen(POSTS) == await redis.llen(lane_key("slack")) == 0

    run(main)


def test_a_new_alert_of_the_same_goal_has_a_card_of_its_own(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            again = later(RESOLVED, 60, id="again", change=Change.FIRED, after=Status.WARNING, reason=Reason.PROJECTED)
            await told(redis, api, *LIFE, again)
            assert [colour(card) for card in api.cards] == [WELL, "#f79009"]
            await told(redis, api, later(again, 5, id="gone", change=Change.ENDED, after=Status.NO_DATA))
            assert len(api.cards) == 2
            assert len(api.thread(api.cards[1])) == 1

    run(main)


def test_what_late_data_cures_is_edited_to_say_so(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await told(redis, api, WARNING, CORRECTED)
            (card,) = api.cards
            assert "what was counted has been corrected" in card.text
            assert "late events or refunds" in json.dumps(card.body)

    run(main)


def test_many_campaigns_are_one_digest_whose_ends_are_in_its_thread(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            missed = outage(400)
            await told(redis, api, *missed)
            (card,) = api.cards
            assert card.text.startswith(":red_circle: 400 campaigns")
            await told(redis, api, *ended(missed[:300]))
            assert card.text.endswith("; 300 have ended since")
            assert colour(card) == MISSED
            await told(redis, api, *ended(missed[300:]))
            assert card.text.startswith(":large_green_circle: Over: 400 campaigns")
            assert api.cards == [card]
            assert len(api.thread(card)) == 2, "one line for all that came together"
            assert api.calls.count("chat.postMessage") == 3
            assert await redis.hlen(CARDS) == 0

    run(main)


def worse(alerts: list[Alert]) -> list[Alert]:
    """Warnings that became critical."""
    return [later(a, 5, id=f"{a.id}-worse", change=Change.WORSENED, after=Status.CRITICAL) for a in alerts]


@pytest.mark.parametrize("fault", [None, Fault.LOST, Fault.LIMITED])
def test_cards_of_many_campaigns_that_worsen_together_are_one_message_in_the_channel(
    server: int, fault: Fault | None
) -> None:
    """Each has it in its own thread too, where it calls nobody."""

    async def main() -> None:
        async with world(server) as (redis, api):
            missed = outage(40, after=Status.WARNING)
            for n in range(0, 40, 4):
                await told(redis, api, *missed[n : n + 4])
            assert len(api.cards) == 40
            api.faults = [("chat.postMessage", fault)] * 3 if fault else []
            await told(redis, api, *worse(missed))
            assert len(api.cards) == 41
            assert api.cards[-1].text == ":red_circle: 40 campaigns changed together: 40 critical"
            threads = [api.thread(card) for card in api.cards[:-1]]
            assert {len(thread) for thread in threads} == {1}
            assert not any(one.body["reply_broadcast"] for thread in threads for one in thread)
            assert await redis.hlen(POSTS) == 0

    run(main)


def test_campaigns_are_told_in_their_own_channel_and_check_ins_without_a_card_to_edit(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await told(redis, api, msgspec.structs.replace(WARNING, slack_channel="#acme"), SILENT, CHECK_IN)
            assert sorted(one.channel for one in api.cards) == ["C0ACME001", CHANNEL, CHANNEL]
            await told(redis, api, msgspec.structs.replace(WORSENED, slack_channel="#acme"))
            assert len(api.cards) == 3
            assert await redis.hlen(CARDS) == 2

    run(main)


def test_a_channel_that_is_not_there_loses_nothing_and_is_named(server: int, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            alerts = [msgspec.structs.replace(one, slack_channel="#typo") for one in (WARNING, CHECK_IN, WORSENED)]
            await told(redis, api, *alerts)
            assert [one.channel for one in api.cards] == [CHANNEL] * 2
            assert "Slack channel #typo cannot be told in (channel_not_found)" in caplog.text
            assert await redis.llen(PARKED) == 0

    run(main)


@pytest.mark.slow
def test_cards_are_kept_on_a_redis_cluster_too(redis_cluster: Nodes) -> None:
    async def main() -> None:
        redis_cluster.flush()
        async with connect(Settings.load(redis=redis_cluster.url)) as redis, fake_slack_api() as api:
            for alerts in ((*LIFE, CHECK_IN), outage(6), ended(outage(6))):
                await told(redis, api, *alerts)
            assert [colour(one) for one in api.cards if "flight" not in one.text] == [WELL, WELL]
            assert await redis.hlen(CARDS) == await redis.hlen(POSTS) == 0

    run(main)


def test_an_end_of_what_this_bot_never_told_is_a_message(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await told(redis, api, RESOLVED, ENDED)
            assert [colour(one) for one in api.cards] == [WELL, "#98a2b3"]
            assert await redis.hlen(CARDS) == 0

    run(main)


def test_a_card_that_someone_deleted_is_posted_anew(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await told(redis, api, WARNING)
            api.messages.clear()
            await told(redis, api, WORSENED)
            (card,) = api.cards
            assert colour(card) == MISSED
            await told(redis, api, RESOLVED)
            assert colour(card) == WELL
            assert len(api.cards) == 1

    run(main)


def test_where_messages_may_not_be_edited_the_thread_tells(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await told(redis, api, WARNING)
            api.errors["chat.update"] = "edit_window_closed"
            await told(redis, api, WORSENED)
            assert len(api.thread(api.cards[0])) == 1

    run(main)


@pytest.mark.parametrize("channel", [CHANNEL, "#launch"])
@pytest.mark.parametrize("page", [1, 200])
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED, Fault.BROKEN, Fault.PLAIN, Fault.LIMITED])
def test_whatever_becomes_of_an_answer_no_card_and_no_line_is_there_twice(
    server: int, fault: Fault, page: int, channel: str
) -> None:
    """Each of the calls fails once; the channel holds other messages, and pages of Slack are short."""

    async def main() -> None:
        async with world(server) as (redis, api):
            api.page = page
            api.faults = [("chat.postMessage", fault)] * 2 + [("chat.update", fault)]
            api.faults += [("conversations.history", fault), ("conversations.replies", fault)]
            others = [msgspec.structs.replace(SILENT, id=f"s{n}", goal=f"c{n}|watch:serving") for n in range(3)]
            for alerts in ((WARNING, *others), (WORSENED,), (RESOLVED,)):
                if alerts == (WORSENED,):
                    api.faults.append(("chat.postMessage", fault))
                await told(redis, api, *alerts, channel=channel)
            assert len(api.cards) == 4
            card = next(one for one in api.cards if "spend" in one.text)
            assert len(api.thread(card)) == 2
            marks = [one.body["metadata"]["event_payload"]["id"] for one in api.messages]
            assert len(set(marks)) == len(marks)
            assert await redis.hlen(POSTS) == await redis.llen(lane_key("slack")) == await redis.llen(PARKED) == 0

    run(main)


def test_a_lost_card_is_found_behind_all_that_others_wrote_since(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            api.page = 2
            await put(redis, [WARNING])
            delivery = await delivery_of(redis, bot_of(redis, api))
            api.faults = [("chat.postMessage", Fault.LOST)]
            assert await delivery.deliver_next()
            others = [Posted(CHANNEL, f"{api.clock_s + n:.6f}", {"text": "hi", "metadata": {}}) for n in range(1, 8)]
            api.messages += others
            await deliver(delivery)
            assert len(api.cards) == 1 + len(others)
            assert api.calls.count("conversations.history") == 4

    run(main)


class Killed(BaseException):
    """A monitor is no more: nobody catches it."""


class DyingRedis(Redis):
    """Dies before or after a command, of all that this process sends."""

    left = 1_000_000
    is_after = False

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command."""
        DyingRedis.left -= 1
        if not DyingRedis.left and not DyingRedis.is_after:
            raise Killed
        found = await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        if not DyingRedis.left:
            raise Killed
        return found


def halves(alerts: list[Alert]) -> list[tuple[Outgoing, ...]]:
    """Misses, then their ends."""
    return [tuple(alerts), tuple(ended(alerts))]


STORIES: dict[str, list[tuple[Outgoing, ...]]] = {
    "one": [(WARNING, CHECK_IN), (WORSENED,), (RESOLVED,)],
    "many": halves(outage(6)),
    "worse": [*[(a,) for a in outage(5, after=Status.WARNING)], tuple(worse(outage(5, after=Status.WARNING)))],
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("is_after", [False, True])
def test_a_monitor_that_dies_at_any_command_doubles_and_loses_nothing(server: int, story: str, is_after: bool) -> None:
    """Whatever it died at, the next one goes on: with as many cards, lines and edits as if nothing had been."""

    async def killed_at(number: int) -> bool:
        async with world(server) as (redis, api), DyingRedis(port=server) as dying:
            DyingRedis.left = 1_000_000
            await dying.ping()
            is_killed = False
            DyingRedis.left, DyingRedis.is_after = number, is_after
            for alerts in STORIES[story]:
                await put(redis, alerts)
                try:
                    await deliver(await delivery_of(dying, bot_of(dying, api)))
                except Killed:
                    is_killed = True
                    await deliver(await delivery_of(redis, bot_of(redis, api)))
            assert len(api.cards) == {"one": 2, "many": 1, "worse": 6}[story], number
            card = next(one for one in api.cards if "flight" not in one.text)
            assert len(api.thread(card)) == (2 if story == "one" else 1), number
            assert colour(card) == (MISSED if story == "worse" else WELL), number
            assert await redis.hlen(POSTS) == await redis.llen(lane_key("slack")) == 0
            assert await redis.hlen(CARDS) == (5 if story == "worse" else 0)
            return is_killed

    async def main() -> None:
        number = 1
        while await killed_at(number):
            number += 1
        assert number > 20, "it died at each of them once"

    run(main)


def test_a_monitor_that_dies_while_slack_answers_doubles_nothing(server: int) -> None:
    async def killed_at(number: int) -> bool:
        async with world(server) as (redis, api):
            task: asyncio.Task[None] | None = None
            left = number

            async def die(_: str) -> None:
                nonlocal left
                left -= 1
                if not left and task is not None:
                    task.cancel()

            api.after = die
            is_killed = False
            for alerts in STORIES["one"]:
                task = asyncio.create_task(told(redis, api, *alerts))
                with suppress(asyncio.CancelledError):
                    await task
                if task.cancelled():
                    is_killed = True
                    await told(redis, api)
            card = next(one for one in api.cards if "flight" not in one.text)
            assert (len(api.cards), len(api.thread(card)), colour(card)) == (2, 2, WELL), number
            return is_killed

    async def main() -> None:
        number = 1
        while await killed_at(number):
            number += 1
        assert number > 5

    run(main)


@pytest.mark.parametrize("word", ["missing_scope", "no_permission"])
def test_a_bot_that_may_not_look_says_it_twice_rather_than_never(
    server: int, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            api.faults = [("chat.postMessage", Fault.LOST)]
            api.errors["conversations.history"] = word
            await told(redis, api, WARNING)
            assert len(api.cards) == 2
            assert f"({word}); it is posted again" in caplog.text

    run(main)


@pytest.mark.parametrize(
    "word", ["invalid_auth", "channel_not_found", "not_in_channel", "invalid_blocks", "msg_too_long"]
)
def test_what_slack_refuses_for_good_is_parked_with_its_word(
    server: int, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            api.errors["chat.postMessage"] = word
            await told(redis, api, WARNING, SILENT)
            parked = [json.loads(raw) for raw in await redis.lrange(PARKED, 0, -1)]
            assert [(one["outcome"], one["detail"]) for one in parked] == [(Outcome.REFUSED, word)] * 2
            assert word in caplog.text
            assert await redis.hlen(POSTS) == 0

    run(main)


def test_a_limit_waits_as_long_as_slack_says_and_its_own_troubles_are_tried_again(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await put(redis, [WARNING])
            delivery = await delivery_of(redis, bot_of(redis, api))
            api.faults = [("chat.postMessage", Fault.LIMITED)]
            assert await delivery.deliver_next() == 17
            forget_pauses(delivery)
            for word in ("internal_error", "fatal_error", "service_unavailable"):
                api.errors["chat.postMessage"] = word
                assert await delivery.deliver_next()
                forget_pauses(delivery)
            assert delivery.outcomes == {Outcome.RATE_LIMITED: 1, Outcome.SERVER_ERROR: 3}
            api.errors.clear()
            await deliver(delivery)
            assert len(api.cards) == 1

    run(main)


LINE = DrawnLine(NOON, [(NOON - HOUR_MS, 0, 0), (NOON, 40, 50), (NOON + HOUR_MS, 40, 100)])


@pytest.mark.parametrize("word", ["", "missing_scope"])
def test_a_new_card_has_a_picture_of_its_pace_line_in_its_thread_if_one_can_be_had(server: int, word: str) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            if word:
                api.errors["files.getUploadURLExternal"] = word
            asked: list[str] = []

            async def line_of(alert: Alert) -> DrawnLine | None:
                asked.append(alert.goal)
                return LINE if alert.goal == WARNING.goal else None

            bot = bot_of(redis, api)
            bot.draw(line_of)
            await put(redis, [WARNING, SILENT, CHECK_IN])
            await deliver(await delivery_of(redis, bot))
            await put(redis, [WORSENED, RESOLVED])
            await deliver(await delivery_of(redis, bot))
            assert asked == [WARNING.goal, SILENT.goal], "once for each new card"
            assert len(api.cards) == 3
            if word:
                assert not api.files
                return
            card = next(one for one in api.cards if "spend is" in one.text)
            assert [(one["channel_id"], one["thread_ts"]) for one in api.shared] == [(CHANNEL, card.ts)]
            assert [one.startswith(b"\x89PNG") or b"\x89PNG" in one for one in api.files] == [True]

    run(main)


def test_a_card_shows_who_takes_care_of_it_and_until_when_it_is_muted(server: int) -> None:
    async def main() -> None:
        async with world(server) as (redis, api):
            await told(redis, api, WARNING, has_buttons=True)
            done = InterventionStore(redis, "test")
            await done.acknowledge(WARNING.goal, Acknowledgement("ana <!here>", NOON))
            await done.mute("m", Silence(WARNING.campaign, NOON, NOON + 3 * HOUR_MS, "bo"), NOON)
            await told(redis, api, WORSENED, has_buttons=True)
            shown = json.dumps(api.cards[0].body)
            assert "ana &lt;!here&gt; takes care of it since 13:00 (CET)" in shown
            assert "muted until 16:00 (CET) by bo" in shown

    run(main)
