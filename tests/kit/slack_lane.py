"""A lane of Slack's with a bot at its end: real Redis, real delivery, a Slack that fails as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from monitors.alerts.alert import Outgoing
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.protocol import Grouping, Notifier
from monitors.alerts.notifiers.slack.bot import SlackBot
from monitors.alerts.notifiers.slack.wardrobe import Wardrobe
from monitors.alerts.notifiers.slack.web_api import SlackApi
from monitors.alerts.outbox import LEADER, Outbox
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.outbox.queued import encode_entry, lane_key
from monitors.alerts.stored import encode_alert
from tests.kit.slack_api import CHANNEL, TOKEN, FakeSlackApi
from tests.kit.slack_samples import LINKS

AT_ONCE = Grouping(gather_s=0, calm_s=0)


def bot_of(
    redis: Any, api: FakeSlackApi, *, channel: str = CHANNEL, has_buttons: bool = False, token: str = TOKEN
) -> SlackBot:
    """A bot as a monitor that has just started has it."""
    bot = SlackBot(SlackApi(SecretStr(token), api.url, 1), channel, Wardrobe(LINKS, has_buttons), AT_ONCE)
    bot.remember_in(redis, "test")
    return bot


async def put(redis: Redis, alerts: Sequence[Outgoing]) -> None:
    """Put messages into the lane, as transitions do."""
    for alert in alerts:
        await redis.rpush(lane_key("slack"), encode_entry(encode_alert(alert), 0))


async def delivery_of(redis: Any, bot: Notifier) -> Delivery:
    """The delivery of a monitor that leads from now on."""
    await redis.delete(LEADER)
    outbox = Outbox(redis, "test", "one", ttl_ms=600_000)
    assert await outbox.lead()
    return Delivery(Lane(redis, "test", "one", "slack"), bot, DeliveryPolicy())


def forget_pauses(delivery: Delivery) -> None:
    """Have what failed tried again at once."""
    delivery._memory.rest_until_s = 0.0
    for trouble in delivery._memory._troubles.values():
        trouble.until_s = 0.0


async def deliver(delivery: Delivery, tries: int = 200) -> None:
    """Try until nothing waits, without the pauses in between."""
    for _ in range(tries):
        forget_pauses(delivery)
        if await delivery.deliver_next() is None:
            return
    raise AssertionError("it still waits")
