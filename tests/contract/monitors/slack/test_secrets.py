"""Secrets of Slack: in no log, error, name of a thing, value in Redis, or page."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from kpis.runtime.errors import Misconfigured
from monitors.alerts.notifiers.known import configured
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.notifiers.slack.bot import SlackBot
from monitors.alerts.notifiers.slack.webhook import Slack
from monitors.settings import MonitorSettings
from tests.contract.monitors.slack.living import told_and_pressed
from tests.contract.monitors.slack.test_presses import SECRET, pressing
from tests.kit.redis_server import free_port, redis_server
from tests.kit.slack_api import CHANNEL, TOKEN, Fault, fake_slack_api
from tests.kit.slack_lane import bot_of, deliver, delivery_of, put
from tests.kit.slack_samples import LINKS, WARNING, WORSENED

WEBHOOK = "https://hooks.example/services/T000/B000/not-for-logs"


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


async def all_of(redis: Redis) -> str:
    """Everything that Redis holds, as text."""
    found: list[Any] = []
    client: Any = redis
    async for key in client.scan_iter():
        kind = (await client.type(key)).decode()
        found.append(key)
        match kind:
            case "string":
                found.append(await client.get(key))
            case "hash":
                found += (await client.hgetall(key)).items()
            case "list":
                found += await client.lrange(key, 0, -1)
            case "zset":
                found += await client.zrange(key, 0, -1)
    return repr(found)


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_bot_that_logs_all_it_can_shows_no_token(
    server: int, fault: Fault | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def main() -> None:
        async with Redis(port=server) as redis, fake_slack_api() as api:
            await redis.flushall()
            api.faults = [("chat.postMessage", fault), ("chat.update", fault)] if fault else []
            for token in (TOKEN, "xoxb-another-s3cr3t-token"):
                bot = bot_of(redis, api, token=token)
                await put(redis, [WARNING, WORSENED])
                delivery = await delivery_of(redis, bot)
                await deliver(delivery)
                seen.extend((repr(bot), str(bot), repr(delivery.outcomes), repr(vars(bot))))
            seen.extend((await all_of(redis), json.dumps(api.seen)))

    asyncio.run(main())
    said = caplog.text + "".join(seen)
    assert "sent" in caplog.text
    assert "s3cr3t" not in said


def test_the_signing_secret_and_signatures_are_in_no_log_and_not_in_redis(
    server: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def main() -> None:
        async with pressing(server) as it:
            await it.press("pacewatch_acknowledge")
            await it.press("pacewatch_acknowledge", secret="wrong")  # noqa: S106
            await it.lines(1)
            seen.append(await all_of(it.redis))

    asyncio.run(main())
    assert "takes care of it" in caplog.text
    for secret in (SECRET, TOKEN, "v0="):
        assert secret not in caplog.text + "".join(seen)


def test_a_webhook_that_cannot_be_reached_is_told_without_its_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        slack = Slack(SecretStr(f"http://127.0.0.1:{free_port()}/services/s3cr3t"), LINKS)
        answer = await slack.send([WARNING])
        assert answer.outcome is Outcome.UNREACHABLE
        assert "s3cr3t" not in f"{answer} {slack!r} {caplog.text}"

    asyncio.run(main())


def test_settings_choose_bot_before_webhook_and_say_what_is_missing_without_showing_a_secret(tmp_path: Path) -> None:
    both = MonitorSettings.load(slack_webhook_url=WEBHOOK, slack_bot_token=TOKEN, slack_channel="#launch")
    ((_, notifier),) = configured(both)
    assert isinstance(notifier, SlackBot)
    assert TOKEN not in f"{both!r} {notifier!r}"
    ((_, notifier),) = configured(MonitorSettings.load(slack_webhook_url=WEBHOOK))
    assert isinstance(notifier, Slack)
    with pytest.raises(Misconfigured, match="PACEWATCH_SLACK_CHANNEL"):
        configured(MonitorSettings.load(slack_bot_token=TOKEN))
    for wrong in ({"slack_bot_token": "xoxb-a b-s3cr3t"}, {"slack_channel": "not a channel"}, {"grafana_url": "x"}):
        with pytest.raises(Misconfigured) as e:
            MonitorSettings.load(**wrong)
        assert "s3cr3t" not in str(e.value)
    assert configured(MonitorSettings.load(slack_bot_token="", slack_webhook_url="")) == []


def test_the_token_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("PACEWATCH_SLACK_BOT_TOKEN_FILE", str(path))
    monkeypatch.setenv("PACEWATCH_SLACK_SIGNING_SECRET_FILE", str(path))
    monkeypatch.setenv("PACEWATCH_SLACK_CHANNEL", CHANNEL)
    settings = MonitorSettings.load()
    assert settings.slack_bot_token is not None
    assert settings.slack_bot_token.get_secret_value() == TOKEN
    assert settings.slack_signing_secret is not None


def test_a_monitor_with_a_bot_serves_buttons_and_shows_no_secret(
    server: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The service itself, from a campaign behind its pace to a press of the button on its card."""
    caplog.set_level(logging.DEBUG)
    pages = asyncio.run(told_and_pressed(server, tmp_path))
    for secret in (TOKEN, SECRET):
        assert secret not in caplog.text
        assert secret not in pages
