"""A webhook: one message for what changes together, through the real delivery, to a server in Slack's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from monitors.alerts.alert import Outgoing
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.notifiers.slack import MAX_RETRY_AFTER_S, judge, retry_after
from monitors.alerts.notifiers.slack.webhook import Slack, posted
from monitors.alerts.outbox.queued import PARKED
from tests.kit.block_kit import is_fit
from tests.kit.monitor_fakes import FakeSlack, fake_slack
from tests.kit.redis_server import redis_server
from tests.kit.slack_lane import AT_ONCE, deliver, delivery_of, put
from tests.kit.slack_samples import CHECK_IN, CRITICAL, LINKS, RESOLVED, SILENT, WARNING, outage


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def world(port: int) -> AsyncIterator[tuple[Redis, FakeSlack, Slack]]:
    """An empty Redis, a server, and the webhook that posts to it."""
    async with Redis(port=port) as redis, fake_slack() as slack:
        await redis.flushall()
        yield redis, slack, Slack(SecretStr(slack.url), LINKS, 1, AT_ONCE)


async def told(port: int, *alerts: Outgoing, answers: list[tuple[int, dict[str, str]]] | None = None) -> list[Any]:
    """What arrives of these."""
    async with world(port) as (redis, slack, webhook):
        slack.answers = answers or []
        await put(redis, alerts)
        await deliver(await delivery_of(redis, webhook))
        parked = await redis.llen(PARKED)
        return [*slack.delivered, *(["parked"] * parked)]


def test_each_change_alone_is_one_message(server: int) -> None:
    for alert in (WARNING, CRITICAL, SILENT, RESOLVED, CHECK_IN):
        (message,) = asyncio.run(told(server, alert))
        expected = posted([alert], LINKS, 5)
        assert (message["text"], message["attachments"]) == (expected.text, list(expected.attachments))
        assert message["unfurl_links"] is False
        is_fit(expected)


def test_goals_of_one_campaign_that_change_together_are_one_message(server: int) -> None:
    (message,) = asyncio.run(told(server, WARNING, SILENT))
    assert len(message["attachments"]) == 2
    first, second = asyncio.run(told(server, WARNING, CRITICAL))
    assert {len(one["attachments"]) for one in (first, second)} == {1}, "of two campaigns, and two are no digest"


def test_an_outage_of_400_campaigns_is_one_message(server: int) -> None:
    (message,) = asyncio.run(told(server, *outage(400)))
    assert message["text"].startswith(":red_circle: 400 campaigns changed together")


def test_one_that_slack_refuses_is_parked_alone(server: int) -> None:
    other = msgspec.structs.replace(WARNING, id="w2", goal="c42|clicks")
    found = asyncio.run(told(server, WARNING, other, SILENT, answers=[(400, {}), (400, {})]))
    assert found.count("parked") == 1
    assert len(found) == 3


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.SENT), (429, Outcome.RATE_LIMITED), (500, Outcome.SERVER_ERROR), (503, Outcome.SERVER_ERROR),
     (400, Outcome.REFUSED), (403, Outcome.REFUSED), (404, Outcome.REFUSED), (410, Outcome.REFUSED)],
)  # fmt: skip
def test_a_status_says_what_becomes_of_the_message(status: int, outcome: Outcome) -> None:
    assert judge(status, {}).outcome is outcome


@given(st.text(max_size=20) | st.integers(0, 10**9).map(str))
def test_a_wait_is_what_slack_asks_for_within_reason(text: str) -> None:
    wait = retry_after({"retry-after": text})
    assert 0 <= wait <= MAX_RETRY_AFTER_S
    if text.isascii() and text.isdigit():
        assert wait == min(float(text), MAX_RETRY_AFTER_S)
